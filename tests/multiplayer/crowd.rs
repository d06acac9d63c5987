//! Many members, some of which read slowly or not at all: they slow others down, and none of these loses its place.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use socket2::SockRef;
use websocket_peer::{
    CloseCause, Limit, PeerOptions, ServerOptions, WebSocketServer,
    multiplayer::{DisconnectReason, Event, MultiplayerPeer, PeerId, SessionOptions},
};

use crate::common::{
    eventually,
    raw::{BINARY, KERNEL, PONG, REQUEST, Raw, client_frame, connect},
};

const KIB: usize = 1024;
const SOON: Duration = Duration::from_millis(400);

/// A server whose sockets hold little, so that a member that does not read is noticed.
struct Host {
    peer: MultiplayerPeer,
    told: Vec<Event>,
}

/// A member that is bytes on a connection.
struct Member {
    raw: Raw,
    id: PeerId,
    /// How many payload bytes it has read.
    read: usize,
    /// The ids that it heard to be gone.
    gone: Vec<i32>,
}

fn peer(outbound: usize) -> PeerOptions {
    // No member here answers pings.
    PeerOptions::for_server().outbound_buffer_size(outbound).heartbeat_interval(Duration::ZERO)
}

impl Host {
    fn new(server: ServerOptions, session: SessionOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_send_buffer_size(KERNEL).unwrap();
        let server = WebSocketServer::from_listener(listener, server).unwrap();
        Self { peer: MultiplayerPeer::from_server(server, session), told: Vec::new() }
    }

    fn step(&mut self) {
        self.peer.poll();
        self.told.extend(std::iter::from_fn(|| self.peer.next_event()));
    }

    fn member(&mut self) -> Member {
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
        Member { raw, id: PeerId::new(id).unwrap(), read: 0, gone: Vec::new() }
    }

    /// Who is disconnected, and why.
    fn disconnected(&self) -> Vec<(PeerId, Option<CloseCause>)> {
        let gone = |event: &Event| match event {
            Event::PeerDisconnected(peer, DisconnectReason::Closed(info)) => {
                Some((*peer, Some(info.cause.clone())))
            }
            Event::PeerDisconnected(peer, _) => Some((*peer, None)),
            _ => None,
        };
        self.told.iter().filter_map(gone).collect()
    }
}

impl Member {
    /// Reads what has come.
    fn read(&mut self) {
        while let Some(frame) = self.raw.frame() {
            assert_ne!(frame.first, 0x88, "it was closed with {:?}", frame.close_code());
            self.read += frame.payload.len();
            if let [7, 2, id @ ..] = &frame.payload[..] {
                self.gone.push(i32::from_le_bytes(id.try_into().expect("four bytes")));
            }
        }
    }

    /// Sends as much of these bytes as the kernel takes at once.
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

