//! The log: lines on standard error, for people and for journald. Text from outside is escaped, and warnings that repeat
//! are limited.

mod limit;

use std::{
    env,
    fmt::{self, Write as _},
    io::{self, Write as _},
    time::Instant,
};

use env_logger::{Builder, Logger, Target, WriteStyle};
use log::{Level, Log, Metadata, Record, SetLoggerError};

use self::limit::{Limit, Verdict};

/// Starts the log with this filter, which the settings have checked.
///
/// # Errors
/// If the program already has one.
pub fn start(filter: &str) -> Result<(), SetLoggerError> {
    let is_journal = is_journal();
    let mut builder = Builder::new();
    builder.parse_filters(filter).target(Target::Stderr).write_style(WriteStyle::Never);
    builder.format(move |output, record| {
        // journald has its own time of each line, and takes the level from this prefix.
        let line = match is_journal {
            true => format!("<{}>{}", syslog_level(record.level()), Line(record)),
            false => format!("{} {:5} {}", output.timestamp(), record.level(), Line(record)),
        };
        writeln!(output, "{line}")
    });
    let logger = builder.build();
    log::set_max_level(logger.filter());
    log::set_boxed_logger(Box::new(LimitedLog { logger, limit: Limit::default() }))
}

/// A text from outside as one line of printable characters.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            // ASCII is as it is: a quote in a line is harmless. Characters that are invisible, or that change the
            // direction of the text, are escaped.
            match c {
                ' '..='~' => f.write_char(c)?,
                _ => c.escape_debug().try_for_each(|c| f.write_char(c))?,
            }
        }
        Ok(())
    }
}

/// A log that limits warnings and errors that repeat.
struct LimitedLog {
    logger: Logger,
    limit: Limit,
}

impl Log for LimitedLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.logger.matches(record) {
            return;
        }
        if record.level() > Level::Warn {
            return self.logger.log(record);
        }
        match self.limit.count(record.file().unwrap_or_default(), record.line().unwrap_or(0), Instant::now())
        {
            Verdict::Log => self.logger.log(record),
            Verdict::LogAfter(suppressed) => {
                let mut summary = Record::builder();
                summary.metadata(record.metadata().clone());
                let args = format_args!("{suppressed} more lines like the next one were not logged");
                self.logger.log(&summary.args(args).build());
                self.logger.log(record);
            }
            Verdict::Suppress => {}
        }
    }

    fn flush(&self) {
        self.logger.flush();
    }
}

/// A record without its time and level.
struct Line<'a>(&'a Record<'a>);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The lines of this program need no origin.
        let target = self.0.target();
        if !target.starts_with(env!("CARGO_CRATE_NAME")) {
            write!(f, "{target}: ")?;
        }
        Printable(&self.0.args().to_string()).fmt(f)
    }
}

/// The levels of syslog (RFC 5424, 6.2.1).
fn syslog_level(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Returns `true` if standard error goes to systemd's journal. The variable alone does not show it: programs that a
/// service starts, with their output elsewhere, inherit it.
fn is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else { return false };
    stderr_numbers().is_ok_and(|(device, inode)| stream == format!("{device}:{inode}"))
}

/// The numbers of the device and the inode of standard error.
#[cfg(unix)]
fn stderr_numbers() -> io::Result<(u64, u64)> {
    use std::{fs::File, os::fd::AsFd, os::unix::fs::MetadataExt};

    let metadata = File::from(io::stderr().as_fd().try_clone_to_owned()?).metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn stderr_numbers() -> io::Result<(u64, u64)> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_one_printable_line() {
        for (text, printed) in [
            ("a room", "a room"),
            ("a\nERROR forged", "a\\nERROR forged"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("a\u{202e}b\u{2028}c\u{85}d\0", "a\\u{202e}b\\u{2028}c\\u{85}d\\0"),
            ("Grüße, 東京 \"x\"", "Grüße, 東京 \"x\""),
        ] {
            assert_eq!(Printable(text).to_string(), printed);
        }
    }

    #[test]
    fn lines_have_the_origin_of_other_crates_only() {
        let line = |target: &str| {
            let args = format_args!("a\nb");
            Line(&Record::builder().target(target).args(args).build()).to_string()
        };
        assert_eq!(line("rooms_server::serving"), "a\\nb");
        assert_eq!(line("websocket_peer::server"), "websocket_peer::server: a\\nb");
    }
}
