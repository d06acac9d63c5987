//! Logs that the system does not report when sockets are ready: once, until it works again.

use std::io;

/// Remembers the last result.
#[derive(Debug, Default)]
pub(super) struct ErrorLog {
    has_failed: bool,
}

impl ErrorLog {
    /// Logs an error that follows a success. Returns `true` if there is an error.
    pub(super) fn check(&mut self, result: &io::Result<()>) -> bool {
        if let (Err(error), true) = (result, self.has_changed(result)) {
            log::error!("the system does not report when a socket is ready: {error}");
        }
        result.is_err()
    }

    fn has_changed(&mut self, result: &io::Result<()>) -> bool {
        std::mem::replace(&mut self.has_failed, result.is_err()) != self.has_failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_logged_once_until_the_system_works_again() {
        let mut errors = ErrorLog::default();
        let logged = [true, false, false, true, true, false].map(|works| {
            let result = if works { Ok(()) } else { Err(io::ErrorKind::OutOfMemory.into()) };
            errors.has_changed(&result) && result.is_err()
        });
        assert_eq!(logged, [false, true, false, false, false, true]);
    }
}
