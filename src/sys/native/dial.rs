//! Connects TCP to a host: a DNS lookup for a name, then a race between its addresses.
//!
//! Source: RFC 8305 (Happy Eyeballs). Without it an address that does not answer would delay the connection by the 20
//! seconds of the system's timeout.

use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};

use mio::net::TcpStream;
use socket2::SockRef;

use super::{
    notify::{Interrupt, Wants},
    resolve::{self, Lookup},
};
use crate::{close::CloseCause, url::Host};

/// The delay before the next address is tried beside those that have not answered (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// The largest number of addresses that are tried. A name server may return any number.
const MAX_ADDRESSES: usize = 16;

/// A connection attempt. The caller has the deadline.
#[derive(Debug)]
pub(super) enum Dial {
    LookingUp(Lookup),
    Racing(Race),
}

/// The result of a poll.
pub(super) enum DialOutcome {
    Pending,
    Connected(TcpStream),
    Failed(CloseCause),
}

impl Dial {
    pub(super) fn start(host: &Host, port: u16) -> Self {
        let known = match host {
            Host::Ip(ip) => vec![*ip],
            Host::Name(name) if resolve::is_loopback(name) => resolve::LOOPBACK.to_vec(),
            Host::Name(name) => return Self::LookingUp(Lookup::start(name, port)),
        };
        let mut race = Race::new(known.into_iter().map(|ip| SocketAddr::new(ip, port)).collect());
        race.start_due(Duration::ZERO);
        Self::Racing(race)
    }

    pub(super) fn poll(&mut self, now: Duration) -> DialOutcome {
        if let Self::LookingUp(lookup) = self {
            match lookup.answer() {
                None => return DialOutcome::Pending,
                Some([]) => return DialOutcome::Failed(CloseCause::DnsFailed),
                Some(addresses) => *self = Self::Racing(Race::new(addresses.to_vec())),
            }
        }
        match self {
            Self::LookingUp(_) => DialOutcome::Pending,
            Self::Racing(race) => race.poll(now),
        }
    }

    /// Returns the events after which a poll can do something.
    pub(super) fn wants(&self) -> Wants {
        match self {
            Self::LookingUp(lookup) => Wants { lookup: Some(lookup.pending()), ..Wants::default() },
            Self::Racing(race) => Wants {
                now: race.running.is_empty(),
                write: true,
                due: if race.waiting.is_empty() { Duration::MAX } else { race.next_start },
                ..Wants::default()
            },
        }
    }

    /// Wakes the sleeper when the lookup is done.
    pub(super) fn wakes(&self, sleeper: &Arc<Interrupt>) {
        if let Self::LookingUp(lookup) = self {
            lookup.wakes(sleeper);
        }
    }

    /// Returns the sockets of the running attempts.
    pub(super) fn sockets(&mut self) -> &mut [TcpStream] {
        match self {
            Self::LookingUp(_) => &mut [],
            Self::Racing(race) => &mut race.running,
        }
    }
}

/// Parallel connection attempts. The first that succeeds wins, the others are dropped.
#[derive(Debug)]
pub(super) struct Race {
    waiting: VecDeque<SocketAddr>,
    running: Vec<TcpStream>,
    next_start: Duration,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { waiting: interleave(addresses), running: Vec::new(), next_start: Duration::ZERO }
    }

    fn poll(&mut self, now: Duration) -> DialOutcome {
        let mut index = 0;
        while index < self.running.len() {
            match is_connected(&self.running[index]) {
                Ok(true) => return DialOutcome::Connected(self.running.swap_remove(index)),
                Ok(false) => index += 1,
                Err(_) => {
                    // The next address need not wait for the delay of a failed one.
                    self.running.swap_remove(index);
                    self.next_start = now;
                }
            }
        }
        self.start_due(now);
        if self.running.is_empty() {
            DialOutcome::Failed(CloseCause::Refused { status: None })
        } else {
            DialOutcome::Pending
        }
    }

    /// Starts the attempts that are due.
    fn start_due(&mut self, now: Duration) {
        while now >= self.next_start || self.running.is_empty() {
            let Some(address) = self.waiting.pop_front() else { break };
            if let Ok(stream) = TcpStream::connect(address) {
                self.running.push(stream);
                self.next_start = now + STAGGER;
            }
        }
    }
}

/// Returns `true` if a non-blocking connect has succeeded, and an error if it has failed.
///
/// Connecting to a local port on which no program listens can succeed: if the system chooses the same port for this
/// end, the socket is connected to itself (RFC 9293, 3.5: simultaneous open). That counts as a failure, because there
/// is no server.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(peer) if stream.local_addr()? == peer => {
            // Otherwise the port stays in TIME-WAIT after the close, and no server can listen on it for a minute.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Err(io::ErrorKind::ConnectionRefused.into())
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        // Windows returns this while the attempt runs.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(false),
        Err(error) => Err(error),
    }
}

