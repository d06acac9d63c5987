//! The sources of a server's connections: a listener, or streams whose handshake was made elsewhere.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::{
    PeerKey, WebSocketServer,
    accepting::peer_settings,
    acceptor::{check_descriptors, unavailable},
    peer_entry::{PeerEntry, PeerPhase, UserData},
};
use crate::{
    admission::Rejection,
    error::Error,
    options::{ServerOptions, TlsCertificate},
    request::Request,
    sys::{
        Reactor,
        server::{Budget, Listener, ServerConnection},
    },
    upgraded::UpgradedStream,
};

/// The number of bytes that are read at once of a stream that is rejected.
const LAST_BYTES: usize = 16 * 1024;

impl WebSocketServer {
    /// Listens on an address. If a name has several addresses, it listens on the first one that works. Port 0 takes a
    /// free port, which [`local_addr`](Self::local_addr) returns. A name is looked up before the call returns.
    ///
    /// A server may need a descriptor for each of [`max_peers`](ServerOptions::max_peers), three for each of
    /// [`max_pending_handshakes`](ServerOptions::max_pending_handshakes), and 16 more: 4880 by default. A warning is
    /// logged if the system grants fewer, as many systems do by default (`ulimit -n`).
    ///
    /// # Errors
    /// - [`Error::InvalidOption`], also for a certificate that the TLS library cannot use.
    /// - [`Error::Io`] if it cannot listen on the address.
    /// - [`Error::Unsupported`] in a browser, and for a certificate in a build without the feature `tls`.
    ///
    /// Godot: `TCPServer.listen`.
    #[doc(alias = "listen")]
    pub fn bind(address: impl ToSocketAddrs, options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let addresses: Vec<_> = address.to_socket_addrs()?.collect();
        let listener = Reactor::bind(&addresses, options.dual_stack)?;
        Self::from_listener(listener, options)
    }

    /// Takes over an open listener, such as one that a supervisor opened.
    ///
    /// # Errors
    /// The errors of [`bind`](Self::bind).
    pub fn from_listener(listener: TcpListener, options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let reactor = Reactor::new(Some(listener), options.connection.tls.certificate.as_ref())?;
        if let Ok(address) = reactor.local_addr() {
            log::info!("listening at {address}");
        }
        check_descriptors(&options, Reactor::max_descriptors());
        Ok(Self::on(reactor, options))
    }

    /// Creates a server without a listener. All its connections come from [`accept_upgraded`](Self::accept_upgraded).
    ///
    /// # Errors
    /// The errors of [`bind`](Self::bind), except those about the address.
    pub fn without_listener(options: ServerOptions) -> Result<Self, Error> {
        options.check()?;
        let reactor = Reactor::new(None, options.connection.tls.certificate.as_ref())?;
        check_descriptors(&options, Reactor::max_descriptors());
        Ok(Self::on(reactor, options))
    }

    /// Takes over a stream on which a web framework has made the server's side of the handshake. The connection opens
    /// with the next [`poll`](Self::poll), and [`Opened`](crate::ServerEvent::Opened) has the key that this call
    /// returns. Nothing can be sent to the peer before that event was read. [`UpgradedStream`] has an example with
    /// axum.
    ///
    /// The framework decides which clients are admitted: the hook of [`on_request`](Self::on_request) and the options
    /// for requests, handshakes and TLS do not apply. The peer counts for `max_peers` and has the options of every peer
    /// ([`connection`](ServerOptions::connection) and [`rate_limits`](ServerOptions::rate_limits)).
    ///
    /// # Errors
    /// - [`Error::ServerFull`] while [`max_peers`](ServerOptions::max_peers) or
    ///   [`max_peers_per_address`](ServerOptions::max_peers_per_address) is reached, while new connections are
    ///   [refused](Self::refuse_new_connections), after [`shutdown`](Self::shutdown), and if there is no memory for the
    ///   bytes that were read ahead. The client gets close code 1013 with the reason, and its connection ends.
    /// - [`Error::InvalidOption`] for a sub-protocol that is not a token, and for an invalid request. The stream is
    ///   dropped.
    /// - [`Error::Io`] if the system cannot poll the stream. The stream is dropped.
    /// - [`Error::Unsupported`] in a browser.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream) -> Result<PeerKey, Error> {
        let (handover, info) = upgraded.into_parts()?;
        let read = handover.read.len();
        let now = self.clock.now();
        let settings = peer_settings(&self.options);
        let connection = self.reactor.adopt(self.entries.vacant(), handover, settings, now)?;
        self.stats.accepted += 1;
        let addr = info.request.addr();
        let mut entry = PeerEntry::new(connection, addr, &self.options.connection, self.memory.share());
        entry.phase = PeerPhase::Upgraded;
        if let Err(rejection) = self.check_upgraded(&entry, &info.request, read) {
            entry.connection.reject(&rejection, &[]);
            let key = self.entries.insert(entry);
            self.finish_rejected(key);
            return Err(Error::ServerFull { reason: rejection.reason });
        }
        entry.request = Some(info.request);
        entry.user_data = info.user_data.map(|data| Box::new(UserData(data)));
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
        self.acceptor.check_capacity(entry.ip, &self.options)?;
        // The framework's own limits may be larger.
        let needed = read + request.memory_usage().saturating_sub(self.options.max_request_size);
        match needed <= self.memory.room_to_read(entry) {
            true => Ok(()),
            false => Err(unavailable("the server has no memory for this client")),
        }
    }

    /// Services a rejected stream at once, so that rejected streams do not accumulate until the next poll.
    fn finish_rejected(&mut self, key: PeerKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let budget = Budget { read: LAST_BYTES, memory: 0 };
        let times = self.clock.times();
        let progress = entry.connection.poll(&mut self.reactor, times, budget, &mut entry.link);
        self.update(key, progress.more);
    }

    /// Returns the address that the server listens on.
    ///
    /// # Errors
    /// [`Error::Io`] after [`shutdown`](Self::shutdown), and [without a listener](Self::without_listener).
    ///
    /// Godot: `TCPServer.get_local_port`.
    #[doc(alias = "get_local_port")]
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.reactor.local_addr()
    }

    /// Replaces the certificate for handshakes from now on. Current connections are not affected.
    ///
    /// # Errors
    /// - [`Error::InvalidOption`] for a certificate that the TLS library cannot use. The old one stays.
    /// - [`Error::Unsupported`] in a build without the feature `tls`, and for a server that was bound without a
    ///   certificate, because its clients do not use TLS.
    pub fn set_certificate(&mut self, certificate: TlsCertificate) -> Result<(), Error> {
        if self.options.connection.tls.certificate.is_none() {
            return Err(Error::Unsupported {
                what: "to set a certificate of a server that was bound without one",
            });
        }
        let mut tls = self.options.connection.tls.clone();
        tls.certificate = Some(certificate);
        tls.check()?;
        if let Some(certificate) = &tls.certificate {
            self.reactor.set_certificate(certificate)?;
        }
        self.options.connection.tls = tls;
        Ok(())
    }
}
