//! The server: from the first line of its log to the last.

use std::{
    error::Error,
    io::{self, Write},
    time::{Duration, Instant, SystemTime},
};

use rooms::{RoomsHost, RoomsNotice};
use websocket_peer::{
    TlsCertificate, WebSocketServer,
    multiplayer::{Event, PeerId, RoomEvent, RoomKey, RoomServer},
};

use crate::{
    answers::{Answers, Health},
    certificates::{Certificates, Change},
    config::Config,
    metrics::{Metrics, Snapshot},
    signals::{Signal, Signals},
};

/// The longest sleep.
const IDLE: Duration = Duration::from_secs(60);

/// Runs the server until a signal ends it.
///
/// # Errors
/// If it cannot start, or cannot print its address.
pub fn run(config: Config) -> Result<(), Box<dyn Error>> {
    let mut server = Server::start(config)?;
    let scheme = if server.certificates.is_some() { "wss" } else { "ws" };
    let address = server.rooms.local_addr()?;
    let options = &server.config.rooms;
    log::info!(
        "rooms_server {} serves at {scheme}://{address}: at most {} connections, {} rooms, {} players in a room",
        env!("CARGO_PKG_VERSION"),
        options.server.max_peers,
        options.max_rooms.min(server.config.lobby.max_rooms.saturating_add(1)),
        limit(server.config.room.capacity),
    );
    if let Some(certificates) = &server.certificates {
        log::info!("the certificate is in use{}", certificates.until(SystemTime::now()));
    }
    // Programs that start this one read the address.
    writeln!(io::stdout(), "Listening on {scheme}://{address}")?;
    while !server.has_ended() {
        server.step();
    }
    log::info!("the server has ended");
    Ok(())
}

/// Checks that a server can run with these settings, without a port.
///
/// # Errors
/// If it cannot.
pub fn check(config: &Config) -> Result<(), Box<dyn Error>> {
    let certificate = read_certificate(config)?.map(|(_, certificate)| certificate);
    let options = config.room_server_options(certificate);
    let server = WebSocketServer::without_listener(options.server.clone())?;
    let mut rooms = RoomServer::from_server(server, options);
    RoomsHost::open(&mut rooms, config.lobby_options(), config.rooms.server.origins.clone())?;
    rooms.open("ABCD", config.room.clone())?;
    Ok(())
}

struct Server {
    config: Config,
    rooms: RoomServer,
    host: RoomsHost,
    signals: Signals,
    certificates: Option<Certificates>,
    metrics: Metrics,
    health: Health,
    /// After a signal to end: when the connections are closed.
    closes_at: Option<Instant>,
    is_closing: bool,
}

impl Server {
    fn start(config: Config) -> Result<Self, Box<dyn Error>> {
        let (certificates, certificate) = read_certificate(&config)?.unzip();
        let mut rooms = RoomServer::bind(&*config.listen, config.room_server_options(certificate))
            .map_err(|error| format!("cannot serve at {}: {error}", config.listen))?;
        let signals = Signals::start(rooms.waker())?;
        let origins = config.rooms.server.origins.clone();
        let host = RoomsHost::open(&mut rooms, config.lobby_options(), origins)?;
        let (health, metrics) = (Health::default(), Metrics::new(Instant::now()));
        let answers = Answers::new(health.clone(), metrics.page(), config.metrics.from.clone());
        let placer = host.placer();
        rooms.on_request(move |request| answers.answer(request).unwrap_or_else(|| placer.place(request)));
        let mut server = Self {
            config,
            rooms,
            host,
            signals,
            certificates,
            metrics,
            health,
            closes_at: None,
            is_closing: false,
        };
        // The first page, for requests that arrive with the first clients.
        server.update_metrics(Instant::now());
        Ok(server)
    }

    /// Returns `true` when every connection is closed.
    fn has_ended(&self) -> bool {
        self.is_closing && self.rooms.is_shut_down()
    }

