//! The server that the page's clients of the mid level connect to.

use anyhow::Result;
use websocket_peer::multiplayer::{PeerEvent, PeerId, Target, WebSocketMultiplayerPeer};
use websocket_peer::{CloseCode, Error, Packet, ServerOptions};

use super::host::{Host, STEP};

/// Hosts a server that sends packets back to the sender. Some packets are commands.
pub fn host() -> Result<Host> {
    // A higher limit than the default: all clients have one address.
    let options = ServerOptions::default().max_pending_handshakes_per_address(100);
    let mut server = WebSocketMultiplayerPeer::bind("127.0.0.1:0", options)?;
    let address = server.local_addr()?;
    Host::run(address, move || {
        server.wait(STEP);
        while let Some(event) = server.next_event() {
            let PeerEvent::Packet(from, packet) = event else { continue };
            match answer(&mut server, from, &packet) {
                // The client is gone.
                Ok(()) | Err(Error::UnknownPeer) => {}
                Err(error) => eprintln!("mid level: {error}"),
            }
        }
    })
}

fn answer(server: &mut WebSocketMultiplayerPeer, from: PeerId, packet: &Packet) -> Result<(), Error> {
    let id = i64::from(from.get()).into();
    match packet.as_bytes() {
        b"all" => server.send_variant(Target::All, &id),
        b"others" => server.send_variant(Target::AllExcept(from), &id),
        b"text" => server.send_packet(from, Packet::text("grüße")),
        b"dismiss" => {
            server.send(from, b"dismissed")?;
            server.disconnect_peer_with(from, CloseCode::new(4001)?, "enough")
        }
        _ => server.send_packet(from, packet),
    }
}
