//! The dialogue: the client sends two packets, each after the echo of the last, and one of the ends closes.

use std::{
    fmt,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use testkit::proxy::{DirectionPlan, Fault, Passed, Plan};
use websocket_peer::{Packet, PeerOptions, ReadyState, TlsOptions, WebSocketPeer};

use crate::oracle::{Report, Role, judge};

/// The longest time until a connection ends, on a busy machine.
pub const IN_TIME: Duration = Duration::from_secs(30);

/// The packets of the client. The second needs a longer frame header than the first.
pub fn dialogue() -> [Packet; 2] {
    [Packet::text("hello"), Packet::binary([7; 126])]
}

/// A fault of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub fault: Fault,
    /// The end to which the bytes go.
    pub to: Role,
    pub after: u64,
    /// The end that closes.
    pub closer: Role,
}

impl Case {
    pub fn plan(&self) -> Plan {
        let way = DirectionPlan::default().after(self.after, self.fault);
        let plan = Plan::default().recorded();
        match self.to {
            Role::Client => plan.to_client(way),
            Role::Server => plan.to_server(way),
        }
    }

    /// Returns `true` if a timeout has to end the dialogue. Then the timeouts are short, but longer than the dialogue takes on a
    /// busy machine. Otherwise no timeout may end it.
    pub fn has_deadlines(&self) -> bool {
        self.fault == Fault::Stall
    }

    pub fn options(&self) -> PeerOptions {
        let (limit, heartbeat) = if self.has_deadlines() { (3000, 1500) } else { (60_000, 30_000) };
        PeerOptions::for_server()
            .connect_timeout(Duration::from_millis(limit))
            .close_timeout(Duration::from_millis(limit))
            .heartbeat_interval(Duration::from_millis(heartbeat))
            .heartbeat_timeout(Duration::from_millis(heartbeat))
    }
}

/// One end of the connection.
pub struct Participant {
    role: Role,
    closes: bool,
    pub peer: WebSocketPeer,
    received: Vec<Packet>,
    sent: usize,
    was_open: bool,
    asked: bool,
}

impl Participant {
    /// Returns a peer that connects.
    pub fn client(case: &Case, url: &str, tls: TlsOptions) -> Self {
        let mut peer = WebSocketPeer::with_options(case.options().tls(tls));
        peer.connect(url).expect("a valid URL and options");
        Self::new(Role::Client, case, peer)
    }

    /// Returns an accepted peer.
    pub fn server(case: &Case, stream: TcpStream, tls: TlsOptions) -> Self {
        let mut peer = WebSocketPeer::with_options(case.options().tls(tls));
        peer.accept(stream).expect("valid options");
        Self::new(Role::Server, case, peer)
    }

    fn new(role: Role, case: &Case, peer: WebSocketPeer) -> Self {
        let closes = case.closer == role;
        Self { role, closes, peer, received: Vec::new(), sent: 0, was_open: false, asked: false }
    }

    /// Runs a step of the dialogue. Returns `true` when the connection has ended.
    pub fn step(&mut self) -> bool {
        self.was_open |= self.peer.poll() == ReadyState::Open;
        while let Some(packet) = self.peer.recv() {
            if self.role == Role::Server && self.peer.state() == ReadyState::Open {
                self.peer.send_packet(&packet).expect("there is room");
            }
            self.received.push(packet);
        }
        if self.peer.state() == ReadyState::Open {
            let packets = dialogue();
            if self.role == Role::Client && self.sent < packets.len() && self.received.len() == self.sent {
                self.peer.send_packet(&packets[self.sent]).expect("there is room");
                self.sent += 1;
            }
            if self.closes && self.received.len() == packets.len() {
                self.peer.close();
                self.asked = true;
            }
        }
        self.peer.state() == ReadyState::Closed
    }

    /// Returns what it has reported, after the connection has ended.
    pub fn report(&self) -> Report<'_> {
        let info = self.peer.close_info().expect("a closed peer has a close info");
        Report { packets: &self.received, info, was_open: self.was_open, asked: self.asked }
    }

    /// Asserts that the report fits the bytes that it received.
    #[track_caller]
    pub fn assert_report(&self, case: &Case, passed: &Passed) {
        assert_right(self.role, case, passed, &self.report());
    }
}

/// Asserts that the report of an end fits the bytes that it received.
#[track_caller]
pub fn assert_right(role: Role, case: &Case, passed: &Passed, report: &Report<'_>) {
    let verdict = judge(role, passed, report, case.has_deadlines());
    assert_eq!(verdict, Ok(()), "\n{case:?}\n{role:?} reports {report:?}\nafter {}", Shown(passed));
}

/// Bytes in readable form.
struct Shown<'a>(&'a Passed);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" and then {:?}", self.0.bytes.escape_ascii(), self.0.end)
    }
}

/// Runs all of these until each has ended.
#[track_caller]
pub fn until_all_end<T>(all: &mut [T], mut step: impl FnMut(&mut T) -> bool, show: impl Fn(&T) -> String) {
    let deadline = Instant::now() + IN_TIME;
    loop {
        let mut going = None;
        for one in all.iter_mut() {
            if !step(one) {
                going = Some(&*one);
            }
        }
        let Some(going) = going else { return };
        assert!(Instant::now() < deadline, "not ended within {IN_TIME:?}: {}", show(going));
        thread::sleep(Duration::from_millis(1));
    }
}
