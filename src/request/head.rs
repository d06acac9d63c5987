//! The parts of a request, in one allocation: a server keeps the request of each connection.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
};

/// The bits of the first byte.
const IS_SECURE: u8 = 1;
const IS_UPGRADE: u8 = 2;
const IS_HEAD: u8 = 4;
const IS_IPV6: u8 = 8;

/// The memory of the counts of an `Arc`, in bytes.
const COUNTS: usize = 2 * size_of::<usize>();

/// In this order: the bits, the port, the address, for IPv6 its flow information and scope, the length of the target,
/// the start and the length of the host in the text, and the text.
///
/// The text is the target, `name:value` with a line feed for each field, and the host, unless that is the value of a
/// field. No name contains a colon and no value a line feed, so their lengths need not be stored.
#[derive(Clone)]
pub(super) struct RequestHead(Arc<[u8]>);

/// The parts that the accessors return.
struct RequestParts<'a> {
    addr: SocketAddr,
    target: &'a [u8],
    fields: &'a [u8],
    host: &'a [u8],
}

#[allow(dead_code, reason = "only backends that accept connections have requests")]
impl RequestHead {
    /// Creates the head of an upgrade request.
    pub(super) fn new<'a>(
        addr: SocketAddr,
        is_secure: bool,
        host: &str,
        target: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let mut text = Vec::with_capacity(1024);
        text.extend_from_slice(target.as_bytes());
        let mut host_at = None;
        for (name, value) in fields {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            if host_at.is_none() && name.eq_ignore_ascii_case("host") && value == host.as_bytes() {
                host_at = Some(text.len());
            }
            text.extend_from_slice(value);
            text.push(b'\n');
        }
        let host_at = host_at.unwrap_or_else(|| {
            text.extend_from_slice(host.as_bytes());
            text.len() - host.len()
        });
        let mut head = Vec::with_capacity(64 + text.len());
        let is_ipv6 = if addr.is_ipv6() { IS_IPV6 } else { 0 };
        head.push(is_ipv6 | IS_UPGRADE | if is_secure { IS_SECURE } else { 0 });
        push_addr(&mut head, addr);
        for number in [target.len(), host_at, host.len()] {
            // A request of four gigabytes is not accepted.
            head.extend_from_slice(&u32::try_from(number).unwrap_or(0).to_le_bytes());
        }
        head.extend_from_slice(&text);
        Self(head.into())
    }

    /// Turns it into a plain HTTP request, with the method HEAD or GET.
    pub(super) fn into_plain(mut self, is_head: bool) -> Self {
        if let Some(bits) = Arc::make_mut(&mut self.0).first_mut() {
            *bits = *bits & !(IS_UPGRADE | IS_HEAD) | if is_head { IS_HEAD } else { 0 };
        }
        self
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.parts().addr
    }

    pub(super) fn is_secure(&self) -> bool {
        self.has(IS_SECURE)
    }

    pub(super) fn is_upgrade(&self) -> bool {
        self.has(IS_UPGRADE)
    }

    pub(super) fn is_head(&self) -> bool {
        self.has(IS_HEAD)
    }

    pub(super) fn target(&self) -> &str {
        text(self.parts().target)
    }

    pub(super) fn host(&self) -> &str {
        text(self.parts().host)
    }

    /// Returns the fields as lines.
    pub(super) fn fields(&self) -> &[u8] {
        self.parts().fields
    }

    /// Returns the memory that it uses, in bytes.
    pub(super) fn memory_usage(&self) -> usize {
        COUNTS + self.0.len()
    }

    fn has(&self, bit: u8) -> bool {
        self.0.first().is_some_and(|bits| bits & bit != 0)
    }

    fn parts(&self) -> RequestParts<'_> {
        let mut rest = &self.0[..];
        let [bits] = take(&mut rest);
        let addr = take_addr(&mut rest, bits & IS_IPV6 != 0);
        let [target, host, host_len] = [(); 3].map(|()| u32::from_le_bytes(take(&mut rest)) as usize);
        let host_end = host + host_len;
        // After a host that is the value of a field, there is at least a line feed.
        let fields_end = if host_end == rest.len() { host } else { rest.len() };
        let part = |range| rest.get(range).unwrap_or_default();
        RequestParts {
            addr,
            target: part(0..target),
            fields: part(target..fields_end),
            host: part(host..host_end),
        }
    }
}

fn push_addr(head: &mut Vec<u8>, addr: SocketAddr) {
    head.extend_from_slice(&addr.port().to_le_bytes());
    match addr {
        SocketAddr::V4(addr) => head.extend_from_slice(&addr.ip().octets()),
        SocketAddr::V6(addr) => {
            head.extend_from_slice(&addr.ip().octets());
            head.extend_from_slice(&addr.flowinfo().to_le_bytes());
            head.extend_from_slice(&addr.scope_id().to_le_bytes());
        }
    }
}

fn take_addr(rest: &mut &[u8], is_ipv6: bool) -> SocketAddr {
    let port = u16::from_le_bytes(take(rest));
    if !is_ipv6 {
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::from(take::<4>(rest))), port);
    }
    let ip = Ipv6Addr::from(take::<16>(rest));
    let [flow, scope] = [(); 2].map(|()| u32::from_le_bytes(take(rest)));
    SocketAddrV6::new(ip, port, flow, scope).into()
}

/// Takes the first bytes. There are enough, because [`RequestHead::new`] wrote them.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let Some((first, others)) = rest.split_first_chunk() else { return [0; N] };
    *rest = others;
    *first
}

/// Returns a part that was valid UTF-8 when it was added.
fn text(part: &[u8]) -> &str {
    std::str::from_utf8(part).unwrap_or_default()
}
