//! The echo of the scripted server runs as long as its client is connected, because the demo's page uses it, too.

use std::{thread, time::Duration};

use websocket_peer::WebSocketPeer;

use crate::common::{opened, receive, server};

/// Longer than any other script runs.
const LONG: Duration = Duration::from_secs(21);

#[test]
fn an_echo_still_answers_after_twenty_seconds_of_silence() {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    thread::sleep(LONG);
    peer.send_text("still there?").unwrap();
    assert_eq!(receive(&mut peer).as_text(), Some("still there?"));
}
