//! A client in a browser, in a session of a Godot host.

use serde_json::{Value, json};
use websocket_peer::multiplayer::PeerId;
use websocket_peer::variant::{Array, Dictionary, Variant};

use super::calls::{PATH, methods};
use super::godot;
use super::ours::Ours;
use super::pair::patient;
use crate::browser::Browser;
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;
use crate::scenarios::page::Page;
use crate::values;
use crate::waiting::until;

pub fn all(page: &Page) -> Vec<Scenario> {
    page.scenarios(
        "multiplayer::browser",
        &[
            ("joins_and_leaves", joins_and_leaves),
            ("bytes_both_ways", bytes_both_ways),
            ("calls_of_every_type", calls_of_every_type),
            ("a_call_that_it_may_not_make", a_call_that_it_may_not_make),
            ("authenticates", authenticates),
            ("is_not_admitted", is_not_admitted),
            ("receives_the_last_packets", receives_the_last_packets),
            ("sees_what_godot_spawns", sees_what_godot_spawns),
            ("reaches_a_native_client", reaches_a_native_client),
        ],
    )
}

/// Makes Godot host and the page join, and returns the page's id.
#[track_caller]
fn meet(browser: &mut Browser, engine: &mut Engine) -> PeerId {
    let url = godot::host(engine, false);
    browser.ask("join", json!({ "url": url, "options": { "drainTimeout": 4000 } }));
    let id = godot::id(&browser.event("connected"));
    assert_eq!(browser.event("peer-connected")["peer"], 1);
    assert_eq!(godot::id(&engine.event("peer_connected")), id);
    id
}

/// The methods that `game.gd` declares, for the page.
fn game() -> Value {
    let anything = |caller: &str| json!({ "caller": caller, "variadic": true });
    json!({
        "by_anyone": anything("any-peer"),
        "by_anyone_here_too": { "caller": "any-peer", "callLocal": true, "variadic": true },
        "by_authority": anything("authority"),
        "by_authority_here_too": { "callLocal": true, "variadic": true },
        "by_anyone_with_nothing": { "caller": "any-peer" },
        "Zed": { "caller": "any-peer", "parameters": ["Variant?"] },
        "by_config": { "caller": "any-peer", "nodeLevel": true, "variadic": true },
        "by_none": { "caller": "disabled", "nodeLevel": true, "variadic": true },
    })
}

/// Registers the same node at both ends.
#[track_caller]
fn add_game(browser: &mut Browser, engine: &mut Engine) {
    godot::add_node(engine, PATH, "game");
    browser.ask("registerNode", json!({ "path": PATH, "methods": game() }));
}

pub fn digits(value: &Variant) -> Value {
    hex::encode(&value.encode().expect("a value")).into()
}

#[track_caller]
pub fn value(digits: &Value) -> Variant {
    Variant::decode(&hex::decode(digits.as_str().expect("a text"))).expect("a value")
}

fn joins_and_leaves(browser: &mut Browser, engine: &mut Engine) {
    let id = meet(browser, engine);
    let status = browser.ask("status", json!({}));
    assert_eq!(status, json!({ "status": 2, "id": id.get(), "peers": [1], "closed": false }));
    assert_eq!(godot::ids(engine), (PeerId::SERVER, vec![id]));

    browser.ask("close", json!({}));
    assert_eq!(godot::id(&engine.event("peer_disconnected")), id);
    let info = &browser.event("disconnected")["info"];
    assert_eq!((&info["code"], &info["clean"]), (&json!(1000), &json!(true)));
}

fn bytes_both_ways(browser: &mut Browser, engine: &mut Engine) {
    let id = meet(browser, engine);
    browser.ask("sendBytes", json!({ "to": "server", "hex": "00ff7f" }));
    let packet = engine.event("peer_packet");
    assert_eq!((godot::id(&packet), &packet["hex"]), (id, &json!("00ff7f")));
    godot::send_bytes(engine, id.get(), b"back");
    assert_eq!(browser.bytes("packet"), (1, b"back".to_vec()));
}

