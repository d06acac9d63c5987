//! The bytes of a game, as engines write them: the order of the packets, and each byte of the calls. The peers' ids are
//! small, which an engine's are not. The packet with a peer's own id is missing: it is of the level below.

use std::{collections::VecDeque, time::Duration};

use game::{
    GameCall, Table,
    messages::PATH,
    rules::{Effect, Rules},
};
use websocket_peer::{
    Packet,
    multiplayer::{Event, Node, Output, PeerId, Session, SessionOptions, Target},
};

const NOW: Duration = Duration::ZERO;

/// `SIMPLIFY_PATH` with the checksum of the demo's methods, the id 1, and the path.
const SIMPLIFY_PATH: &str =
    "01 3539396562366339666565663331396336386331623061393031323431393038 00 01000000 PATH";

/// A host without sockets.
struct Host {
    session: Session,
    game: Node<GameCall>,
    rules: Rules,
    sent: VecDeque<(PeerId, Packet)>,
}

impl Host {
    fn new() -> Self {
        let mut session = Session::server(SessionOptions::default());
        let game = session.register_node(PATH).expect("the path is valid");
        Self { session, game, rules: Rules::new(|| 42), sent: VecDeque::new() }
    }

    /// Connects a peer, and performs what the rules want then.
    fn join(&mut self, peer: PeerId) {
        self.session.peer_joined(peer, NOW);
        while let Some(event) = self.session.next_event() {
            let Event::PeerConnected(peer) = event else { panic!("{event:?}") };
            let effects = self.rules.join(peer);
            self.perform(effects);
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::Call(to, call) = effect else { panic!("{effect:?}") };
            self.session.call(self.game, to, call).expect("the peers are connected");
        }
        let outputs = std::iter::from_fn(|| self.session.next_output());
        for output in outputs {
            let (to, packets) = match output {
                Output::Send { to, packet, .. } => (to, vec![packet]),
                Output::SendAll { to, packets, .. } => (to, packets),
                other => panic!("{other:?}"),
            };
            for peer in to.as_slice() {
                self.sent.extend(packets.iter().map(|packet| (*peer, packet.clone())));
            }
        }
    }

    /// Takes the packets to a peer; those to others are dropped.
    fn packets_to(&mut self, peer: PeerId) -> Vec<String> {
        self.sent.drain(..).filter(|(to, _)| *to == peer).map(|(_, packet)| hex(&packet)).collect()
    }
}

