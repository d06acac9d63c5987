//! Clients that read slowly or not at all: they slow down the senders, and clients that read stay connected.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use socket2::SockRef;
use websocket_peer::{
    CloseCause, Limit, PeerOptions, ServerOptions, WebSocketServer,
    multiplayer::{
        DisconnectReason, Event, PeerId, SceneMultiplayer, SessionOptions, WebSocketMultiplayerPeer,
    },
};

use crate::common::{
    eventually,
    raw::{BINARY, KERNEL, PONG, REQUEST, Raw, client_frame, connect},
};

const KIB: usize = 1024;
const SOON: Duration = Duration::from_millis(400);

/// A server whose sockets have small buffers, so that a client that does not read is noticed.
struct Host {
    peer: SceneMultiplayer,
    events: Vec<Event>,
}

/// A client that is a raw connection.
struct RawPeer {
    raw: Raw,
    id: PeerId,
    /// The payload bytes that it has read.
    read: usize,
    /// The ids that were announced as gone.
    gone: Vec<i32>,
}

fn peer(outbound: usize) -> PeerOptions {
    // No client here answers pings.
    PeerOptions::for_server().outbound_buffer_size(outbound).heartbeat_interval(Duration::ZERO)
}

impl Host {
    fn new(server: ServerOptions, session: SessionOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_send_buffer_size(KERNEL).unwrap();
        let server = WebSocketServer::from_listener(listener, server).unwrap();
        Self {
            peer: SceneMultiplayer::from_peer(WebSocketMultiplayerPeer::from_server(server), session),
            events: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.peer.poll();
        self.events.extend(std::iter::from_fn(|| self.peer.next_event()));
    }

    fn connect(&mut self) -> RawPeer {
        let mut raw = Raw::new(connect(self.peer.local_addr().unwrap()));
        raw.send(REQUEST);
        eventually("the answer", || {
            self.step();
            raw.head()
        });
        let id = eventually("an id", || {
            self.step();
            raw.frame()
        });
        let id = i32::from_le_bytes(id.payload.try_into().expect("four bytes"));
        RawPeer { raw, id: PeerId::new(id).unwrap(), read: 0, gone: Vec::new() }
    }

    /// The peers that were disconnected, and why.
    fn disconnected(&self) -> Vec<(PeerId, Option<CloseCause>)> {
        let gone = |event: &Event| match event {
            Event::PeerDisconnected(peer, DisconnectReason::Closed(info)) => {
                Some((*peer, Some(info.cause.clone())))
            }
            Event::PeerDisconnected(peer, _) => Some((*peer, None)),
            _ => None,
        };
        self.events.iter().filter_map(gone).collect()
    }
}

impl RawPeer {
    /// Reads what has arrived.
    fn read(&mut self) {
        while let Some(frame) = self.raw.frame() {
            assert_ne!(frame.first, 0x88, "it was closed with {:?}", frame.close_code());
            self.read += frame.payload.len();
            if let [7, 2, id @ ..] = &frame.payload[..] {
                self.gone.push(i32::from_le_bytes(id.try_into().expect("four bytes")));
            }
        }
    }

    /// Sends as many of these bytes as the kernel accepts at once.
    fn offer(&mut self, rest: &mut &[u8]) {
        self.raw.tcp().set_nonblocking(true).unwrap();
        match std::io::Write::write(&mut self.raw.tcp(), rest) {
            Ok(sent) => *rest = &rest[sent..],
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        self.raw.tcp().set_nonblocking(false).unwrap();
    }
}

/// A packet for all others, sent again and again.
struct Flood {
    packet: Vec<u8>,
    sent: usize,
}

impl Flood {
    fn new() -> Self {
        Self { packet: to_all(10_000), sent: 0 }
    }

