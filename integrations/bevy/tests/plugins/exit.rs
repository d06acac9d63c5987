//! The exit of an app: its connections are closed with a close frame, and an end that does not answer delays it only briefly.

use std::{thread, time::Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use websocket_peer::{CloseCause, ReadyState, ServerEvent};

use crate::support::{
    PATIENCE, client, client_app, join, join_server, plain_server, send_unread, server_app, until,
};

/// Runs one more frame, which a system ends with `AppExit`, and drops the app.
fn exit(mut app: App) {
    app.add_systems(Update, |mut exit: MessageWriter<AppExit>| {
        exit.write(AppExit::Success);
    });
    let start = Instant::now();
    app.update();
    assert_eq!(app.should_exit(), Some(AppExit::Success));
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_client_closes_its_connection_even_with_unread_packets() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let peer = join(&mut app, &mut server, &url);
    send_unread(&mut app, &mut server, peer);
    client(&mut app).send_text("the last packet").unwrap();
    let server = thread::spawn(move || {
        let mut events = Vec::new();
        until("the connection ends", || {
            server.poll();
            events.extend(std::iter::from_fn(|| server.next_event()));
            matches!(events.last(), Some(ServerEvent::Closed(..)))
        });
        events
    });
    exit(app);
    let events = server.join().unwrap();
    let [ServerEvent::Packet(_, packet), ServerEvent::Closed(_, info)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(packet.as_text(), Some("the last packet"));
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Remote));
}

#[test]
fn a_server_closes_its_connections_with_1001() {
    let (mut app, url) = server_app();
    let peers = [(); 3].map(|()| join_server(&mut app, &url));
    let threads = peers.map(|mut peer| {
        thread::spawn(move || {
            until("the connection ends", || peer.poll() == ReadyState::Closed);
            peer.close_info().unwrap().clone()
        })
    });
    exit(app);
    for thread in threads {
        let info = thread.join().unwrap();
        assert_eq!((info.code, &info.cause), (Some(1001), &CloseCause::Remote));
    }
}

#[test]
fn an_end_that_does_not_answer_does_not_prevent_the_exit() {
    let (mut app, url) = server_app();
    let _silent_peer = join_server(&mut app, &url);
    exit(app);

    let (mut silent_server, url) = plain_server();
    let mut app = client_app();
    join(&mut app, &mut silent_server, &url);
    exit(app);
}
