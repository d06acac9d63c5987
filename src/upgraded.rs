//! [`UpgradedStream`]: a connection whose handshake was made elsewhere, for instance by a web framework.

use std::{
    any::Any,
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpStream},
};

use crate::{
    error::Error,
    http::{is_token, read_target, split_authority},
    request::Request,
};

/// The role of this end of a connection. Clients mask their frames, servers do not (RFC 6455, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// This end sent the upgrade request.
    Client,
    /// This end answered it with status 101.
    Server,
}

/// A TCP stream on which a WebSocket handshake was made elsewhere, for instance by a web framework such as axum.
/// [`WebSocketServer::accept_upgraded`](crate::WebSocketServer::accept_upgraded) and
/// [`WebSocketPeer::accept_upgraded`](crate::WebSocketPeer::accept_upgraded) take it over, without another handshake.
///
/// Only plain TCP streams can be taken over. With a framework that terminates TLS itself, use a proxy for TLS instead,
/// or this crate's server ([`TlsOptions`](crate::TlsOptions)).
///
/// The handshake must not have negotiated any extension. This crate supports none: compressed frames end the connection
/// with [`CloseCause::Protocol`](crate::CloseCause::Protocol).
///
/// # With axum
/// A complete program. hyper returns the stream, and the bytes that it has read after the request.
///
/// ```text
#[doc = include_str!("../docs/axum.rs")]
/// ```
///
/// Platform: natively only. In a browser, calls that take one return [`Error::Unsupported`].
pub struct UpgradedStream {
    handover: Handover,
    addr: Option<SocketAddr>,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    user_data: Option<Box<dyn Any + Send + Sync>>,
}

/// The part that a backend takes.
pub(crate) struct Handover {
    pub(crate) stream: TcpStream,
    /// Bytes that were read after the handshake.
    pub(crate) read: Vec<u8>,
    pub(crate) protocol: Option<String>,
}

/// The part that a server keeps.
pub(crate) struct RequestInfo {
    pub(crate) request: Request,
    pub(crate) user_data: Option<Box<dyn Any + Send + Sync>>,
}

impl UpgradedStream {
    /// Creates an upgraded stream from a TCP stream from which nothing was read after the handshake.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            handover: Handover { stream, read: Vec::new(), protocol: None },
            addr: None,
            target: "/".to_owned(),
            headers: Vec::new(),
            user_data: None,
        }
    }

    /// Sets the bytes that were already read after the handshake: the first frames of the other end. hyper calls them
    /// `read_buf`.
    #[must_use]
    pub fn read_ahead(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.handover.read = bytes.into();
        self
    }

    /// Sets the sub-protocol that the handshake chose.
    #[must_use]
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.handover.protocol = Some(protocol.into());
        self
    }

    /// Sets the client's address, for instance from a proxy's header. Limits per address and
    /// [`PeerInfo::addr`](crate::PeerInfo::addr) use it. Default: the address of the other end of the stream.
    #[must_use]
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = Some(addr);
        self
    }

    /// Sets the request that was answered: its target and its header fields. Default: `/` without fields.
    ///
    /// The target is a path with an optional query, or a URL of the scheme `http`, `https`, `ws` or `wss`, whose host
    /// replaces the field `Host` (RFC 9112, 3.2). The fields can be an `http::HeaderMap` of axum or hyper.
    /// [`PeerInfo::request`](crate::PeerInfo::request) returns the request, and
    /// [`WebSocketPeer::url`](crate::WebSocketPeer::url) its URL if it has a host.
    #[must_use]
    pub fn request<N: AsRef<str>, V: AsRef<[u8]>>(
        mut self,
        target: impl Into<String>,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.target = target.into();
        let owned = |(name, value): (N, V)| (name.as_ref().to_owned(), value.as_ref().to_vec());
        self.headers = headers.into_iter().map(owned).collect();
        self
    }

    /// Attaches data of the program. [`PeerInfo::user_data`](crate::PeerInfo::user_data) returns it.
    #[must_use]
    pub fn user_data(mut self, data: impl Any + Send + Sync) -> Self {
        self.user_data = Some(Box::new(data));
        self
    }

    pub(crate) fn into_parts(self) -> Result<(Handover, RequestInfo), Error> {
        if self.handover.protocol.as_ref().is_some_and(|protocol| !is_token(protocol.as_bytes())) {
            return Err(Error::InvalidOption { option: "protocol", reason: "it is not an HTTP token" });
        }
        let request = self.checked_request()?;
        Ok((self.handover, RequestInfo { request, user_data: self.user_data }))
    }

    fn checked_request(&self) -> Result<Request, Error> {
        let invalid = |reason| Err(Error::InvalidOption { option: "request", reason });
        if self.target.bytes().any(|byte| byte <= b' ' || byte == 0x7F) {
            return invalid("its target has a space or control character");
        }
        for (name, value) in &self.headers {
            if !is_token(name.as_bytes()) || value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                return invalid("a header field is not valid in HTTP");
            }
        }
        let host = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = host.and_then(|(_, value)| std::str::from_utf8(value).ok());
        let host = host.filter(|host| split_authority(host).is_some()).unwrap_or_default();
        let (host, target) = match read_target(&self.target, host) {
            Ok(read) => read,
            Err(reason) => return invalid(reason),
        };
        // The client may have disconnected already. A later poll reports that.
        let unknown = || SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let addr = self.addr.or_else(|| self.handover.stream.peer_addr().ok()).unwrap_or_else(unknown);
        let fields = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        Ok(Request::new(addr, false, host, &target, fields))
    }
}

impl fmt::Debug for UpgradedStream {
    /// Shows no query, header field or user data, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradedStream")
            .field("addr", &self.addr)
            .field("protocol", &self.handover.protocol)
            .field("read_ahead", &self.handover.read.len())
            .finish_non_exhaustive()
    }
}
