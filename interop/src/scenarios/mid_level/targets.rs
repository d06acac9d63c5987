//! Packets to one peer, to all, and to all but one.

use websocket_peer::multiplayer::{PeerId, Target};

use super::godot;
use super::ours::{Ours, Pair, Part};
use crate::engine::Engine;
use crate::runner::Scenario;

const NAMES: [&str; 3] = ["anna", "ben", "cleo"];

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("mid_level::targets::our_server_reaches_engines", our_server_reaches_engines),
        Scenario::new("mid_level::targets::godots_server_reaches_us", godots_server_reaches_us),
        Scenario::new("mid_level::targets::all_of_our_client_go_to_the_server", |[engine]| {
            all_go_to_the_server(Part::Client, engine);
        }),
        Scenario::new("mid_level::targets::all_of_an_engine_go_to_our_server", |[engine]| {
            all_go_to_the_server(Part::Server, engine);
        }),
    ]
}

/// Every kind of target, with three clients, and the receivers as indices of [`NAMES`].
fn targets(ids: [PeerId; 3]) -> Vec<(Target, Vec<usize>)> {
    let all = vec![0, 1, 2];
    let absent = PeerId::new(i32::MAX).filter(|id| !ids.contains(id)).expect("an id that no client has");
    let mut targets = vec![(Target::All, all.clone()), (Target::AllExcept(absent), all.clone())];
    for (index, id) in ids.into_iter().enumerate() {
        let others = all.iter().copied().filter(|other| *other != index).collect();
        targets.extend([(Target::Peer(id), vec![index]), (Target::AllExcept(id), others)]);
    }
    targets
}

fn our_server_reaches_engines([engine]: [&mut Engine; 1]) {
    let mut server = Ours::host(false);
    let ids = NAMES.map(|name| {
        godot::join(engine, name, &server.url(false));
        let id = server.connected();
        assert_eq!(godot::connected(engine, name, || server.poll()), PeerId::SERVER);
        assert_eq!(godot::id(engine, name), id);
        id
    });
    for (number, (to, receivers)) in targets(ids).into_iter().enumerate() {
        let packet = [number as u8; 2];
        server.peer().send(to, &packet).expect("peers");
        for index in receivers {
            let came = godot::packet(engine, NAMES[index], || server.poll());
            assert_eq!(came, (PeerId::SERVER, packet.to_vec()), "{to:?}");
        }
    }
    // What all have received in order is the proof that no other packet arrived before it.
    server.peer().send(Target::All, b"last").expect("peers");
    for name in NAMES {
        assert_eq!(godot::packet(engine, name, || server.poll()).1, b"last");
    }
}

fn godots_server_reaches_us([engine]: [&mut Engine; 1]) {
    let url = godot::host(engine, godot::NAME, false);
    let mut clients = NAMES.map(|_| {
        let mut client = Ours::join(&url);
        assert_eq!(client.connected(), PeerId::SERVER);
        let id = client.id();
        assert_eq!(godot::connected(engine, godot::NAME, || client.poll()), id);
        client
    });
    let ids = clients.each_ref().map(Ours::id);
    for (number, (to, receivers)) in targets(ids).into_iter().enumerate() {
        let packet = [number as u8; 2];
        godot::put_packet(engine, godot::NAME, to.to_godot(), &packet);
        for index in receivers {
            let (from, came) = clients[index].packet();
            assert_eq!((from, came.as_bytes()), (PeerId::SERVER, &packet[..]), "{to:?}");
        }
    }
    godot::put_packet(engine, godot::NAME, 0, b"last");
    for client in &mut clients {
        assert_eq!(client.packet().1.as_bytes(), b"last");
    }
}

/// A client knows no other peer, so the target makes no difference.
fn all_go_to_the_server(part: Part, engine: &mut Engine) {
    let mut pair = Pair::meet(part, false, engine);
    let other = PeerId::new(7).expect("an id");
    let own = pair.id();
    for to in [Target::All, Target::SERVER, Target::AllExcept(PeerId::SERVER), Target::AllExcept(other)] {
        match part {
            Part::Client => {
                pair.peer().send(to, b"hello").expect("a server");
                let came = godot::packet(engine, godot::NAME, || pair.poll());
                assert_eq!(came, (own, b"hello".to_vec()), "{to:?}");
            }
            Part::Server => {
                godot::put_packet(engine, godot::NAME, to.to_godot(), b"hello");
                let (from, came) = pair.packet();
                assert_eq!((from, came.as_bytes()), (pair.godot, &b"hello"[..]), "{to:?}");
            }
        }
    }
}
