//! `cargo xtask demo`: runs the page and an echo server on this machine, for a user or (`--check`) for a test.

mod check;
pub mod echo;
pub mod native;
mod picture;

use std::net::TcpListener;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use websocket_peer::{Admission, PeerOptions, Request, ServerOptions};

use crate::page;
use crate::ports::bind_near;
use crate::project::Project;
use crate::serve::PageServer;
use echo::EchoServer;

/// The largest message that is echoed, in bytes: enough for text that a user pastes into the page.
const MAX_MESSAGE: usize = 1024 * 1024;

/// The connection limit, low enough that each peer may hold such a message in both directions.
const MAX_PEERS: usize = 100;

#[derive(Args, Debug, PartialEq)]
pub struct Options {
    /// Opens the page in the default browser
    #[arg(long)]
    pub open: bool,
    /// Checks everything by itself, with the page in headless Chrome and a native client, then exits
    #[arg(long)]
    pub check: bool,
    /// Writes the picture of the README to this file
    #[arg(long, value_name = "FILE", requires = "check")]
    pub picture: Option<PathBuf>,
    /// The port of the page; the next free port if it is in use
    #[arg(long, value_name = "N", default_value_t = PAGE_PORT)]
    pub page_port: u16,
    /// The port of the echo server; the next free port if it is in use
    #[arg(long = "port", value_name = "N", default_value_t = ECHO_PORT)]
    pub echo_port: u16,
}

const PAGE_PORT: u16 = 8080;
const ECHO_PORT: u16 = 9080;

impl Options {
    /// The options of the step in `cargo xtask test`.
    pub fn check() -> Self {
        Self { open: false, check: true, picture: None, page_port: PAGE_PORT, echo_port: ECHO_PORT }
    }
}

/// The two servers of the demo. Dropping this stops them.
struct Demo {
    page: PageServer,
    echo: EchoServer,
}

impl Demo {
    async fn start(project: &Project, options: &Options) -> Result<Self> {
        page::build(project).await?;
        let page = PageServer::start(options.page_port, &page::directory(project), &[])?;
        let listener = bind_near("echo server", options.echo_port, TcpListener::bind)?;
        let peer = PeerOptions::for_server().max_message_size(MAX_MESSAGE);
        let server = ServerOptions::default().connection(peer).max_peers(MAX_PEERS);
        let echo = EchoServer::start(listener, server, select_first_protocol)?;
        Ok(Self { page, echo })
    }

    /// The URL of the echo server.
    fn echo_url(&self) -> String {
        self.echo.url()
    }

    /// The URL of the first page, with that of the server in the query, where none of its characters needs escaping.
    fn page_url(&self) -> String {
        self.page.url(&format!("/?echo={}", self.echo_url()))
    }

    /// The URL of the console, with that of the server.
    fn console_url(&self) -> String {
        self.page.url(&format!("/console/?server={}", self.echo_url()))
    }
}

pub async fn run(project: &Project, options: &Options) -> Result<()> {
    let demo = Demo::start(project, options).await?;
    let page = demo.page_url();
    println!("\n  page         {page}");
    println!("  echo server  {}", demo.echo_url());
    println!("  native       cargo run --example minimal_client -- {}\n", demo.echo_url());

    if options.open {
        open::that_detached(&page).context("cannot open the default browser; open the page yourself")?;
    }
    if options.check {
        return check::run(project, &demo, options.picture.as_deref()).await;
    }
    println!("Press Ctrl-C to stop.");
    std::future::pending().await
}

/// Selects the first sub-protocol that the client offers. A browser that offers some fails the connection if none is
/// selected.
fn select_first_protocol(request: &Request) -> Admission {
    match request.protocols().next() {
        Some(first) => Admission::accept().protocol(first),
        None => Admission::accept(),
    }
}
