//! Our end of one WebSocket connection, in each role.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};
use websocket_peer::variant::Variant;
use websocket_peer::{
    CloseCode, CloseInfo, Packet, PeerKey, PeerOptions, ReadyState, ServerEvent, ServerOptions, Stats,
    WebSocketPeer, WebSocketServer,
};

use crate::certificates;
use crate::engine::Engine;
use crate::waiting::{eventually, until};

/// The agent's name for its end.
pub const NAME: &str = "it";

/// The sub-protocol of both ends.
const PROTOCOL: &str = "interop";

/// Short, so that no scenario waits long.
const HEARTBEAT: Duration = Duration::from_millis(100);

/// Our role.
#[derive(Clone, Copy)]
pub enum Part {
    Client,
    Server,
    /// An accepted peer without a server.
    Accepted,
}

/// Our end of the connection.
pub struct Ours {
    end: End,
    pub secure: bool,
}

enum End {
    Peer(Box<WebSocketPeer>),
    Server(Box<WebSocketServer>, PeerKey),
}

/// Connects the two ends, and asserts that both are open.
pub fn open(part: Part, secure: bool, engine: &mut Engine) -> Ours {
    let scheme = if secure { "wss" } else { "ws" };
    let url = |host: &str, port: u16| format!("{scheme}://{host}:{port}/a/path?with=query");
    let about = json!({ "name": NAME, "tls": secure, "protocols": ["other", PROTOCOL] });
    let connect = |engine: &mut Engine, port: u16| {
        let mut about = about.clone();
        about["url"] = url("127.0.0.1", port).into();
        engine.ask_ok("ws_connect", about);
    };
    let end = match part {
        Part::Client => {
            let port = port(&engine.ask("ws_listen", about.clone()));
            let options = PeerOptions::default().protocols([PROTOCOL]).heartbeat_interval(HEARTBEAT);
            let options = if secure { options.tls(certificates::client()) } else { options };
            let mut peer = WebSocketPeer::with_options(options);
            peer.connect(&url(certificates::HOST, port)).expect("a URL");
            until("our client opens", || peer.poll() != ReadyState::Connecting);
            End::Peer(Box::new(peer))
        }
        Part::Server => {
            let options = ServerOptions::default().connection(for_accepted(secure));
            let mut server = WebSocketServer::bind((Ipv4Addr::LOCALHOST, 0), options).expect("a free port");
            connect(engine, server.local_addr().expect("a port").port());
            let key = eventually("Godot comes", || {
                server.poll();
                match server.next_event()? {
                    ServerEvent::Opened(key) => Some(key),
                    other => panic!("{other:?}"),
                }
            });
            End::Server(Box::new(server), key)
        }
        Part::Accepted => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            listener.set_nonblocking(true).expect("a listener that does not wait");
            connect(engine, listener.local_addr().expect("a port").port());
            let (stream, _) = eventually("Godot comes", || listener.accept().ok());
            let mut peer = WebSocketPeer::with_options(for_accepted(secure));
            peer.accept(stream).expect("a connection");
            until("our accepted peer opens", || peer.poll() != ReadyState::Connecting);
            End::Peer(Box::new(peer))
        }
    };
    let mut ours = Ours { end, secure };
    let opened = engine.event_while("ws_open", || ours.poll());
    assert_eq!(opened["protocol"], PROTOCOL);
    if let End::Peer(peer) = &ours.end {
        assert_eq!(
            (peer.state(), peer.protocol()),
            (ReadyState::Open, Some(PROTOCOL)),
            "{:?}",
            peer.close_info()
        );
    }
    if matches!(part, Part::Client) {
        let url = opened["url"].as_str().expect("a URL");
        assert!(url.starts_with(scheme) && url.ends_with("/a/path?with=query"), "{url}");
    }
    ours
}

fn for_accepted(secure: bool) -> PeerOptions {
    let options = PeerOptions::for_server().protocols([PROTOCOL]).heartbeat_interval(HEARTBEAT);
    if secure { options.tls(certificates::server()) } else { options }
}

/// Returns the port in the agent's answer.
pub fn port(answer: &Value) -> u16 {
    let port = answer.as_u64().expect("a port") as u16;
    assert_ne!(port, 0, "the engine could not listen");
    port
}

impl Ours {
    pub fn poll(&mut self) {
        match &mut self.end {
            End::Peer(peer) => {
                peer.poll();
            }
            End::Server(server, _) => server.poll(),
        }
    }

    pub fn send(&mut self, packet: &Packet) {
        match &mut self.end {
            End::Peer(peer) => peer.send_packet(packet),
            End::Server(server, key) => server.send_packet(*key, packet),
        }
        .expect("an open connection with room");
    }

    pub fn send_variant(&mut self, value: &Variant) {
        match &mut self.end {
            End::Peer(peer) => peer.send_variant(value).expect("an open connection with room"),
            End::Server(..) => self.send(&Packet::binary(value.encode().expect("a value that is not deep"))),
        }
    }

    /// Returns the next packet, if one has arrived.
    pub fn receive_if_any(&mut self) -> Option<Packet> {
        self.poll();
        match &mut self.end {
            End::Peer(peer) => peer.recv(),
            End::Server(server, key) => match server.next_event()? {
                ServerEvent::Packet(from, packet) => {
                    assert_eq!(from, *key);
                    Some(packet)
                }
                other => panic!("instead of a packet: {other:?}"),
            },
        }
    }

    #[track_caller]
    pub fn receive(&mut self) -> Packet {
        eventually("a packet from Godot", || self.receive_if_any())
    }

    pub fn close(&mut self, code: u16, reason: &str) {
        match &mut self.end {
            End::Peer(peer) => peer.close_with(CloseCode::new(code).expect("a code"), reason),
            End::Server(server, key) => {
                server.close_with(*key, CloseCode::new(code).expect("a code"), reason)
            }
        }
        .expect("an open connection");
    }

    /// Aborts the connection.
    pub fn abort(&mut self) {
        match &mut self.end {
            End::Peer(peer) => peer.abort(),
            End::Server(server, key) => server.abort(*key).expect("an open connection"),
        }
    }

    /// Waits for the end.
    #[track_caller]
    pub fn closed(&mut self) -> CloseInfo {
        eventually("our end closes", || {
            self.poll();
            match &mut self.end {
                End::Peer(peer) => {
                    (peer.state() == ReadyState::Closed).then(|| peer.close_info().cloned())?
                }
                End::Server(server, key) => match server.next_event()? {
                    ServerEvent::Closed(closed, info) => {
                        assert_eq!(closed, *key);
                        Some(info)
                    }
                    other => panic!("instead of the end: {other:?}"),
                },
            }
        })
    }

    pub fn stats(&self) -> Stats {
        match &self.end {
            End::Peer(peer) => peer.stats(),
            End::Server(server, key) => server.peer(*key).expect("a peer that has not left").stats(),
        }
    }
}
