//! The error of a call that the browser refused.

use std::{fmt, io};

use crate::error::Error;

/// Returns the error of a call that the browser refused with this message. Failures of the network never refuse a call.
pub(crate) fn refused(message: String) -> Error {
    Error::io(io::Error::other(Exception(message.clone())), message)
}

/// The message. Unlike a string's own, its form for `Debug` needs no tables of Unicode, which would be in every page.
struct Exception(String);

impl std::error::Error for Exception {}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
