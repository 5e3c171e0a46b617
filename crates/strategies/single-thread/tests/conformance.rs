//! Every conformance test, for `SingleThread`.

use keyway_single_thread::SingleThread;

keyway_conformance::suite!(SingleThread, {
    const KEEPS_CLAIM: bool = true;
});