/// Sends each value through the page to Godot, and from Godot through the page to us.
fn calls_of_every_type(browser: &mut Browser, engine: &mut Engine) {
    let id = meet(browser, engine);
    add_game(browser, engine);
    for (text, held) in values::with_text() {
        let merged = merged(&held);
        let about = json!({ "path": PATH, "to": 1, "method": "by_anyone", "values": [digits(&held)] });
        browser.ask("call", about);
        let called = godot::called(engine, || {});
        assert_eq!((called.from, called.arguments), (id, vec![merged.clone()]), "{text}");

        godot::rpc(engine, PATH, id.get(), "by_authority", &[text]);
        let call = browser.event("call");
        assert_eq!(
            (&call["from"], &call["node"], &call["method"]),
            (&json!(1), &json!(PATH), &json!("by_authority"))
        );
        assert_eq!(value(&call["values"][0]), merged, "{text}");
    }
}

/// Returns the value that JavaScript's plain types make of one.
pub fn merged(value: &Variant) -> Variant {
    /// `Number.MAX_SAFE_INTEGER`
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    match value {
        Variant::Float(number)
            if number.fract() == 0.0
                && number.abs() <= LARGEST
                && number.to_bits() != (-0.0f64).to_bits() =>
        {
            Variant::Int(*number as i64)
        }
        Variant::StringName(name) => name.as_str().into(),
        Variant::Array(array) => array.iter().map(merged).collect::<Array>().into(),
        Variant::Dictionary(dictionary) => {
            let entries = dictionary.iter().map(|(key, value)| (merged(key), merged(value)));
            entries.collect::<Dictionary>().into()
        }
        Variant::Object(None) => Variant::Nil,
        other => other.clone(),
    }
}

fn a_call_that_it_may_not_make(browser: &mut Browser, engine: &mut Engine) {
    let id = meet(browser, engine);
    add_game(browser, engine);
    engine.expect_error("by_authority");
    let call = |method: &str, to: i32| json!({ "path": PATH, "to": to, "method": method, "values": [] });
    browser.ask("call", call("by_authority", 1));
    browser.ask("call", call("by_anyone_with_nothing", 1));
    assert_eq!(godot::called(engine, || {}).method, "by_anyone_with_nothing");
    assert_eq!(browser.error("call", call("by_anyone", id.get() + 1)).split(':').next(), Some("UnknownPeer"));
    assert_eq!(browser.error("call", call("by_someone", 1)).split(':').next(), Some("UnknownMethod"));
    browser.ask("setAuthority", json!({ "path": PATH, "id": id.get() }));
    godot::rpc(engine, PATH, id.get(), "by_authority", &[]);
    let refused = browser.event("packet-rejected");
    assert_eq!((&refused["from"], &refused["error"]), (&json!(1), &json!("not-allowed")));
}

/// Joins a session with authentication at both ends, and returns the page's id.
#[track_caller]
fn authenticating(browser: &mut Browser, engine: &mut Engine) -> PeerId {
    engine.ask("authenticate", json!({ "timeout": 60.0 }));
    let url = godot::host(engine, false);
    browser.ask("join", json!({ "url": url, "options": { "authenticate": true, "authTimeout": 60_000 } }));
    let id = godot::id(&browser.event("connected"));
    assert_eq!(browser.event("authenticating")["peer"], 1);
    assert_eq!(godot::id(&engine.event("peer_authenticating")), id);
    browser.ask("sendAuth", json!({ "to": 1, "hex": "01" }));
    assert_eq!(engine.event("auth")["hex"], "01");
    id
}

fn authenticates(browser: &mut Browser, engine: &mut Engine) {
    let id = authenticating(browser, engine);
    engine.ask_ok("send_auth", json!({ "id": id.get(), "hex": "02" }));
    assert_eq!(browser.bytes("auth"), (1, vec![2]));
    browser.ask("completeAuth", json!({ "peer": 1 }));
    engine.ask_ok("complete_auth", json!({ "id": id.get() }));
    assert_eq!(browser.event("peer-connected")["peer"], 1);
    assert_eq!(godot::id(&engine.event("peer_connected")), id);
}

fn is_not_admitted(browser: &mut Browser, engine: &mut Engine) {
    let id = authenticating(browser, engine);
    engine.ask("disconnect_peer", json!({ "id": id.get() }));
    let failed = browser.event("auth-failed");
    assert_eq!((&failed["peer"], &failed["reason"]), (&json!(1), &json!("closed")));
    browser.event("disconnected");
    assert_eq!(browser.ask("status", json!({}))["closed"], true);
}

