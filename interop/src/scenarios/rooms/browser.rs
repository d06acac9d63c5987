//! A page and an engine in the rooms of a Rust host.

use serde_json::json;
use websocket_peer::multiplayer::{DisconnectReason, Event, PeerId, RoomEvent, Target};

use super::ours::OurRooms;
use crate::browser::Browser;
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;
use crate::scenarios::multiplayer::godot;
use crate::scenarios::page::Page;

pub fn all(page: &Page) -> Vec<Scenario> {
    page.scenarios(
        "rooms::browser",
        &[("a_page_and_an_engine_in_two_rooms", a_page_and_an_engine_in_two_rooms)],
    )
}

fn a_page_and_an_engine_in_two_rooms(browser: &mut Browser, engine: &mut Engine) {
    let mut rooms = OurRooms::host();
    let [one, two] = ["AAAA", "BBBB"].map(|name| rooms.open(name));
    let engine_id = rooms.enter(two, engine, &mut []);
    browser.ask("join", json!({ "url": rooms.url("aaaa"), "options": { "drainTimeout": 4000 } }));
    let id = godot::id(&browser.event_while("connected", || rooms.poll()));
    assert_eq!(browser.event_while("peer-connected", || rooms.poll())["peer"], 1);
    rooms.expect(&RoomEvent::Session(one.key, Event::PeerConnected(id)));
    assert_eq!((rooms.members(one), rooms.members(two)), (vec![id], vec![engine_id]));

    // It is moved to the engine's room, and both see each other.
    rooms.server().move_peer(id, two.key).expect("a move");
    rooms.expect(&RoomEvent::Session(one.key, Event::PeerDisconnected(id, DisconnectReason::Moved)));
    let connected = browser.event_while("peer-connected", || rooms.poll());
    assert_eq!(connected["peer"], engine_id.get());
    rooms.reports(engine, "peer_connected", id);
    rooms.expect(&RoomEvent::Session(two.key, Event::PeerConnected(id)));
    let status = browser.ask("status", json!({}));
    let mut peers = [PeerId::SERVER, engine_id].map(PeerId::get);
    peers.sort_unstable();
    assert_eq!(status, json!({ "status": 2, "id": id.get(), "peers": peers, "closed": false }));

    browser.ask("sendBytes", json!({ "to": engine_id.get(), "hex": "00ff" }));
    assert_eq!(engine.event_while("peer_packet", || rooms.poll())["hex"], "00ff");
    godot::send_bytes(engine, id.get(), b"back");
    let packet = browser.event_while("packet", || rooms.poll());
    assert_eq!((&packet["from"], &packet["hex"]), (&json!(engine_id.get()), &json!(hex::encode(b"back"))));

    // The room is closed, with a reason.
    let mut session = rooms.server().session(two.key).expect("a room");
    session.send_bytes(Target::All, b"last").expect("peers");
    drop(session);
    rooms.server().close(two.key, "the game is over").expect("a room");
    assert_eq!(browser.event_while("packet", || rooms.poll())["hex"], hex::encode(b"last"));
    let info = &browser.event_while("disconnected", || rooms.poll())["info"];
    assert_eq!((&info["code"], &info["reason"]), (&json!(1000), &json!("the game is over")));
    engine.event_while("server_disconnected", || rooms.poll());
}
