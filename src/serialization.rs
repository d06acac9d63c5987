//! The feature `serde`: what its derives cannot do.
//!
//! Options take the default for each missing field, and refuse unknown fields. Times are numbers of seconds. Values are checked
//! where options are checked, at `connect` or `bind`.

/// A time as a number of seconds, such as 0.5.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// PEM bytes as a string.
pub(crate) mod pem {
    use serde::{Deserialize, Deserializer, Serializer, ser};

    pub(crate) fn serialize<S: Serializer>(pem: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(pem).map_err(ser::Error::custom)?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(deserializer).map(String::into_bytes)
    }
}

/// Values that can contain themselves: arrays, dictionaries and objects.
#[cfg(feature = "variant")]
pub(crate) mod nested {
    use std::cell::Cell;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    /// The deepest nesting, in every format: recursion must not overflow the stack.
    const MAX_DEPTH: u32 = 64;
    const TOO_DEEP: &str = "values are nested more than 64 deep";

    thread_local! {
        static DEPTH: Cell<u32> = const { Cell::new(0) };
    }

    /// One level of nesting, until it is dropped.
    struct Level;

    impl Level {
        fn enter() -> Option<Self> {
            let depth = DEPTH.get();
            (depth < MAX_DEPTH).then(|| {
                DEPTH.set(depth + 1);
                Self
            })
        }
    }

    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let _level = Level::enter().ok_or_else(|| ser::Error::custom(TOO_DEEP))?;
        value.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let _level = Level::enter().ok_or_else(|| de::Error::custom(TOO_DEEP))?;
        T::deserialize(deserializer)
    }
}
