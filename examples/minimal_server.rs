//! Godot's minimal server: a TCP listener, and a map of peers that get their packets back.
//!
//! `cargo run --example minimal_server -- 127.0.0.1:9080`

use std::{collections::BTreeMap, env, io, net::TcpListener, process::ExitCode, thread, time::Duration};

use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9080".to_owned());
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Unable to start server on {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    println!("Server started.");
    println!("Listening on ws://{}", listener.local_addr()?);

    let mut peers = BTreeMap::new();
    let mut last_peer_id = 1;
    loop {
        while let Ok((stream, _)) = listener.accept() {
            let mut peer = WebSocketPeer::with_options(PeerOptions::for_server());
            match peer.accept(stream) {
                Ok(()) => {
                    last_peer_id += 1;
                    println!("+ Peer {last_peer_id} connected.");
                    peers.insert(last_peer_id, peer);
                }
                Err(error) => eprintln!("A connection cannot be served: {error}"),
            }
        }
        peers.retain(|id, peer| serve_peer(*id, peer));
        thread::sleep(Duration::from_millis(16));
    }
}

/// Returns `false` when the peer has closed.
fn serve_peer(id: i32, peer: &mut WebSocketPeer) -> bool {
    peer.poll();
    while let Some(packet) = peer.recv() {
        match packet.as_text() {
            Some(text) => println!("< Got text data from peer {id}: {text:?}... echoing"),
            None => println!("< Got binary data from peer {id}: {} bytes... echoing", packet.len()),
        }
        if let Err(error) = peer.send_packet(&packet) {
            eprintln!("Peer {id} misses a packet: {error}");
        }
    }
    if peer.state() != ReadyState::Closed {
        return true;
    }
    if let Some(info) = peer.close_info() {
        let (code, reason, clean) = (info.godot_code(), info.reason.escape_debug(), info.was_clean());
        println!("- Peer {id} closed with code: {code}, reason: {reason}. Clean: {clean}");
    }
    false
}
