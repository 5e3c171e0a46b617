//! What happens to an object that nobody holds: whoever released it last destroys it, at once, with the count lock given up.

use keyway_object_model::Released;

/// The last reference has gone. Every other holder has been through the same lock before, so nothing need be acquired. The lock is
/// free again: the destructor may count objects of this group.
#[inline]
pub(crate) fn last_release() -> Released {
    Released::Destroy
}
