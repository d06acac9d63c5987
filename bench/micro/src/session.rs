//! A server's session with peers that are made of packets: no socket, no clock, no other session.

use std::time::Duration;

use websocket_peer::{
    Packet,
    multiplayer::{Event, Node, Output, PeerId, Session, SessionOptions, Target},
    rpc,
    variant::Vector3,
};

rpc! {
    /// What players and their server call.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Game {
        /// A typical list of arguments.
        Move {
            /// Who moves,
            id: i64,
            /// under what name,
            name: String,
            /// and to where.
            to: Vector3,
        } = "move" [any_peer];
    }
}

/// Nothing here takes time.
const NOW: Duration = Duration::ZERO;

/// A server with so many peers, and a node whose number all of them have confirmed.
pub fn server(peers: usize) -> (Session, Node<Game>) {
    let mut session = Session::server(SessionOptions::default());
    let game = session.register_node::<Game>("Game").expect("a good path");
    join(&mut session, peers);
    session.call(game, Target::All, a_move()).expect("all are there");
    for peer in ids(peers) {
        // CONFIRM_PATH of number 1: the methods are the same.
        receive(&mut session, peer, &Packet::binary([2, 1, 1, 0, 0, 0]));
    }
    settle(&mut session);
    (session, game)
}

/// Lets so many peers come, one after the other.
pub fn join(session: &mut Session, peers: usize) {
    for peer in ids(peers) {
        session.peer_joined(peer, NOW);
        settle(session);
    }
}

/// A packet comes.
pub fn receive(session: &mut Session, from: PeerId, packet: &Packet) {
    session.receive(from, packet.clone(), NOW);
}

/// Takes all that the session has to say. How many packets went out, each counted once for each that it is for.
pub fn settle(session: &mut Session) -> usize {
    while session.next_event().is_some() {}
    sent(session)
}

/// Takes what the session puts out, likewise.
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

/// The call that has come.
pub fn called(session: &mut Session, game: Node<Game>) -> Game {
    match session.next_event() {
        Some(Event::Call(call)) => game.read(call).expect("it is of this node").expect("it was checked"),
        other => panic!("no call came, but {other:?}"),
    }
}

/// The packet of a call of [`a_move`], as a peer sends it that calls the node by `number`.
pub fn call_packet(server: &mut Session, game: Node<Game>) -> Packet {
    let peer = peer(0);
    server.call(game, peer, a_move()).expect("it is there");
    match server.next_output() {
        Some(Output::Send { packet, .. }) => packet,
        other => panic!("no packet goes out, but {other:?}"),
    }
}

/// A packet with so many bytes of the program, for whom RELAY's `target` says.
pub fn relay_packet(target: i32, bytes: usize) -> Packet {
    let inner = vec![7; bytes];
    Packet::binary([&[7, 3], &target.to_le_bytes()[..], &[3], &inner].concat())
}

/// The call that is made everywhere here.
pub fn a_move() -> Game {
    Game::Move { id: 1_234_567, name: "Player 1".to_owned(), to: Vector3::new(12.5, -3.25, 100.0) }
}

/// The id of a peer.
pub fn peer(index: usize) -> PeerId {
    let id = i32::try_from(index + 2).expect("there are not so many");
    PeerId::new(id).expect("it is positive")
}

fn ids(peers: usize) -> impl Iterator<Item = PeerId> {
    (0..peers).map(peer)
}
