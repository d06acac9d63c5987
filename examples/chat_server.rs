//! A chat for everybody: `cargo run --example chat_server -- 127.0.0.1:9080`.
//!
//! Whoever connects reads along. A guest's first packet is its name; each text that follows goes to all the others. Rude
//! guests are shown the door, with a code and a reason. When standard input ends, the server says goodbye and goes. A load
//! balancer that asks for `/health` on the same port is answered.

use std::{collections::HashMap, env, io, process::ExitCode, thread, time::Duration};

use websocket_peer::{
    Admission, CloseCode, Error, Packet, PeerKey, PeerOptions, RateLimits, ServerEvent, ServerOptions,
    WebSocketServer,
};

/// A frame sleeps for so long, unless something comes.
const FRAME: Duration = Duration::from_millis(50);

/// The time that guests have to say goodbye when the server goes.
const GOODBYE: Duration = Duration::from_secs(2);

/// From 4000 on close codes mean what the program says.
const RUDE: u16 = 4000;

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
    // People type: whatever is larger or faster the server ends by itself.
    let options = ServerOptions::default()
        .connection(PeerOptions::for_server().max_message_size(2000))
        .rate_limits(RateLimits::default().max_packets_per_second(5));
    let mut chat = Chat { server: WebSocketServer::bind(address, options)?, guests: HashMap::new() };
    chat.server.on_request(|request| match (request.path(), request.is_upgrade()) {
        ("/health", false) => Admission::respond(200, "ok\n"),
        // Refused, unless it asks for a WebSocket.
        _ => Admission::accept(),
    });
    println!("Listening on ws://{}", chat.server.local_addr()?);

    // Only a thread can wait for the end of the input. An input that cannot be read has ended, too.
    let input = thread::spawn(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    while !input.is_finished() {
        chat.frame()?;
    }
    chat.server.shutdown(GOODBYE);
    while !chat.server.is_shut_down() {
        chat.frame()?;
    }
    Ok(())
}

struct Chat {
    server: WebSocketServer,
    /// By which names they are known, once they told. Whoever is not in here is not listened to.
    guests: HashMap<PeerKey, Option<String>>,
}

impl Chat {
    fn frame(&mut self) -> Result<(), Error> {
        self.server.wait(FRAME);
        while let Some(event) = self.server.next_event() {
            match event {
                ServerEvent::Opened(peer) => drop(self.guests.insert(peer, None)),
                ServerEvent::Packet(peer, packet) => self.heard(peer, &packet)?,
                ServerEvent::Closed(peer, info) => {
                    println!("{peer}: {info}");
                    self.leaves(peer, "left");
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn heard(&mut self, from: PeerKey, packet: &Packet) -> Result<(), Error> {
        let Some(name) = self.guests.get(&from) else { return Ok(()) };
        let Some(line) = packet.as_text().filter(|text| !text.contains(char::is_control)) else {
            return self.kick(from, "here one says a line of text at a time");
        };
        if let Some(name) = name {
            self.say(&format!("{name}: {line}"), Some(from));
        } else if !(1..=40).contains(&line.len()) || !line.chars().all(char::is_alphanumeric) {
            return self.kick(from, "a name is a few letters and digits");
        } else if self.guests.values().flatten().any(|taken| taken == line) {
            return self.kick(from, "somebody else has this name");
        } else {
            self.say(&format!("* {line} joined"), None);
            self.guests.insert(from, Some(line.to_owned()));
        }
        Ok(())
    }

    /// Shows the door. What else has come from there is not listened to any more.
    fn kick(&mut self, guest: PeerKey, reason: &str) -> Result<(), Error> {
        self.leaves(guest, "was shown the door");
        self.server.close_with(guest, CloseCode::new(RUDE)?, reason)
    }

    fn leaves(&mut self, guest: PeerKey, how: &str) {
        if let Some(Some(name)) = self.guests.remove(&guest) {
            self.say(&format!("* {name} {how}"), Some(guest));
        }
    }

    /// Says it to all, but perhaps one. Who reads too slowly misses it.
    fn say(&mut self, text: &str, except: Option<PeerKey>) {
        self.server.broadcast(&Packet::text(text), except);
    }
}
