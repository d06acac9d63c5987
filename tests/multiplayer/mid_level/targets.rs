//! Packets reach exactly the peers of their target.

use websocket_peer::{
    Error, Packet, PeerOptions, ReadyState, ServerOptions,
    multiplayer::{PeerEvent, PeerId, Target},
    variant::{Array, Variant},
};

use super::{Group, HOST};

const SERVER: PeerId = PeerId::SERVER;

/// Sends a packet, and returns the clients that receive it. A last packet to all proves that the others do not.
#[track_caller]
fn receivers(group: &mut Group, to: Target) -> Vec<usize> {
    group.host().send(to, b"this").unwrap();
    group.host().send(Target::All, b"last").unwrap();
    let mut receivers = Vec::new();
    for client in 1..group.members.len() {
        let (from, first) = group.packet(client);
        assert_eq!(from, SERVER);
        if first == b"this" {
            receivers.push(client);
            assert_eq!(group.packet(client), (SERVER, b"last".to_vec()));
        } else {
            assert_eq!(first, b"last");
        }
    }
    receivers
}

#[test]
fn a_server_sends_to_all_to_one_and_to_all_but_one() {
    let mut group = Group::of(3);
    let ids: Vec<PeerId> = (1..=3).map(|client| group.id(client)).collect();
    assert_eq!(receivers(&mut group, Target::All), [1, 2, 3]);
    for (client, id) in (1..).zip(&ids) {
        assert_eq!(receivers(&mut group, Target::Peer(*id)), [client]);
        let others: Vec<usize> = (1..=3).filter(|other| *other != client).collect();
        assert_eq!(receivers(&mut group, Target::AllExcept(*id)), others);
    }
    let unknown = unknown(&group);
    assert_eq!(receivers(&mut group, Target::AllExcept(unknown)), [1, 2, 3]);
    assert_eq!(receivers(&mut group, Target::AllExcept(SERVER)), [1, 2, 3]);
    for missing in [unknown, SERVER] {
        assert_eq!(group.host().send(missing, b"x"), Err(Error::UnknownPeer));
        assert_eq!(group.host().send(missing, b""), Err(Error::UnknownPeer));
    }
}

/// An id that no client has.
fn unknown(group: &Group) -> PeerId {
    let is_free = |id: &PeerId| group.members.iter().all(|member| member.peer.id() != Some(*id));
    (2..).filter_map(PeerId::new).find(is_free).unwrap()
}

#[test]
fn a_client_sends_everything_to_the_server() {
    let mut group = Group::of(2);
    let (ann, bob) = (group.id(1), group.id(2));
    let targets =
        [Target::All, Target::SERVER, Target::Peer(bob), Target::Peer(ann), Target::AllExcept(SERVER)];
    for (number, target) in (0..).zip(targets) {
        group.members[1].peer.send(target, &[number]).unwrap();
        assert_eq!(group.packet(HOST), (ann, vec![number]));
    }
    assert!(group.members[2].events.is_empty());
}

#[test]
fn bytes_text_and_values_arrive_unchanged_in_both_directions() {
    let mut group = Group::of(2);
    let ann = group.id(1);
    let value = Variant::from(Array::from(vec![1.into(), "two".into(), Variant::Nil]));
    let many: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    let packets =
        [Packet::text("tëxt"), Packet::binary([0]), Packet::binary(many), Packet::variant(&value).unwrap()];
    for packet in &packets {
        for to in [Target::Peer(ann), Target::All] {
            group.host().send_packet(to, packet).unwrap();
            assert_eq!(group.event(1), PeerEvent::Packet(SERVER, packet.clone()));
        }
        group.members[1].peer.send_packet(Target::SERVER, packet.clone()).unwrap();
        assert_eq!(group.event(HOST), PeerEvent::Packet(ann, packet.clone()));
    }
    group.host().send_variant(Target::All, &value).unwrap();
    group.members[1].peer.send_variant(SERVER, &value).unwrap();
    for member in [HOST, 1] {
        let PeerEvent::Packet(_, packet) = group.event(member) else { panic!("no packet") };
        assert_eq!(packet.to_variant(), Ok(value.clone()));
    }
}

#[test]
fn an_empty_packet_is_not_sent_and_is_not_an_error() {
    let mut group = Group::of(1);
    let ann = group.id(1);
    for to in [Target::All, Target::Peer(ann), Target::AllExcept(SERVER)] {
        group.host().send(to, b"").unwrap();
        group.host().send_packet(to, Packet::text("")).unwrap();
        group.members[1].peer.send(to, b"").unwrap();
    }
    group.host().send(ann, b"next").unwrap();
    group.members[1].peer.send(SERVER, b"next").unwrap();
    assert_eq!(group.packet(1), (SERVER, b"next".to_vec()));
    assert_eq!(group.packet(HOST), (ann, b"next".to_vec()));
}

#[test]
fn a_packet_over_the_limit_is_an_error_for_every_target_and_nothing_is_sent() {
    let small = PeerOptions::for_server().outbound_buffer_size(1000);
    let mut group = Group::with(2, ServerOptions::default().connection(small));
    let ann = group.id(1);
    for to in [Target::All, Target::Peer(ann), Target::AllExcept(ann)] {
        let result = group.host().send(to, &[0; 1001]);
        assert_eq!(result, Err(Error::PacketTooBig { len: 1001, max: 1000 }));
    }
    group.host().send(Target::All, &[1; 1000]).unwrap();
    for client in [1, 2] {
        assert_eq!(group.packet(client), (SERVER, vec![1; 1000]));
    }
    let result = group.members[1].peer.send(Target::All, &vec![0; 5 << 20]);
    assert!(matches!(result, Err(Error::PacketTooBig { .. })), "{result:?}");
}

#[test]
fn all_peers_are_those_whose_connected_the_program_has_read() {
    let mut group = Group::of(1);
    group.members[HOST].events.clear();
    let late = group.join();
    // The server polls, and reads no event.
    crate::common::eventually("both are connected", || {
        group.members[HOST].peer.poll();
        group.members[late].step();
        (group.members[HOST].peer.server_stats()?.peers == 2).then_some(())
    });
    assert_eq!(group.host().peers().collect::<Vec<_>>(), [group.id(1)]);
    group.host().send(Target::All, b"before").unwrap();
    let PeerEvent::Connected(id) = group.event(HOST) else { panic!("not connected") };
    group.host().send(Target::All, b"after").unwrap();
    assert_eq!(group.packet(1), (SERVER, b"before".to_vec()));
    assert_eq!(group.packet(1), (SERVER, b"after".to_vec()));
    assert_eq!(group.event(late), PeerEvent::Connected(SERVER));
    assert_eq!(group.packet(late), (SERVER, b"after".to_vec()));
    assert_eq!(group.id(late), id);
}

#[test]
fn a_client_without_an_id_cannot_send() {
    let mut group = Group::hosted(ServerOptions::default());
    let client = group.join();
    let result = group.members[client].peer.send(Target::All, b"x");
    assert_eq!(result, Err(Error::NotOpen { state: ReadyState::Connecting }));
    assert_eq!(group.members[client].peer.peers().len(), 0);
    group.until("it has an id", |group| group.members[client].peer.id().is_some());
    group.members[client].peer.send(Target::All, b"x").unwrap();
}
