//! The game of the README, hosted by this crate or by a Godot engine.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use websocket_peer::multiplayer::{Call, Event, MultiplayerOptions, PeerId, SceneMultiplayer};
use websocket_peer::rpc;
use websocket_peer::variant::Variant;

use crate::checks::javascript::host::{Host, STEP};
use crate::godot::Engine;
use crate::ports::loopback;
use crate::process::Running;
use crate::project::Project;
use crate::wait::within;

/// The deadline for an engine to start, and for a line.
const LIMIT: Duration = Duration::from_secs(60);

/// The number of ports that are tried.
const TRIES: usize = 5;

/// The port of the game in the README.
const PORT: &str = "9080";

/// A running game.
pub struct ChatHost {
    url: String,
    lines: UnboundedReceiver<String>,
    program: Program,
}

/// What runs the game, until it is dropped.
enum Program {
    Thread { _host: Host },
    Engine { _running: Running },
}

rpc! {
    enum Chat {
        Say { text: String } = "say" [any_peer, call_local];
    }
}

impl ChatHost {
    /// Hosts the game with this crate.
    pub fn in_rust() -> Result<Self> {
        let mut game = SceneMultiplayer::bind("127.0.0.1:0", MultiplayerOptions::default())?;
        let chat = game.session().register_node::<Chat>("Chat")?;
        let (received, lines) = mpsc::unbounded_channel();
        let host = Host::run(game.local_addr()?, move || {
            game.wait(STEP);
            while let Some(event) = game.next_event() {
                match event {
                    Event::PeerConnected(id) => welcome(&mut game, chat, id),
                    Event::Call(call) => drop(received.send(line(&call))),
                    _ => {}
                }
            }
        })?;
        Ok(Self { url: host.url().to_owned(), lines, program: Program::Thread { _host: host } })
    }

    /// Hosts the game with an engine, whose autoload `Chat` is this script. The engine needs a port that is decided before it
    /// starts, and another program may bind a free port first, so several are tried.
    pub async fn in_godot(project: &Project, engine: &Engine, script: &str) -> Result<Self> {
        ensure!(script.matches(PORT).count() == 1, "the README's script does not have the port {PORT} once");
        for _ in 0..TRIES {
            let port = TcpListener::bind(loopback(0))?.local_addr()?.port();
            if let Some(host) = Self::in_godot_at(project, engine, script, port).await? {
                return Ok(host);
            }
            println!("the engine does not host at port {port}");
        }
        bail!("the engine hosts the game at none of {TRIES} free ports")
    }

    /// Returns `None` if the engine runs, but does not host the game at this port.
    async fn in_godot_at(
        project: &Project,
        engine: &Engine,
        script: &str,
        port: u16,
    ) -> Result<Option<Self>> {
        let script = script.replace(PORT, &port.to_string());
        let (here, there) = match engine {
            Engine::Installed(_) => {
                let folder = project.target().join("npm").join("godot");
                (folder.clone(), folder)
            }
            Engine::Chroot(root) => (root.join("srv/npm"), Path::new("/srv/npm").to_owned()),
        };
        fs::create_dir_all(here.join("user")).with_context(|| format!("cannot make {}", here.display()))?;
        for (name, text) in
            [("chat.gd", &*script), ("project.godot", GAME), ("main.tscn", MAIN), ("main.gd", REPORT)]
        {
            fs::write(here.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }

        // The engine's user data goes to this folder, not into the user's home.
        let godot = engine.command(project).env("HOME", there.join("user"));
        let (running, lines) = godot.arg("--headless").arg("--path").arg(&there).start()?;
        let url = format!("ws://{}", loopback(port));
        let mut host = Self { url, lines, program: Program::Engine { _running: running } };
        Ok(host.is_hosting().await?.then_some(host))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until a peer has sent this text to the game.
    pub async fn receives(&mut self, text: &str) -> Result<()> {
        let name = match self.program {
            Program::Thread { .. } => "host",
            Program::Engine { .. } => "godot",
        };
        let received = async {
            loop {
                let line = self.lines.recv().await.context("the host has ended")?;
                println!("{name}: {line}");
                if line.contains("ERROR") {
                    bail!("the host has reported an error");
                }
                if line
                    .split_once(": ")
                    .is_some_and(|(from, said)| from.parse::<i32>().is_ok() && said == text)
                {
                    return anyhow::Ok(());
                }
            }
        };
        within(LIMIT, format_args!("waiting for “{text}” at the {name}"), received).await
    }

    /// Waits for the engine's report, and returns whether it hosts the game.
    async fn is_hosting(&mut self) -> Result<bool> {
        let report = async {
            loop {
                let line = self.lines.recv().await.context("the engine has ended")?;
                println!("godot: {line}");
                match &*line {
                    HOSTING => return anyhow::Ok(true),
                    NOT_HOSTING => return Ok(false),
                    _ => {}
                }
            }
        };
        within(LIMIT, "waiting for the engine to host the game", report).await
    }
}

/// The project of the game: an autoload, and a scene, without which no engine starts.
const GAME: &str = r#"config_version=5

[application]

config/name="Chat"
run/main_scene="res://main.tscn"
run/flush_stdout_on_print=true
run/max_fps=60

[autoload]

Chat="*res://chat.gd"
"#;

const MAIN: &str = r#"[gd_scene load_steps=2 format=3]

[ext_resource type="Script" path="res://main.gd" id="1"]

[node name="Main" type="Node"]
script = ExtResource("1")
"#;

/// The script of the scene, which starts after the autoload. An engine that cannot listen keeps its offline peer.
const REPORT: &str = r#"extends Node

func _ready() -> void:
	print("hosting" if multiplayer.multiplayer_peer is WebSocketMultiplayerPeer else "not hosting")
"#;

/// What the script prints.
const HOSTING: &str = "hosting";
const NOT_HOSTING: &str = "not hosting";

fn welcome(game: &mut SceneMultiplayer, chat: websocket_peer::multiplayer::Node<Chat>, id: PeerId) {
    let call = Chat::Say { text: "Welcome!".into() };
    // The peer may have left.
    if let Err(error) = game.session().call(chat, id, call) {
        println!("host: {error}");
    }
}

/// The line that the game in the README prints.
fn line(Call { from, arguments, .. }: &Call) -> String {
    match arguments.as_slice() {
        [Variant::String(text)] => format!("{}: {text}", from.get()),
        // The session converts arguments to the declared type.
        others => format!("ERROR: unexpected arguments {others:?}"),
    }
}
