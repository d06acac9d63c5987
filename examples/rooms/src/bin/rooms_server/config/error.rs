//! Errors in the settings, for people who edit them: the file, the line, and what was probably meant.

use std::{error, fmt, io, path::Path};

/// An error in the settings. `Display` has all of it, in one or several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// Creates an error from a sentence.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Creates the error of a file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }

    /// Creates the error of a text that is not one of settings.
    pub fn in_file(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let path = path.display();
        let help = help(error.message());
        let Some(span) = error.span() else { return Self(format!("{path}: {help}")) };
        let before = text.get(..span.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[start..].chars().count() + 1);
        let source = text[start..].lines().next().unwrap_or_default();
        Self(format!("{path}:{line}:{column}: {help}\n    {source}"))
    }
}

/// Adds what was probably meant to the message of a parser.
pub fn help(message: &str) -> String {
    let message = message.trim().replace('\n', ", ");
    if !message.starts_with("unknown field") {
        return message;
    }
    // The unknown name and those that are possible are in backticks.
    let mut names = message.split('`').skip(1).step_by(2);
    let Some(unknown) = names.next() else { return message };
    let names: Vec<&str> = names.collect();
    let similarity = |name: &str| strsim::jaro_winkler(unknown, name);
    let likely = names.iter().max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
    match likely.filter(|name| similarity(name) > 0.8) {
        Some(name) => format!("there is no setting `{unknown}` here; did you mean `{name}`?"),
        None => format!("there is no setting `{unknown}` here; there are {}", names.join(", ")),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for ConfigError {}
