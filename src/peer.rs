//! [`WebSocketPeer`]: the checks common to all platforms, before the calls to the backend.

mod closing;
mod platform;
mod waiting;

use std::{borrow::Borrow, fmt, net::TcpStream};

use crate::{
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::{Outgoing, Packet},
    state::ReadyState,
    stats::Stats,
    sys::{Connection, Notifier, Notify, PeerConnection, Socket},
    url::Url,
};

/// One end of a WebSocket connection, driven by polling.
///
/// Call [`poll`](Self::poll) once a frame, receive with [`recv`](Self::recv), and send with [`send`](Self::send) and
/// [`send_text`](Self::send_text). Calls do not block, and the peer's state changes only in calls that take
/// `&mut self`. Network failures are not returned as `Err`: the state becomes [`ReadyState::Closed`], with a
/// [`close_info`](Self::close_info).
///
/// After the end the same peer can connect again. Dropping it ends the connection at once, without a closing handshake.
///
/// Programs without a frame loop call [`wait`](Self::wait) instead of `poll` (natively), or set a hook with
/// [`on_wake`](Self::on_wake).
///
/// It is `Send` and `Sync` on every platform. In a browser it belongs to the thread (the page or one worker) that made
/// the connection or set the hook. In a multi-threaded WebAssembly program, using or dropping it on another thread
/// panics.
///
/// ```no_run
#[doc = include_str!("../examples/hello_client.rs")]
/// ```
///
/// Godot: `WebSocketPeer`.
pub struct WebSocketPeer {
    options: PeerOptions,
    link: Link,
    socket: Option<Socket>,
    /// `true` if this end has the role of a server. It may then send a server's close codes.
    is_server: bool,
    /// The state that the last poll returned.
    reported: ReadyState,
    notifier: Notifier,
}

impl WebSocketPeer {
    /// Creates an unconnected peer with the default [`PeerOptions`].
    pub fn new() -> Self {
        Self::with_options(PeerOptions::default())
    }

    /// Creates an unconnected peer with these options. They are checked when it connects or accepts.
    pub fn with_options(options: PeerOptions) -> Self {
        Self {
            link: Link::unused(&options),
            options,
            socket: None,
            is_server: false,
            reported: ReadyState::Closed,
            notifier: Notifier::default(),
        }
    }

    /// Returns the options of the next connection.
    pub fn options(&self) -> &PeerOptions {
        &self.options
    }

    /// Sets the options of the next connection. The current connection keeps its options.
    ///
    /// Godot: `set_supported_protocols`, `set_handshake_headers`, `set_inbound_buffer_size`,
    /// `set_outbound_buffer_size`, `set_max_queued_packets`, `set_heartbeat_interval`.
    #[doc(alias = "set_supported_protocols")]
    #[doc(alias = "set_handshake_headers")]
    #[doc(alias = "set_inbound_buffer_size")]
    #[doc(alias = "set_outbound_buffer_size")]
    #[doc(alias = "set_max_queued_packets")]
    #[doc(alias = "set_heartbeat_interval")]
    pub fn set_options(&mut self, options: PeerOptions) {
        self.options = options;
    }

