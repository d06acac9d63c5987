//! Clients and a server that act at random: each peer's events are `Opened`, its packets in the order in which they
//! were sent and without a gap, and one `Closed`.

use std::{collections::HashMap, env, io::Write, net::Shutdown};

use testkit::random::Random;
use websocket_peer::{CloseCode, Packet, PeerKey, ServerEvent, ServerOptions};

use crate::{
    common::raw::{BINARY, CLOSE, PING, Raw, TEXT, client_frame, close_payload},
    host::{Host, request, unlimited},
};

/// The environment variable with the seed of a failed round, to repeat it.
const SEED: &str = "WEBSOCKET_PEER_TEST_SEED";

const CLIENTS: usize = 40;
const STEPS: usize = 400;

/// How many packets of a connection must have arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Delivery {
    /// All of them.
    Complete,
    /// Any number.
    Partial,
}

/// A client, and the packets that each end has sent and received.
struct Client {
    raw: Option<Raw>,
    /// `true` if the response to its request has arrived.
    is_answered: bool,
    /// Bytes that are sent piece by piece, one piece in each step.
    pending: Vec<u8>,
    sent: u64,
    client_received: u64,
    delivery: Delivery,
    has_ended: bool,
    key: Option<PeerKey>,
    /// The number of packets that the server has received from it.
    received: u64,
    /// The number of packets that the server has sent to it.
    server_sent: u64,
    is_over: bool,
}

impl Client {
    fn new(host: &Host, number: usize) -> Self {
        let raw = host.connect_and_send(request(&format!("/{number}"), &[]));
        // With blocking sockets, forty clients would take minutes.
        raw.tcp().set_nonblocking(true).expect("a non-blocking socket");
        Self {
            raw: Some(raw),
            is_answered: false,
            pending: Vec::new(),
            sent: 0,
            client_received: 0,
            delivery: Delivery::Complete,
            has_ended: false,
            key: None,
            received: 0,
            server_sent: 0,
            is_over: false,
        }
    }

    /// Returns `true` if it is open and has not begun to close.
    fn is_active(&self) -> bool {
        self.raw.is_some() && !self.has_ended && self.is_answered
    }

    fn act(&mut self, random: &mut Random) {
        self.read();
        if !self.is_active() {
            return;
        }
        if !self.pending.is_empty() {
            let piece = (1 + random.below(40)).min(self.pending.len());
            let piece: Vec<u8> = self.pending.drain(..piece).collect();
            return self.write(&piece);
        }
        match random.below(100) {
            0..40 => self.write_packet(random),
            40..50 => self.write(&client_frame(PING, [0; 9])),
            50..52 => self.end_with(&client_frame(CLOSE, close_payload(4000, "done"))),
            52 => {
                self.has_ended = true;
                self.tcp(|tcp| tcp.shutdown(Shutdown::Write));
            }
            53 => {
                self.delivery = Delivery::Partial;
                self.has_ended = true;
                if let Some(raw) = self.raw.take() {
                    raw.reset();
                }
            }
            54 => self.end_with(&client_frame(0x83, "against the rules")),
            _ => {}
        }
    }

    /// Sends the next number: as text or binary, whole or in fragments, at once or piece by piece.
    fn write_packet(&mut self, random: &mut Random) {
        let text = self.sent.to_string();
        let padding = random.below(3000);
        let payload = format!("{text} {}", "x".repeat(padding)).into_bytes();
        let first = if random.below(2) == 0 { TEXT } else { BINARY };
        let (head, tail) = payload.split_at(random.below(payload.len() + 1));
        let bytes = match random.below(3) {
            0 => {
                [client_frame(first & 0x0F, head), client_frame(PING, []), client_frame(0x80, tail)].concat()
            }
            _ => client_frame(first, payload),
        };
        self.sent += 1;
        if random.below(5) == 0 {
            self.pending = bytes;
        } else {
            self.write(&bytes);
        }
    }

    fn finish_packet(&mut self) {
        let rest = std::mem::take(&mut self.pending);
        self.write(&rest);
    }

