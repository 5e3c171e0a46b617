//! E0521: the token kept outside the closure of `attach`. Property 3: leaking cannot make it
//! unsound; a thread that has a token is attached.

use keyway::{BiasedCounts, attach};

fn main() {
    let mut kept = None;
    attach::<BiasedCounts, _>(|thread| {
        #[cfg(not(control))]
        (kept = Some(thread)); //~ error
        #[cfg(control)]
        (kept = Some(thread.alloc(1)));
    });
    drop(kept);
}
