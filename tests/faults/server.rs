//! The same with one server for all connections. It reports exactly one `Closed` for each `Opened`, and no connection
//! remains.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use testkit::proxy::{End, Fault, Passed, Proxy};
use websocket_peer::{
    CloseCode, CloseInfo, Packet, PeerKey, ReadyState, ServerEvent, ServerOptions, TlsOptions,
    WebSocketServer,
};

use crate::{
    dialogue::{Case, IN_TIME, Participant, assert_right, dialogue},
    oracle::{Report, Role},
    pair::{AT_ONCE, PAUSE, at_every_byte},
};

/// The events of one connection.
#[derive(Debug, Default)]
struct Events {
    packets: Vec<Packet>,
    asked: bool,
    info: Option<CloseInfo>,
}

struct Connection {
    case: Case,
    proxy: Proxy,
    client: Participant,
    events: Option<Events>,
}

/// A server, and its connections by their keys.
struct Round {
    server: WebSocketServer,
    connections: Vec<Connection>,
    numbers: HashMap<PeerKey, usize>,
}

impl Round {
    fn start(cases: &[Case]) -> Self {
        let options = ServerOptions::default()
            .connection(cases[0].options())
            .max_pending_handshakes(AT_ONCE)
            .max_pending_handshakes_per_address(AT_ONCE);
        let server = WebSocketServer::bind("127.0.0.1:0", options).expect("a free port");
        let addr = server.local_addr().expect("an address");
        let connections = cases.iter().enumerate().map(|(number, case)| {
            let proxy = Proxy::start(addr, case.plan()).expect("a proxy");
            let client =
                Participant::client(case, &format!("ws://{}/{number}", proxy.addr()), TlsOptions::default());
            Connection { case: *case, proxy, client, events: None }
        });
        Self { connections: connections.collect(), server, numbers: HashMap::new() }
    }

    fn run(&mut self) {
        let deadline = Instant::now() + IN_TIME;
        loop {
            self.server.wait(Duration::from_millis(1));
            while let Some(event) = self.server.next_event() {
                self.handle(event);
            }
            let going = self
                .connections
                .iter_mut()
                .filter_map(|connection| (!connection.client.step()).then_some(connection.case));
            let going = going.last();
            let stats = self.server.stats();
            let all_accepted = stats.accepted == self.connections.len() as u64;
            let is_empty = (stats.peers, stats.pending, stats.memory) == (0, 0, 0);
            if all_accepted && going.is_none() && is_empty && self.numbers.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{stats:?} after {IN_TIME:?}; still running: {going:?}");
        }
    }

    fn handle(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Opened(key) => {
                let peer = self.server.peer(key).expect("an open peer");
                let number: usize = peer.request().path()[1..].parse().expect("a number");
                let before = self.connections[number].events.replace(Events::default());
                assert!(before.is_none(), "{:?} opened twice", self.connections[number].case);
                assert_eq!(self.numbers.insert(key, number), None, "{key} is used twice");
            }
            ServerEvent::Packet(key, packet) => {
                let (events, closes) = self.events(key);
                events.packets.push(packet.clone());
                let is_last = closes && events.packets.len() == dialogue().len();
                events.asked |= is_last;
                if self.server.peer(key).expect("an open peer").state() == ReadyState::Open {
                    self.server.send_packet(key, &packet).expect("there is room");
                }
                if is_last {
                    self.server.close_with(key, CloseCode::NORMAL, "").expect("an open peer");
                }
            }
            ServerEvent::Closed(key, info) => {
                self.events(key).0.info = Some(info);
                self.numbers.remove(&key);
            }
            other => panic!("{other:?}"),
        }
    }

    /// Returns the events of this peer, and `true` if the server has to close.
    fn events(&mut self, key: PeerKey) -> (&mut Events, bool) {
        let number = self.numbers.get(&key).unwrap_or_else(|| panic!("{key} is not open"));
        let connection = &mut self.connections[*number];
        (connection.events.as_mut().expect("an opened peer"), connection.case.closer == Role::Server)
    }

    fn judge(self) {
        let stats = self.server.stats();
        let all = self.connections.iter().filter_map(|connection| connection.events.as_ref());
        let (mut opened, mut packets) = (0, 0);
        for events in all {
            opened += 1;
            packets += events.packets.len() as u64;
        }
        assert_eq!((stats.opened, stats.closed, stats.packets_received), (opened, opened, packets));
        assert_eq!(stats.rejected, stats.accepted - opened);
        for Connection { case, proxy, client, events } in self.connections {
            let transcript = proxy.into_transcripts().remove(0);
            client.assert_report(&case, &transcript.to_client);
            match events {
                Some(Events { packets, asked, info }) => {
                    let info = &info.expect("a closed peer");
                    let report = Report { packets: &packets, info, was_open: true, asked };
                    assert_right(Role::Server, &case, &transcript.to_server, &report);
                }
                None => assert_need_not_open(&case, &transcript.to_server),
            }
        }
    }
}

/// Asserts that the request was incomplete, or could not be answered.
#[track_caller]
fn assert_need_not_open(case: &Case, passed: &Passed) {
    let head = passed.bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let is_all = head.is_none_or(|head| head + 4 == passed.bytes.len());
    assert!(
        head.is_none() || (is_all && passed.end == Some(End::Reset)),
        "{case:?} did not open: {passed:?}"
    );
}

fn assert_reports(fault: Fault, to: Role) {
    for cases in at_every_byte(fault, to).chunks(AT_ONCE) {
        let mut round = Round::start(cases);
        round.run();
        round.judge();
    }
}

macro_rules! faults {
    ($($name:ident: $fault:expr, $to:expr;)*) => {$(
        #[test]
        fn $name() {
            assert_reports($fault, $to);
        }
    )*};
}

faults! {
    a_server_reports_a_cut_after_any_byte_to_its_client: Fault::Cut, Role::Client;
    a_server_reports_a_cut_after_any_byte_of_its_client: Fault::Cut, Role::Server;
    a_server_reports_a_reset_after_any_byte_to_its_client: Fault::Reset, Role::Client;
    a_server_reports_a_reset_after_any_byte_of_its_client: Fault::Reset, Role::Server;
    a_server_reports_a_half_close_after_any_byte_to_its_client: Fault::HalfClose, Role::Client;
    a_server_reports_a_half_close_after_any_byte_of_its_client: Fault::HalfClose, Role::Server;
    a_server_ignores_a_pause_after_any_byte_to_its_client: Fault::Pause(PAUSE), Role::Client;
    a_server_ignores_a_pause_after_any_byte_of_its_client: Fault::Pause(PAUSE), Role::Server;
    a_server_ends_a_stall_after_any_byte_to_its_client: Fault::Stall, Role::Client;
    a_server_ends_a_stall_after_any_byte_of_its_client: Fault::Stall, Role::Server;
}
