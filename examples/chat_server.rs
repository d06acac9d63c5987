//! A chat server: `cargo run --example chat_server -- 127.0.0.1:9080`.
//!
//! The first text of a client is its name; later texts go to all other clients. Clients that break the rules are kicked with
//! a code and a reason. The server shuts down when its standard input ends. It answers health checks at `/health`.

use std::{collections::HashMap, env, io, process::ExitCode, thread, time::Duration};

use websocket_peer::{
    Admission, CloseCode, Error, Packet, PeerKey, PeerOptions, RateLimits, ServerEvent, ServerOptions,
    WebSocketServer,
};

/// The longest sleep between two frames.
const FRAME: Duration = Duration::from_millis(50);

/// The time for the closing handshakes when the server shuts down.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// Applications define the close codes from 4000 on.
const KICKED: CloseCode = CloseCode::application::<4000>();

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9080".to_owned());
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Unable to serve at {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), Error> {
    // People type. The server disconnects clients that send more.
    let options = ServerOptions::default()
        .connection(PeerOptions::for_server().max_message_size(2000))
        .rate_limits(RateLimits::default().max_packets_per_second(5));
    let mut chat = Chat { server: WebSocketServer::bind(address, options)?, names: HashMap::new() };
    chat.server.on_request(|request| match (request.path(), request.is_upgrade()) {
        ("/health", false) => Admission::respond(200, "ok\n"),
        // Other plain requests are rejected.
        _ => Admission::accept(),
    });
    println!("Listening on ws://{}", chat.server.local_addr()?);

    // Reading standard input blocks, so a thread does it.
    let input = thread::spawn(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    while !input.is_finished() {
        chat.frame()?;
    }
    chat.server.shutdown(SHUTDOWN);
    while !chat.server.is_shut_down() {
        chat.frame()?;
    }
    Ok(())
}

struct Chat {
    server: WebSocketServer,
    /// The names of the clients, once they have sent them. A kicked client is not in the map.
    names: HashMap<PeerKey, Option<String>>,
}

impl Chat {
    fn frame(&mut self) -> Result<(), Error> {
        self.server.wait(FRAME);
        while let Some(event) = self.server.next_event() {
            match event {
                ServerEvent::Opened(peer) => drop(self.names.insert(peer, None)),
                ServerEvent::Packet(peer, packet) => self.handle_packet(peer, &packet)?,
                ServerEvent::Closed(peer, info) => {
                    println!("{peer}: {info}");
                    self.remove(peer, "left");
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn handle_packet(&mut self, from: PeerKey, packet: &Packet) -> Result<(), Error> {
        let Some(name) = self.names.get(&from) else { return Ok(()) };
        let Some(line) = packet.as_text().filter(|text| !text.contains(char::is_control)) else {
            return self.kick(from, "send one line of text at a time");
        };
        if let Some(name) = name {
            self.broadcast(&format!("{name}: {line}"), Some(from));
        } else if !(1..=40).contains(&line.len()) || !line.chars().all(char::is_alphanumeric) {
            return self.kick(from, "a name has 1 to 40 letters and digits");
        } else if self.names.values().flatten().any(|taken| taken == line) {
            return self.kick(from, "this name is taken");
        } else {
            self.broadcast(&format!("* {line} joined"), None);
            self.names.insert(from, Some(line.to_owned()));
        }
        Ok(())
    }

    /// Closes the connection of a client, and ignores what else has arrived from it.
    fn kick(&mut self, client: PeerKey, reason: &str) -> Result<(), Error> {
        self.remove(client, "was kicked");
        self.server.close_with(client, KICKED, reason)
    }

    fn remove(&mut self, client: PeerKey, how: &str) {
        if let Some(Some(name)) = self.names.remove(&client) {
            self.broadcast(&format!("* {name} {how}"), Some(client));
        }
    }

    /// Sends a line to all clients but one. A client whose send queue is full misses it.
    fn broadcast(&mut self, text: &str, except: Option<PeerKey>) {
        self.server.broadcast(Packet::text(text), except);
    }
}
