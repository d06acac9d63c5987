//! A strict parser of WebSocket URLs, so that a URL means the same in browsers and native programs.
//!
//! Browsers repair many URLs (`\` to `/`, `/a/../b` to `/b`, `0x7f.1` to `127.0.0.1`, spaces to `%20`). URLs that would
//! be repaired are rejected here, so that mistakes show during development, and not in one browser of five. Source: RFC
//! 6455, section 3; WHATWG URL for the repairs.

mod address;
mod ports;

use std::{fmt, net::IpAddr};

use crate::error::Error;

/// A checked URL. It borrows the text, and makes what a backend needs of it only then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Url<'a> {
    /// The whole URL, for a browser, which reads it itself.
    #[allow(dead_code, reason = "native programs need the parts")]
    pub(crate) text: &'a str,
    pub(crate) secure: bool,
    /// With the brackets of an IPv6 address.
    host: &'a str,
    pub(crate) port: u16,
    /// The path with the query, not encoded. It may be empty.
    target: &'a str,
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name in lower-case ASCII.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl<'a> Url<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        Self::read(text).map_err(|reason| Error::InvalidUrl { reason })
    }

    fn read(text: &'a str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("it has white space or control characters; percent-encode them");
        }
        let scheme = text.as_bytes().windows(3).position(|bytes| bytes == b"://");
        let (scheme, rest) = split(text, scheme.ok_or("it must begin with ws:// or wss://")?);
        let secure = scheme.eq_ignore_ascii_case("wss");
        if !secure && !scheme.eq_ignore_ascii_case("ws") {
            return Err("its scheme is not ws or wss");
        }
        if rest.bytes().any(|byte| byte == b'#') {
            return Err("a WebSocket URL has no fragment (#)");
        }
        let (_, rest) = split(rest, "://".len());
        let (authority, target) = split_before(rest, |byte| matches!(byte, b'/' | b'?'));
        if authority.bytes().any(|byte| byte == b'@') {
            return Err("it has credentials (user@); send them in a header, a protocol or the first packet");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => read_port(port)?,
            None if secure => 443,
            None => 80,
        };
        check_host(host)?;
        check_target(target)?;
        Ok(Self { text, secure, host, port, target })
    }

    /// Checks that the port is not one that browsers block, unless `allow_blocked`.
    pub(crate) fn check_port(&self, allow_blocked: bool) -> Result<(), Error> {
        if self.has_blocked_port() && !allow_blocked {
            return Err(Error::BlockedPort { port: self.port });
        }
        Ok(())
    }

    /// Returns `true` if browsers refuse to connect to the port.
    pub(crate) fn has_blocked_port(&self) -> bool {
        ports::is_blocked(self.port)
    }

    /// Returns the host.
    #[allow(dead_code, reason = "browsers read the URL themselves")]
    pub(crate) fn host(&self) -> Host {
        let address = match inside_brackets(self.host) {
            Some(inner) => inner.parse().ok().map(IpAddr::V6),
            None => self.host.parse().ok().map(IpAddr::V4),
        };
        address.map_or_else(|| Host::Name(self.host.to_ascii_lowercase()), Host::Ip)
    }

    /// Returns the path with the query, as in a request line. ASCII, never empty.
    #[allow(dead_code, reason = "browsers read the URL themselves")]
    pub(crate) fn target(&self) -> String {
        let mut target = String::with_capacity(self.target.len() + 1);
        if !self.target.starts_with('/') {
            target.push('/');
        }
        for byte in self.target.bytes() {
            if byte.is_ascii() {
                target.push(byte.into());
            } else {
                // Browsers encode the bytes of UTF-8, too.
                target.push_str(&format!("%{byte:02X}"));
            }
        }
        target
    }

    /// Returns the value of the `Host` header: the host, with the port if it is not the scheme's default.
    #[allow(dead_code, reason = "browsers read the URL themselves")]
    pub(crate) fn authority(&self) -> String {
        let (host, default) = (self.host(), if self.secure { 443 } else { 80 });
        if self.port == default { host.to_string() } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Url<'_> {
    /// Writes the form that browsers give the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => match ip.segments() {
                // Browsers write mapped IPv4 addresses in hexadecimal.
                [0, 0, 0, 0, 0, 0xffff, high, low] => write!(f, "[::ffff:{high:x}:{low:x}]"),
                _ => write!(f, "[{ip}]"),
            },
        }
    }
}

/// Splits at a place between two characters.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Splits before the first of these ASCII bytes, or at the end if there is none.
fn split_before(text: &str, is_end: impl Fn(u8) -> bool) -> (&str, &str) {
    split(text, text.bytes().position(is_end).unwrap_or(text.len()))
}

/// Returns the text inside the brackets of an IPv6 address.
fn inside_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    // An IPv6 address has colons inside its brackets.
    let (host, port) = if authority.starts_with('[') {
        let bracket = authority.bytes().position(|byte| byte == b']');
        split(authority, bracket.ok_or("an IPv6 address lacks its closing bracket")? + 1)
    } else {
        split_before(authority, |byte| byte == b':')
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    Ok((host, Some(port.strip_prefix(':').ok_or("it has other characters between host and port")?)))
}