fn id(number: i32) -> PeerId {
    PeerId::new(number).expect("ids are positive")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hexadecimal digits with spaces. `PATH` is the path, with its end.
fn bytes(text: &str) -> String {
    text.replace("PATH", &hex(format!("{PATH}\0").as_bytes())).replace(' ', "")
}

#[test]
fn a_new_peer_gets_what_an_engine_sends() {
    let mut host = Host::new();
    host.join(id(2));
    let name = host.rules.set_name(id(2), "Ann");
    host.perform(name);
    host.sent.clear();
    host.join(id(3));
    assert_eq!(
        host.packets_to(id(3)),
        [
            "07 01 02000000",
            SIMPLIFY_PATH,
            // add_player(2, "Ann"), add_player(3), set_turn(0): by path, whose offset is in the first number.
            "20 15000080 01 02 0202 04000000 03000000 416e6e00 PATH",
            "20 09000080 01 01 0203 PATH",
            "20 09000080 05 01 0200 PATH",
        ]
        .map(bytes)
    );
}

#[test]
fn calls_have_the_bytes_of_an_engine() {
    let mut host = Host::new();
    host.join(id(2));
    // It has confirmed the path, so calls have the id.
    host.session.receive(id(2), Packet::binary(vec![2, 1, 1, 0, 0, 0]), NOW);
    host.sent.clear();
    let mut effects = host.rules.set_name(id(2), "Bo");
    effects.extend(host.rules.act(id(2), "roll"));
    effects.extend(host.rules.act(id(2), "no"));
    effects.push(Effect::Call(Target::All, GameCall::DelPlayer { id: 70_000 }));
    host.perform(effects);
    assert_eq!(
        host.packets_to(id(2)),
        [
            "00 01 06 02 0202 04000000 02000000 426f0000",
            // "Bo: rolls 42", set_turn(0), "Invalid action: no".
            "00 01 00 01 04000000 0c000000 426f3a20726f6c6c73203432",
            "00 01 05 01 0200",
            "00 01 00 01 04000000 12000000 496e76616c696420616374696f6e3a206e6f 0000",
            "00 01 02 01 82 70110100",
        ]
        .map(bytes)
    );
}

#[test]
fn a_player_sends_what_an_engine_sends() {
    let mut session = Session::client(SessionOptions::default());
    let game = session.register_node::<GameCall>(PATH).expect("the path is valid");
    session.connected(id(2), NOW);
    while session.next_event().is_some() {}
    for call in [
        GameCall::SetPlayerName { name: "Ann".to_owned() },
        GameCall::RequestAction { action: "roll".to_owned() },
    ] {
        session.call(game, Target::SERVER, call).expect("it is connected");
    }
    let sent = std::iter::from_fn(|| session.next_output()).map(|output| match output {
        Output::Send { packet, .. } => hex(&packet),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        sent.collect::<Vec<_>>(),
        [
            SIMPLIFY_PATH,
            "20 13000080 04 01 04000000 03000000 416e6e00 PATH",
            "20 13000080 03 01 04000000 04000000 726f6c6c PATH",
        ]
        .map(bytes)
    );
}

/// The packets that the demo in an engine sent to a new player with the id 0x5b18bac0, until it had sent its own name and confirmed the path.
const CAPTURED: [&str; 11] = [
    "07 01 afd8b146",
    SIMPLIFY_PATH,
    "20 15000080 01 02 0202 04000000 03000000 47643100 PATH",
    "20 18000080 01 02 82 afd8b146 04000000 03000000 47643200 PATH",
    "20 0c000080 01 01 82 c0ba185b PATH",
    "20 09000080 05 01 0200 PATH",
    "20 1f000080 00 01 04000000 0d000000 4764313a20726f6c6c73203531 000000 PATH",
    "20 09000080 05 01 0201 PATH",
    "00 01 00 01 04000000 0d000000 4764323a20726f6c6c73203139 000000",
    "00 01 05 01 0202",
    "00 01 06 02 82 c0ba185b 04000000 03000000 416e6e00",
];

#[test]
fn the_packets_of_the_demo_are_understood() {
    let mut session = Session::client(SessionOptions::default());
    let game = session.register_node::<GameCall>(PATH).expect("the path is valid");
    session.connected(id(0x5b18_bac0), NOW);
    let mut table = Table::default();
    for packet in CAPTURED.map(bytes) {
        let digits = (0..packet.len()).step_by(2).map(|at| u8::from_str_radix(&packet[at..at + 2], 16));
        let packet: Vec<u8> = digits.map(|digit| digit.expect("they are hexadecimal")).collect();
        session.receive(PeerId::SERVER, Packet::binary(packet), NOW);
        while let Some(event) = session.next_event() {
            match event {
                Event::Connected { id } => table.set_own_id(id),
                Event::PeerConnected(_) => {}
                Event::Call(call) => {
                    let call =
                        game.read(call).expect("it is for the game").expect("it is one of its methods");
                    table.apply(&call).expect("it changes the table");
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let names: Vec<_> = table.players().iter().map(|player| player.name.as_str()).collect();
    assert_eq!((names, table.is_own_turn()), (vec!["Gd1", "Gd2", "Ann"], true));
    let lines: Vec<_> = table.log().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["Gd1: rolls 51", "Gd2: rolls 19"]);
}