fn receives_the_last_packets(browser: &mut Browser, engine: &mut Engine) {
    let id = meet(browser, engine);
    add_game(browser, engine);
    engine.ask_together(&[
        ("rpc", godot::call(PATH, id.get(), "by_authority", &["\"last\""])),
        ("disconnect_peer", json!({ "id": id.get() })),
    ]);
    assert_eq!(value(&browser.event("call")["values"][0]), "last".into());
    let gone = browser.event("peer-disconnected");
    assert_eq!((&gone["peer"], &gone["reason"]), (&json!(1), &json!("closed")));
    assert_eq!(browser.event("disconnected")["info"]["cause"], "remote");
}

fn sees_what_godot_spawns(browser: &mut Browser, engine: &mut Engine) {
    meet(browser, engine);
    godot::add_node(engine, "Arena", "arena");
    let unit = json!([
        { "name": "position", "type": "Vector2" },
        { "name": "health", "type": "int", "mode": "on-change" },
        { "name": "title", "type": "String", "mode": "never" },
    ]);
    let spawner = json!({ "scenes": [[unit]], "custom": [unit] });
    browser.ask("registerSpawner", json!({ "path": "Arena/Spawner", "spawner": spawner }));
    let call = |method: &str, arguments: &[&str]| json!({ "path": "Arena", "method": method, "arguments": arguments });
    engine.ask("call", call("spawn_unit", &["\"Tank\"", "Vector2(1, 2)", "50", "\"the first\""]));
    let spawned = browser.event("spawned");
    assert_eq!(
        (&spawned["name"], &spawned["scene"], &spawned["spawner"]),
        (&json!("Tank"), &json!(0), &json!("Arena/Spawner"))
    );
    assert_eq!(value(&spawned["state"]["title"]), "the first".into());
    assert_eq!(value(&spawned["state"]["health"]), 50.into());

    let set = json!({ "path": "Arena/Units/Tank", "property": "health", "text": "49" });
    engine.ask("set_property", set);
    // The state at the spawn is reported as a change, too.
    until("the change", || value(&browser.event("changed")["state"]["health"]) == 49.into());
    engine.ask("call", call("remove_unit", &["\"Tank\""]));
    browser.event("despawned");
    engine.ask("call", call("spawn_of", &["{\"name\": \"Jeep\", \"title\": \"the second\"}"]));
    let spawned = browser.event("spawned");
    assert_eq!((&spawned["name"], &spawned["scene"]), (&json!("Jeep"), &Value::Null));
    assert_eq!(value(&spawned["state"]["title"]), "the second".into());
}

/// Through Godot's relay.
fn reaches_a_native_client(browser: &mut Browser, engine: &mut Engine) {
    let url = godot::host(engine, false);
    browser.ask("join", json!({ "url": url, "options": {} }));
    let id = godot::id(&browser.event("connected"));
    assert_eq!(browser.event("peer-connected")["peer"], 1);
    let mut ours = Ours::join(&url, patient());
    let other = ours.joined();
    let node = ours.peer().session().register_node_with(PATH, methods()).expect("a path");
    browser.ask("registerNode", json!({ "path": PATH, "methods": game() }));
    assert_eq!(browser.event_while("peer-connected", || ours.poll())["peer"], other.get());
    assert_eq!(ours.peer_connected(), id);

    let about = json!({ "path": PATH, "to": other.get(), "method": "by_anyone", "values": [digits(&"hello".into())] });
    browser.ask("call", about);
    let call = ours.call();
    assert_eq!((call.from, call.arguments), (id, vec!["hello".into()]));
    ours.peer().session().call_method(node, id, "by_anyone", vec!["hello, too".into()]).expect("a call");
    let call = browser.event_while("call", || ours.poll());
    assert_eq!((&call["from"], value(&call["values"][0])), (&json!(other.get()), "hello, too".into()));

    // One after the other: the engine reports the second departure to the first one.
    browser.ask("close", json!({}));
    browser.event_while("disconnected", || ours.poll());
    assert_eq!(godot::id(&engine.event("peer_disconnected")), id);
}
