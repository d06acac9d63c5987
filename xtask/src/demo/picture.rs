//! Takes the picture of the README: the page, connected to a native server, with packets in both directions.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::sleep;
use websocket_peer::{Packet, ServerEvent, ServerOptions, WebSocketServer};

use super::check::{RESULT_LIMIT, colour_scheme, shows};
use crate::wait::within;
use crate::webdriver::Page;

pub(super) async fn take(page: &Page, path: &Path) -> Result<()> {
    let size = json!({ "width": 960, "height": 660, "deviceScaleFactor": 1, "mobile": false });
    page.devtools("Emulation.setDeviceMetricsOverride", size).await?;
    colour_scheme(page, "light").await?;

    let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default())?;
    page.fill("#address", &format!("ws://{}", server.local_addr()?)).await?;
    page.click("#connect").await?;
    let key = loop {
        if let ServerEvent::Opened(key) = next_event(&mut server).await? {
            break key;
        }
    };
    shows(page, "#state", "Open").await?;
    server.send_text(key, "Hello from a native Rust program")?;
    server.flush();
    page.fill("#text", "Hello from a page").await?;
    page.click("#send-text").await?;
    while !matches!(next_event(&mut server).await?, ServerEvent::Packet(..)) {}
    for packet in
        [Packet::text(r#"{"player": 7, "position": [12.5, -3.0]}"#), Packet::binary([0x2a, 0, 0x7f])]
    {
        server.send_packet(key, &packet)?;
    }
    server.flush();
    shows(page, "#packets-received", "3").await?;
    page.screenshot(path).await.with_context(|| format!("cannot write {}", path.display()))
}

async fn next_event(server: &mut WebSocketServer) -> Result<ServerEvent> {
    let event = async {
        loop {
            server.poll();
            if let Some(event) = server.next_event() {
                return Ok::<_, anyhow::Error>(event);
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    within(RESULT_LIMIT, "waiting for the page's packet", event).await
}