    /// Sends as much as the kernel takes at once, of one packet at most.
    fn go_on(&mut self, sender: &mut Member) {
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
fn a_client_that_relays_faster_than_others_read_is_slowed_down_and_all_of_them_stay() {
    let mut host = Host::new(ServerOptions::default().connection(peer(200 * KIB)), SessionOptions::default());
    let (mut sender, mut slow, mut fast) = (host.member(), host.member(), host.member());
    let mut flood = Flood::new();
    let mut turn = 0;
    eventually("the slow one has read twenty queues full", || {
        host.step();
        flood.go_on(&mut sender);
        fast.read();
        turn += 1;
        // It takes a frame in every fourth turn: much less than is sent.
        if turn % 4 == 0 {
            if let Some(frame) = slow.raw.frame() {
                slow.read += frame.payload.len();
            }
        }
        assert_eq!(host.disconnected(), []);
        (slow.read > 20 * 200 * KIB / 10).then_some(())
    });
    // What was sent is what was read, but for what waits: its sender was held up.
    assert!(fast.read < slow.read + 10 * 200 * KIB, "{} and {}", fast.read, slow.read);
}

#[test]
fn a_member_that_reads_nothing_holds_the_others_up_for_a_time_and_is_disconnected_then() {
    let options = ServerOptions::default().connection(peer(200 * KIB)).slow_reader_timeout(SOON);
    let mut host = Host::new(options, SessionOptions::default());
    let (mut sender, deaf, mut reader) = (host.member(), host.member(), host.member());
    let mut flood = Flood::new();
    let mut before = None;
    eventually("it is disconnected, and the others go on", || {
        host.step();
        flood.go_on(&mut sender);
        sender.read();
        reader.read();
        match host.disconnected()[..] {
            [] => None,
            [(who, ref cause)] => {
                assert_eq!((who, cause), (deaf.id, &Some(CloseCause::LimitExceeded(Limit::SessionBacklog))));
                let before = *before.get_or_insert(reader.read);
                (reader.read > before + 1000 * KIB).then_some(())
            }
            ref more => panic!("{more:?}"),
        }
    });
    assert_eq!(reader.gone, [deaf.id.get()]);
}

/// One that reads nothing, and one that fills its queue, must not be able to stop the game.
#[test]
fn a_client_that_relays_little_goes_on_while_one_that_relays_much_waits() {
    let options =
        ServerOptions::default().connection(peer(2000 * KIB)).slow_reader_timeout(Duration::from_secs(60));
    let mut host = Host::new(options, SessionOptions::default());
    let (mut flooder, _deaf, mut light, mut reader) =
        (host.member(), host.member(), host.member(), host.member());
    let mut flood = Flood::new();
    let mut last = (0, Instant::now());
    eventually("the flooder is held up", || {
        host.step();
        flood.go_on(&mut flooder);
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
        eventually("a small packet comes through", || {
            host.step();
            light.read();
            reader.read();
            (reader.read > before).then_some(())
        });
        assert_eq!(host.disconnected(), [], "after {sent}");
    }
}

#[test]
fn clients_that_read_nothing_are_waited_for_at_the_same_time_not_one_after_the_other() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let options = ServerOptions::default().connection(peer(200 * KIB)).slow_reader_timeout(PATIENCE);
    let mut host = Host::new(options, SessionOptions::default());
    let (mut sender, deaf) = (host.member(), [host.member(), host.member(), host.member()]);
    let mut flood = Flood::new();
    let mut first = None;
    eventually("all of them are disconnected", || {
        host.step();
        flood.go_on(&mut sender);
        sender.read();
        let gone = host.disconnected().len();
        if gone > 0 {
            first.get_or_insert_with(Instant::now);
        }
        (gone == deaf.len()).then_some(())
    });
    let between = first.expect("one was the first").elapsed();
    assert!(between < PATIENCE * 3 / 4, "{between:?} between the first and the last");
}

#[test]
fn a_client_that_has_used_up_what_it_may_relay_waits_and_is_not_disconnected() {
    const COUNT: usize = 100;
    // Each packet costs 100 bytes and 1024 more for each of two. All are 105,000 more than two seconds' worth.
    let session = SessionOptions::default().max_relayed_bytes_per_second(60_000);
    let mut host = Host::new(ServerOptions::default().connection(peer(1000 * KIB)), session);
    let (mut sender, mut one, mut other) = (host.member(), host.member(), host.member());
    let start = Instant::now();
    let packets = to_all(93).repeat(COUNT);
    let mut rest = &packets[..];
    let (mut wakings, mut asleep) = (0, Duration::ZERO);
    eventually("all has come", || {
        sender.offer(&mut rest);
        let before = Instant::now();
        host.peer.wait(Duration::from_millis(100));
        host.told.extend(std::iter::from_fn(|| host.peer.next_event()));
        (wakings, asleep) = (wakings + 1, asleep + before.elapsed());
        one.read();
        other.read();
        (one.read >= COUNT * 100 && other.read >= COUNT * 100).then_some(())
    });
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    // It sleeps meanwhile.
    assert!(asleep >= Duration::from_millis(300), "{asleep:?} in {wakings} waits");
    assert_eq!(host.disconnected(), []);
}

#[test]
fn when_memory_is_scarce_those_that_hold_most_are_closed_and_one_that_reads_stays() {
    // A request and a message each way, and what belongs to them.
    const SHARE: usize = 2 * (64 + 4) * KIB + 8 * KIB;
    let options =
        ServerOptions::default().connection(peer(4000 * KIB)).max_peers(16).max_buffered_bytes(26 * SHARE);
    let mut host = Host::new(options, SessionOptions::default());
    let mut reader = host.member();
    let deaf: Vec<_> = (0..10).map(|_| host.member()).collect();
    let mut sent = 0;
    eventually("some of them are closed", || {
        host.step();
        // Each packet is another one, so that nothing is shared.
        for member in deaf.iter().map(|member| member.id).chain([reader.id]) {
            sent += 1;
            let mut packet = vec![0; 60_000];
            packet[..8].copy_from_slice(&(sent as u64).to_be_bytes());
            // One that is closed by now is unknown.
            let _ = host.peer.session().send_bytes(member, &packet);
        }
        eventually("it has read all", || {
            host.step();
            reader.read();
            host.peer.peer(reader.id).is_none_or(|peer| peer.buffered() == 0).then_some(())
        });
        let memory = host.peer.server_stats().unwrap().memory;
        assert!(memory <= 26 * SHARE, "{memory}");
        let gone = host.disconnected();
        assert!(gone.iter().all(|(who, _)| *who != reader.id), "{gone:?}");
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
fn many_that_leave_at_once_do_not_fill_the_queue_of_one_that_stays() {
    const LEAVERS: usize = 120;
    let peer = peer(4000 * KIB).max_queued_packets(60);
    let options = ServerOptions::default().connection(peer).max_connections_per_address_per_second(0);
    let mut host = Host::new(options, SessionOptions::default());
    let mut stayer = host.member();
    let leavers: Vec<_> = (0..LEAVERS)
        .map(|_| {
            stayer.read();
            host.member()
        })
        .collect();
    // It reads no more: packets wait for it.
    let stuffing = [7; 60_000];
    eventually("some wait", || {
        host.step();
        host.peer.session().send_bytes(stayer.id, &stuffing).unwrap();
        let waits = host.peer.peer(stayer.id).unwrap().buffered();
        (waits > 10 * 60_000).then_some(())
    });
    let ids: Vec<_> = leavers.iter().map(|leaver| leaver.id.get()).collect();
    leavers.into_iter().for_each(|leaver| leaver.raw.reset());
    // All of them are noticed in one poll.
    std::thread::sleep(SOON);
    eventually("all are gone", || {
        host.step();
        (host.peer.peers().len() == 1).then_some(())
    });
    eventually("it hears of each", || {
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
fn the_paths_that_a_client_numbers_are_counted_as_memory_of_the_server() {
    const NO_METHODS: &[u8] = b"d41d8cd98f00b204e9800998ecf8427e";
    let mut host =
        Host::new(ServerOptions::default().connection(peer(1000 * KIB)), SessionOptions::default());
    let mut member = host.member();
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
    eventually("nothing is held", || {
        host.step();
        (host.peer.server_stats().unwrap().memory == 0).then_some(())
    });
}
