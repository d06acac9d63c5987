//! A native client in this process, which exchanges packets with an echo server.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::time::sleep;
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer};

/// The deadline of one step.
const LIMIT: Duration = Duration::from_secs(60);

/// The time between polls, as in a game.
const FRAME: Duration = Duration::from_millis(16);

/// Connects, has a text and a binary packet echoed, and closes cleanly.
pub async fn exchange(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "opening", |peer| peer.state() == ReadyState::Open).await?;

    for sent in [Packet::text("a native client, ✓"), Packet::binary([0x00, 0x01, 0xfe, 0xff])] {
        peer.send_packet(&sent)?;
        until(&mut peer, "the echo", |peer| peer.available() > 0).await?;
        let echo = peer.recv().context("`available` counted a packet, but `recv` returned none")?;
        ensure!(echo == sent, "sent {sent:?}, received {echo:?}");
    }

    peer.close();
    until(&mut peer, "closing", |peer| peer.state() == ReadyState::Closed).await?;
    let info = peer.close_info().context("a closed peer has no close info")?;
    ensure!(info.was_clean() && info.code == Some(1000), "the close was not clean: {info}");
    Ok(())
}

/// Polls until `done` returns `true`.
pub async fn until(
    peer: &mut WebSocketPeer,
    what: &str,
    done: impl Fn(&WebSocketPeer) -> bool,
) -> Result<()> {
    let start = Instant::now();
    while !done(peer) {
        ensure!(start.elapsed() < LIMIT, "timed out after {} s waiting for {what}", LIMIT.as_secs());
        if peer.poll() == ReadyState::Closed && !done(peer) {
            let info = peer.close_info().map(ToString::to_string).unwrap_or_default();
            bail!("closed while waiting for {what}: {info}");
        }
        sleep(FRAME).await;
    }
    Ok(())
}