    /// Sends as much as the kernel accepts at once, of one packet at most.
    fn send_more(&mut self, sender: &mut RawPeer) {
        let mut rest = &self.packet[self.sent..];
        sender.offer(&mut rest);
        self.sent = (self.packet.len() - rest.len()) % self.packet.len();
    }
}

/// A packet of `len` bytes for all others.
fn to_all(len: usize) -> Vec<u8> {
    client_frame(BINARY, [&[7, 3, 0, 0, 0, 0, 3][..], &vec![b'x'; len]].concat())
}

#[test]
fn a_client_that_relays_faster_than_others_read_is_slowed_down_and_all_stay_connected() {
    let mut host = Host::new(ServerOptions::default().connection(peer(200 * KIB)), SessionOptions::default());
    let (mut sender, mut slow, mut fast) = (host.connect(), host.connect(), host.connect());
    let mut flood = Flood::new();
    let mut step = 0;
    eventually("the slow client has read twenty full queues", || {
        host.step();
        flood.send_more(&mut sender);
        fast.read();
        step += 1;
        // It reads a frame in every fourth step: much less than is sent.
        if step % 4 == 0 {
            if let Some(frame) = slow.raw.frame() {
                slow.read += frame.payload.len();
            }
        }
        assert_eq!(host.disconnected(), []);
        (slow.read > 20 * 200 * KIB / 10).then_some(())
    });
    // The sender was slowed down: almost everything that was sent has been read.
    assert!(fast.read < slow.read + 10 * 200 * KIB, "{} and {}", fast.read, slow.read);
}

#[test]
fn a_client_that_reads_nothing_delays_the_others_until_it_is_disconnected() {
    let options = ServerOptions::default().connection(peer(200 * KIB)).slow_reader_timeout(SOON);
    let mut host = Host::new(options, SessionOptions::default());
    let (mut sender, stalled, mut reader) = (host.connect(), host.connect(), host.connect());
    let mut flood = Flood::new();
    let mut before = None;
    eventually("it is disconnected, and the others continue", || {
        host.step();
        flood.send_more(&mut sender);
        sender.read();
        reader.read();
        match host.disconnected()[..] {
            [] => None,
            [(peer_id, ref cause)] => {
                assert_eq!(
                    (peer_id, cause),
                    (stalled.id, &Some(CloseCause::LimitExceeded(Limit::SessionBacklog)))
                );
                let before = *before.get_or_insert(reader.read);
                (reader.read > before + 1000 * KIB).then_some(())
            }
            ref more => panic!("{more:?}"),
        }
    });
    assert_eq!(reader.gone, [stalled.id.get()]);
}

/// A client that reads nothing and one that fills its queue must not be able to stop the game.
#[test]
fn a_client_that_relays_little_continues_while_one_that_relays_much_waits() {
    let options =
        ServerOptions::default().connection(peer(2000 * KIB)).slow_reader_timeout(Duration::from_secs(60));
    let mut host = Host::new(options, SessionOptions::default());
    let (mut flooder, _stalled, mut light, mut reader) =
        (host.connect(), host.connect(), host.connect(), host.connect());
    let mut flood = Flood::new();
    let mut last = (0, Instant::now());
    eventually("the flooder waits", || {
        host.step();
        flood.send_more(&mut flooder);
        light.read();
        reader.read();
        if reader.read != last.0 {
            last = (reader.read, Instant::now());
        }
        (last.1.elapsed() > SOON).then_some(())
    });
    for sent in 1..=20 {
        let before = reader.read;
        light.raw.send(to_all(50));
        eventually("a small packet arrives", || {
            host.step();
            light.read();
            reader.read();
            (reader.read > before).then_some(())
        });
        assert_eq!(host.disconnected(), [], "after {sent}");
    }
}

#[test]
fn timeouts_of_clients_that_read_nothing_run_at_the_same_time() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let options = ServerOptions::default().connection(peer(200 * KIB)).slow_reader_timeout(PATIENCE);
    let mut host = Host::new(options, SessionOptions::default());
    let (mut sender, stalled) = (host.connect(), [host.connect(), host.connect(), host.connect()]);
    let mut flood = Flood::new();
    let mut first = None;
    eventually("all of them are disconnected", || {
        host.step();
        flood.send_more(&mut sender);
        sender.read();
        let gone = host.disconnected().len();
        if gone > 0 {
            first.get_or_insert_with(Instant::now);
        }
        (gone == stalled.len()).then_some(())
    });
    let between = first.expect("a first one").elapsed();
    assert!(between < PATIENCE * 3 / 4, "{between:?} between the first and the last");
}

#[test]
fn a_client_over_its_relay_budget_waits_and_is_not_disconnected() {
    const COUNT: usize = 100;
    // Each packet costs 1124 bytes for each of two receivers. Together they exceed two seconds' worth by 105,000.
    let session = SessionOptions::default().max_relayed_bytes_per_second(60_000);
    let mut host = Host::new(ServerOptions::default().connection(peer(1000 * KIB)), session);
    let (mut sender, mut one, mut other) = (host.connect(), host.connect(), host.connect());
    let start = Instant::now();
    let packets = to_all(93).repeat(COUNT);
    let mut rest = &packets[..];
    let (mut wakeups, mut asleep) = (0, Duration::ZERO);
    eventually("all packets have arrived", || {
        sender.offer(&mut rest);
        let before = Instant::now();
        host.peer.wait(Duration::from_millis(100));
        host.events.extend(std::iter::from_fn(|| host.peer.next_event()));
        (wakeups, asleep) = (wakeups + 1, asleep + before.elapsed());
        one.read();
        other.read();
        (one.read >= COUNT * 100 && other.read >= COUNT * 100).then_some(())
    });
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    // The server sleeps meanwhile.
    assert!(asleep >= Duration::from_millis(300), "{asleep:?} in {wakeups} waits");
    assert_eq!(host.disconnected(), []);
}

#[test]
fn when_memory_is_scarce_the_largest_users_are_closed_and_a_client_that_reads_stays() {
    // A request, a message in each direction, and overhead.
    const SHARE: usize = 2 * (64 + 4) * KIB + 8 * KIB;
    let options =
        ServerOptions::default().connection(peer(4000 * KIB)).max_peers(16).max_buffered_bytes(26 * SHARE);
    let mut host = Host::new(options, SessionOptions::default());
    let mut reader = host.connect();
    let stalled: Vec<_> = (0..10).map(|_| host.connect()).collect();
    let mut sent = 0;
    eventually("some of them are closed", || {
        host.step();
        // The packets differ, so that no bytes are shared.
        for member in stalled.iter().map(|member| member.id).chain([reader.id]) {
            sent += 1;
            let mut packet = vec![0; 60_000];
            packet[..8].copy_from_slice(&(sent as u64).to_be_bytes());
            // A closed peer is unknown.
            let _ = host.peer.session().send_bytes(member, &packet);
        }
        eventually("the reader has read everything", || {
            host.step();
            reader.read();
            host.peer.peer(reader.id).is_none_or(|peer| peer.buffered() == 0).then_some(())
        });
        let memory = host.peer.server_stats().unwrap().memory;
        assert!(memory <= 26 * SHARE, "{memory}");
        let gone = host.disconnected();
        assert!(gone.iter().all(|(peer_id, _)| *peer_id != reader.id), "{gone:?}");
        (gone.len() >= 5 && reader.read > 1000 * KIB).then_some(())
    });
    for (_, cause) in host.disconnected() {
        assert!(
            matches!(cause, Some(CloseCause::LimitExceeded(Limit::SlowReader | Limit::SessionBacklog))),
            "{cause:?}"
        );
    }
}

#[test]
fn many_departures_at_once_do_not_fill_the_send_queue_of_a_client() {
    const LEAVERS: usize = 120;
    let peer = peer(4000 * KIB).max_queued_packets(60);
    let options = ServerOptions::default().connection(peer).max_connections_per_address_per_second(0);
    let mut host = Host::new(options, SessionOptions::default());
    let mut stayer = host.connect();
    let leavers: Vec<_> = (0..LEAVERS)
        .map(|_| {
            stayer.read();
            host.connect()
        })
        .collect();
    // It stops reading, so packets wait for it.
    let stuffing = [7; 60_000];
    eventually("some packets wait", || {
        host.step();
        host.peer.session().send_bytes(stayer.id, &stuffing).unwrap();
        let waits = host.peer.peer(stayer.id).unwrap().buffered();
        (waits > 10 * 60_000).then_some(())
    });
    let ids: Vec<_> = leavers.iter().map(|leaver| leaver.id.get()).collect();
    leavers.into_iter().for_each(|leaver| leaver.raw.reset());
    // All resets are noticed in one poll.
    std::thread::sleep(SOON);
    eventually("all are gone", || {
        host.step();
        (host.peer.peers().len() == 1).then_some(())
    });
    eventually("each departure arrives", || {
        host.step();
        stayer.read();
        (stayer.gone.len() == LEAVERS).then_some(())
    });
    stayer.gone.sort_unstable();
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(stayer.gone, expected);
    stayer.raw.send(client_frame(PONG, ""));
    host.step();
    assert_eq!(host.disconnected().len(), LEAVERS);
}

#[test]
fn paths_that_a_client_announces_count_as_memory_of_the_server() {
    const NO_METHODS: &[u8] = b"d41d8cd98f00b204e9800998ecf8427e";
    let mut host =
        Host::new(ServerOptions::default().connection(peer(1000 * KIB)), SessionOptions::default());
    let mut member = host.connect();
    let before = host.peer.server_stats().unwrap().memory;
    let announce = |number: u32| {
        let packet = [&[1], NO_METHODS, &[0], &number.to_le_bytes(), b".\0"].concat();
        client_frame(BINARY, packet)
    };
    let all: Vec<u8> = (1..=1024).flat_map(announce).collect();
    let mut rest = &all[..];
    eventually("all are confirmed", || {
        member.offer(&mut rest);
        host.step();
        member.read();
        (member.read >= 1024 * 6).then_some(())
    });
    let held = host.peer.server_stats().unwrap().memory - before;
    assert!((1024 * 40..1024 * 200).contains(&held), "{held}");
    drop(member);
    eventually("no memory is used", || {
        host.step();
        (host.peer.server_stats().unwrap().memory == 0).then_some(())
    });
}