    fn end_with(&mut self, bytes: &[u8]) {
        self.has_ended = true;
        self.write(bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        self.tcp(|mut tcp| tcp.write_all(bytes));
    }

    /// Acts on the socket. An error means that the server has ended the connection.
    fn tcp(&mut self, act: impl FnOnce(&std::net::TcpStream) -> std::io::Result<()>) {
        if let Some(raw) = &self.raw {
            if act(raw.tcp()).is_err() {
                self.delivery = Delivery::Partial;
                self.has_ended = true;
            }
        }
    }

    fn read(&mut self) {
        let Some(raw) = &mut self.raw else { return };
        self.is_answered |= !self.is_answered && raw.head().is_some();
        if !self.is_answered {
            return;
        }
        while let Some(frame) = raw.frame() {
            match frame.first {
                TEXT => {
                    assert_eq!(frame.payload, self.client_received.to_string().as_bytes(), "out of order");
                    self.client_received += 1;
                }
                CLOSE if !self.has_ended => {
                    self.finish_packet();
                    return self.end_with(&client_frame(CLOSE, frame.payload));
                }
                _ => {}
            }
        }
        if raw.end().is_some() {
            self.raw = None;
            self.has_ended = true;
        }
    }
}

struct Round {
    host: Host,
    random: Random,
    clients: Vec<Client>,
    by_key: HashMap<PeerKey, usize>,
}

impl Round {
    fn new(seed: u64) -> Self {
        let limits = ServerOptions::default().rate_limits(unlimited());
        let host =
            Host::start(limits.max_pending_handshakes(CLIENTS).max_pending_handshakes_per_address(CLIENTS));
        let clients = (0..CLIENTS).map(|number| Client::new(&host, number)).collect();
        Self { host, random: Random::new(seed), clients, by_key: HashMap::new() }
    }

    fn step(&mut self) {
        for client in &mut self.clients {
            client.act(&mut self.random);
        }
        self.host.server.poll();
        // Sometimes the program does not read all events.
        let mut events = match self.random.below(4) {
            0 => self.random.below(5),
            _ => usize::MAX,
        };
        while events > 0 {
            let Some(event) = self.host.server.next_event() else { break };
            self.host.check(&event);
            self.take(event);
            events -= 1;
        }
        if self.random.below(20) == 0 {
            self.act_as_server();
        }
    }

    fn take(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Opened(key) => {
                let peer = self.host.server.peer(key).expect("an open peer");
                let number: usize = peer.request().path()[1..].parse().expect("a number");
                self.clients[number].key = Some(key);
                self.by_key.insert(key, number);
            }
            ServerEvent::Packet(key, packet) => {
                let client = &mut self.clients[self.by_key[&key]];
                let text = std::str::from_utf8(packet.as_bytes()).expect("numbers are text");
                let number: u64 = text.split(' ').next().unwrap().parse().expect("a number");
                assert_eq!(number, client.received, "out of order, or lost");
                client.received += 1;
                if self.host.server.send_text(key, &client.server_sent.to_string()).is_ok() {
                    client.server_sent += 1;
                }
            }
            ServerEvent::Closed(key, info) => {
                let client = &mut self.clients[self.by_key[&key]];
                if info.cause == websocket_peer::CloseCause::Aborted {
                    client.delivery = Delivery::Partial;
                }
                client.is_over = true;
            }
            other => panic!("{other:?}"),
        }
    }

    /// Does something with a random peer.
    fn act_as_server(&mut self) {
        let keys: Vec<PeerKey> = self.host.server.peers().collect();
        let Some(&key) = keys.get(self.random.below(keys.len().max(1))) else { return };
        match self.random.below(6) {
            0 => self.host.server.close_with(key, CloseCode::NORMAL, "enough").expect("a known peer"),
            1 => self.host.server.abort(key).expect("a known peer"),
            2 => self.host.server.flush(),
            _ => {
                let client = &mut self.clients[self.by_key[&key]];
                let packet = Packet::text(client.server_sent.to_string());
                if self.host.server.send_latest(key, 1, &packet).is_ok() {
                    client.server_sent += 1;
                }
            }
        }
    }

    /// Closes all connections.
    fn finish(&mut self) {
        for client in &mut self.clients {
            if client.is_active() {
                client.finish_packet();
                client.end_with(&client_frame(CLOSE, []));
            }
        }
        crate::common::until("all connections are gone", || {
            self.step();
            self.host.server.stats().pending == 0
                && self.clients.iter().all(|client| client.raw.is_none() && client.is_over)
        });
    }

    fn check(mut self) {
        for (number, client) in self.clients.iter().enumerate() {
            let &Client { sent, received, server_sent, client_received, delivery, .. } = client;
            assert!(received <= sent, "client {number} sent {sent}, and {received} arrived");
            assert!(client_received <= server_sent, "client {number} got {client_received} of {server_sent}");
            if delivery == Delivery::Complete {
                assert_eq!(received, sent, "client {number}: packets were lost");
            }
        }
        self.host.until_empty();
        let stats = self.host.server.stats();
        let all = CLIENTS as u64;
        assert_eq!((stats.accepted, stats.opened, stats.closed, stats.rejected), (all, all, all, 0));
        assert_eq!(stats.packets_received, self.clients.iter().map(|client| client.received).sum());
        assert_eq!(stats.packets_sent, self.clients.iter().map(|client| client.server_sent).sum());
    }
}

#[test]
fn random_actions_keep_each_peers_events_paired_and_its_packets_in_order() {
    let seed = env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random::<u64>);
    for round in 0..5 {
        let seed = seed.wrapping_add(round);
        println!("{SEED}={seed}");
        let mut round = Round::new(seed);
        for _ in 0..STEPS {
            round.step();
        }
        round.finish();
        round.check();
    }
}
