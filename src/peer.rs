//! [`WebSocketPeer`]: the checks that every platform shares, then the backend.

mod closing;
mod platform;
mod waiting;

use std::{fmt, net::TcpStream};

use crate::{
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::{Outgoing, Packet},
    state::ReadyState,
    stats::Stats,
    sys::{Notifier, Notify, PeerConnection, Socket},
    url::Url,
};

/// One end of a WebSocket connection, driven by polling.
///
/// Call [`poll`](Self::poll) once a frame, read with [`recv`](Self::recv), send with [`send`](Self::send) and
/// [`send_text`](Self::send_text). Nothing that can be asked of it changes between calls that take `&mut self`, nothing
/// blocks, and what the network does never comes as an `Err`: it comes as [`ReadyState::Closed`] with a
/// [`close_info`](Self::close_info).
///
/// After the end the same peer can connect again. Dropping it ends the connection at once, without a closing handshake.
///
/// Programs without frames call [`wait`](Self::wait) in place of `poll`, natively, or set a hook that is called when there
/// is something to poll for: [`on_wake`](Self::on_wake).
///
/// It is `Send` and `Sync` on every platform. In a browser it belongs to the thread that made the connection or set the
/// hook (the page or one worker); using or dropping such a peer on another thread of a multi-threaded WebAssembly
/// program panics.
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
    /// Whether the last connection was accepted: then this end is a server's, and may send a server's close codes.
    accepted: bool,
    /// The state that the program was last told.
    told: ReadyState,
    notifier: Notifier,
}

impl WebSocketPeer {
    /// A peer with the default [`PeerOptions`], not connected.
    pub fn new() -> Self {
        Self::with_options(PeerOptions::default())
    }

    /// A peer with these options, not connected. They are checked when it connects or accepts.
    pub fn with_options(options: PeerOptions) -> Self {
        Self {
            options,
            link: Link::unused(),
            socket: None,
            accepted: false,
            told: ReadyState::Closed,
            notifier: Notifier::default(),
        }
    }

    /// The options for the next connection.
    pub fn options(&self) -> &PeerOptions {
        &self.options
    }

    /// Replaces the options. A connection that is there keeps those it began with.
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

