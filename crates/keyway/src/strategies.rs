//! The one list of strategies. Everything that shows, runs or prices all of them is made from it.

/// Hands the list of all strategies to another macro.
///
/// `for_each_strategy!(m, ...)` becomes `m! { [...] "id": Type, Kind, "summary"; ... }`: a line a
/// strategy, in the order in which tables show them. `Kind` says how the threads that are attached
/// to one runtime run:
///
/// | kind | meaning |
/// |---|---|
/// | `Alone` | one thread is attached at a time, from its attach to its detach |
/// | `InTurns` | many threads are attached, and one of them runs at a time |
/// | `InParallel` | all threads run at once: the strategy is free-threaded |
///
/// # Examples
/// ```
/// macro_rules! ids {
///     ([] $($id:literal: $strategy:ty, $kind:ident, $summary:literal;)*) => { [$($id),*] };
/// }
///
/// assert!(keyway::for_each_strategy!(ids).contains(&"biased-counts"));
/// ```
#[macro_export]
macro_rules! for_each_strategy {
    ($($then:ident)::+ $(, $($with:tt)*)?) => {
        $($then)::+! {
            [$($($with)*)?]
            "single-thread": $crate::SingleThread, Alone,
                "the one attached thread, a plain word";
            "global-lock-interval": $crate::GlobalLock<$crate::Interval>, InTurns,
                "the holder of the global lock, handed over when asked (CPython 3.2+)";
            "global-lock-ticks": $crate::GlobalLock<$crate::Ticks>, InTurns,
                "the holder of the global lock, let go every 100 checkpoints (CPython 2)";
            "global-lock-returning-first": $crate::GlobalLock<$crate::ReturningFirst>, InTurns,
                "the holder of the global lock; a thread that returns from blocking goes first";
            "object-locks": $crate::ObjectLocks, InParallel,
                "the holder of the object's count lock";
            "group-locks": $crate::GroupLocks, InParallel,
                "the holder of the count lock of the object's group";
            "atomic-counts": $crate::AtomicCounts, InParallel,
                "any thread, one atomic word";
            "biased-counts": $crate::BiasedCounts, InParallel,
                "the owner on a plain word, others on an atomic one";
            "biased-counts-apart": $crate::BiasedCounts<$crate::Apart>, InParallel,
                "the same, on cache lines of their own";
        }
    };
}
