//! Where this machine gets Debian's packages, from what apt was told: no address of a mirror is in this repository.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

/// Where apt's own settings are.
const SETTINGS: &str = "/etc/apt";

/// The first of apt's sources that is Debian's main archive.
pub fn find() -> Result<Option<String>> {
    let mut texts = Vec::new();
    let settings = Path::new(SETTINGS);
    read(&settings.join("sources.list"), &mut texts)?;
    if let Ok(entries) = fs::read_dir(settings.join("sources.list.d")) {
        let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        files.sort();
        for file in files {
            read(&file, &mut texts)?;
        }
    }
    Ok(texts
        .iter()
        .flat_map(|(kind, text)| sources(*kind, text))
        .find(is_debian)
        .map(|source| source.address))
}

/// How a file of sources is written.
#[derive(Clone, Copy)]
enum Kind {
    /// A source a line: `deb ADDRESS SUITE COMPONENT…`.
    Lines,
    /// Paragraphs of fields: `URIs: ADDRESS…`.
    Fields,
}

/// Somewhere that packages come from.
struct Source {
    address: String,
    suites: Vec<String>,
}

fn read(file: &Path, texts: &mut Vec<(Kind, String)>) -> Result<()> {
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("list") => Kind::Lines,
        Some("sources") => Kind::Fields,
        _ => return Ok(()),
    };
    match fs::read_to_string(file) {
        Ok(text) => texts.push((kind, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
    Ok(())
}

fn sources(kind: Kind, text: &str) -> Vec<Source> {
    match kind {
        Kind::Lines => text.lines().filter_map(line).collect(),
        Kind::Fields => {
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            lines.split(|line| line.trim().is_empty()).flat_map(paragraph).collect()
        }
    }
}

/// `deb [signed-by=…] ADDRESS SUITE COMPONENT…`
fn line(line: &str) -> Option<Source> {
    let rest = line.trim().strip_prefix("deb")?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source { address: words.next()?, suites: words.next().into_iter().collect() })
}

fn paragraph(lines: &[&str]) -> Vec<Source> {
    let field = |name: &str| -> Vec<String> {
        let mut words = Vec::new();
        let mut inside = false;
        for line in lines {
            let value = if line.starts_with([' ', '\t']) {
                inside.then_some(*line)
            } else {
                let (found, value) = line.split_once(':').unwrap_or_default();
                inside = found.eq_ignore_ascii_case(name);
                inside.then_some(value)
            };
            words.extend(value.into_iter().flat_map(str::split_whitespace).map(str::to_owned));
        }
        words
    };
    let is_off = field("Enabled").iter().any(|word| word.eq_ignore_ascii_case("no"));
    if is_off || !field("Types").iter().any(|word| word == "deb") {
        return Vec::new();
    }
    let suites = field("Suites");
    field("URIs").into_iter().map(|address| Source { address, suites: suites.clone() }).collect()
}

/// Its folder is called so on every mirror; security updates have one of their own, or a suite with their name.
fn is_debian(source: &Source) -> bool {
    let address = source.address.trim_end_matches('/');
    let is_web = address.starts_with("http://") || address.starts_with("https://");
    let folders = address.split('/').skip(3);
    is_web
        && folders.clone().any(|folder| folder == "debian")
        && !source.suites.iter().any(|suite| suite.contains("security"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debian(kind: Kind, text: &str) -> Vec<String> {
        sources(kind, text).into_iter().filter(is_debian).map(|source| source.address).collect()
    }

    #[test]
    fn paragraphs_are_read() {
        let text = "Types: deb\n\
            # a note, http://old.example/debian\n\
            URIs: http://one.example/debian\n http://two.example/debian/\n\
            Suites: stable stable-updates\n\
            Components: main\n\
            \n\
            Types: deb\nURIs: http://one.example/debian-security\nSuites: stable-security\n\
            \n\
            Types: deb-src\nURIs: http://source.example/debian\nSuites: stable\n\
            \n\
            Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: stable\n";
        assert_eq!(debian(Kind::Fields, text), ["http://one.example/debian", "http://two.example/debian/"]);
    }

    #[test]
    fn lines_are_read() {
        let text = "# deb http://off.example/debian stable main\n\
            deb-src http://source.example/debian stable main\n\
            deb http://one.example/debian stable-security main\n\
            deb [arch=amd64 signed-by=/a/key] https://third.example/apt stable main\n\
            deb\t[arch=amd64] http://one.example/mirror/debian/ stable main contrib\n";
        assert_eq!(debian(Kind::Lines, text), ["http://one.example/mirror/debian/"]);
    }
}
