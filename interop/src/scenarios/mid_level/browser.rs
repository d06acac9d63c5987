//! A client in a browser, of a Godot server.

use serde_json::{Value, json};
use websocket_peer::multiplayer::PeerId;

use super::godot;
use super::ours::Ours;
use crate::browser::Browser;
use crate::engine::Engine;
use crate::hex;
use crate::runner::Scenario;
use crate::scenarios::multiplayer::browser::{digits, merged, value};
use crate::scenarios::page::Page;
use crate::values;

pub fn all(page: &Page) -> Vec<Scenario> {
    page.scenarios(
        "mid_level::browser",
        &[
            ("joins_and_leaves", joins_and_leaves),
            ("packets_of_all_sizes", packets_of_all_sizes),
            ("targets", targets),
            ("values_of_every_type", values_of_every_type),
            ("is_disconnected_gently", is_disconnected_gently),
            ("is_disconnected_by_force", is_disconnected_by_force),
            ("is_refused", is_refused),
            ("is_left_alone", is_left_alone),
        ],
    )
}

/// Makes Godot host and the page join, and returns the URL and the page's id.
#[track_caller]
fn meet(browser: &mut Browser, engine: &mut Engine) -> (String, PeerId) {
    let url = godot::host(engine, godot::NAME, false);
    browser.ask("joinMidLevel", json!({ "url": url, "options": {} }));
    assert_eq!(browser.event("connected"), json!({ "type": "connected", "peer": 1 }));
    let id = godot::connected(engine, godot::NAME, || {});
    let status = browser.ask("status", json!({}));
    assert_eq!(status, json!({ "status": 2, "id": id.get(), "peers": [1], "closed": false }));
    (url, id)
}

fn joins_and_leaves(browser: &mut Browser, engine: &mut Engine) {
    let (_, id) = meet(browser, engine);
    browser.ask("close", json!({}));
    assert_eq!(godot::disconnected(engine, godot::NAME, || {}), (id, 1000, String::new()));
    let gone = browser.event("disconnected");
    assert_eq!(
        (&gone["peer"], &gone["info"]["code"], &gone["info"]["clean"]),
        (&json!(1), &json!(1000), &json!(true))
    );
}

fn packets_of_all_sizes(browser: &mut Browser, engine: &mut Engine) {
    let (_, id) = meet(browser, engine);
    for size in [1, 4, 126, 65_535] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        browser.ask("send", json!({ "to": "server", "hex": hex::encode(&bytes) }));
        assert!(godot::packet(engine, godot::NAME, || {}) == (id, bytes.clone()), "{size} bytes to Godot");
        godot::put_packet(engine, godot::NAME, id.get(), &bytes);
        assert!(browser.bytes("packet") == (1, bytes), "{size} bytes to the page");
    }
}

/// With a native client beside the page.
fn targets(browser: &mut Browser, engine: &mut Engine) {
    let (url, page) = meet(browser, engine);
    let mut ours = Ours::join(&url);
    ours.connected();
    let own = ours.id();
    assert_eq!(godot::connected(engine, godot::NAME, || ours.poll()), own);
    for (to, reaches_page, reaches_us) in [
        (0, true, true),
        (page.get(), true, false),
        (-page.get(), false, true),
        (own.get(), false, true),
        (-own.get(), true, false),
        (0, true, true),
    ] {
        let packet = to.to_le_bytes();
        godot::put_packet(engine, godot::NAME, to, &packet);
        if reaches_page {
            assert_eq!(browser.bytes("packet"), (1, packet.to_vec()));
        }
        if reaches_us {
            assert_eq!(ours.packet().1.as_bytes(), packet);
        }
    }
    for to in [json!("all"), json!("server"), json!(own.get()), json!(-1)] {
        browser.ask("send", json!({ "to": to, "hex": "01" }));
        assert_eq!(godot::packet(engine, godot::NAME, || ours.poll()), (page, vec![1]), "{to}");
    }
}

fn values_of_every_type(browser: &mut Browser, engine: &mut Engine) {
    let (_, id) = meet(browser, engine);
    engine.ask("mp_read_vars", json!({ "name": godot::NAME }));
    for (text, held) in values::with_text() {
        browser.ask("sendVariant", json!({ "to": 1, "held": digits(&held) }));
        let came = engine.event("it.var");
        assert_eq!((&came["from"], value(&came["hex"])), (&json!(id.get()), merged(&held)), "{text}");
        engine.ask_ok("mp_put_var", json!({ "name": godot::NAME, "to": id.get(), "text": text }));
        let packet = browser.event("packet");
        assert_eq!((&packet["from"], value(&packet["hex"])), (&json!(1), held), "{text}");
    }
}

fn is_disconnected_gently(browser: &mut Browser, engine: &mut Engine) {
    is_disconnected(false, browser, engine);
}

fn is_disconnected_by_force(browser: &mut Browser, engine: &mut Engine) {
    is_disconnected(true, browser, engine);
}

/// The packet before the end arrives.
fn is_disconnected(force: bool, browser: &mut Browser, engine: &mut Engine) {
    let (_, id) = meet(browser, engine);
    engine.ask_together(&[
        godot::putting(godot::NAME, id.get(), b"last"),
        ("mp_disconnect_peer", json!({ "name": godot::NAME, "id": id.get(), "force": force })),
    ]);
    assert_eq!(browser.bytes("packet"), (1, b"last".to_vec()));
    let info = ended(browser);
    assert_eq!((&info["code"], &info["cause"]), (&json!(1000), &json!("remote")));
}

fn is_refused(browser: &mut Browser, engine: &mut Engine) {
    let url = godot::host(engine, godot::NAME, false);
    engine.ask("mp_refuse_new_connections", json!({ "name": godot::NAME, "on": true }));
    browser.ask("joinMidLevel", json!({ "url": url, "options": { "connectTimeout": 300 } }));
    let failed = browser.event("connection-failed");
    assert_eq!(failed["info"]["cause"], "timed-out");
    let status = browser.ask("status", json!({}));
    assert_eq!(status, json!({ "status": 0, "id": null, "peers": [], "closed": true }));
}

/// Godot ends the connection without a close frame.
fn is_left_alone(browser: &mut Browser, engine: &mut Engine) {
    meet(browser, engine);
    engine.ask("mp_close", json!({ "name": godot::NAME }));
    let info = ended(browser);
    assert_eq!((&info["code"], &info["cause"]), (&Value::Null, &json!("connection-lost")));
}

/// Waits for the end at the page, and returns its information.
#[track_caller]
fn ended(browser: &mut Browser) -> Value {
    let mut gone = browser.event("disconnected");
    assert_eq!(gone["peer"], 1);
    assert_eq!(browser.ask("status", json!({}))["closed"], true);
    gone["info"].take()
}
