//! Runs nginx and Caddy in front of a server of this crate, with the recipes in `docs/`: plain and secure clients
//! connect, the server sees their own address, pages of other origins are rejected, and a silent connection stays open.

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
use crate::process::Cmd;
use crate::project::Project;
use crate::report::Outcome;
use crate::wait::within;
use recipes::{SHORT, Setup};

/// The deadline for a proxy to listen.
const START: Duration = Duration::from_secs(30);

/// The server's heartbeat interval, shorter than the silence after which the shortened recipe ends a connection.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The address in the client's own `X-Forwarded-For`, which the proxy must replace.
const CLAIMED: &str = "203.0.113.9";

pub async fn run(project: &Project) -> Result<Outcome> {
    let nginx = programs::get(project, "nginx").await?;
    let caddy = programs::get(project, "caddy").await?;
    let (Some(nginx), Some(caddy)) = (nginx, caddy) else {
        return Ok(Outcome::Skipped("nginx and Caddy are not both installed".into()));
    };

    let authority = Authority::new("proxies")?;
    let identity = authority.issue(&["localhost"])?;
    let upstream = Upstream::start()?;
    let set_up = |name| Setup::make(project, name, &identity, upstream.port);

    let setup = set_up("nginx")?;
    let proxy = setup.nginx(project, &nginx)?;
    check(proxy, &setup, &upstream, authority.pem()).await.context("through nginx")?;
    let setup = set_up("caddy")?;
    let proxy = setup.caddy(project, &caddy)?;
    check(proxy, &setup, &upstream, authority.pem()).await.context("through Caddy")?;
    Ok(Outcome::Passed)
}

async fn check(proxy: Cmd, setup: &Setup, upstream: &Upstream, authority: &str) -> Result<()> {
    let _running = proxy.start_printing()?;
    let roots = TlsRoots::Custom { pem: authority.into() };
    let options = PeerOptions::default()
        .tls(TlsOptions::default().roots(roots))
        // Only the server's heartbeat is tested.
        .heartbeat_interval(Duration::ZERO)
        .header("X-Forwarded-For", CLAIMED);
    for (scheme, port) in [("ws", setup.plain), ("wss", setup.secure)] {
        within(START, "starting to listen", listens(port)).await?;
        let host = format!("localhost:{port}");
        let url = format!("{scheme}://{host}/game");
        println!("… {url}");
        native::exchange(&url, options.clone()).await?;
        let received = upstream.requests.try_recv().context("the server received no request")?;
        let expected = Received { client: Some(loopback(0).ip()), host };
        ensure!(received == expected, "the server received {received:?}, not {expected:?}");

        rejects_other_origins(&url, options.clone().header("Origin", "https://evil.example")).await?;
        stays_open_through_silence(&url, options.clone()).await?;
        upstream.requests.try_recv().context("the server received no request")?;
    }
    Ok(())
}

async fn listens(port: u16) -> Result<()> {
    while TcpStream::connect(loopback(port)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Checks that the server's rejection reaches the client.
async fn rejects_other_origins(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "the rejection", |peer| peer.state() == ReadyState::Closed).await?;
    match peer.close_info().map(|info| &info.cause) {
        Some(CloseCause::Refused { status: Some(403), .. }) => Ok(()),
        other => bail!("a page of another origin got {other:?}"),
    }
}

/// Stays silent for longer than the proxy allows.
async fn stays_open_through_silence(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "opening", |peer| peer.state() == ReadyState::Open).await?;
    let silence = tokio::time::sleep(Duration::from_secs(2 * SHORT));
    tokio::pin!(silence);
    loop {
        tokio::select! {
            () = &mut silence => break,
            () = sleep(Duration::from_millis(100)) => {
                ensure!(peer.poll() == ReadyState::Open, "the connection ended in silence: {:?}", peer.close_info());
            }
        }
    }
    peer.close();
    until(&mut peer, "closing", |peer| peer.state() == ReadyState::Closed).await
}

/// The server behind the proxies, and the requests that it receives.
struct Upstream {
    port: u16,
    requests: Receiver<Received>,
    _server: EchoServer,
}

#[derive(Debug, PartialEq)]
struct Received {
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
        let (sender, requests) = mpsc::channel();
        let server = EchoServer::start(listener, options, move |request| {
            // The receiver lives as long as the server.
            let _ = sender.send(Received { client: client(request), host: request.host().to_owned() });
            Admission::accept()
        })?;
        Ok(Self { port, requests, _server: server })
    }
}

/// Returns the address of the client behind the proxy, in the way that the documentation recommends.
fn client(request: &Request) -> Option<IpAddr> {
    let proxy = request.addr().ip().to_canonical();
    if !proxy.is_loopback() {
        return Some(proxy);
    }
    let forwarded = std::str::from_utf8(request.header("x-forwarded-for")?).ok()?;
    forwarded.rsplit(',').next()?.trim().parse().ok()
}
