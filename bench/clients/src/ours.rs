//! `WebSocketPeer`, polled without pause.

use anyhow::{Result, ensure};
use websocket_peer::{ReadyState, WebSocketPeer};

use crate::plan::Plan;

/// Runs the client.
///
/// # Errors
/// The server does not answer correctly.
pub fn run(plan: &Plan) -> Result<f64> {
    let mut peer = WebSocketPeer::new();
    peer.connect(&plan.url)?;
    while peer.poll() == ReadyState::Connecting {}
    ensure!(peer.state() == ReadyState::Open, "no connection: {:?}", peer.close_info());

    let (mut sent, mut received) = (0, 0);
    while sent < plan.in_flight as u64 {
        peer.send(plan.payload(sent))?;
        sent += 1;
    }
    plan.measure(|| {
        peer.poll();
        while let Some(packet) = peer.recv() {
            plan.check(received, &packet)?;
            received += 1;
            peer.send(plan.payload(sent))?;
            sent += 1;
        }
        ensure!(peer.state() == ReadyState::Open, "the connection ended: {:?}", peer.close_info());
        Ok(received)
    })
}
