//! The short dialogue: the client says two things, each when the last one has come back, and one of the two closes.

use std::{
    fmt,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use testkit::proxy::{DirectionPlan, Fault, Passed, Plan};
use websocket_peer::{Packet, PeerOptions, ReadyState, TlsOptions, WebSocketPeer};

use crate::oracle::{Role, Told, judge};

/// No connection takes longer to end, whatever happens to it; the machine may be busy.
pub const IN_TIME: Duration = Duration::from_secs(30);

/// What the client says. The second needs a longer frame header than the first.
pub fn said() -> [Packet; 2] {
    [Packet::text("hello"), Packet::binary([7; 126])]
}

/// One connection's fate.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub fault: Fault,
    /// On the way to whom.
    pub to: Role,
    pub after: u64,
    /// Who asks to close.
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

    /// Whether a time limit has to end the dialogue. If so, the limits are short, but longer than the dialogue takes on a
    /// loaded machine. If not, no limit may end it.
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

/// An end of the connection that is a peer.
pub struct Speaker {
    role: Role,
    closes: bool,
    pub peer: WebSocketPeer,
    heard: Vec<Packet>,
    sent: usize,
    was_open: bool,
    asked: bool,
}

impl Speaker {
    /// One that connects there.
    pub fn client(case: &Case, url: &str, tls: TlsOptions) -> Self {
        let mut peer = WebSocketPeer::with_options(case.options().tls(tls));
        peer.connect(url).expect("the address and the options are right");
        Self::new(Role::Client, case, peer)
    }

    /// One that was accepted.
    pub fn server(case: &Case, stream: TcpStream, tls: TlsOptions) -> Self {
        let mut peer = WebSocketPeer::with_options(case.options().tls(tls));
        peer.accept(stream).expect("the options are right");
        Self::new(Role::Server, case, peer)
    }

    fn new(role: Role, case: &Case, peer: WebSocketPeer) -> Self {
        let closes = case.closer == role;
        Self { role, closes, peer, heard: Vec::new(), sent: 0, was_open: false, asked: false }
    }

    /// Takes part in the dialogue; whether the connection is over.
    pub fn step(&mut self) -> bool {
        self.was_open |= self.peer.poll() == ReadyState::Open;
        while let Some(packet) = self.peer.recv() {
            if self.role == Role::Server && self.peer.state() == ReadyState::Open {
                self.peer.send_packet(&packet).expect("there is room");
            }
            self.heard.push(packet);
        }
        if self.peer.state() == ReadyState::Open {
            let said = said();
            if self.role == Role::Client && self.sent < said.len() && self.heard.len() == self.sent {
                self.peer.send_packet(&said[self.sent]).expect("there is room");
                self.sent += 1;
            }
            if self.closes && self.heard.len() == said.len() {
                self.peer.close();
                self.asked = true;
            }
        }
        self.peer.state() == ReadyState::Closed
    }

    /// What it has told, now that the connection is over.
    pub fn told(&self) -> Told<'_> {
        let info = self.peer.close_info().expect("a closed peer tells why");
        Told { packets: &self.heard, info, was_open: self.was_open, asked: self.asked }
    }

    /// Fails unless that is what the bytes say that passed to it.
    #[track_caller]
    pub fn assert_told(&self, case: &Case, passed: &Passed) {
        assert_right(self.role, case, passed, &self.told());
    }
}

/// Fails unless an end has told what the bytes say that passed to it.
#[track_caller]
pub fn assert_right(role: Role, case: &Case, passed: &Passed, told: &Told<'_>) {
    let verdict = judge(role, passed, told, case.has_deadlines());
    assert_eq!(verdict, Ok(()), "\n{case:?}\n{role:?} told {told:?}\nof {}", Shown(passed));
}

/// Bytes as one can read them.
struct Shown<'a>(&'a Passed);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" and then {:?}", self.0.bytes.escape_ascii(), self.0.end)
    }
}

/// Runs all of these until each of them is over.
#[track_caller]
pub fn until_over<T>(all: &mut [T], mut step: impl FnMut(&mut T) -> bool, show: impl Fn(&T) -> String) {
    let deadline = Instant::now() + IN_TIME;
    loop {
        let mut going = None;
        for one in all.iter_mut() {
            if !step(one) {
                going = Some(&*one);
            }
        }
        let Some(going) = going else { return };
        assert!(Instant::now() < deadline, "not over within {IN_TIME:?}: {}", show(going));
        thread::sleep(Duration::from_millis(1));
    }
}
