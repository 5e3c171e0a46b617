//! Serialization: of the contents; shared objects are written once for each reference, as serde
//! does with `Arc`.

use keyway_object_model::WeakCounts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pointer::Shared;
use crate::weak::WeakShared;

impl<T: ?Sized + Serialize, S: WeakCounts> Serialize for Shared<T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: ?Sized, S: WeakCounts> Deserialize<'de> for Shared<T, S>
where
    Box<T>: Deserialize<'de>,
    Shared<T, S>: From<Box<T>>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Into::into)
    }
}

/// As an `Option` of the contents: none if they are gone.
impl<T: ?Sized + Serialize, S: WeakCounts> Serialize for WeakShared<T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.upgrade().serialize(serializer)
    }
}

/// Always a weak reference to nothing: nobody holds a reference to what has been read.
impl<'de, T: Deserialize<'de>, S: WeakCounts> Deserialize<'de> for WeakShared<T, S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer)?;
        Ok(WeakShared::new())
    }
}
