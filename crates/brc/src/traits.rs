//! What a pointer does as its contents do.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};

use keyway_object_model::WeakCounts;

use crate::pointer::Shared;
use crate::weak::WeakShared;

impl<T: ?Sized + fmt::Debug, S: WeakCounts> fmt::Debug for Shared<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, S: WeakCounts> fmt::Display for Shared<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized, S: WeakCounts> fmt::Pointer for Shared<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&Shared::as_ptr(self), f)
    }
}

impl<T: ?Sized + PartialEq, S: WeakCounts> PartialEq for Shared<T, S> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq, S: WeakCounts> Eq for Shared<T, S> {}

impl<T: ?Sized + PartialOrd, S: WeakCounts> PartialOrd for Shared<T, S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }

    fn lt(&self, other: &Self) -> bool {
        **self < **other
    }

    fn le(&self, other: &Self) -> bool {
        **self <= **other
    }

    fn gt(&self, other: &Self) -> bool {
        **self > **other
    }

    fn ge(&self, other: &Self) -> bool {
        **self >= **other
    }
}

impl<T: ?Sized + Ord, S: WeakCounts> Ord for Shared<T, S> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash, S: WeakCounts> Hash for Shared<T, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: ?Sized, S: WeakCounts> Borrow<T> for Shared<T, S> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized, S: WeakCounts> AsRef<T> for Shared<T, S> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized + Error, S: WeakCounts> Error for Shared<T, S> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (**self).source()
    }

    #[expect(deprecated, reason = "the contents may have one of their own, as with `Arc`")]
    fn description(&self) -> &str {
        (**self).description()
    }

    #[expect(deprecated, reason = "as above")]
    fn cause(&self) -> Option<&dyn Error> {
        (**self).cause()
    }
}

impl<T: ?Sized + RefUnwindSafe, S: WeakCounts> UnwindSafe for Shared<T, S> {}
impl<T: ?Sized + RefUnwindSafe, S: WeakCounts> RefUnwindSafe for Shared<T, S> {}
impl<T: ?Sized + RefUnwindSafe, S: WeakCounts> UnwindSafe for WeakShared<T, S> {}
impl<T: ?Sized + RefUnwindSafe, S: WeakCounts> RefUnwindSafe for WeakShared<T, S> {}
