//! Checks of the hosts, paths and origins that a server accepts: each must be one that a request can have.

use crate::http::split_authority;

/// Checks that a request can have this `Host`.
pub(super) fn check_host(host: &str) -> Result<(), &'static str> {
    if host.contains("://") || host.contains('/') {
        return Err("one is a URL; give only the host, with a port if only that is served");
    }
    if host.contains('*') {
        return Err("one has a *; list each host");
    }
    match split_authority(host) {
        Some((_, Some(""))) | None => Err("one has no valid host or port"),
        Some(_) => Ok(()),
    }
}

pub(super) fn check_path(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("one does not begin with /");
    }
    if path.contains(['?', '#']) {
        return Err("one has a query or a fragment; only the path is compared");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("one has a character other than printable ASCII; percent-encode it, as clients do");
    }
    Ok(())
}

/// Checks that a browser can send this origin: an entry that never matches is a mistake.
pub(super) fn check_origin(origin: &str) -> Result<(), &'static str> {
    if origin.eq_ignore_ascii_case("null") {
        return Err("one is null, which any page can send; to allow all, use `OriginPolicy::Any`");
    }
    let (scheme, authority) =
        origin.split_once("://").ok_or("one is not of the form scheme://host[:port]")?;
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme_byte) {
        return Err("one has no valid scheme");
    }
    if authority.contains('/') {
        return Err("one has a path or ends with /; an origin ends with its host or port");
    }
    if authority.contains('*') {
        return Err(
            "one has a *; list each origin, or use `OriginPolicy::Any` and decide in the server's hook",
        );
    }
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" => "80",
        "https" => "443",
        _ => "",
    };
    match split_authority(authority) {
        None => Err("one has no valid host or port after its scheme"),
        Some((_, Some(port))) if port == default_port || port.is_empty() => {
            Err("one has an empty port or its scheme's default port, which browsers omit; omit it")
        }
        Some(_) => Ok(()),
    }
}
