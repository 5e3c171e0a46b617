//! What a thread is to this strategy: nothing. Every operation works on any thread, so attaching leaves no trace, and
//! there is nothing to hand over at a checkpoint or around a blocking region.

/// Nothing is kept for an attached thread.
#[derive(Debug)]
pub struct Attached;
