//! The parts of HTTP's grammar that options, requests and responses share.

use std::borrow::Cow;

/// Returns `true` for a token, such as the name of a field or sub-protocol (RFC 9110, 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}

/// Splits `host[:port]`. Returns `None` for anything else, such as one with credentials or an empty host (RFC 3986,
/// 3.2; RFC 9110, 4.2).
pub(crate) fn split_authority(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match text.strip_prefix('[') {
        // An IPv6 address has colons inside its brackets.
        Some(rest) => text.split_at(rest.find(']')? + 2),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port {
        "" => None,
        port => Some(port.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))?),
    };
    is_host(host).then_some((host, port))
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
            !text.is_empty() && text.bytes().all(is_host_byte)
        }
    }
}

/// Returns the host, and the path with query, of a request with this target and this field `Host`. The target may be in
/// origin form or absolute form (RFC 9112, 3.2). The error describes what is wrong with the target.
pub(crate) fn read_target<'a>(
    target: &'a str,
    host: &'a str,
) -> Result<(&'a str, Cow<'a, str>), &'static str> {
    if target.contains('#') {
        return Err("the request's target has a fragment");
    }
    if target.starts_with('/') {
        return Ok((host, target.into()));
    }
    let Some((scheme, rest)) = target.split_once("://") else {
        return Err("the request's target is not a path");
    };
    if !["http", "https", "ws", "wss"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err("the request's target is a URL of another scheme");
    }
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if split_authority(authority).is_none() {
        return Err("the request's target has no valid host");
    }
    // In absolute form the URL's host replaces the field's.
    Ok((authority, if target.starts_with('/') { target.into() } else { format!("/{target}").into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_distinguished_from_other_bytes() {
        for token in ["a", "chat.v1", "X-Ticket", "!#$%&'*+-.^_`|~"] {
            assert!(is_token(token.as_bytes()), "{token}");
        }
        for other in ["", " ", "a b", "a,b", "a:", "\"a\"", "é", "a\n", "\0"] {
            assert!(!is_token(other.as_bytes()), "{other}");
        }
        assert!(!is_token(b"\xff"));
    }

    #[test]
    fn an_authority_is_a_host_with_an_optional_port() {
        for (text, expected) in [
            ("h", ("h", None)),
            ("h.example:99", ("h.example", Some("99"))),
            ("h:", ("h", Some(""))),
            ("127.0.0.1:1", ("127.0.0.1", Some("1"))),
            ("[::1]", ("[::1]", None)),
            ("[::1]:80", ("[::1]", Some("80"))),
        ] {
            assert_eq!(split_authority(text), Some(expected), "{text}");
        }
        for text in [
            "",
            ":80",
            "h:x",
            "h:1:2",
            "h:-1",
            "u@h",
            "u:p@h",
            "h/",
            "h?x",
            "h#x",
            "h h",
            "h\"",
            "h\\",
            "hé",
            "[::1",
            "[::1]x",
            "[]",
            "[h]",
            "[::1%25eth0]",
            "::1",
            "h]",
            "http://h",
            "\n",
        ] {
            assert_eq!(split_authority(text), None, "{text}");
        }
    }
}
