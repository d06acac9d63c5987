//! A web application in axum, with WebSockets at one of its paths: `cargo run -p axum-upgrade -- 127.0.0.1:3000`.
//! axum serves the pages and makes the handshakes; another thread serves the WebSockets.

use std::{
    env,
    error::Error,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use tokio::net::{TcpListener, TcpStream};
use tungstenite::handshake::derive_accept_key;
use websocket_peer::{ServerEvent, ServerOptions, UpgradedStream, WebSocketServer};

/// The sub-protocol of the game.
const PROTOCOL: &str = "echo.v1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let (streams, new_streams) = sync_channel(64);
    let mut server = WebSocketServer::without_listener(ServerOptions::default())?;
    thread::spawn(move || {
        loop {
            frame(&mut server, &new_streams);
        }
    });
    let pages = Router::new().route("/", get(|| async { "The game is at /game.\n" }));
    let app = pages.route("/game", get(upgrade)).with_state(streams);
    let listener = TcpListener::bind(address).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Runs one frame of the game. Packets end the sleep early; new streams wait for its end.
fn frame(server: &mut WebSocketServer, new_streams: &Receiver<UpgradedStream>) {
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
            ServerEvent::Opened(peer) => println!("{peer} connected"),
            ServerEvent::Closed(peer, info) => println!("{peer} disconnected: {info}"),
            _ => {}
        }
    }
}

/// Answers 101, and passes the stream to the game when the answer has been sent.
async fn upgrade(State(streams): State<SyncSender<UpgradedStream>>, mut request: Request) -> Response {
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
        if let Err(error) = streams.try_send(stream) {
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