    /// Sleeps until there is something to do, and does it.
    fn step(&mut self) {
        self.rooms.wait(self.wait_time(Instant::now()));
        while let Some(event) = self.rooms.next_event() {
            self.log_event(&event);
            self.host.handle(&mut self.rooms, event);
        }
        self.host.update(&mut self.rooms);
        while let Some(notice) = self.host.next_notice() {
            log_notice(&notice);
        }
        let now = Instant::now();
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Stop => self.stop(now),
                Signal::Reload => self.reload(now),
            }
        }
        self.check_certificate(now);
        self.update_metrics(now);
        if !self.is_closing && self.closes_at.is_some_and(|at| at <= now) {
            log::info!("closing all rooms, in {} s at most", self.config.shutdown.timeout.as_secs_f64());
            self.is_closing = true;
            self.rooms.shutdown(self.config.shutdown.timeout);
        }
    }

    fn wait_time(&self, now: Instant) -> Duration {
        let closing = self.closes_at.filter(|_| !self.is_closing);
        let times = [
            Some(self.metrics.time_to_update(now)),
            self.certificates.as_ref().and_then(|certificates| certificates.time_to_check(now)),
            closing.map(|at| at.saturating_duration_since(now)),
        ];
        self.host.wait_time(times.into_iter().flatten().fold(IDLE, Duration::min))
    }

    fn stop(&mut self, now: Instant) {
        let notice = self.config.shutdown.notice;
        log::info!(
            "a signal to end: new players are rejected; connections are closed in {} s",
            notice.as_secs_f64()
        );
        self.health.stop();
        self.rooms.refuse_new_connections(true);
        self.closes_at = Some(now + notice);
    }

    fn reload(&mut self, now: Instant) {
        match &mut self.certificates {
            Some(certificates) => {
                let rooms = &mut self.rooms;
                log_change(certificates.reload(now, |new| rooms.set_certificate(new)), certificates);
            }
            None => {
                log::info!("SIGHUP: there is no certificate to read again; other settings need a restart")
            }
        }
    }

    fn check_certificate(&mut self, now: Instant) {
        let Some(certificates) = &mut self.certificates else { return };
        let rooms = &mut self.rooms;
        log_change(certificates.check(now, |new| rooms.set_certificate(new)), certificates);
        if let Some(warning) = certificates.expiry_warning(now, SystemTime::now()) {
            log::warn!("{warning}");
        }
    }

    fn update_metrics(&mut self, now: Instant) {
        let (rooms, health) = (&self.rooms, &self.health);
        let certificate_expiry = self.certificates.as_ref().and_then(Certificates::expiry);
        self.metrics.update(now, || Snapshot {
            stats: rooms.stats(),
            certificate_expiry,
            is_stopping: health.is_stopping(),
        });
    }

    /// The library logs which rooms are opened and closed, and why.
    fn log_event(&self, event: &RoomEvent) {
        match event {
            RoomEvent::Session(room, Event::PeerConnected(peer)) => {
                let address = self.rooms.peer(*peer).map(|info| info.addr().to_string()).unwrap_or_default();
                log::info!("{} joined {}, from {address}", Peer(*peer), self.name(*room));
            }
            RoomEvent::Session(room, Event::PeerDisconnected(peer, reason)) => {
                log::info!("{} left {}: {reason}", Peer(*peer), self.name(*room));
            }
            _ => {}
        }
    }

    fn name(&self, room: RoomKey) -> String {
        let name = self.rooms.room(room).map(|info| format!("{room} {:?}", info.name()));
        name.unwrap_or_else(|| room.to_string())
    }
}

/// A player, for the log.
struct Peer(PeerId);

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "player {}", self.0)
    }
}

fn read_certificate(config: &Config) -> Result<Option<(Certificates, TlsCertificate)>, Box<dyn Error>> {
    let read = config.tls.as_ref().map(|files| Certificates::read(files, Instant::now()));
    Ok(read.transpose()?)
}

fn log_change(change: Change, certificates: &Certificates) {
    match change {
        Change::None => {}
        Change::Replaced => {
            log::info!("a new certificate is in use{}", certificates.until(SystemTime::now()))
        }
        Change::Failed(error) => log::warn!("the old certificate stays in use: {error}"),
    }
}

fn log_notice(notice: &RoomsNotice) {
    match notice {
        RoomsNotice::Created { room, code, title, creator } => {
            log::info!("{} created {room} {code}: {title:?}", Peer(*creator));
        }
        RoomsNotice::Refused(peer, error) => log::debug!("{} was refused: {error}", Peer(*peer)),
        RoomsNotice::Warning(room, text) => log::warn!("{room}: {text}"),
        RoomsNotice::LobbyReopened => log::error!("the lobby had failed, and was opened again"),
        notice => log::info!("{notice:?}"),
    }
}

fn limit(number: usize) -> String {
    match number {
        0 => "any number of".to_owned(),
        number => number.to_string(),
    }
}
