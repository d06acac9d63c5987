//! What an engine does with the packets of a move, which are written by hand here: departures, despawns, a request for
//! confirmation, arrivals. `Session` and `RoomServer` rely on this.

use serde_json::json;
use websocket_peer::multiplayer::{PeerEvent, PeerId};

use crate::engine::Engine;
use crate::runner::Scenario;
use crate::scenarios::mid_level::ours::Ours;
use crate::scenarios::multiplayer::godot;

pub fn all() -> Vec<Scenario> {
    let name = |name: &str| format!("rooms::wire::{name}");
    vec![
        Scenario::new(
            &name("an_engine_is_moved_and_keeps_its_paths"),
            an_engine_is_moved_and_keeps_its_paths,
        ),
        Scenario::new(
            &name("an_id_stays_valid_for_another_node_at_its_path"),
            an_id_stays_valid_for_another_node_at_its_path,
        ),
        Scenario::new(
            &name("a_known_id_is_an_error_and_is_not_confirmed"),
            a_known_id_is_an_error_and_is_not_confirmed,
        ),
        Scenario::new(
            &name("a_synchronizer_ignores_times_before_its_last"),
            a_synchronizer_ignores_times_before_its_last,
        ),
        Scenario::new(
            &name("what_an_engine_spawned_is_not_spawned_again"),
            what_an_engine_spawned_is_not_spawned_again,
        ),
    ]
}

const NO_METHODS: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn add_peer(id: i32) -> Vec<u8> {
    [&[7, 1][..], &id.to_le_bytes()].concat()
}

fn del_peer(id: i32) -> Vec<u8> {
    [&[7, 2][..], &id.to_le_bytes()].concat()
}

fn relayed(from: i32, packet: &[u8]) -> Vec<u8> {
    [&[7, 3][..], &from.to_le_bytes(), packet].concat()
}

fn simplify_path(md5: &str, id: u32, path: &str) -> Vec<u8> {
    [&[1][..], md5.as_bytes(), &[0], &id.to_le_bytes(), path.as_bytes(), &[0]].concat()
}

fn confirm_path(id: u32) -> Vec<u8> {
    [&[2, 1][..], &id.to_le_bytes()].concat()
}

/// A call of `by_anyone` with a number, by path id. Its method is the second of the script.
fn call(path_id: u8, number: u8) -> Vec<u8> {
    vec![0, path_id, 1, 1, 2, number]
}

fn spawn(spawner: u32, net_id: u32, name: &str) -> Vec<u8> {
    let position = [&[5, 0, 0, 0][..], &1.0_f32.to_le_bytes(), &2.0_f32.to_le_bytes()].concat();
    let title = [&[4, 0, 0, 0][..], &3_u32.to_le_bytes(), b"new\0"].concat();
    let length = name.len() as u32 + 1;
    let head = [spawner, net_id, 1, length, net_id + 1].map(u32::to_le_bytes).concat();
    [&[4, 0][..], &head, name.as_bytes(), &[0], &position, &[2, 50], &title].concat()
}

fn despawn(net_id: u32) -> Vec<u8> {
    [&[5][..], &net_id.to_le_bytes()].concat()
}

fn sync(time: u16, net_id: u32, values: &[u8]) -> Vec<u8> {
    [&[6][..], &time.to_le_bytes(), &net_id.to_le_bytes(), &(values.len() as u32).to_le_bytes(), values]
        .concat()
}

