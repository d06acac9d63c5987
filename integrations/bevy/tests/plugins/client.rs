//! The client: its connection is reported once, and its packets are kept.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_websocket_peer::{
    Connected, Disconnected, WebSocketClient, connected, connecting, just_connected, just_disconnected,
};
use websocket_peer::{Admission, CloseCause, CloseCode, CloseInfo, ReadyState, ServerEvent};

use crate::{
    replacing::replacements,
    support::{assert_seen, client, client_app, join, plain_server, seen, send_unread, texts, until},
};

/// Updates the app and polls the server until the end of the connection is reported.
#[track_caller]
fn disconnected(app: &mut App, server: &mut websocket_peer::WebSocketServer) -> CloseInfo {
    let ends = seen::<Disconnected>(app).messages.len();
    until("the end is reported", || {
        server.poll();
        while server.next_event().is_some() {}
        app.update();
        seen::<Disconnected>(app).messages.len() > ends
    });
    seen::<Disconnected>(app).messages[ends].info.clone()
}

#[test]
fn a_connection_is_reported_once_by_a_message_and_by_an_event() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let peer = join(&mut app, &mut server, &url);
    for _ in 0..5 {
        app.update();
    }
    assert_seen(&app, &[Connected]);
    server.close_with(peer, CloseCode::new(4000).unwrap(), "round over").unwrap();
    let info = disconnected(&mut app, &mut server);
    assert_eq!((info.code, &*info.reason, &info.cause), (Some(4000), "round over", &CloseCause::Remote));
    for _ in 0..5 {
        app.update();
    }
    assert_seen(&app, &[Connected]);
    assert_seen(&app, &[Disconnected { info }]);
}

#[test]
fn packets_that_arrived_before_the_end_can_be_read_after_it() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let peer = join(&mut app, &mut server, &url);
    for number in 0..3 {
        server.send_text(peer, &number.to_string()).unwrap();
    }
    server.close(peer).unwrap();
    disconnected(&mut app, &mut server);
    let mut client = client(&mut app);
    assert_eq!(texts(std::iter::from_fn(|| client.recv())), ["0", "1", "2"]);
}

#[test]
fn an_attempt_that_fails_is_reported_as_disconnected() {
    let (mut server, url) = plain_server();
    server.on_request(|_| Admission::reject(403));
    let mut app = client_app();
    app.insert_resource(WebSocketClient::connect(&url).unwrap());
    let info = disconnected(&mut app, &mut server);
    assert!(matches!(info.cause, CloseCause::Refused { status: Some(403), .. }), "{info:?}");
    assert_seen::<Connected>(&app, &[]);
    assert_seen(&app, &[Disconnected { info }]);
}

#[test]
fn the_program_connects_again_with_the_same_resource() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let again = url.clone();
    let connect = move |mut client: ResMut<WebSocketClient>| -> Result { Ok(client.connect(&again)?) };
    app.add_systems(Update, connect.run_if(just_disconnected));
    for round in 1..=3 {
        let peer =
            if round == 1 { join(&mut app, &mut server, &url) } else { opened(&mut app, &mut server, round) };
        server.close(peer).unwrap();
        disconnected(&mut app, &mut server);
    }
}

/// Waits until this number of connections was reported, and returns the key of the last at the server.
fn opened(
    app: &mut App,
    server: &mut websocket_peer::WebSocketServer,
    count: usize,
) -> websocket_peer::PeerKey {
    until("it connects again", || {
        app.update();
        server.poll();
        while server.next_event().is_some() {}
        seen::<Connected>(app).messages.len() == count && server.peer_count() == 1
    });
    server.peers().next().unwrap()
}

#[test]
fn a_client_that_is_removed_or_connects_anew_is_reported_as_aborted() {
    let (mut server, url) = plain_server();
    let mut app = client_app();

    join(&mut app, &mut server, &url);
    let former: WebSocketClient = app.world_mut().remove_resource().unwrap();
    app.update();
    app.update();
    assert_seen(&app, &[aborted()]);

    // The same one, which is open.
    app.insert_resource(former);
    app.update();
    app.update();
    assert_seen(&app, &[Connected, Connected]);
    assert_seen(&app, &[aborted()]);

    let mut peer = client(&mut app);
    peer.abort();
    peer.connect(&url).unwrap();
    app.update();
    assert_seen(&app, &[aborted(), aborted()]);
    opened(&mut app, &mut server, 3);

    // An attempt that is removed has failed, and one that another attempt replaces has not.
    app.world_mut().remove_resource::<WebSocketClient>();
    for _ in 0..3 {
        app.insert_resource(WebSocketClient::connect(&url).unwrap());
        app.update();
    }
    assert_seen(&app, &[aborted(), aborted(), aborted()]);
    app.world_mut().remove_resource::<WebSocketClient>();
    app.update();
    assert_seen(&app, &[aborted(), aborted(), aborted(), aborted()]);
}

