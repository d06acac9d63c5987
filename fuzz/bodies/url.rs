//! URLs: an accepted one is the same after printing and parsing, and the same URL to a browser.

use crate::url::{Host, Url};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(url) = Url::parse(text) else { return };
    let printed = url.to_string();
    let again = Url::parse(&printed).expect("the printed URL is valid");
    assert_eq!(
        (again.to_string(), again.secure, again.host(), again.port, again.target()),
        (printed.clone(), url.secure, url.host(), url.port, url.target()),
        "{text} is printed as {printed}"
    );
    match ::url::Url::parse(text) {
        Ok(seen) => assert_eq!(seen.as_str(), printed, "{text} is another URL to a browser"),
        Err(error) => assert!(is_international(&url), "a browser rejects {text}: {error}"),
    }
}

/// Validating a name in punycode takes the tables of Unicode. Natively an invalid one is a name that DNS does not know.
fn is_international(url: &Url) -> bool {
    matches!(url.host(), Host::Name(name) if name.split('.').any(|label| label.starts_with("xn--")))
}
