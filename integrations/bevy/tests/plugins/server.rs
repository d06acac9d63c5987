//! The server: peers and their packets are reported in order, once, and within limits.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_websocket_peer::{PeerConnected, PeerDisconnected, WebSocketServer, WebSocketServerPlugin};
use websocket_peer::{CloseCause, PeerKey, ReadyState};

use crate::{
    replacing::replacements,
    support::{assert_seen, join_server, new_server, seen, send_unread_to_server, server, server_app, until},
};

/// Takes all packets that the server has received.
fn read(app: &mut App) -> Vec<String> {
    let mut server = server(app);
    std::iter::from_fn(|| server.recv()).map(|(_, packet)| packet.into_text().unwrap()).collect()
}

#[test]
fn a_peer_is_reported_once_by_a_message_and_by_an_event() {
    let (mut app, url) = server_app();
    let mut peer = join_server(&mut app, &url);
    let key = server(&mut app).peers().next().unwrap();
    peer.close();
    until("the end is reported", || {
        peer.poll();
        app.update();
        !seen::<PeerDisconnected>(&app).messages.is_empty()
    });
    for _ in 0..5 {
        app.update();
    }
    assert_seen(&app, &[PeerConnected { peer: key }]);
    let ended = seen::<PeerDisconnected>(&app).messages[0].clone();
    assert_eq!((ended.peer, &ended.info.cause), (key, &CloseCause::Remote));
    assert_seen(&app, &[ended]);
}

