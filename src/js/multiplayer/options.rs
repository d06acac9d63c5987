//! `MultiplayerClientOptions`: those of the connection and those of the session, in one object.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::{
        options::{self, invalid, milliseconds, size},
        values::Thrown,
    },
    multiplayer::{MultiplayerOptions, SessionOptions},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Settings of a `MultiplayerClient`. All have defaults. Sizes are in bytes, times in milliseconds. */
export interface MultiplayerClientOptions extends WebSocketPeerOptions {
    /** The absolute path of the node that other paths start from; the same at all ends. Default: `/root`. */
    rootPath?: string;
    /** Whether clients hear of each other, and reach each other through the server; the same at all ends. Default: true. */
    relay?: boolean;
    /** Whether a peer is admitted only when both ends have called `completeAuth()`; both must want it. Default: false. */
    authenticate?: boolean;
    /** How long the server may take to authenticate; 0: for ever. Default: 3000. */
    authTimeout?: number;
    /** How long to wait for the server to say this client's id, once connected; 0: for ever. Default: 3000. */
    idTimeout?: number;
    /** How long the server has, at `close()`, to confirm that it has read everything; 0: it is not asked. Default: 500. */
    drainTimeout?: number;
    /** Whether arguments may hold whole objects, with class and properties. Default: false. */
    allowObjects?: boolean;
    /** How many node paths each peer may have numbered here. Default: 1024. */
    maxPathsPerPeer?: number;
    /** How many other clients the server may tell of. Default: 4096. */
    maxPeers?: number;
    /** How many nodes each peer may have spawned here. Default: 4096. */
    maxSpawnedPerPeer?: number;
    /** The largest packet to send. Default: 65,535, the largest that engines take where nobody told them otherwise. */
    maxPacketSize?: number;
    /** The largest packet for what is synchronized all the time. Default: 1350. */
    maxSyncPacketSize?: number;
}
"#;

pub(super) fn read(given: &JsValue) -> Result<MultiplayerOptions, Thrown> {
    let mut options = MultiplayerOptions::default();
    options::for_each(given, |name, value| match set(&mut options.session, name, value)? {
        true => Ok(()),
        false => options::set(&mut options.client, name, value),
    })?;
    Ok(options)
}

/// Whether there is such an option of a session's.
fn set(options: &mut SessionOptions, name: &str, value: &JsValue) -> Result<bool, Thrown> {
    match name {
        "rootPath" => {
            options.root_path = value.as_string().ok_or_else(|| invalid(name, "it must be a string"))?;
        }
        "relay" => options.relay = switch(name, value)?,
        "authenticate" => options.authenticate = switch(name, value)?,
        "authTimeout" => options.auth_timeout = milliseconds(name, value)?,
        "idTimeout" => options.id_timeout = milliseconds(name, value)?,
        "drainTimeout" => options.drain_timeout = milliseconds(name, value)?,
        "allowObjects" => options.allow_objects = switch(name, value)?,
        "maxPathsPerPeer" => options.max_paths_per_peer = size(name, value)?,
        "maxPeers" => options.max_peers = size(name, value)?,
        "maxSpawnedPerPeer" => options.max_spawned_per_peer = size(name, value)?,
        "maxSyncPacketSize" => options.max_sync_packet_size = size(name, value)?,
        "maxPacketSize" => options.max_packet_size = size(name, value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn switch(name: &str, value: &JsValue) -> Result<bool, Thrown> {
    value.as_bool().ok_or_else(|| invalid(name, "it must be true or false"))
}
