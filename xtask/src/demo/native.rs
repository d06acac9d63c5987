//! The native part of the check: connects to the same server from this process, and from the example that the demo
//! prints.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::time::sleep;
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::project::Project;

/// The deadline of one step.
const LIMIT: Duration = Duration::from_secs(10);

/// The deadline of the example. Most of that time is for building it.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(10 * 60);

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

/// Runs the example as a user would. It must exit by itself and print a clean close.
pub async fn example(project: &Project, url: &str) -> Result<()> {
    let mut output = String::new();
    let client = project.command("cargo").args(["run", "--quiet", "--example", "minimal_client", "--", url]);
    client
        .limit(EXAMPLE_LIMIT)
        .watch(|line| {
            output.push_str(line);
            output.push('\n');
        })
        .await?;
    let clean = "WebSocket closed with code: 1000. Clean: true";
    ensure!(output.contains(clean), "minimal_client did not print `{clean}`");
    Ok(())
}
