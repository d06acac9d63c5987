//! From a host to a TCP connection: a look-up where it is a name, then a race between its addresses.
//!
//! Source: RFC 8305 (Happy Eyeballs). An address that answers nothing must not cost a player the 20 seconds after which
//! the system gives it up.

use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};

use mio::net::TcpStream;
use socket2::SockRef;

use super::{
    notify::{Interrupt, Wants},
    resolve::{self, Lookup},
};
use crate::{close::CloseCause, url::Host};

/// After how long the next address is tried beside those that have not answered (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// How many addresses of a name are tried. A name server may answer with any number.
const MAX_ADDRESSES: usize = 16;

/// A connection attempt. The caller has the deadline.
#[derive(Debug)]
pub(super) enum Dial {
    LookingUp(Lookup),
    Racing(Race),
}

/// What has come of it.
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

    /// Returns what has to happen before a poll can move it on.
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

    /// Wakes this when the look-up is over.
    pub(super) fn wakes(&self, sleeper: &Arc<Interrupt>) {
        if let Self::LookingUp(lookup) = self {
            lookup.wakes(sleeper);
        }
    }

    /// Returns the attempts that are under way.
    pub(super) fn sockets(&mut self) -> &mut [TcpStream] {
        match self {
            Self::LookingUp(_) => &mut [],
            Self::Racing(race) => &mut race.running,
        }
    }
}

/// Connection attempts side by side; the first that succeeds wins, the others are dropped.
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
                    // The next one need not wait for a dead one's turn to be over.
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

    /// Begins with those addresses whose turn it is.
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
/// A connect to a local port on which no program listens can succeed: if the system chooses that very port for this
/// end, the socket is connected to itself (RFC 9293, 3.5: simultaneous open). That is a failure: no server is there.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(peer) if stream.local_addr()? == peer => {
            // Without this the port would stay in TIME-WAIT after the close, and the server that belongs there could
            // not listen on it for a minute.
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Err(io::ErrorKind::ConnectionRefused.into())
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        // Windows says so while the attempt is under way.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(false),
        Err(error) => Err(error),
    }
}

/// The families in turn, each in the system's order, beginning with the system's first choice (RFC 8305, section 4).
fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut turns = VecDeque::with_capacity(MAX_ADDRESSES + 1);
    while turns.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
        turns.extend(first.pop_front());
        turns.extend(second.pop_front());
    }
    turns.truncate(MAX_ADDRESSES);
    turns
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

    /// An address that answers nothing: its backlog is full, so the system drops every further SYN.
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
        assert!(
            matches!(alone, DialOutcome::Pending),
            "the dead address must neither connect nor fail at once"
        );

        let live = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let addresses = vec![dead, live.local_addr().expect("its address")];
        // The best of three: another process may hold the processor for a while.
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
    fn a_refused_address_gives_way_at_once_and_the_last_refusal_is_the_end() {
        // Bound, so that the port is nobody else's, but not listening.
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

    /// A socket that is connected to itself, as the system makes one by chance, and its address.
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
    fn a_socket_that_is_connected_to_itself_is_refused_and_let_go() {
        let (stream, address) = connected_to_itself();
        assert_eq!(stream.peer_addr().expect("connected"), address);
        let race = Race { running: vec![stream], ..Race::new(Vec::new()) };
        let (end, _) = run(race, Duration::from_secs(10));
        assert!(matches!(end, DialOutcome::Failed(CloseCause::Refused { status: None })));
        TcpListener::bind(address).expect("the port is free for a server");
    }

    #[test]
    fn a_socket_that_is_connected_to_itself_gives_way_to_the_next_address() {
        let live = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = live.local_addr().expect("its address");
        let race = Race { running: vec![connected_to_itself().0], ..Race::new(vec![address]) };
        match run(race, Duration::from_secs(10)).0 {
            DialOutcome::Connected(stream) => assert_eq!(stream.peer_addr().expect("connected"), address),
            _ => panic!("the live address was not reached"),
        }
    }

    #[test]
    fn names_of_this_machine_are_not_looked_up() {
        for name in ["localhost", "localhost.", "game.localhost", "a.b.localhost."] {
            assert!(matches!(Dial::start(&Host::Name(name.into()), 1), Dial::Racing(_)), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", "localhost.localdomain", "localhost.."] {
            assert!(!resolve::is_loopback(name), "{name}");
        }
    }

    #[test]
    fn families_take_turns_beginning_with_the_systems_choice() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let (a, b, c) = (address("[::1]:1"), address("[::2]:1"), address("1.1.1.1:1"));
        assert_eq!(interleave(vec![a, b, c]), [a, c, b]);
        assert_eq!(interleave(vec![c, a, b]), [c, a, b]);
        assert_eq!(interleave(vec![a; 100]).len(), MAX_ADDRESSES);
    }
}
