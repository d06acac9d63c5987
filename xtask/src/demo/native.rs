//! The native half of the check: the same server, from this process and from the example that the demo tells people to run.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::time::sleep;
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::project::Project;

/// How long one step of the conversation may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long the example may take, of which it needs most to be built.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// A game's frame.
const FRAME: Duration = Duration::from_millis(16);

/// Connects, has a text and a binary packet echoed, and closes cleanly.
pub async fn exchange(url: &str, options: PeerOptions) -> Result<()> {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url)?;
    until(&mut peer, "opening", |peer| peer.state() == ReadyState::Open).await?;

    for sent in [Packet::text("a native client, ✓"), Packet::binary([0x00, 0x01, 0xfe, 0xff])] {
        peer.send_packet(&sent)?;
        until(&mut peer, "the echo", |peer| peer.available() > 0).await?;
        let echo = peer.recv().context("a packet was announced, and there was none")?;
        ensure!(echo == sent, "sent {sent:?}, got {echo:?} back");
    }

    peer.close();
    until(&mut peer, "closing", |peer| peer.state() == ReadyState::Closed).await?;
    let info = peer.close_info().context("closed, and no word of why")?;
    ensure!(info.was_clean() && info.code == Some(1000), "the close was not clean: {info}");
    Ok(())
}

/// Polls until that is so.
pub async fn until(
    peer: &mut WebSocketPeer,
    what: &str,
    done: impl Fn(&WebSocketPeer) -> bool,
) -> Result<()> {
    let start = Instant::now();
    while !done(peer) {
        ensure!(start.elapsed() < LIMIT, "waited {} s in vain for {what}", LIMIT.as_secs());
        if peer.poll() == ReadyState::Closed && !done(peer) {
            let info = peer.close_info().map(ToString::to_string).unwrap_or_default();
            bail!("closed while waiting for {what}: {info}");
        }
        sleep(FRAME).await;
    }
    Ok(())
}

/// Runs the example as a person would; it must end by itself and tell of a clean close.
pub async fn example(project: &Project, url: &str) -> Result<()> {
    let mut said = String::new();
    let client = project.command("cargo").args(["run", "--quiet", "--example", "minimal_client", "--", url]);
    client
        .limit(EXAMPLE_LIMIT)
        .watch(|line| {
            said.push_str(line);
            said.push('\n');
        })
        .await?;
    let clean = "WebSocket closed with code: 1000. Clean: true";
    ensure!(said.contains(clean), "minimal_client did not say `{clean}`");
    Ok(())
}