/// Alternates the address families, each in the system's order, beginning with the system's first choice (RFC 8305,
/// section 4).
fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut mixed = VecDeque::with_capacity(MAX_ADDRESSES + 1);
    while mixed.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
        mixed.extend(first.pop_front());
        mixed.extend(second.pop_front());
    }
    mixed.truncate(MAX_ADDRESSES);
    mixed
}

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        thread,
        time::{Duration, Instant},
    };

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// Returns an address that does not answer: its backlog is full, so the system drops every further SYN.
    fn dead_v6() -> (SocketAddr, Vec<Socket>) {
        let listener = Socket::new(Domain::IPV6, Type::STREAM, None).expect("a socket");
        let any: SocketAddr = "[::1]:0".parse().expect("an address");
        listener.bind(&any.into()).expect("IPv6 on the loopback interface");
        listener.listen(0).expect("a listener");
        let address = listener.local_addr().expect("its address");
        let mut held = vec![listener];
        for _ in 0..8 {
            let filler = Socket::new(Domain::IPV6, Type::STREAM, None).expect("a socket");
            filler.set_nonblocking(true).expect("non-blocking");
            let _ = filler.connect(&address);
            held.push(filler);
        }
        thread::sleep(Duration::from_millis(50));
        (address.as_socket().expect("an IP address"), held)
    }

    fn run(mut race: Race, limit: Duration) -> (DialOutcome, Duration) {
        let start = Instant::now();
        loop {
            match race.poll(start.elapsed()) {
                DialOutcome::Pending if start.elapsed() < limit => thread::sleep(Duration::from_millis(2)),
                end => return (end, start.elapsed()),
            }
        }
    }

    #[test]
    fn a_dead_ipv6_address_delays_a_live_ipv4_one_by_a_stagger_only() {
        let (dead, _held) = dead_v6();
        let (alone, _) = run(Race::new(vec![dead]), Duration::from_millis(800));
        assert!(matches!(alone, DialOutcome::Pending), "the dead address neither connects nor fails at once");

        let live = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let addresses = vec![dead, live.local_addr().expect("its address")];
        // The best of three, because other processes may use the processor.
        let fastest = (0..3)
            .map(|_| match run(Race::new(addresses.clone()), Duration::from_secs(10)) {
                (DialOutcome::Connected(stream), took) => {
                    assert!(stream.peer_addr().expect("connected").is_ipv4());
                    took
                }
                _ => panic!("the live address was not reached"),
            })
            .min();
        assert!(fastest < Some(Duration::from_millis(600)), "{fastest:?}");
        assert!(fastest >= Some(STAGGER), "the first choice had its head start: {fastest:?}");
    }

    #[test]
    fn a_refused_address_does_not_delay_the_next_and_the_last_one_ends_the_race() {
        // Bound, so that no other program gets the port, but not listening.
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        let held: Vec<_> = (0..4)
            .map(|_| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
                socket.bind(&any.into()).expect("a free port");
                socket
            })
            .collect();
        let address = |socket: &Socket| socket.local_addr().ok().and_then(|address| address.as_socket());
        let addresses = held.iter().filter_map(address).collect();
        let (end, _) = run(Race::new(addresses), Duration::from_secs(10));
        assert!(matches!(end, DialOutcome::Failed(CloseCause::Refused { status: None })));
    }

    /// Returns a socket that is connected to itself, and its address.
    fn connected_to_itself() -> (TcpStream, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        socket.bind(&any.into()).expect("a free port");
        let address = socket.local_addr().expect("its address");
        socket.connect(&address).expect("a simultaneous open");
        socket.set_nonblocking(true).expect("non-blocking");
        (TcpStream::from_std(socket.into()), address.as_socket().expect("an IP address"))
    }

    #[test]
    fn a_socket_that_is_connected_to_itself_is_refused_and_frees_its_port() {
        let (stream, address) = connected_to_itself();
        assert_eq!(stream.peer_addr().expect("connected"), address);
        let race = Race { running: vec![stream], ..Race::new(Vec::new()) };
        let (end, _) = run(race, Duration::from_secs(10));
        assert!(matches!(end, DialOutcome::Failed(CloseCause::Refused { status: None })));
        TcpListener::bind(address).expect("the port is free for a server");
    }

    #[test]
    fn the_next_address_follows_a_socket_that_is_connected_to_itself() {
        let live = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = live.local_addr().expect("its address");
        let race = Race { running: vec![connected_to_itself().0], ..Race::new(vec![address]) };
        match run(race, Duration::from_secs(10)).0 {
            DialOutcome::Connected(stream) => assert_eq!(stream.peer_addr().expect("connected"), address),
            _ => panic!("the live address was not reached"),
        }
    }

    #[test]
    fn loopback_names_are_not_looked_up() {
        for name in ["localhost", "localhost.", "game.localhost", "a.b.localhost."] {
            assert!(matches!(Dial::start(&Host::Name(name.into()), 1), Dial::Racing(_)), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", "localhost.localdomain", "localhost.."] {
            assert!(!resolve::is_loopback(name), "{name}");
        }
    }

    #[test]
    fn address_families_alternate_beginning_with_the_systems_choice() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let (a, b, c) = (address("[::1]:1"), address("[::2]:1"), address("1.1.1.1:1"));
        assert_eq!(interleave(vec![a, b, c]), [a, c, b]);
        assert_eq!(interleave(vec![c, a, b]), [c, a, b]);
        assert_eq!(interleave(vec![a; 100]).len(), MAX_ADDRESSES);
    }
}
