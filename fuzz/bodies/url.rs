//! URLs: one that is taken is the same when it is printed and read again, and the same that a browser sees.

use crate::url::{Host, Url};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(url) = Url::parse(text) else { return };
    let printed = url.to_string();
    assert_eq!(Url::parse(&printed).as_ref(), Ok(&url), "{text} is printed as {printed}");
    match ::url::Url::parse(text) {
        Ok(seen) => assert_eq!(seen.as_str(), printed, "{text} is another URL in a browser"),
        Err(error) => assert!(is_international(&url), "{text} is refused by a browser: {error}"),
    }
}

/// To tell a valid name in punycode from others takes the tables of Unicode. Natively one of the others is a name that DNS
/// does not know.
fn is_international(url: &Url) -> bool {
    matches!(&url.host, Host::Name(name) if name.split('.').any(|label| label.starts_with("xn--")))
}