    /// Begins to connect to a `ws:` or `wss:` URL. The state is then [`ReadyState::Connecting`], and
    /// [`poll`](Self::poll) tells what comes of it within [`PeerOptions::connect_timeout`].
    ///
    /// Everything of an older connection is forgotten, unread packets too. One that is still closing is dropped.
    ///
    /// The URL is read strictly (no credentials, no fragment, nothing that browsers would silently repair), so that
    /// it means the same everywhere. `localhost` and names that end in `.localhost` mean this machine and are not looked
    /// up (RFC 6761, 6.3). The attempt begins at once. The call does not block, but the first one for a
    /// `wss:` URL in a process may take some milliseconds, in which the platform's certificates are read.
    ///
    /// # Errors
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidUrl`], [`Error::InvalidOption`].
    /// - [`Error::BlockedPort`] for a port that browsers block, unless [`PeerOptions::allow_blocked_ports`] is set.
    /// - [`Error::Unsupported`] for what the platform cannot do: [`headers`](PeerOptions::headers), [`tls`](PeerOptions::tls)
    ///   settings and blocked ports in a browser, `wss:` in a native build without the feature `tls`.
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

    /// Takes over a TCP stream that a listener accepted, and begins the server's side of the handshake on it; of the
    /// secure channel before that, if [`PeerOptions::tls`] has an identity.
    ///
    /// [`PeerOptions::for_server`] has defaults for strangers.
    ///
    /// # Errors
    /// - [`Error::AlreadyInUse`] while connecting or open.
    /// - [`Error::InvalidOption`]; also for an identity that the TLS library cannot use.
    /// - [`Error::Io`] if the stream cannot be made non-blocking.
    /// - [`Error::Unsupported`] in a browser, and for an identity in a build without the feature `tls`.
    ///
    /// Godot: `accept_stream`.
    #[doc(alias = "accept_stream")]
    pub fn accept(&mut self, stream: TcpStream) -> Result<(), Error> {
        self.check_unused()?;
        self.options.check()?;
        let socket = Socket::accept(stream, &self.options)?;
        self.start(socket, Link::connecting(&self.options, None), true)
    }

    /// Moves the connection on and tells its state. Call it once a frame. It never blocks.
    ///
    /// An idle connection costs one system call natively, and none of the browser's time on the web.
    ///
    /// Godot: `poll`.
    pub fn poll(&mut self) -> ReadyState {
        if let Some(socket) = &mut self.socket {
            self.notifier.poll_begins(socket);
            socket.poll(&mut self.link);
            if self.link.state() == ReadyState::Closed && !socket.lingers() {
                self.let_go();
            } else {
                self.notifier.poll_ends(socket, &self.link);
            }
        }
        self.told = self.link.state();
        self.told
    }

    /// The state as of the last call that could change it.
    ///
    /// Godot: `get_ready_state`.
    #[doc(alias = "get_ready_state")]
    pub fn state(&self) -> ReadyState {
        self.link.state()
    }

    /// The next packet, in the order in which they were sent. Works in every state: what arrived before a close can
    /// still be read after it.
    ///
    /// When it answers `None`, replies that were gathered while reading are handed to the network.
    ///
    /// Godot: `get_packet`; whether it was text: `was_string_packet`.
    #[doc(alias = "get_packet")]
    pub fn recv(&mut self) -> Option<Packet> {
        let packet = self.link.take();
        if packet.is_none() {
            self.flush();
        }
        packet
    }

    /// How many packets [`recv`](Self::recv) would give now.
    ///
    /// Godot: `get_available_packet_count`.
    #[doc(alias = "get_available_packet_count")]
    pub fn available(&self) -> usize {
        self.link.available()
    }

    /// Sends a binary packet.
    ///
    /// It leaves at once if no packet waits to be read. While some do, what is sent is gathered, and leaves in one
    /// piece when [`recv`](Self::recv) answers `None`, at [`flush`](Self::flush) or at the next [`poll`](Self::poll),
    /// whichever is first.
    ///
    /// # Errors
    /// With each of them nothing was queued, not even in part:
    /// - [`Error::NotOpen`] in every state but open.
    /// - [`Error::PacketTooBig`] for more than [`PeerOptions::outbound_buffer_size`].
    /// - [`Error::SendQueueFull`] while too much waits already, in bytes or in packets.
    ///
    /// Godot: `send`, `put_packet`. A packet of no bytes is sent, where `put_packet` drops it.
    #[doc(alias = "put_packet")]
    pub fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        self.send_any(Outgoing::Binary(data))
    }

    /// Sends a text packet.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    ///
    /// Godot: `send_text`.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_any(Outgoing::Text(text))
    }

    /// Sends a packet of either kind, sharing its bytes: for relays and broadcasts.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn send_packet(&mut self, packet: impl Into<Packet>) -> Result<(), Error> {
        self.send_any(Outgoing::Shared(&packet.into()))
    }

    /// Sends a value as a binary packet, which [`Packet::to_variant`] or an engine's `get_var` reads.
    ///
    /// Whole objects are refused; [`Variant::encode_into`](crate::variant::Variant::encode_into) writes them, too.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and [`Error::InvalidVariant`] for a value that has no binary form.
    ///
    /// Godot: `put_var`. What `encode_buffer_max_size` is there, [`PeerOptions::outbound_buffer_size`] is here.
    #[doc(alias = "put_var")]
    #[cfg(feature = "variant")]
    pub fn send_variant(&mut self, value: &crate::variant::Variant) -> Result<(), Error> {
        self.send(&value.encode()?)
    }

    /// Hands to the network what [`send`](Self::send) has gathered. Seldom needed.
    ///
    /// Platform: a browser gathers nothing.
    pub fn flush(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.flush(&mut self.link);
            self.notifier.changed(socket, &self.link);
        }
    }

    /// How many payload bytes were sent and have not been handed to the kernel, or by the browser to the network, as
    /// of the last call that could change it. A packet that has left in part counts whole.
    ///
    /// Godot: `get_current_outbound_buffered_amount`.
    #[doc(alias = "get_current_outbound_buffered_amount")]
    pub fn buffered(&self) -> usize {
        self.link.outbox.bytes()
    }

    /// The sub-protocol that the handshake chose from [`PeerOptions::protocols`].
    ///
    /// Godot: `get_selected_protocol`.
    #[doc(alias = "get_selected_protocol")]
    pub fn protocol(&self) -> Option<&str> {
        self.link.protocol()
    }

    /// The URL that was connected to, as it was given; for an accepted peer the one that the other end asked for,
    /// known once it is open. Kept after the close.
    ///
    /// Godot: `get_requested_url`.
    #[doc(alias = "get_requested_url")]
    pub fn url(&self) -> Option<&str> {
        self.link.url()
    }

    /// Packets and bytes each way on this connection, and its round trip.
    pub fn stats(&self) -> Stats {
        self.link.stats
    }

    /// Puts a new connection in the place of whatever is left of the last one.
    fn start(&mut self, mut socket: Socket, link: Link, accepted: bool) -> Result<(), Error> {
        self.notifier.attach(&mut socket, &link)?;
        self.socket = Some(socket);
        self.link = link;
        self.accepted = accepted;
        self.told = self.link.state();
        Ok(())
    }

    fn let_go(&mut self) {
        self.socket = None;
        self.notifier.detach();
    }

    fn send_any(&mut self, packet: Outgoing<'_>) -> Result<(), Error> {
        match (self.link.state(), &mut self.socket) {
            (ReadyState::Open, Some(socket)) => {
                if self.link.outbox.check_room(packet.len()).is_err() {
                    // What was only gathered may leave now, and then there is room.
                    socket.flush(&mut self.link);
                    self.link.outbox.check_room(packet.len())?;
                }
                socket.send(packet, &mut self.link)?;
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
    /// No URL, header or packet: they may hold secrets, and this may end in a log.
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
