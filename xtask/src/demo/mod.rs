//! `cargo xtask demo`: the page and an echo server on this machine, for a person or (`--check`) for a test.

mod check;
pub mod echo;
pub mod native;

use std::net::TcpListener;

use anyhow::{Context, Result};
use websocket_peer::{Admission, PeerOptions, Request, ServerOptions};

use crate::page;
use crate::ports::bind_near;
use crate::project::Project;
use crate::serve::PageServer;
use echo::EchoServer;

/// The largest message that is echoed: enough for whatever a person pastes into the page.
const MAX_MESSAGE: usize = 1024 * 1024;

/// So few that each may hold such a message both ways.
const MAX_PEERS: usize = 100;

/// What `cargo xtask demo` was asked for.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// Open the page in the default browser.
    pub open: bool,
    /// Do it all without a person, then exit.
    pub check: bool,
    pub page_port: u16,
    pub echo_port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { open: false, check: false, page_port: 8080, echo_port: 9080 }
    }
}

/// The two servers of the demo; they end when this is dropped.
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
        let echo = EchoServer::start(listener, server, take_first_protocol)?;
        Ok(Self { page, echo })
    }

    /// The echo server's address, as a page or a native client connects to it.
    fn echo_url(&self) -> String {
        self.echo.url()
    }

    /// The page's address, with the server's filled in. None of its characters needs escaping within a query.
    fn page_url(&self) -> String {
        self.page.url(&format!("/?server={}", self.echo_url()))
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
        return check::run(project, &demo).await;
    }
    println!("Ctrl-C stops it.");
    std::future::pending().await
}

/// A browser that offers sub-protocols ends a connection for which none was chosen.
fn take_first_protocol(request: &Request) -> Admission {
    match request.protocols().next() {
        Some(first) => Admission::accept().protocol(first),
        None => Admission::accept(),
    }
}
