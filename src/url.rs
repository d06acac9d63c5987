//! A strict parser of WebSocket URLs, so that a URL means the same in browsers and native programs.
//!
//! Browsers repair many URLs (`\` to `/`, `/a/../b` to `/b`, `0x7f.1` to `127.0.0.1`, spaces to `%20`). URLs that would
//! be repaired are rejected here, so that mistakes show during development, and not in one browser of five. Source: RFC
//! 6455, section 3; WHATWG URL for the repairs.

mod ports;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::error::Error;

/// A checked URL. `Display` writes a form that browsers do not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) secure: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// The path with the query, as in a request line. ASCII, never empty.
    pub(crate) target: String,
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name in lower-case ASCII.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|reason| Error::InvalidUrl { reason })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("it has white space or control characters; percent-encode them");
        }
        let (scheme, rest) = text.split_once("://").ok_or("it must begin with ws:// or wss://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err("its scheme is not ws or wss"),
        };
        if rest.contains('#') {
            return Err("a WebSocket URL has no fragment (#)");
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("it has credentials (user@); send them in a header, a protocol or the first packet");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => read_port(port)?,
            None if secure => 443,
            None => 80,
        };
        Ok(Self { secure, host: read_host(host)?, port, target: read_target(target)? })
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

    /// Returns the value of the `Host` header: the host, with the port if it is not the scheme's default.
    pub(crate) fn authority(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
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

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    // An IPv6 address has colons inside its brackets.
    let after_host = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or("an IPv6 address lacks its closing bracket")? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    match authority.split_at(after_host) {
        (host, "") => Ok((host, None)),
        (host, port) => {
            Ok((host, Some(port.strip_prefix(':').ok_or("it has other characters between host and port")?)))
        }
    }
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

fn read_host(text: &str) -> Result<Host, &'static str> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let ip: Ipv6Addr = inner.parse().map_err(|_| "its IPv6 address is invalid")?;
        return Ok(Host::Ip(ip.into()));
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
    let labels = text.strip_suffix('.').unwrap_or(text);
    if labels.len() > 253 || labels.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err("its host has an empty or over-long label");
    }
    let last = labels.rsplit('.').next().unwrap_or(labels);
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
    if numeric {
        let ip: Ipv4Addr = text.parse().map_err(|_| "its IPv4 address is not four numbers from 0 to 255")?;
        return Ok(Host::Ip(ip.into()));
    }
    Ok(Host::Name(text.to_ascii_lowercase()))
}

fn read_target(text: &str) -> Result<String, &'static str> {
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    if text.bytes().any(|b| b"\\\"<>^`{|}'".contains(&b)) {
        return Err("its path or query has one of \\ \" < > ^ ` { | } '; percent-encode it");
    }
    let dots =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(dots) {
        return Err("its path has a segment . or ..");
    }
    let mut target = String::with_capacity(text.len() + 1);
    if path.is_empty() {
        target.push('/');
    }
    for &byte in path.as_bytes().iter().chain(query.as_bytes()) {
        if byte.is_ascii() {
            target.push(byte.into());
        } else {
            // Browsers encode the bytes of UTF-8, too.
            target.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(target)
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
            assert_eq!(Url::parse(&url.to_string()).as_ref(), Ok(&url), "{text}");
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
