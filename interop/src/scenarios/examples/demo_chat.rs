//! The chat with ends that know only the messages of Godot's demo: no names, no answers.

use chat::{ChatEvent, ChatServer, Mode};
use serde_json::{Value, json};
use websocket_peer::CloseCause;
use websocket_peer::multiplayer::PeerId;

use super::chat::Ours;
use crate::engine::Engine;
use crate::runner::Scenario;
use crate::waiting::until;

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("examples::demo_chat::client", client),
        Scenario::new(
            "examples::demo_chat::client_without_the_sub_protocol",
            client_without_the_sub_protocol,
        ),
        Scenario::new("examples::demo_chat::server", server),
        Scenario::new("examples::demo_chat::mid_level_server", mid_level_server),
    ]
}

fn about(rest: Value) -> Value {
    let mut about = json!({ "name": "it", "tls": false, "protocols": ["demo-chat"] });
    about.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    about
}

/// Waits for the next text of the engine's WebSocketPeer.
#[track_caller]
fn text(engine: &mut Engine, ours: &mut Ours) -> String {
    engine.event_while("ws_text", || ours.step())["text"].as_str().expect("a text").to_owned()
}

#[track_caller]
fn send(engine: &mut Engine, text: &str) {
    engine.ask_ok("ws_send_text", json!({ "name": "it", "text": text }));
}

fn hosted() -> (Ours, String) {
    let server = ChatServer::bind("127.0.0.1:0", Mode::Plain).expect("a free port");
    let url = format!("ws://{}/test/", server.local_addr().expect("a port"));
    (Ours { server: Some(server), ..Ours::default() }, url)
}

fn client([engine]: [&mut Engine; 1]) {
    let (mut ours, url) = hosted();
    engine.ask_ok("ws_connect", about(json!({ "url": url })));
    assert_eq!(engine.event_while("ws_open", || ours.step())["protocol"], "demo-chat");
    let rusty = ours.join(&url, Mode::Plain, "Rusty");
    ours.expect(rusty, &ChatEvent::NameAccepted { name: "Rusty".into() });
    let connected = text(engine, &mut ours);
    let id = connected.strip_suffix(" connected").expect("the first line");
    assert_eq!(text(engine, &mut ours), format!("{id} is called Rusty"));

    send(engine, "hello");
    let engines_id = ours.line(rusty, None, "hello");
    ours.clients[rusty].client.send("hi").expect("a connection");
    assert_eq!(text(engine, &mut ours), format!("{id} Says: hi"));

    // The demo's library can send values: a string is a line, others are refused.
    engine.ask_ok("ws_put_var", json!({ "name": "it", "text": "\"as a value\"" }));
    assert_eq!(ours.line(rusty, None, "as a value"), engines_id);
    engine.ask_ok("ws_put_var", json!({ "name": "it", "text": "7" }));
    assert!(text(engine, &mut ours).starts_with("Only text is accepted"));

    ours.server.as_mut().expect("a server").say("welcome");
    assert_eq!(text(engine, &mut ours), "Server says: welcome");
    ours.clients[rusty].client.close();
    assert_eq!(text(engine, &mut ours), format!("{id} disconnected"));
}

fn client_without_the_sub_protocol([engine]: [&mut Engine; 1]) {
    let (mut ours, url) = hosted();
    engine.expect_error("Invalid status code. Got: '400'");
    engine.expect_error("Invalid response headers");
    engine.ask_ok("ws_connect", json!({ "name": "it", "url": url, "tls": false, "protocols": [] }));
    assert_eq!(engine.event_while("ws_closed", || ours.step())["code"], -1);
    assert_eq!(ours.server.expect("a server").room().members().len(), 0);
}

/// It relays the command for the name like any line.
fn server([engine]: [&mut Engine; 1]) {
    let port = engine.ask("ws_listen", about(json!({})));
    let mut ours = Ours::default();
    let rusty = ours.join(&format!("ws://127.0.0.1:{port}/test/"), Mode::Plain, "Rusty");
    ours.expect(rusty, &ChatEvent::Connected);
    assert_eq!(text(engine, &mut ours), "/name Rusty");
    assert_eq!(ours.clients[rusty].client.name(), Some("Rusty"));
    ours.clients[rusty].client.send("hi").expect("a connection");
    assert_eq!(text(engine, &mut ours), "hi");

    let [ann, ben] = [7, 8].map(|id| PeerId::new(id).expect("an id"));
    send(engine, "[7] connected");
    ours.expect(rusty, &ChatEvent::Joined { id: ann });
    send(engine, "[7] Says: hello");
    assert_eq!(ours.line(rusty, None, "hello"), ann);
    send(engine, "[7] Says: /name Ann");
    ours.expect(rusty, &ChatEvent::Renamed { id: ann, name: "Ann".into(), before: None });
    send(engine, "[7] Says: again");
    assert_eq!(ours.line(rusty, Some("Ann"), "again"), ann);
    // A member of which there was no word before, by a value.
    engine.ask_ok("ws_put_var", json!({ "name": "it", "text": "\"[8] Says: me, too\"" }));
    assert_eq!(ours.line(rusty, None, "me, too"), ben);
    send(engine, "[7] disconnected");
    ours.expect(rusty, &ChatEvent::Left { id: ann, name: Some("Ann".into()) });
    send(engine, "Server says: welcome");
    ours.expect(rusty, &ChatEvent::ServerLine { text: "welcome".into() });

    // The demo stops without a close frame.
    engine.ask("ws_close", json!({ "name": "it", "code": -1, "reason": "" }));
    assert_lost(&mut ours, rusty);
}

fn mid_level_server([engine]: [&mut Engine; 1]) {
    let port = engine.ask("mp_create_server", about(json!({})));
    engine.ask("mp_read_vars", json!({ "name": "it" }));
    let mut ours = Ours::default();
    let rusty = ours.join(&format!("ws://127.0.0.1:{port}"), Mode::Multiplayer, "Rusty");
    ours.expect(rusty, &ChatEvent::Connected);
    let from = ours.clients[rusty].client.id().expect("an id").get();
    let name = engine.event_while("it.var", || ours.step());
    assert_eq!((&name["from"], &name["text"]), (&json!(from), &json!("\"/name Rusty\"")));
    ours.clients[rusty].client.send("hi").expect("a connection");
    assert_eq!(engine.event_while("it.var", || ours.step())["text"], "\"hi\"");

    let ann = PeerId::new(7).expect("an id");
    engine.ask_ok("mp_put_var", json!({ "name": "it", "to": 0, "text": "\"[7] Says: hello\"" }));
    assert_eq!(ours.line(rusty, None, "hello"), ann);
    // Text without a value around it.
    let hex = crate::hex::encode("[7] Says: grüße".as_bytes());
    engine.ask_ok("mp_put_packet", json!({ "name": "it", "to": from, "hex": hex }));
    assert_eq!(ours.line(rusty, None, "grüße"), ann);
    engine.ask("mp_close", json!({ "name": "it" }));
    assert_lost(&mut ours, rusty);
}

#[track_caller]
fn assert_lost(ours: &mut Ours, client: usize) {
    let cause = ours.event(client, "the end", |event| match event {
        ChatEvent::Closed { info, .. } => Some(info.cause.clone()),
        _ => None,
    });
    assert_eq!(cause, CloseCause::ConnectionLost);
    until("nothing more", || ours.clients[client].client.next_event().is_none());
}
