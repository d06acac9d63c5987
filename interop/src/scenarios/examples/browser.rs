//! A page in the chat and in the turn game that an engine hosts, with an engine as another client.

use chat::Mode;
use serde_json::json;

use super::chat::arguments;
use crate::browser::Browser;
use crate::engine::{Place, Program};
use crate::runner::Scenario;
use crate::scenarios::page::Page;
use crate::waiting::until;

pub fn all(page: &Page) -> Vec<Scenario> {
    vec![
        page.of_examples("examples::browser::chat::plain", |browser, place| {
            chat(Mode::Plain, browser, place)
        }),
        page.of_examples("examples::browser::chat::multiplayer", |browser, place| {
            chat(Mode::Multiplayer, browser, place);
        }),
        page.of_examples("examples::browser::game", game),
    ]
}

fn chat(mode: Mode, browser: &mut Browser, place: &Place) {
    let (mut host, url) = Program::host(place, &["chat", "host"], &arguments(mode, &["welcome"])[1..]);
    let name = if mode == Mode::Plain { "plain" } else { "multiplayer" };
    browser.ask("joinChat", json!({ "url": url, "options": { "name": "Page", "mode": name } }));
    assert_eq!(browser.event("server-line")["text"], "welcome");
    assert_eq!(browser.event("name-accepted")["name"], "Page");

    let mut godette = Program::start(place, &arguments(mode, &["join", &url, "Godette", "hello"]));
    let line = browser.event("line");
    assert_eq!((&line["name"], &line["text"]), (&json!("Godette"), &json!("hello")));
    let members = browser.ask("members", json!({}));
    assert_eq!(members, json!([{ "id": line["from"], "name": "Godette" }]));
    browser.ask("say", json!({ "text": "grüße 🎮" }));
    godette.line("Page: grüße 🎮", || {});
    host.line("Page: grüße 🎮", || {});
    assert_eq!(browser.event("own-line")["text"], "grüße 🎮");

    godette.kill();
    assert_eq!(browser.event("left")["name"], "Godette");
    browser.ask("close", json!({}));
    assert_eq!(browser.event("closed")["code"], 1000);
    host.line("Page disconnected", || {});
    host.assert_quiet(&[]);
}

fn game(browser: &mut Browser, place: &Place) {
    let (mut host, url) = Program::host(place, &["turns", "host"], &["Hanna"]);
    let godette = Program::start(place, &["turns", "join", &url, "Godette"]);
    browser.ask("joinGame", json!({ "url": url, "name": "Page" }));
    let id = browser.event("connected")["id"].clone();
    for round in 0..3 {
        until("its turn", || browser.event("turn")["player"]["id"] == id);
        assert_eq!(browser.ask("view", json!({}))["canAct"], true);
        let (command, word) = if round == 1 { ("pass", "passs") } else { ("roll", "rolls") };
        browser.ask(command, json!({}));
        assert!(browser.error(command, json!({})).starts_with("NotYourTurn"), "it has acted");
        host.line(&format!("Page: {word} "), || {});
        until("the line in its log", || {
            let logged = browser.event("logged");
            logged["roll"]["player"] == id && logged["roll"]["action"] == command
        });
    }
    until("all three play", || {
        ["Hanna: rolls ", "Godette: rolls "].iter().all(|start| !host.lines(start).is_empty())
    });
    let view = browser.ask("view", json!({}));
    let names: Vec<_> =
        view["players"].as_array().expect("a list").iter().map(|player| &player["name"]).collect();
    assert!(names.len() == 3 && names.contains(&&json!("Godette")), "{view}");

    host.kill();
    let closed = browser.event("closed");
    assert_eq!(closed["clean"], false);
    [&host, &godette].iter().for_each(|engine| engine.assert_quiet(&[]));
}
