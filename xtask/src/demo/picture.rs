//! Takes the picture of the README: the page, connected to a native server, with packets in both directions.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::sleep;
use websocket_peer::{Packet, ServerEvent, ServerOptions, WebSocketServer};

use super::check::{RESULT_LIMIT, colour_scheme, ready, shows};
use crate::project::Project;
use crate::wait::within;
use crate::webdriver::Page;

/// Opens the page at `url` and writes the picture to `path`.
pub(super) async fn take(project: &Project, url: &str, path: &Path) -> Result<()> {
    let page = Page::open(project, url).await?;
    let size = json!({ "width": 960, "height": 760, "deviceScaleFactor": 1, "mobile": false });
    page.devtools("Emulation.setDeviceMetricsOverride", size).await?;
    colour_scheme(&page, "light").await?;
    ready(&page).await?;
    // The connection must stay open until the screenshot.
    let _server = exchange(&page).await?;
    page.screenshot(path).await?;
    page.close().await
}

/// Connects the page to a server, which is returned, and exchanges packets.
async fn exchange(page: &Page) -> Result<WebSocketServer> {
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
    Ok(server)
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
    within(RESULT_LIMIT, "waiting for the page", event).await
}
