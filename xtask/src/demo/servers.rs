//! All servers of the demo.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::Result;
use chat::Mode;
use tokio::time::sleep;
use websocket_peer::{Admission, PeerOptions, Request, ServerOptions};

use super::chat::Chat;
use super::echo::EchoServer;
use super::engine::{GodotProject, GodotRun};
use super::game::GameHost;
use super::rooms::Rooms;
use super::{GodotRole, Options};
use crate::page;
use crate::ports::bind_near;
use crate::project::Project;
use crate::serve::PageServer;
use crate::wait::within;

/// The largest message that is echoed, in bytes: enough for text that a user pastes into the page.
const MAX_MESSAGE: usize = 1024 * 1024;

/// The connection limit, low enough that each peer may hold such a message in both directions.
const MAX_PEERS: usize = 100;

/// The deadline for a port to be free after its program was stopped.
const PORT_LIMIT: Duration = Duration::from_secs(10);

/// The servers of the demo, and the engine. Dropping this stops them.
pub struct Demo {
    pages: PageServer,
    echo: EchoServer,
    chat: Chat,
    game_addr: SocketAddr,
    game: Option<Game>,
    rooms: Option<Rooms>,
    godot: Option<(GodotRole, GodotProject)>,
    _guests: Vec<GodotRun>,
}

/// The host of the game.
enum Game {
    Rust { _host: GameHost },
    Godot { _engine: GodotRun },
}

impl Demo {
    /// Starts the servers, and the engine.
    pub async fn start(project: &Project, options: &Options) -> Result<Self> {
        let godot = match options.godot {
            Some(role) => Some((role, GodotProject::prepare(project).await?)),
            None => None,
        };
        let pages = PageServer::start(options.page_port, &page::directory(project), &[])?;
        let echo = start_echo(options.echo_port)?;
        let chat = Chat::start(options.chat_port, Mode::Plain)?;
        let (game_addr, game) = start_game(project, godot.as_ref(), options.game_port).await?;
        let rooms = Rooms::start(options.rooms_port)?;
        let guests = match &godot {
            Some((GodotRole::Join, engine)) => vec![
                engine.join_chat(project, &chat.url()).await?,
                engine.join_game(project, &url_at(game_addr)).await?,
            ],
            _ => Vec::new(),
        };
        Ok(Self {
            pages,
            echo,
            chat,
            game_addr,
            game: Some(game),
            rooms: Some(rooms),
            godot,
            _guests: guests,
        })
    }

    /// The chat server.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The role of the engine, if there is one.
    pub fn godot(&self) -> Option<GodotRole> {
        self.godot.as_ref().map(|(role, _)| *role)
    }

    pub fn echo_url(&self) -> String {
        self.echo.url()
    }

    pub fn chat_url(&self) -> String {
        self.chat.url()
    }

    pub fn game_url(&self) -> String {
        url_at(self.game_addr)
    }

    /// The URL of the server of rooms. Its paths lead to the lobby and to the rooms.
    pub fn rooms_url(&self) -> String {
        self.rooms.as_ref().map(Rooms::url).unwrap_or_default()
    }

    /// The URL of the first page, with those of the servers in the query, where none of their characters needs escaping.
    pub fn index_url(&self) -> String {
        let (echo, chat, game, rooms) = (self.echo_url(), self.chat_url(), self.game_url(), self.rooms_url());
        self.pages.url(&format!("/?echo={echo}&chat={chat}&game={game}&rooms={rooms}"))
    }

    /// The URL of a page in this folder, with that of its server.
    pub fn page_url(&self, folder: &str, server: &str) -> String {
        self.pages.url(&format!("/{folder}/?server={server}"))
    }

    /// Stops the server of rooms.
    pub fn stop_rooms(&mut self) {
        self.rooms = None;
    }

    /// Stops the host of the game.
    pub fn stop_game(&mut self) {
        self.game = None;
    }

    /// Starts a host again, at the same address.
    pub async fn restart_game(&mut self, project: &Project) -> Result<()> {
        let addr = self.game_addr;
        let is_free = async {
            while TcpListener::bind(addr).is_err() {
                sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        within(PORT_LIMIT, format_args!("freeing port {}", addr.port()), is_free).await?;
        let (addr, game) = start_game(project, self.godot.as_ref(), addr.port()).await?;
        (self.game_addr, self.game) = (addr, Some(game));
        Ok(())
    }
}

fn url_at(addr: SocketAddr) -> String {
    format!("ws://{addr}")
}

fn start_echo(port: u16) -> Result<EchoServer> {
    let listener = bind_near("echo server", port, TcpListener::bind)?;
    let peer = PeerOptions::for_server().max_message_size(MAX_MESSAGE);
    let server = ServerOptions::default().connection(peer).max_peers(MAX_PEERS);
    EchoServer::start(listener, server, select_first_protocol)
}

/// Selects the first sub-protocol that the client offers. A browser that offers some fails the connection if none is
/// selected.
fn select_first_protocol(request: &Request) -> Admission {
    match request.protocols().next() {
        Some(first) => Admission::accept().protocol(first),
        None => Admission::accept(),
    }
}

async fn start_game(
    project: &Project,
    godot: Option<&(GodotRole, GodotProject)>,
    port: u16,
) -> Result<(SocketAddr, Game)> {
    if let Some((GodotRole::Host, engine)) = godot {
        let (addr, engine) = engine.host_game(project, port).await?;
        return Ok((addr, Game::Godot { _engine: engine }));
    }
    let host = GameHost::start(port)?;
    Ok((host.addr(), Game::Rust { _host: host }))
}
