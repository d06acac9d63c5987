//! The server, without a window: `cargo run -p squares --no-default-features --bin server`. Its argument is the address to
//! listen on.

use std::{env, error::Error, time::Duration};

use bevy::{app::ScheduleRunnerPlugin, prelude::*};
use bevy_websocket_peer::{WebSocketServer, websocket_peer::ServerOptions};
use squares::{PORT, protocol, rules};

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| format!("0.0.0.0:{PORT}"));
    let server = WebSocketServer::bind(address, ServerOptions::default())?;
    println!("listening on ws://{}", server.local_addr()?);
    App::new()
        .add_plugins(MinimalPlugins.set(ScheduleRunnerPlugin::run_loop(Duration::from_millis(16))))
        .add_plugins((protocol, rules))
        .insert_resource(server)
        .run();
    Ok(())
}