#[test]
fn a_client_that_is_replaced_is_reported_as_aborted_before_the_next_one() {
    let (mut server, url) = plain_server();
    for (way, replace) in replacements() {
        for is_open in [false, true] {
            let mut app = client_app();
            join(&mut app, &mut server, &url);
            let next =
                if is_open { open(&mut server, &url) } else { WebSocketClient::connect(&url).unwrap() };
            let former = replace(app.world_mut(), next);
            app.update();
            assert_eq!(seen::<Disconnected>(&app).messages, [aborted()], "{way}");
            assert_eq!(seen::<Connected>(&app).messages, [Connected], "{way}");
            if is_open {
                app.update();
            }
            until("the next one is connected", || {
                server.poll();
                while server.next_event().is_some() {}
                app.update();
                seen::<Connected>(&app).messages.len() == 2
            });
            assert_seen(&app, &[Connected, Connected]);
            assert_seen(&app, &[aborted()]);
            if let Some(former) = former {
                replace(app.world_mut(), former);
                app.update();
                app.update();
                assert_seen(&app, &[Connected, Connected, Connected]);
                assert_seen(&app, &[aborted(), aborted()]);
            }
        }
    }
}

#[test]
fn a_client_that_was_open_before_and_closes_at_once_is_reported_as_disconnected() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let mut next = open(&mut server, &url);
    next.close();
    app.insert_resource(next);
    let info = disconnected(&mut app, &mut server);
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Local));
    assert_seen::<Connected>(&app, &[]);
}

fn aborted() -> Disconnected {
    Disconnected { info: CloseCause::Aborted.into() }
}

/// A client whose connection is open before a plugin knows it.
#[track_caller]
fn open(server: &mut websocket_peer::WebSocketServer, url: &str) -> WebSocketClient {
    let mut client = WebSocketClient::connect(url).unwrap();
    until("it opens", || {
        server.poll();
        while server.next_event().is_some() {}
        client.poll() == ReadyState::Open
    });
    client
}

#[test]
fn packets_leave_at_the_end_of_the_frame_that_sent_them() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    let peer = join(&mut app, &mut server, &url);
    send_unread(&mut app, &mut server, peer);
    // While a packet is unread, packets are gathered.
    app.add_systems(Update, |mut client: ResMut<WebSocketClient>| client.send_text("gathered").unwrap());
    app.update();
    let mut events = Vec::new();
    until("the packet arrives without another frame", || {
        server.poll();
        events.extend(server.next_event());
        !events.is_empty()
    });
    assert!(matches!(&events[0], ServerEvent::Packet(_, packet) if packet.as_text() == Some("gathered")));
}

#[derive(Resource, Default, Debug, PartialEq, Eq)]
struct Runs {
    connected: u32,
    connecting: u32,
    just_connected: u32,
    just_disconnected: u32,
}

#[test]
fn without_a_client_nothing_runs() {
    let mut app = client_app();
    count_runs(&mut app);
    for _ in 0..3 {
        app.update();
    }
    assert_eq!(*app.world().resource::<Runs>(), Runs::default());
    assert_seen::<Disconnected>(&app, &[]);
}

#[test]
fn run_conditions_follow_the_state() {
    let (mut server, url) = plain_server();
    let mut app = client_app();
    count_runs(&mut app);
    app.insert_resource(WebSocketClient::connect(&url).unwrap());
    app.update();
    // The server was not polled, so there is no answer.
    assert_eq!(*app.world().resource::<Runs>(), Runs { connecting: 1, ..Runs::default() });
    until("it connects", || {
        server.poll();
        while server.next_event().is_some() {}
        app.update();
        app.world().resource::<Runs>().connected > 0
    });
    for _ in 0..3 {
        app.update();
    }
    let runs = app.world().resource::<Runs>();
    assert_eq!((runs.connected, runs.just_connected, runs.just_disconnected), (4, 1, 0));
    client(&mut app).abort();
    for _ in 0..3 {
        app.update();
    }
    let runs = app.world().resource::<Runs>();
    assert_eq!((runs.connected, runs.just_connected, runs.just_disconnected), (4, 1, 1));
}

fn count_runs(app: &mut App) {
    app.init_resource::<Runs>().add_systems(
        Update,
        (
            (|mut runs: ResMut<Runs>| runs.connected += 1).run_if(connected),
            (|mut runs: ResMut<Runs>| runs.connecting += 1).run_if(connecting),
            (|mut runs: ResMut<Runs>| runs.just_connected += 1).run_if(just_connected),
            (|mut runs: ResMut<Runs>| runs.just_disconnected += 1).run_if(just_disconnected),
        ),
    );
}
