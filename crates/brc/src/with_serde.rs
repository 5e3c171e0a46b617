//! Serialization: of the contents; shared objects are written once for each reference, as serde does with `Arc`.

use keyway_object_model::WeakCounts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pointer::Shared;

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
