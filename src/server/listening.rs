//! Where a server's connections come from: a listener, or streams whose handshake was made elsewhere.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::{
    PeerKey, WebSocketServer,
    acceptor::{check_descriptors, unavailable},
    peer_entry::{PeerEntry, PeerPhase},
};
use crate::{
    admission::Rejection,
    error::Error,
    options::{ServerOptions, TlsCertificate},
    request::Request,
    sys::{Budget, Listener, Reactor, ServerConnection},
    upgraded::UpgradedStream,
};

/// How many bytes of a stream that found no capacity are read at once.
const LAST_BYTES: usize = 16 * 1024;

impl WebSocketServer {
    /// Listens at an address; of several that a name has, at the first that can be listened at. Port 0 takes a free
    /// one, which [`local_addr`](Self::local_addr) tells. A name is looked up before the call returns.
    ///
    /// It may need a descriptor for each of [`max_peers`](ServerOptions::max_peers), three for each of
    /// [`max_pending_handshakes`](ServerOptions::max_pending_handshakes), and 16 more: 4880 by default. A warning is logged if the system grants fewer,
    /// as many do by default (`ulimit -n`).
    ///
    /// # Errors
    /// - [`Error::InvalidOption`]; also for an identity that the TLS library cannot use.
    /// - [`Error::Io`] if the address cannot be listened at.
    /// - [`Error::Unsupported`] in a browser, and for an identity in a build without the feature `tls`.
    ///
    /// Godot: `TCPServer.listen`.
    #[doc(alias = "listen")]
    pub fn bind(address: impl ToSocketAddrs, options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let addresses: Vec<_> = address.to_socket_addrs()?.collect();
        let listener = Reactor::bind(&addresses, options.dual_stack)?;
        Self::from_listener(listener, options)
    }

    /// Takes over a listener that is there already, such as one that a supervisor has opened.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    pub fn from_listener(listener: TcpListener, options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let reactor = Reactor::new(Some(listener), options.connection.tls.certificate.as_ref())?;
        if let Ok(address) = reactor.local_addr() {
            log::info!("listening at {address}");
        }
        check_descriptors(&options, Reactor::max_descriptors());
        Ok(Self::on(reactor, options))
    }

    /// A server without a listener, to which connections come by [`accept_upgraded`](Self::accept_upgraded) alone.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind), except those about the address.
    pub fn without_listener(options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let reactor = Reactor::new(None, options.connection.tls.certificate.as_ref())?;
        check_descriptors(&options, Reactor::max_descriptors());
        Ok(Self::on(reactor, options))
    }

    /// Takes over a stream on which a web framework has made the handshake, as this server's end of it. No handshake is made; the
    /// connection opens with the next [`poll`](Self::poll), and [`Opened`](crate::ServerEvent::Opened) has the key that this call
    /// returns. Nothing can be sent to it before that event was read. [`UpgradedStream`] shows how with axum.
    ///
    /// The framework decides which clients are admitted: the hook of [`on_request`](Self::on_request) and the options about
    /// requests and handshakes do not apply, nor does a TLS identity. The peer takes a capacity and has the
    /// options of every peer ([`ServerOptions::connection`] and [`limits`](ServerOptions::rate_limits)).
    ///
    /// # Errors
    /// - [`Error::ServerFull`] while [`max_peers`](ServerOptions::max_peers) or
    ///   [`max_peers_per_address`](ServerOptions::max_peers_per_address) are reached, while new connections are
    ///   [refused](Self::refuse_new_connections), after [`shutdown`](Self::shutdown), and for more bytes read ahead than there is
    ///   memory for. The client gets close code 1013 with the reason, and its connection ends.
    /// - [`Error::InvalidOption`] for a sub-protocol that is no token, and for a request that is none. The stream is dropped.
    /// - [`Error::Io`] if the system does not let the stream be polled. The stream is dropped.
    /// - [`Error::Unsupported`] in a browser, where no server can be.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream) -> Result<PeerKey, Error> {
        let (handover, info) = upgraded.into_parts()?;
        let read = handover.read.len();
        let now = self.clock.now();
        let connection = self.reactor.adopt(self.entries.vacant(), handover, &self.options, now)?;
        self.stats.accepted += 1;
        let addr = info.request.addr();
        let mut entry = PeerEntry::new(connection, addr, &self.options.connection, self.memory.share());
        entry.phase = PeerPhase::Upgraded;
        let capacity = self.check_upgraded(&entry, &info.request, read);
        if let Err(rejection) = capacity {
            entry.connection.refuse(&rejection, &[]);
            let key = self.entries.insert(entry);
            self.finish_rejected(key);
            return Err(Error::ServerFull { why: rejection.reason });
        }
        entry.request = Some(info.request);
        entry.user_data = info.user_data;
        entry.set_fixed_memory(0);
        entry.has_place = true;
        self.acceptor.admitted.add(addr.ip());
        let key = self.entries.insert(entry);
        self.update(key, true);
        Ok(key)
    }

    fn check_upgraded(&self, entry: &PeerEntry, request: &Request, read: usize) -> Result<(), Rejection> {
        if self.shutdown_deadline.is_some() {
            return Err(unavailable("the server shuts down"));
        }
        self.acceptor.check_open()?;
        self.acceptor.check_capacity(entry.addr.ip(), &self.options)?;
        // The framework has limits of its own, which may be larger.
        let needed = read + request.memory_usage().saturating_sub(self.options.max_request_size);
        match needed <= self.memory.room_to_read(entry) {
            true => Ok(()),
            false => Err(unavailable("the server has no memory for this client")),
        }
    }

    /// Gives a refused stream its turn at once, so that refused streams do not pile up until the next poll.
    fn finish_rejected(&mut self, key: PeerKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let budget = Budget { read: LAST_BYTES, memory: 0 };
        let times = self.clock.times();
        let progress = entry.connection.poll(&mut self.reactor, times, budget, &mut entry.link);
        self.update(key, progress.more);
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// [`Error::Io`] after [`shutdown`](Self::shutdown), and [without a listener](Self::without_listener).
    ///
    /// Godot: `TCPServer.get_local_port`.
    #[doc(alias = "get_local_port")]
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.reactor.local_addr()
    }

    /// Replaces the certificate. Handshakes from now on use it; connections that are there keep theirs.
    ///
    /// # Errors
    /// - [`Error::InvalidOption`] for an identity that the TLS library cannot use; the old one stays.
    /// - [`Error::Unsupported`] in a build without the feature `tls`, and for a server that was bound without an
    ///   identity: clients expect it to stay plain.
    pub fn set_certificate(&mut self, identity: TlsCertificate) -> Result<(), Error> {
        if self.options.connection.tls.certificate.is_none() {
            return Err(Error::Unsupported { what: "to secure a server that was bound without an identity" });
        }
        let mut tls = self.options.connection.tls.clone();
        tls.certificate = Some(identity);
        tls.check()?;
        if let Some(identity) = &tls.certificate {
            self.reactor.set_certificate(identity)?;
        }
        self.options.connection.tls = tls;
        Ok(())
    }
}
