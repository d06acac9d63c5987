//! `MultiplayerOptions`: the options of the connection and those of the session, in one object.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::{
        options::{self, boolean, milliseconds, set_option, size, string},
        values::Thrown,
    },
    multiplayer::{MultiplayerOptions, SessionOptions},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of a `SceneMultiplayer`. All have defaults. Sizes are in bytes, times in milliseconds. */
export interface MultiplayerOptions extends WebSocketPeerOptions {
    /** The absolute path of the node that other paths are relative to. The same at all ends. Default: `/root`. */
    rootPath?: string;
    /** Announce clients to each other, and relay packets between them. The same at all ends. Default: true. */
    relay?: boolean;
    /** Admit a peer only when both ends have called `completeAuth()`. The same at both ends. Default: false. */
    authenticate?: boolean;
    /** The time within which the authentication must be complete. 0: no limit. Default: 3000. */
    authTimeout?: number;
    /** The time that `close()` waits for the server to confirm that it has read everything. 0: none. Default: 500. */
    drainTimeout?: number;
    /** Allow whole objects, with class and properties, as arguments. Default: false. */
    allowObjects?: boolean;
    /** The number of node paths that each peer may give ids to. Default: 1024. */
    maxPathsPerPeer?: number;
    /** The number of other clients that the server may announce. Default: 4096. */
    maxPeers?: number;
    /** The number of nodes that each peer may have spawned here. Default: 4096. */
    maxSpawnedPerPeer?: number;
    /** The largest packet to send. Default: 65,535, the largest that engines accept by default. */
    maxPacketSize?: number;
    /** The largest packet of properties with mode `always`. Default: 1350. */
    maxSyncPacketSize?: number;
}
"#;

pub(super) fn read(given: &JsValue) -> Result<MultiplayerOptions, Thrown> {
    let mut options = MultiplayerOptions::default();
    options::for_each(given, |name, value| {
        Ok(set(&mut options.session, name, value)? || options::set(&mut options.client, name, value)?)
    })?;
    Ok(options)
}

/// Sets an option of the session. Returns `false` if there is no such option.
fn set(options: &mut SessionOptions, name: &str, value: &JsValue) -> Result<bool, Thrown> {
    set_option! { options, name, value;
        "rootPath" => root_path: string,
        "relay" => relay: boolean,
        "authenticate" => authenticate: boolean,
        "authTimeout" => auth_timeout: milliseconds,
        "drainTimeout" => drain_timeout: milliseconds,
        "allowObjects" => allow_objects: boolean,
        "maxPathsPerPeer" => max_paths_per_peer: size,
        "maxPeers" => max_peers: size,
        "maxSpawnedPerPeer" => max_spawned_per_peer: size,
        "maxPacketSize" => max_packet_size: size,
        "maxSyncPacketSize" => max_sync_packet_size: size,
    }
    Ok(true)
}
