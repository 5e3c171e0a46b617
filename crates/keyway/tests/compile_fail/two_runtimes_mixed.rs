//! E0308: a reference of one runtime used with the token of another. A runtime is a type, so this
//! is a mistake of types.

use keyway::{GlobalLock, Interval, Ref, Thread};

keyway::global_lock_runtime!(
    /// A second runtime.
    pub struct Plugin: Interval
);

type Main = GlobalLock<Interval>;
type Plugins = GlobalLock<Interval, Plugin>;

fn program(object: &Ref<u8, Main>, main: &Thread<Main>, plugins: &Thread<Plugins>) {
    object.clone_ref(main);
    plugins.alloc(1);
    #[cfg(not(control))]
    object.clone_ref(plugins); //~ error
}

fn main() {
    let _: fn(&Ref<u8, Main>, &Thread<Main>, &Thread<Plugins>) = program;
}
