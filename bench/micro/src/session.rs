//! A server's session with simulated peers: no socket, no clock, no other session.

use std::time::Duration;

use websocket_peer::{
    Packet,
    multiplayer::{Event, Node, Output, PeerId, Session, SessionOptions, Target},
    rpc,
    variant::Vector3,
};

rpc! {
    /// The calls between players and their server.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Game {
        /// A typical list of arguments.
        Move {
            /// The player's id.
            id: i64,
            /// The player's name.
            name: String,
            /// The new position.
            to: Vector3,
        } = "move" [any_peer];
    }
}

/// The time of every event.
const NOW: Duration = Duration::ZERO;

/// Makes a server with peers, and a node whose number all of them have confirmed.
pub fn server(peers: usize) -> (Session, Node<Game>) {
    let mut session = Session::server(SessionOptions::default());
    let game = session.register_node::<Game>("Game").expect("a valid path");
    join(&mut session, peers);
    session.call(game, Target::All, a_move()).expect("the peers are connected");
    for peer in ids(peers) {
        // CONFIRM_PATH of number 1: the methods are the same.
        receive(&mut session, peer, &Packet::binary([2, 1, 1, 0, 0, 0]));
    }
    settle(&mut session);
    (session, game)
}

/// Adds peers, one after the other.
pub fn join(session: &mut Session, peers: usize) {
    for peer in ids(peers) {
        session.peer_joined(peer, NOW);
        settle(session);
    }
}

/// Receives a packet.
pub fn receive(session: &mut Session, from: PeerId, packet: &Packet) {
    session.receive(from, packet.clone(), NOW);
}

/// Receives a packet that nothing else shares, as one from a socket.
pub fn receive_owned(session: &mut Session, from: PeerId, packet: Packet) {
    session.receive(from, packet, NOW);
}

/// Takes all events and outputs. Returns the number of packets sent, counted per recipient.
pub fn settle(session: &mut Session) -> usize {
    while session.next_event().is_some() {}
    sent(session)
}

/// Takes all outputs. Returns the number of packets sent, counted per recipient.
pub fn sent(session: &mut Session) -> usize {
    let mut sent = 0;
    while let Some(output) = session.next_output() {
        sent += match output {
            Output::Send { to, .. } => to.as_slice().len(),
            Output::SendAll { to, packets, .. } => to.as_slice().len() * packets.len(),
            _ => 0,
        };
    }
    sent
}

/// Returns the call that has arrived.
pub fn received_call(session: &mut Session, game: Node<Game>) -> Game {
    match session.next_event() {
        Some(Event::Call(call)) => game.read(call).expect("a call of this node").expect("checked arguments"),
        other => panic!("expected a call, got {other:?}"),
    }
}

/// Makes the packet of a call of [`a_move`], as a peer sends it.
pub fn call_packet(server: &mut Session, game: Node<Game>) -> Packet {
    let peer = peer(0);
    server.call(game, peer, a_move()).expect("the peer is connected");
    match server.next_output() {
        Some(Output::Send { packet, .. }) => packet,
        other => panic!("expected a packet, got {other:?}"),
    }
}

/// Makes a relayed packet with this number of bytes for `target`.
pub fn relay_packet(target: i32, bytes: usize) -> Packet {
    let inner = vec![7; bytes];
    Packet::binary([&[7, 3], &target.to_le_bytes()[..], &[3], &inner].concat())
}

/// The call of all benches.
pub fn a_move() -> Game {
    Game::Move { id: 1_234_567, name: "Player 1".to_owned(), to: Vector3::new(12.5, -3.25, 100.0) }
}

/// Returns the id of a peer.
pub fn peer(index: usize) -> PeerId {
    let id = i32::try_from(index + 2).expect("a small index");
    PeerId::new(id).expect("a positive id")
}

fn ids(peers: usize) -> impl Iterator<Item = PeerId> {
    (0..peers).map(peer)
}