#[test]
fn a_system_answers_packets() {
    let (mut app, url) = server_app();
    app.add_systems(Update, |mut server: ResMut<WebSocketServer>| -> Result {
        while let Some((peer, packet)) = server.recv() {
            server.send_packet(peer, packet)?;
        }
        Ok(())
    });
    let mut peer = join_server(&mut app, &url);
    for number in 0..100 {
        peer.send_text(&number.to_string()).unwrap();
    }
    let mut answers = Vec::new();
    until("the answers arrive", || {
        app.update();
        peer.poll();
        answers.extend(std::iter::from_fn(|| peer.recv()).map(|packet| packet.into_text().unwrap()));
        answers.len() >= 100
    });
    assert_eq!(answers, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_end_of_a_peer_is_reported_after_its_packets_were_read() {
    let (mut app, url) = server_app();
    let mut peer = join_server(&mut app, &url);
    for number in 0..3 {
        peer.send_text(&number.to_string()).unwrap();
    }
    peer.close();
    // The server answers the close frame when it has read it, and the packets before it.
    until("the connection ends", || {
        app.update();
        peer.poll() == ReadyState::Closed
    });
    until("the server has no peer", || {
        app.update();
        server(&mut app).peer_count() == 0
    });
    for _ in 0..5 {
        app.update();
    }
    assert_seen::<PeerDisconnected>(&app, &[]);
    assert_eq!(read(&mut app), ["0", "1", "2"]);
    app.update();
    assert_eq!(seen::<PeerDisconnected>(&app).messages.len(), 1);
    assert_eq!(seen::<PeerDisconnected>(&app).events.len(), 1);
}

#[test]
fn unread_packets_are_limited_and_none_is_lost_or_delayed() {
    const LIMIT: usize = 65_536;
    const COUNT: usize = LIMIT + 5_000;
    let (mut app, url) = server_app();
    let mut peer = join_server(&mut app, &url);
    let mut sent = 0;
    until("the limit is reached", || {
        while sent < COUNT && peer.send_text(&sent.to_string()).is_ok() {
            sent += 1;
        }
        peer.poll();
        app.update();
        server(&mut app).available() >= LIMIT
    });

    // Packets are gathered while events of the server wait, and leave at the end of the frame that sent them.
    app.add_systems(Update, |mut server: ResMut<WebSocketServer>, mut is_sent: Local<bool>| -> Result {
        if !std::mem::replace(&mut *is_sent, true) {
            let peer = server.peers().next().unwrap();
            server.send_text(peer, "gathered")?;
        }
        Ok(())
    });
    app.update();
    until("the packet arrives without another frame", || {
        peer.poll();
        peer.recv().is_some()
    });

    let mut received = Vec::new();
    until("all packets arrive", || {
        while sent < COUNT && peer.send_text(&sent.to_string()).is_ok() {
            sent += 1;
        }
        peer.poll();
        assert!(server(&mut app).available() <= LIMIT);
        received.extend(read(&mut app));
        app.update();
        received.len() >= COUNT
    });
    assert!(received.iter().enumerate().all(|(index, text)| *text == index.to_string()));
    assert_eq!(received.len(), COUNT);
}

#[test]
fn unread_bytes_are_limited_and_none_is_lost() {
    const LIMIT: usize = 64 * 1024 * 1024;
    const SIZE: usize = 32 * 1024;
    const COUNT: usize = LIMIT / SIZE + 20;
    let (mut app, url) = server_app();
    let mut peer = join_server(&mut app, &url);
    let packet = |number: usize| vec![number as u8; SIZE];
    let mut sent = 0;
    let mut frame = |app: &mut App| {
        while sent < COUNT && peer.send(&packet(sent)).is_ok() {
            sent += 1;
        }
        peer.poll();
        app.update();
        server(app).available()
    };
    until("the limit is reached", || frame(&mut app) * SIZE >= LIMIT);
    let mut received = 0;
    until("all packets arrive", || {
        assert!(frame(&mut app) * SIZE <= LIMIT);
        // One a frame at first, so that the limit stays reached.
        let count = if received < 10 { 1 } else { COUNT };
        for (_, data) in std::iter::from_fn(|| server(&mut app).recv()).take(count) {
            assert_eq!(data.as_bytes(), packet(received));
            received += 1;
        }
        received == COUNT
    });
}

fn aborted(peer: PeerKey) -> PeerDisconnected {
    PeerDisconnected { peer, info: CloseCause::Aborted.into() }
}

#[test]
fn the_peers_of_a_server_that_is_removed_are_reported_as_aborted() {
    let (mut app, url) = server_app();
    let mut peers = [(); 2].map(|()| join_server(&mut app, &url));
    let keys: Vec<_> = server(&mut app).peers().collect();
    send_unread_to_server(&mut app, &mut peers[0]);
    let former: WebSocketServer = app.world_mut().remove_resource().unwrap();
    for _ in 0..3 {
        app.update();
    }
    let ends = [aborted(keys[0]), aborted(keys[1])];
    assert_seen(&app, &ends);

    // The same one: its peers are connected, and its packet is unread.
    app.insert_resource(former);
    app.update();
    app.update();
    let openings = [keys[0], keys[1], keys[0], keys[1]].map(|peer| PeerConnected { peer });
    assert_seen(&app, &openings);
    assert_seen(&app, &ends);
    assert_eq!(read(&mut app), ["unread"]);
}

#[test]
fn the_peers_of_a_server_that_is_replaced_are_reported_as_aborted_before_those_of_the_next_one() {
    for (way, replace) in replacements() {
        let (mut app, url) = server_app();
        let mut former_peer = join_server(&mut app, &url);
        let key = server(&mut app).peers().next().unwrap();
        let (next, next_url) = new_server();
        let former = replace(app.world_mut(), next);
        app.update();
        assert_eq!(seen::<PeerDisconnected>(&app).messages, [aborted(key)], "{way}");

        let mut peer = join_server(&mut app, &next_url);
        // The first peers of both servers have the same key.
        assert_eq!(server(&mut app).peers().next(), Some(key));
        assert_seen(&app, &[PeerConnected { peer: key }; 2]);
        assert_seen(&app, &[aborted(key)]);

        let Some(former) = former else { continue };
        former_peer.send_text("before it returned").unwrap();
        send_unread_to_server(&mut app, &mut peer);
        replace(app.world_mut(), former);
        app.update();
        // The end comes in a frame of its own.
        assert_seen(&app, &[PeerConnected { peer: key }; 2]);
        assert_seen(&app, &[aborted(key), aborted(key)]);
        app.update();
        assert_seen(&app, &[PeerConnected { peer: key }; 3]);
        until("the packet arrives", || {
            former_peer.poll();
            app.update();
            read(&mut app) == ["before it returned"]
        });
    }
}

#[test]
fn the_end_of_a_peer_is_reported_once_when_the_server_returns() {
    let (mut app, url) = server_app();
    let mut peer = join_server(&mut app, &url);
    let key = server(&mut app).peers().next().unwrap();
    peer.send_text("unread").unwrap();
    peer.close();
    until("the connection ends", || {
        app.update();
        peer.poll();
        server(&mut app).peer_count() == 0
    });
    let former: WebSocketServer = app.world_mut().remove_resource().unwrap();
    app.update();
    app.update();
    assert_seen(&app, &[aborted(key)]);
    app.insert_resource(former);
    app.update();
    assert_eq!(read(&mut app), ["unread"]);
    app.update();
    app.update();
    assert_seen(&app, &[PeerConnected { peer: key }; 2]);
    let ends = &seen::<PeerDisconnected>(&app).messages;
    assert_eq!((ends.len(), &ends[1].info.cause), (2, &CloseCause::Remote));
}

#[test]
fn without_a_server_nothing_runs() {
    let mut app = App::new();
    app.add_plugins(WebSocketServerPlugin);
    for _ in 0..3 {
        app.update();
    }
    app.world_mut().write_message(AppExit::Success);
    app.update();
}