fn read_port(text: &str) -> Result<u16, &'static str> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("its port is not a number");
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("its port is not in 1 to 65535"),
        Ok(port) => Ok(port),
    }
}

fn check_host(text: &str) -> Result<(), &'static str> {
    if let Some(inner) = inside_brackets(text) {
        return if address::is_ipv6(inner) { Ok(()) } else { Err("its IPv6 address is invalid") };
    }
    if text.is_empty() {
        return Err("it has no host");
    }
    if !text.is_ascii() {
        return Err("its host is not ASCII; write an international name in punycode (xn--…)");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) {
        return Err("its host has a character that is not allowed in a host name");
    }
    let labels = text.strip_suffix('.').unwrap_or(text).as_bytes();
    let mut last: &[u8] = labels;
    for label in labels.split(|&byte| byte == b'.') {
        if label.is_empty() || label.len() > 63 || labels.len() > 253 {
            return Err("its host has an empty or over-long label");
        }
        last = label;
    }
    let is_numeric = last.iter().all(u8::is_ascii_digit) || matches!(last, [b'0', b'x' | b'X', ..]);
    if is_numeric && !address::is_ipv4(text.as_bytes()) {
        return Err("its IPv4 address is not four numbers from 0 to 255");
    }
    Ok(())
}

fn check_target(text: &str) -> Result<(), &'static str> {
    if text
        .bytes()
        .any(|b| matches!(b, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | b'\''))
    {
        return Err("its path or query has one of \\ \" < > ^ ` { | } '; percent-encode it");
    }
    let (path, _) = split_before(text, |byte| byte == b'?');
    if path.as_bytes().split(|&byte| byte == b'/').any(is_dots) {
        return Err("its path has a segment . or ..");
    }
    Ok(())
}

/// Returns `true` for one or two dots, percent-encoded or not, which browsers resolve.
fn is_dots(segment: &[u8]) -> bool {
    let (mut rest, mut dots) = (segment, 0);
    while let [b'.', after @ ..] | [b'%', b'2', b'e' | b'E', after @ ..] = rest {
        (rest, dots) = (after, dots + 1);
    }
    rest.is_empty() && (dots == 1 || dots == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_every_platform_reads_alike_are_accepted() {
        for (text, shown) in [
            ("ws://localhost", "ws://localhost/"),
            ("WSS://Example.COM", "wss://example.com/"),
            ("ws://127.0.0.1:9080/echo", "ws://127.0.0.1:9080/echo"),
            ("ws://h:80/a/b?x=1&y=/..", "ws://h/a/b?x=1&y=/.."),
            ("wss://h:443", "wss://h/"),
            ("wss://h:80", "wss://h:80/"),
            ("ws://h?q=1", "ws://h/?q=1"),
            ("ws://[::1]:9080/x", "ws://[::1]:9080/x"),
            ("ws://[::ffff:1.2.3.4]/", "ws://[::ffff:102:304]/"),
            ("ws://h/é?ü", "ws://h/%C3%A9?%C3%BC"),
            ("ws://h.example./", "ws://h.example./"),
            ("ws://h/%20%5C", "ws://h/%20%5C"),
            ("ws://h:00080/", "ws://h/"),
        ] {
            let url = Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.to_string(), shown, "{text}");
            let again = Url::parse(shown).unwrap();
            assert_eq!((again.to_string().as_str(), again.host(), again.port), (shown, url.host(), url.port));
        }
    }

    #[test]
    fn urls_that_platforms_read_differently_are_rejected() {
        for text in [
            "",
            "h",
            "h:80/x",
            "127.0.0.1:9000",
            "//h",
            "http://h",
            "https://h",
            "file:///x",
            "ws:h",
            "ws:/h",
            "ws://",
            "ws:///x",
            "ws://:80",
            "ws://h:",
            "ws://h:0",
            "ws://h:65536",
            "ws://h:80a",
            "ws://h:+80",
            "ws://h:-1",
            "ws://h:1:2",
            "ws://u@h",
            "ws://u:p@h/",
            "ws://h/#f",
            "ws://h#f",
            "ws://h/a b",
            " ws://h",
            "ws://h\n",
            "ws://h/\0",
            "ws://h\\x",
            "ws://h/\\x",
            "ws://h/\"",
            "ws://h/?'",
            "ws://h/{x}",
            "ws://h/a/../b",
            "ws://h/.",
            "ws://h/%2E%2e/x",
            "ws://exämple.com",
            "ws://h_%41/",
            "ws://1.2.3",
            "ws://1.2.3.256",
            "ws://1.2.3.4.5",
            "ws://127.1",
            "ws://0x7f.0.0.1",
            "ws://h.0x1",
            "ws://1.2.3.4.",
            "ws://a..b",
            "ws://.",
            "ws://[::1",
            "ws://[::1]x",
            "ws://[::1]9",
            "ws://[fe80::1%25eth0]/",
            "ws://[1.2.3.4]/",
            "ws://::1/",
        ] {
            assert!(
                matches!(Url::parse(text), Err(Error::InvalidUrl { .. })),
                "{text}: {:?}",
                Url::parse(text)
            );
        }
        assert!(Url::parse(&format!("ws://{}/", "a".repeat(64))).is_err());
    }
}