    /// Begins to connect to a `ws:` or `wss:` URL. The state is then [`ReadyState::Connecting`]. A [`poll`](Self::poll)
    /// reports the result within [`PeerOptions::connect_timeout`].
    ///
    /// The previous connection is dropped if it is still closing, and its unread packets and close info are discarded.
    ///
    /// URLs are parsed strictly, so that they mean the same on every platform: without credentials, a fragment, or
    /// anything that browsers would repair. `localhost` and names that end in `.localhost` mean this machine, without a
    /// lookup (RFC 6761, 6.3). The call does not block, but the first one for a `wss:` URL in a process may take some
    /// milliseconds to read the platform's certificates.
    ///
    /// # Errors
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidUrl`], [`Error::InvalidOption`].
    /// - [`Error::BlockedPort`] for a port that browsers block, unless [`PeerOptions::allow_blocked_ports`] is set.
    /// - [`Error::Unsupported`] in a browser for [`headers`](PeerOptions::headers), [`tls`](PeerOptions::tls) settings
    ///   and blocked ports; natively for a `wss:` URL without the feature `tls`.
    ///
    /// Godot: `connect_to_url`.
    #[doc(alias = "connect_to_url")]
    pub fn connect(&mut self, url: &str) -> Result<(), Error> {
        self.check_unused()?;
        let target = Url::parse(url)?;
        self.options.check()?;
        target.check_port(self.options.allow_blocked_ports)?;
        let socket = Socket::connect(&target, &self.options)?;
        self.start(socket, Link::connecting(&self.options, Some(url.to_owned())), false)
    }

    /// Takes over a TCP stream that a listener accepted, and begins the server's side of the handshake. If
    /// [`PeerOptions::tls`] has a certificate, the TLS handshake comes before it.
    ///
    /// [`PeerOptions::for_server`] has defaults for untrusted clients.
    ///
    /// # Errors
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidOption`]; also for a certificate that the TLS library cannot use.
    /// - [`Error::Io`] if the stream cannot be made non-blocking.
    /// - [`Error::Unsupported`] in a browser, and for a certificate in a build without the feature `tls`.
    ///
    /// Godot: `accept_stream`.
    #[doc(alias = "accept_stream")]
    pub fn accept(&mut self, stream: TcpStream) -> Result<(), Error> {
        self.check_unused()?;
        self.options.check()?;
        let socket = Socket::accept(stream, &self.options)?;
        self.start(socket, Link::connecting(&self.options, None), true)
    }

    /// Does the connection's pending work, and returns its state. Call it once a frame. It does not block.
    ///
    /// After [`ReadyState::Closed`] a poll may still deliver the last bytes, such as a close frame, if the network was full.
    /// Dropping the peer discards them.
    ///
    /// Natively an idle connection costs one system call. In a browser it costs no call to the browser.
    ///
    /// Godot: `poll`.
    pub fn poll(&mut self) -> ReadyState {
        if let Some(socket) = &mut self.socket {
            self.notifier.poll_begins(socket);
            socket.poll(&mut self.link);
            if self.link.state() == ReadyState::Closed && !socket.lingers() {
                self.drop_socket();
            } else {
                self.notifier.poll_ends(socket, &self.link);
            }
        }
        self.reported = self.link.state();
        self.reported
    }

    /// Returns the state as of the last call on `&mut self`.
    ///
    /// Godot: `get_ready_state`.
    #[doc(alias = "get_ready_state")]
    pub fn state(&self) -> ReadyState {
        self.link.state()
    }

    /// Takes the next packet from the inbox, in the order in which they were sent. Packets that arrived before a close
    /// can still be read after it.
    ///
    /// When the inbox is empty it returns `None`, and [flushes](Self::flush) packets that were sent while it was not
    /// empty.
    ///
    /// Godot: `get_packet`, `was_string_packet`.
    #[doc(alias = "get_packet")]
    pub fn recv(&mut self) -> Option<Packet> {
        let packet = self.link.take();
        if packet.is_none() {
            self.flush();
        }
        packet
    }

    /// Returns the number of packets in the inbox.
    ///
    /// Godot: `get_available_packet_count`.
    #[doc(alias = "get_available_packet_count")]
    pub fn available(&self) -> usize {
        self.link.available()
    }

    /// Sends a binary packet.
    ///
    /// It is written at once if the inbox is empty. Otherwise it is gathered with other packets until
    /// [`recv`](Self::recv) returns `None`, or the next [`flush`](Self::flush) or [`poll`](Self::poll).
    ///
    /// # Errors
    /// On an error nothing was queued, not even in part.
    /// - [`Error::NotOpen`] in every state but open.
    /// - [`Error::PacketTooBig`] for a packet larger than [`PeerOptions::outbound_buffer_size`].
    /// - [`Error::SendQueueFull`] if the send queue has no room, in bytes or in packets.
    ///
    /// Godot: `send`, `put_packet`. Empty packets are sent; `put_packet` drops them.
    #[doc(alias = "put_packet")]
    pub fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        self.send_any(Outgoing::Binary(data))
    }

    /// Sends a text packet.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    ///
    /// Godot: `send_text`.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_any(Outgoing::Text(text))
    }

    /// Sends a packet of either kind without copying its bytes. For relays and broadcasts.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send).
    pub fn send_packet(&mut self, packet: impl Borrow<Packet>) -> Result<(), Error> {
        self.send_any(Outgoing::Shared(packet.borrow()))
    }

    /// Sends a value as a binary packet, to be read by [`Packet::to_variant`] or an engine's `get_var`.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send), and [`Error::InvalidVariant`] for a value without a binary form, and for whole
    /// objects, which [`Variant::encode_into`](crate::variant::Variant::encode_into) can write.
    ///
    /// Godot: `put_var`. [`PeerOptions::outbound_buffer_size`] replaces `encode_buffer_max_size`.
    #[doc(alias = "put_var")]
    #[cfg(feature = "variant")]
    pub fn send_variant(&mut self, value: &crate::variant::Variant) -> Result<(), Error> {
        self.send(&value.encode()?)
    }

    /// Writes the packets that [`send`](Self::send) has gathered. Rarely needed.
    ///
    /// Platform: no effect in a browser, where packets are not gathered.
    pub fn flush(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.flush(&mut self.link);
            self.notifier.changed(socket, &self.link);
        }
    }

    /// Returns the number of payload bytes in the send queue: bytes that were sent, but that the kernel, or the
    /// browser's network, has not taken. A partly written packet counts in full.
    ///
    /// Godot: `get_current_outbound_buffered_amount`.
    #[doc(alias = "get_current_outbound_buffered_amount")]
    pub fn buffered(&self) -> usize {
        self.link.outbox.bytes()
    }

    /// Returns the sub-protocol that the handshake chose from [`PeerOptions::protocols`].
    ///
    /// Godot: `get_selected_protocol`.
    #[doc(alias = "get_selected_protocol")]
    pub fn protocol(&self) -> Option<&str> {
        self.link.protocol()
    }

    /// Returns the URL as it was passed to [`connect`](Self::connect). For an accepted peer that has opened, returns
    /// the URL that the other end requested. It is kept after the close.
    ///
    /// Godot: `get_requested_url`.
    #[doc(alias = "get_requested_url")]
    pub fn url(&self) -> Option<&str> {
        self.link.url()
    }

    /// Returns the counters of this connection, and its round-trip time.
    pub fn stats(&self) -> Stats {
        self.link.stats.get()
    }

    /// Replaces the previous connection.
    fn start(&mut self, mut socket: Socket, link: Link, is_server: bool) -> Result<(), Error> {
        self.notifier.attach(&mut socket, &link)?;
        self.socket = Some(socket);
        self.link = link;
        self.is_server = is_server;
        self.reported = self.link.state();
        Ok(())
    }

    fn drop_socket(&mut self) {
        self.socket = None;
        self.notifier.detach();
    }

    fn send_any(&mut self, packet: Outgoing<'_>) -> Result<(), Error> {
        match (self.link.state(), &mut self.socket) {
            (ReadyState::Open, Some(socket)) => {
                self.link.ensure_room(packet.len(), |link| socket.flush(link))?;
                // While packets wait to be read, the replies to them are gathered.
                let gather = self.link.available() > 0;
                socket.send(packet, gather, &mut self.link)?;
                self.link.count_sent(packet.len());
                self.notifier.changed(socket, &self.link);
                Ok(())
            }
            _ => Err(self.not_open()),
        }
    }

    fn check_unused(&self) -> Result<(), Error> {
        match self.link.state() {
            ReadyState::Connecting | ReadyState::Open => Err(Error::AlreadyInUse),
            ReadyState::Closing | ReadyState::Closed => Ok(()),
        }
    }

    fn not_open(&self) -> Error {
        Error::NotOpen { state: self.link.state() }
    }
}

impl fmt::Debug for WebSocketPeer {
    /// Shows no URL, header field or packet, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketPeer")
            .field("state", &self.state())
            .field("available", &self.available())
            .field("buffered", &self.buffered())
            .field("close_info", &self.close_info())
            .finish_non_exhaustive()
    }
}

impl Default for WebSocketPeer {
    fn default() -> Self {
        Self::new()
    }
}
