//! The same with a server that has all of the connections at once: whatever becomes of each, it tells exactly one `Closed`
//! for each `Opened`, and nobody is left.

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
    dialogue::{Case, IN_TIME, Speaker, assert_right, said},
    oracle::{Role, Told},
    pair::{AT_ONCE, PAUSE, at_every_byte},
};

/// What the server has told of one connection.
#[derive(Debug, Default)]
struct Guest {
    packets: Vec<Packet>,
    asked: bool,
    info: Option<CloseInfo>,
}

struct Visit {
    case: Case,
    proxy: Proxy,
    client: Speaker,
    guest: Option<Guest>,
}

/// A server with its visitors, and who is who.
struct Round {
    server: WebSocketServer,
    visits: Vec<Visit>,
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
        let visits = cases.iter().enumerate().map(|(number, case)| {
            let proxy = Proxy::start(addr, case.plan()).expect("a proxy");
            let client =
                Speaker::client(case, &format!("ws://{}/{number}", proxy.addr()), TlsOptions::default());
            Visit { case: *case, proxy, client, guest: None }
        });
        Self { visits: visits.collect(), server, numbers: HashMap::new() }
    }

    fn run(&mut self) {
        let deadline = Instant::now() + IN_TIME;
        loop {
            self.server.wait(Duration::from_millis(1));
            while let Some(event) = self.server.next_event() {
                self.take(event);
            }
            let going =
                self.visits.iter_mut().filter_map(|visit| (!visit.client.step()).then_some(visit.case));
            let going = going.last();
            let stats = self.server.stats();
            let all_came = stats.accepted == self.visits.len() as u64;
            let is_empty = (stats.peers, stats.pending, stats.memory) == (0, 0, 0);
            if all_came && going.is_none() && is_empty && self.numbers.is_empty() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{stats:?} after {IN_TIME:?}; of the clients {going:?} goes on"
            );
        }
    }

    fn take(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Opened(key) => {
                let peer = self.server.peer(key).expect("it is open");
                let number: usize = peer.request().path()[1..].parse().expect("a number");
                let before = self.visits[number].guest.replace(Guest::default());
                assert!(before.is_none(), "{:?} opened twice", self.visits[number].case);
                assert_eq!(self.numbers.insert(key, number), None, "{key} is somebody else");
            }
            ServerEvent::Packet(key, packet) => {
                let (guest, closes) = self.guest(key);
                guest.packets.push(packet.clone());
                let asks = closes && guest.packets.len() == said().len();
                guest.asked |= asks;
                if self.server.peer(key).expect("it is here").state() == ReadyState::Open {
                    self.server.send_packet(key, &packet).expect("there is room");
                }
                if asks {
                    self.server.close_with(key, CloseCode::NORMAL, "").expect("it is here");
                }
            }
            ServerEvent::Closed(key, info) => {
                self.guest(key).0.info = Some(info);
                self.numbers.remove(&key);
            }
            other => panic!("{other:?}"),
        }
    }

    /// What was told of this peer, and whether the server has to close.
    fn guest(&mut self, key: PeerKey) -> (&mut Guest, bool) {
        let number = self.numbers.get(&key).unwrap_or_else(|| panic!("{key} is not open"));
        let visit = &mut self.visits[*number];
        (visit.guest.as_mut().expect("it has opened"), visit.case.closer == Role::Server)
    }

    fn judge(self) {
        let stats = self.server.stats();
        let guests = self.visits.iter().filter_map(|visit| visit.guest.as_ref());
        let (mut opened, mut packets) = (0, 0);
        for guest in guests {
            opened += 1;
            packets += guest.packets.len() as u64;
        }
        assert_eq!((stats.opened, stats.closed, stats.packets_received), (opened, opened, packets));
        assert_eq!(stats.refused, stats.accepted - opened);
        for Visit { case, proxy, client, guest } in self.visits {
            let transcript = proxy.into_transcripts().remove(0);
            client.assert_told(&case, &transcript.to_client);
            match guest {
                Some(Guest { packets, asked, info }) => {
                    let info = &info.expect("it has closed");
                    let told = Told { packets: &packets, info, was_open: true, asked };
                    assert_right(Role::Server, &case, &transcript.to_server, &told);
                }
                None => assert_need_not_open(&case, &transcript.to_server),
            }
        }
    }
}

/// A request that was not whole, or that could not be answered any more.
#[track_caller]
fn assert_need_not_open(case: &Case, passed: &Passed) {
    let head = passed.bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let is_all = head.is_none_or(|head| head + 4 == passed.bytes.len());
    assert!(
        head.is_none() || (is_all && passed.end == Some(End::Reset)),
        "{case:?} did not open: {passed:?}"
    );
}

fn assert_all_told(fault: Fault, to: Role) {
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
            assert_all_told($fault, $to);
        }
    )*};
}

faults! {
    a_server_tells_of_a_cut_behind_any_byte_to_its_client: Fault::Cut, Role::Client;
    a_server_tells_of_a_cut_behind_any_byte_of_its_client: Fault::Cut, Role::Server;
    a_server_tells_of_a_reset_behind_any_byte_to_its_client: Fault::Reset, Role::Client;
    a_server_tells_of_a_reset_behind_any_byte_of_its_client: Fault::Reset, Role::Server;
    a_server_tells_of_a_half_close_behind_any_byte_to_its_client: Fault::HalfClose, Role::Client;
    a_server_tells_of_a_half_close_behind_any_byte_of_its_client: Fault::HalfClose, Role::Server;
    a_server_is_not_harmed_by_a_pause_behind_any_byte_to_its_client: Fault::Pause(PAUSE), Role::Client;
    a_server_is_not_harmed_by_a_pause_behind_any_byte_of_its_client: Fault::Pause(PAUSE), Role::Server;
    a_server_ends_a_stall_behind_any_byte_to_its_client: Fault::Stall, Role::Client;
    a_server_ends_a_stall_behind_any_byte_of_its_client: Fault::Stall, Role::Server;
}
