//! The JavaScript class.
