//! Contents whose type is known at run time only.

use std::any::Any;

use keyway_object_model::WeakCounts;

use crate::pointer::Shared;

impl<S: WeakCounts> Shared<dyn Any + Send + Sync, S> {
    /// The pointer with its contents' type, if that is `T`.
    ///
    /// # Errors
    /// The pointer unchanged, if the contents are of another type.
    ///
    /// # Examples
    /// ```
    /// use std::any::Any;
    ///
    /// use keyway_brc::{Brc, CoerceUnsize, Coercion};
    ///
    /// let any: Brc<dyn Any + Send + Sync> = Brc::new(5_i64).unsize(Coercion!(to dyn Any + Send + Sync));
    /// let any = any.downcast::<String>().unwrap_err();
    /// assert_eq!(*any.downcast::<i64>().unwrap(), 5);
    /// ```
    pub fn downcast<T: Any + Send + Sync>(self) -> Result<Shared<T, S>, Self> {
        if !(*self).is::<T>() {
            return Err(self);
        }
        // SAFETY: the contents' type has just been checked: the same object, by its thin pointer.
        Ok(unsafe { Shared::from_counted(self.into_counted().cast()) })
    }
}
