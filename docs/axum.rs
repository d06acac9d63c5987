//! One port for a page, an API and a game: `cargo run -p axum-upgrade -- 127.0.0.1:3000`, then open it in a browser.
//! axum serves the page at `/` and the API at `/api/players`, and makes the handshakes at `/game`. Another thread runs the
//! game, which sends each packet back.

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use tokio::net::{TcpListener, TcpStream};
use tungstenite::handshake::derive_accept_key;
use websocket_peer::{ServerEvent, ServerOptions, UpgradedStream, WebSocketServer};

/// The sub-protocol of the game.
const PROTOCOL: &str = "echo.v1";

/// What the threads share.
#[derive(Clone)]
struct App {
    /// Streams on their way to the game.
    streams: SyncSender<UpgradedStream>,
    /// The number of players, for the API.
    players: Arc<AtomicUsize>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let (streams, new_streams) = sync_channel(64);
    let app = App { streams, players: Arc::default() };
    let players = app.players.clone();
    let mut server = WebSocketServer::without_listener(ServerOptions::default())?;
    thread::spawn(move || {
        loop {
            frame(&mut server, &new_streams, &players);
        }
    });
    let app = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/api/players", get(players_json))
        .route("/game", get(upgrade))
        .with_state(app);
    let listener = TcpListener::bind(address).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// The page. Its own address has the port of the API and of the game.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>axum and a game</title>
<form><input name="text" aria-label="Text" value="hello" maxlength="100"> <button disabled>Send</button></form>
<p>Players: <output id="players">?</output>. The game sent back: <output id="echo">nothing yet</output></p>
<script type="module">
  const [form, button, players, echo] = ['form', 'button', '#players', '#echo'].map((name) => document.querySelector(name));
  const game = new WebSocket(`${location.origin.replace('http', 'ws')}/game`, 'echo.v1');
  game.onopen = () => { button.disabled = false; };
  game.onmessage = async ({ data }) => {
    echo.textContent = data;
    players.textContent = (await (await fetch('/api/players')).json()).players;
  };
  game.onclose = ({ code }) => {
    button.disabled = true;
    echo.textContent = `the connection has ended (code ${code})`;
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    game.send(form.text.value);
  };
</script>
</html>
"#;

/// Returns the number of players as JSON. Larger answers are easier with axum's `Json`.
async fn players_json(State(app): State<App>) -> impl IntoResponse {
    let players = app.players.load(Ordering::Relaxed);
    ([(header::CONTENT_TYPE, "application/json")], format!(r#"{{"players":{players}}}"#))
}

/// Runs one frame of the game. Packets end the sleep early; new streams wait for its end.
fn frame(server: &mut WebSocketServer, new_streams: &Receiver<UpgradedStream>, players: &AtomicUsize) {
    server.wait(Duration::from_millis(16));
    for stream in new_streams.try_iter() {
        // The client gets close code 1013.
        if let Err(error) = server.accept_upgraded(stream) {
            eprintln!("{error}");
        }
    }
    while let Some(event) = server.next_event() {
        match event {
            ServerEvent::Packet(peer, packet) => {
                if let Err(error) = server.send_packet(peer, &packet) {
                    eprintln!("{peer} misses a packet: {error}");
                }
            }
            ServerEvent::Opened(peer) => {
                players.fetch_add(1, Ordering::Relaxed);
                println!("{peer} connected");
            }
            ServerEvent::Closed(peer, info) => {
                players.fetch_sub(1, Ordering::Relaxed);
                println!("{peer} disconnected: {info}");
            }
            _ => {}
        }
    }
}

/// Answers 101, and passes the stream to the game when the answer has been sent.
async fn upgrade(State(app): State<App>, mut request: Request) -> Response {
    let accept = match websocket_key(request.headers()) {
        Ok(key) => derive_accept_key(key),
        Err(status) => return status.into_response(),
    };
    let is_offered = has_token(request.headers(), header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    let upgraded = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    tokio::spawn(async move {
        // These fail if the client has disconnected. A full queue drops the stream.
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(parts) = downcast::<TokioIo<TcpStream>>(upgraded) else { return };
        let Ok(stream) = parts.io.into_inner().into_std() else { return };
        let mut stream = UpgradedStream::new(stream)
            .read_ahead(parts.read_buf)
            .request(head.uri.to_string(), &head.headers);
        if is_offered {
            stream = stream.protocol(PROTOCOL);
        }
        if let Err(error) = app.streams.try_send(stream) {
            eprintln!("{error}");
        }
    });
    let fields = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "Upgrade"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, fields).into_response();
    if is_offered {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    response
}

/// Returns the key of an upgrade request (RFC 6455, 4.2.1). Any page can send one, with the cookies of this site, so requests
/// from other sites are rejected.
fn websocket_key(headers: &HeaderMap) -> Result<&[u8], StatusCode> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_upgrade = has_token(headers, header::UPGRADE, "websocket")
        && has_token(headers, header::CONNECTION, "upgrade")
        && text(header::SEC_WEBSOCKET_VERSION) == Some("13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_upgrade);
    let key = key.ok_or(StatusCode::UPGRADE_REQUIRED)?;
    if headers.contains_key(header::ORIGIN) {
        let site = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
        if site.map(|(_, site)| site) != text(header::HOST) {
            return Err(StatusCode::FORBIDDEN);
        }
    }
    Ok(key.as_bytes())
}

/// Returns `true` if a header field of this name lists the token, in upper or lower case.
fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name);
    let lists = values.iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}
