//! [`UpgradedStream`]: a connection whose handshake was made elsewhere, as by a web framework.

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

/// Which end of a connection this one is. A client masks its frames, a server does not (RFC 6455, 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// This end asked for the WebSocket.
    Client,
    /// This end answered 101.
    Server,
}

/// A TCP stream on which a WebSocket handshake was made elsewhere: by a web framework such as axum, or by a program of your own.
/// [`WebSocketServer::accept_upgraded`](crate::WebSocketServer::accept_upgraded) and
/// [`WebSocketPeer::accept_upgraded`](crate::WebSocketPeer::accept_upgraded) take it over, and no handshake is made.
///
/// It is for plain TCP, which a poll can wait for. A framework that speaks TLS itself gives no such stream: let a proxy speak TLS
/// before it, or this crate's server ([`TlsOptions`](crate::TlsOptions)).
///
/// No extension may have been agreed on: this crate speaks none, and ends a connection with compressed frames as a breach of the
/// protocol.
///
/// # With axum
/// This is a whole program. hyper hands over the stream, and the bytes that it has read behind the request.
///
/// ```text
#[doc = include_str!("../docs/axum.rs")]
/// ```
///
/// Platform: a browser has no streams; there every call that takes one answers [`Error::Unsupported`].
pub struct UpgradedStream {
    handover: Handover,
    addr: Option<SocketAddr>,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    user_data: Option<Box<dyn Any + Send + Sync>>,
}

/// What a backend needs of it.
pub(crate) struct Handover {
    pub(crate) stream: TcpStream,
    /// What was read behind the handshake.
    pub(crate) read: Vec<u8>,
    pub(crate) protocol: Option<String>,
}

/// What a server keeps of it.
pub(crate) struct RequestInfo {
    pub(crate) request: Request,
    pub(crate) user_data: Option<Box<dyn Any + Send + Sync>>,
}

impl UpgradedStream {
    /// A stream behind whose handshake nothing was read yet.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            handover: Handover { stream, read: Vec::new(), protocol: None },
            addr: None,
            target: "/".to_owned(),
            headers: Vec::new(),
            user_data: None,
        }
    }

    /// The bytes that were read behind the handshake already: the first frames of the other end. hyper calls them `read_buf`.
    #[must_use]
    pub fn read_ahead(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.handover.read = bytes.into();
        self
    }

    /// The sub-protocol that the handshake chose.
    #[must_use]
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.handover.protocol = Some(protocol.into());
        self
    }

    /// The address that the connection counts under, and that [`PeerInfo::addr`](crate::PeerInfo::addr) gives: where a proxy tells
    /// that of the client. By default it is the other end's.
    #[must_use]
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = Some(addr);
        self
    }

    /// The request that was answered: its target, and its header fields. The target is a path and perhaps a query, or a whole URL
    /// of the scheme `http`, `https`, `ws` or `wss`, whose host counts instead of the field `Host` (RFC 9112, 3.2).
    /// [`PeerInfo::request`](crate::PeerInfo::request) gives the request, and [`WebSocketPeer::url`](crate::WebSocketPeer::url) its
    /// URL, if it has a host. By default it is `/` without fields. An `http::HeaderMap`, as axum and hyper have it, can be given as it is.
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

    /// Attaches what the program knows the client by; [`PeerInfo::identity`](crate::PeerInfo::identity) gives it back.
    #[must_use]
    pub fn user_data(mut self, identity: impl Any + Send + Sync) -> Self {
        self.user_data = Some(Box::new(identity));
        self
    }

    pub(crate) fn into_parts(self) -> Result<(Handover, RequestInfo), Error> {
        if self.handover.protocol.as_ref().is_some_and(|protocol| !is_token(protocol.as_bytes())) {
            return Err(Error::InvalidOption { option: "protocol", reason: "it is no HTTP token" });
        }
        let request = self.checked_request()?;
        Ok((self.handover, RequestInfo { request, user_data: self.user_data }))
    }

    fn checked_request(&self) -> Result<Request, Error> {
        let invalid = |why| Err(Error::InvalidOption { option: "request", reason: why });
        if self.target.bytes().any(|byte| byte <= b' ' || byte == 0x7F) {
            return invalid("its target has a space or a control character");
        }
        for (name, value) in &self.headers {
            if !is_token(name.as_bytes()) || value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                return invalid("a header field is none of HTTP's");
            }
        }
        let host = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = host.and_then(|(_, value)| std::str::from_utf8(value).ok());
        let host = host.filter(|host| split_authority(host).is_some()).unwrap_or_default();
        let (host, target) = match read_target(&self.target, host) {
            Ok(read) => read,
            Err(why) => return invalid(why),
        };
        // A client that is gone already is no mistake of the caller's: a poll tells.
        let unknown = || SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let addr = self.addr.or_else(|| self.handover.stream.peer_addr().ok()).unwrap_or_else(unknown);
        let fields = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        Ok(Request::new(addr, false, host, &target, fields))
    }
}

impl fmt::Debug for UpgradedStream {
    /// Shows no query, no header field and nothing of the identity: secrets may be in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradedStream")
            .field("addr", &self.addr)
            .field("protocol", &self.handover.protocol)
            .field("read_ahead", &self.handover.read.len())
            .finish_non_exhaustive()
    }
}
