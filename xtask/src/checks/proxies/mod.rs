//! nginx and Caddy before a server of this crate, by the recipes in `docs/`: clients come through, plain and secure, and
//! with their own address; pages of strangers are kept out; and a silent connection stays.

mod programs;
mod recipes;

use std::net::{IpAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use testkit::certs::Authority;
use tokio::net::TcpStream;
use tokio::time::sleep;
use websocket_peer::{
    Admission, CloseCause, PeerOptions, ReadyState, Request, ServerOptions, TlsOptions, TlsRoots,
    WebSocketPeer,
};

use crate::demo::echo::EchoServer;
use crate::demo::native::{self, until};
use crate::ports::loopback;
use crate::project::Project;
use crate::report::Outcome;
use crate::sh::Cmd;
use crate::wait::within;
use recipes::{Place, SHORT};

/// How long a proxy may take to listen.
const START: Duration = Duration::from_secs(30);

/// How often the server asks a silent peer; more often than the shortened recipe cuts a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// An address that a client claims to have.
const CLAIMED: &str = "203.0.113.9";

pub async fn run(project: &Project) -> Result<Outcome> {
    let nginx = programs::get(project, "nginx").await?;
    let caddy = programs::get(project, "caddy").await?;
    let (Some(nginx), Some(caddy)) = (nginx, caddy) else {
        return Ok(Outcome::LeftOut("nginx and Caddy are not both installed here".into()));
    };

    let authority = Authority::new("proxies")?;
    let identity = authority.issue(&["localhost"])?;
    let upstream = Upstream::start()?;
    let place = |name| Place::make(project, name, &identity, upstream.port);

    let before = place("nginx")?;
    let started = before.nginx(project, &nginx)?;
    visit(started, &before, &upstream, authority.pem()).await.context("through nginx")?;
    let before = place("caddy")?;
    let started = before.caddy(project, &caddy)?;
    visit(started, &before, &upstream, authority.pem()).await.context("through Caddy")?;
    Ok(Outcome::Passed)
}

async fn visit(proxy: Cmd, place: &Place, upstream: &Upstream, authority: &str) -> Result<()> {
    let (_running, mut lines) = proxy.start()?;
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            println!("{line}");
        }
    });
    let roots = TlsRoots::Custom { pem: authority.into() };
    let options = PeerOptions::default()
        .tls(TlsOptions::default().roots(roots))
        // The server's heartbeat is what is tested.
        .heartbeat_interval(Duration::ZERO)
        .header("X-Forwarded-For", CLAIMED);
    for (scheme, port) in [("ws", place.plain), ("wss", place.secure)] {
        within(START, "starting to listen", listens(port)).await?;
        let host = format!("localhost:{port}");
        let url = format!("{scheme}://{host}/game");
        println!("… {url}");
        native::exchange(&url, options.clone()).await?;
        let seen = upstream.seen.try_recv().context("the server saw nobody")?;
        let expected = Seen { client: Some(loopback(0).ip()), host };
        ensure!(seen == expected, "the server saw {seen:?}, not {expected:?}");

        keeps_pages_out(&url, options.clone().header("Origin", "https://evil.example")).await?;
        stays_through_silence(&url, options.clone()).await?;
        upstream.seen.try_recv().context("the server saw nobody")?;
    }
    Ok(())
}

async fn listens(port: u16) -> Result<()> {
    while TcpStream::connect(loopback(port)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// The server's refusal comes through.
async fn keeps_pages_out(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "the refusal", |peer| peer.state() == ReadyState::Closed).await?;
    match peer.close_info().map(|info| &info.cause) {
        Some(CloseCause::Refused { status: Some(403), .. }) => Ok(()),
        other => bail!("a page of a stranger was answered with {other:?}"),
    }
}

/// Longer than the proxy lets a connection be silent.
async fn stays_through_silence(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "opening", |peer| peer.state() == ReadyState::Open).await?;
    let silence = tokio::time::sleep(Duration::from_secs(2 * SHORT));
    tokio::pin!(silence);
    loop {
        tokio::select! {
            () = &mut silence => break,
            () = sleep(Duration::from_millis(100)) => {
                ensure!(peer.poll() == ReadyState::Open, "silence ended it: {:?}", peer.close_info());
            }
        }
    }
    peer.close();
    until(&mut peer, "closing", |peer| peer.state() == ReadyState::Closed).await
}

/// The server behind the proxies, and what it sees of those who come.
struct Upstream {
    port: u16,
    seen: Receiver<Seen>,
    _server: EchoServer,
}

#[derive(Debug, PartialEq)]
struct Seen {
    client: Option<IpAddr>,
    host: String,
}

impl Upstream {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind(loopback(0))?;
        let port = listener.local_addr()?.port();
        let options = ServerOptions::default()
            .connection(PeerOptions::for_server().heartbeat_interval(HEARTBEAT))
            .paths(["/game"])
            .max_pending_handshakes_per_address(256);
        let (sender, seen) = mpsc::channel();
        let server = EchoServer::start(listener, options, move |request| {
            // The receiver goes only when the server does.
            let _ = sender.send(Seen { client: client(request), host: request.host().to_owned() });
            Admission::accept()
        })?;
        Ok(Self { port, seen, _server: server })
    }
}

/// Who sits behind the proxy, as README.md tells programs to find out.
fn client(request: &Request) -> Option<IpAddr> {
    let proxy = request.addr().ip().to_canonical();
    if !proxy.is_loopback() {
        return Some(proxy);
    }
    let forwarded = std::str::from_utf8(request.header("x-forwarded-for")?).ok()?;
    forwarded.rsplit(',').next()?.trim().parse().ok()
}