fn vector(x: f32, y: f32) -> Vec<u8> {
    [&[5, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat()
}

/// A server whose packets are written by hand, and an engine.
struct WireServer {
    ours: Ours,
    engine_id: PeerId,
}

impl WireServer {
    fn meet(engine: &mut Engine) -> Self {
        let mut ours = Ours::host(false);
        godot::join(engine, &ours.url(false));
        let engine_id = ours.connected();
        engine.event_while("connected_to_server", || ours.poll());
        let mut server = Self { ours, engine_id };
        server.expect(engine, "peer_connected", 1);
        server
    }

    /// Sends packets, which arrive together.
    fn send(&mut self, packets: &[Vec<u8>]) {
        for packet in packets {
            self.ours.peer().send(self.engine_id, packet).expect("a connection");
        }
        self.ours.peer().flush();
    }

    /// Waits for the next packet of the engine.
    #[track_caller]
    fn packet(&mut self) -> Vec<u8> {
        match self.ours.event() {
            PeerEvent::Packet(_, packet) => packet.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn expect(&mut self, engine: &mut Engine, event: &str, id: i32) {
        let came = engine.event_while(event, || self.ours.poll());
        assert_eq!(godot::id(&came).get(), id, "{event}");
    }

    /// Waits for the path that the engine announces next, and confirms it. Returns its checksum and id.
    #[track_caller]
    fn announced(&mut self, path: &str) -> (String, u32) {
        let packet = self.packet();
        assert_eq!(
            (packet[0], &packet[38..]),
            (1, [path.as_bytes(), &[0]].concat().as_slice()),
            "{packet:?}"
        );
        let id = u32::from_le_bytes(packet[34..38].try_into().expect("four bytes"));
        self.send(&[confirm_path(id)]);
        (String::from_utf8(packet[1..33].to_vec()).expect("digits"), id)
    }
}

fn an_engine_is_moved_and_keeps_its_paths([engine]: [&mut Engine; 1]) {
    let mut server = WireServer::meet(engine);
    let own = server.engine_id;
    godot::add_node(engine, "Game", "game");
    godot::add_node(engine, "Arena", "arena");
    godot::rpc(engine, "Game", 1, "by_anyone", &["1"]);
    let (md5, _) = server.announced("Game");
    assert_eq!(server.packet()[0] & 7, 0);

    // The first room: members 77 and 78, a node of each kind.
    server.send(&[
        add_peer(77),
        add_peer(78),
        simplify_path(&md5, 5, "Game"),
        call(5, 1),
        simplify_path(NO_METHODS, 6, "Arena/Spawner"),
        spawn(6, 1, "Tank"),
    ]);
    server.expect(engine, "peer_connected", 77);
    server.expect(engine, "peer_connected", 78);
    assert_eq!(server.packet(), confirm_path(5));
    assert_eq!(server.packet(), confirm_path(6));
    assert_eq!(godot::called(engine, || {}).texts, ["1"]);
    engine.event("appeared");
    // It has called one of the members, and been called by it.
    godot::rpc(engine, "Game", 77, "by_anyone", &["2"]);
    let relayed_call = [server.packet(), server.packet()];
    server.send(&[relayed(77, &simplify_path(&md5, 1, "Game")), relayed(77, &call(1, 3))]);
    assert_eq!(server.packet(), relayed(77, &confirm_path(1)));
    assert_eq!(godot::called(engine, || {}).texts, ["3"]);

    for round in 0..3_u8 {
        // To the second room and back, each in one piece.
        let root = [10, 0x7fff_ffff, 0x8000_0000][usize::from(round)];
        let away = [
            del_peer(77),
            del_peer(78),
            despawn(1),
            simplify_path(NO_METHODS, root, "."),
            add_peer(79),
            call(5, 40 + round),
            spawn(6, 1, "Tank"),
        ];
        server.send(&away);
        for (event, id) in [("peer_disconnected", 77), ("peer_disconnected", 78), ("peer_connected", 79)] {
            server.expect(engine, event, id);
        }
        assert_eq!(engine.event("vanished")["name"], "Tank");
        engine.event("appeared");
        assert_eq!(server.packet(), confirm_path(root));
        assert_eq!(godot::called(engine, || {}).texts, [(40 + round).to_string()]);
        assert_eq!(godot::ids(engine), (own, [1, 79].map(|id| PeerId::new(id).expect("an id")).to_vec()));
        // Its own ids are valid, too.
        godot::rpc(engine, "Game", 1, "by_anyone", &["9"]);
        assert_eq!(server.packet()[..2], [0, 1]);

        server.send(&[
            del_peer(79),
            despawn(1),
            simplify_path(NO_METHODS, root + 10, "."),
            add_peer(77),
            add_peer(78),
            call(5, 50 + round),
            spawn(6, 1, "Tank"),
        ]);
        for (event, id) in [("peer_disconnected", 79), ("peer_connected", 77), ("peer_connected", 78)] {
            server.expect(engine, event, id);
        }
        engine.event("vanished");
        engine.event("appeared");
        assert_eq!(server.packet(), confirm_path(root + 10));
        assert_eq!(godot::called(engine, || {}).texts, [(50 + round).to_string()]);
        // What a member announced before is forgotten, in both directions.
        godot::rpc(engine, "Game", 77, "by_anyone", &["2"]);
        assert_eq!([server.packet(), server.packet()], relayed_call);
        server.send(&[relayed(77, &simplify_path(&md5, 1, "Game")), relayed(77, &call(1, 3))]);
        assert_eq!(server.packet(), relayed(77, &confirm_path(1)));
        assert_eq!(godot::called(engine, || {}).texts, ["3"]);
    }
    assert_eq!((engine.events_left(), server.ours.events_left()), (vec![], vec![]));
}

fn an_id_stays_valid_for_another_node_at_its_path([engine]: [&mut Engine; 1]) {
    let mut server = WireServer::meet(engine);
    for round in 0..3 {
        godot::add_node(engine, "Game", "game");
        if round == 0 {
            godot::rpc(engine, "Game", 1, "by_anyone", &["1"]);
            let (md5, _) = server.announced("Game");
            server.packet();
            server.send(&[simplify_path(&md5, 5, "Game")]);
            assert_eq!(server.packet(), confirm_path(5));
        }
        server.send(&[call(5, round)]);
        assert_eq!(godot::called(engine, || server.ours.poll()).texts, [round.to_string()]);
        engine.ask("remove_node", json!({ "path": "Game" }));
    }
}

fn a_known_id_is_an_error_and_is_not_confirmed([engine]: [&mut Engine; 1]) {
    let mut server = WireServer::meet(engine);
    godot::add_node(engine, "Arena", "arena");
    let announcement = simplify_path(NO_METHODS, 6, "Arena/Spawner");
    server.send(&[announcement.clone(), announcement, simplify_path(NO_METHODS, 7, ".")]);
    assert_eq!((server.packet(), server.packet()), (confirm_path(6), confirm_path(7)));
    engine.expect_error("Duplicate remote cache ID");
    server.send(&[simplify_path(NO_METHODS, 8, "Arena/Spawner")]);
    // A second id of one path is confirmed.
    assert_eq!(server.packet(), confirm_path(8));
}

fn a_synchronizer_ignores_times_before_its_last([engine]: [&mut Engine; 1]) {
    let mut server = WireServer::meet(engine);
    godot::add_node(engine, "Clock", "clock");
    godot::add_node(engine, "Arena", "arena");
    server.send(&[
        simplify_path(NO_METHODS, 3, "Clock/Sync"),
        simplify_path(NO_METHODS, 6, "Arena/Spawner"),
        sync(1000, 3 | 0x8000_0000, &[2, 1]),
    ]);
    assert_eq!(engine.event_while("ticked", || server.ours.poll())["ticks"], 1);
    // Another room counts from its own start.
    server.send(&[
        sync(1, 3 | 0x8000_0000, &[2, 2]),
        sync(1000, 3 | 0x8000_0000, &[2, 3]),
        sync(1001, 3 | 0x8000_0000, &[2, 4]),
    ]);
    assert_eq!(engine.event_while("ticked", || server.ours.poll())["ticks"], 4);
    // A spawned node begins anew, whatever the other synchronizers have received.
    server.send(&[spawn(6, 1, "Tank"), sync(5, 2, &vector(9.0, 9.0))]);
    engine.event_while("appeared", || server.ours.poll());
    assert_eq!(engine.event_while("changed", || server.ours.poll())["x"], 9.0);
    server.send(&[despawn(1), spawn(6, 1, "Tank"), sync(3, 2, &vector(8.0, 8.0))]);
    assert_eq!(engine.event_while("changed", || server.ours.poll())["x"], 8.0);
}

/// The engine is the authority of an arena. The server does not see a second spawn after a move, and a new member does.
fn what_an_engine_spawned_is_not_spawned_again([engine]: [&mut Engine; 1]) {
    let mut server = WireServer::meet(engine);
    godot::add_node(engine, "Arena", "arena");
    engine.ask("set_authority", json!({ "path": "Arena", "id": server.engine_id.get() }));
    let arguments = json!(["\"Tank\"", "Vector2(1, 2)", "50", "\"the first\""]);
    engine.ask("call", json!({ "path": "Arena", "method": "spawn_unit", "arguments": arguments }));
    server.announced("Arena/Spawner");
    let spawned = server.packet();
    assert_eq!(spawned[0] & 7, 4);
    server.send(&[del_peer(77), simplify_path(NO_METHODS, 7, "."), add_peer(79)]);
    assert_eq!(server.packet(), confirm_path(7));
    let (announced, spawned) = (server.packet(), server.packet());
    assert_eq!((&announced[..7], &spawned[..7]), (&*relayed(79, &[1]), &*relayed(79, &[4])));
    let is_spawn =
        |event: &PeerEvent| matches!(event, PeerEvent::Packet(_, packet) if packet.as_bytes()[0] & 7 == 4);
    assert!(!server.ours.events_left().iter().any(is_spawn));
}
