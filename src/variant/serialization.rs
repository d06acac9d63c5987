//! Arrays and dictionaries of the feature `serde`, which must keep their invariants.

use serde::{Deserialize, Deserializer, de};

use super::{Array, Dictionary, ElementType, Variant, WrongType};

#[derive(Deserialize)]
#[serde(rename = "Array", deny_unknown_fields)]
struct ArrayParts {
    #[serde(default)]
    element_type: ElementType,
    elements: Vec<Variant>,
}

impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = ArrayParts::deserialize(deserializer)?;
        let mut array = Self::typed(parts.element_type);
        for element in parts.elements {
            array.push(element).map_err(de::Error::custom)?;
        }
        Ok(array)
    }
}

#[derive(Deserialize)]
#[serde(rename = "Dictionary", deny_unknown_fields)]
struct DictionaryParts {
    #[serde(default)]
    key_type: ElementType,
    #[serde(default)]
    value_type: ElementType,
    entries: Vec<(Variant, Variant)>,
}

impl<'de> Deserialize<'de> for Dictionary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = DictionaryParts::deserialize(deserializer)?;
        let empty = Self::typed(parts.key_type, parts.value_type);
        let convert = |(key, value)| Ok((empty.key_type().convert(key)?, empty.value_type().convert(value)?));
        let entries = parts.entries.into_iter().map(convert).collect::<Result<_, WrongType>>();
        entries.map(|entries| empty.clone().filled(entries)).map_err(de::Error::custom)
    }
}
