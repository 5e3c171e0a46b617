//! Every conformance test, for `ObjectLocks`.

use keyway_object_locks::ObjectLocks;

keyway_conformance::suite!(ObjectLocks, free_threaded);
