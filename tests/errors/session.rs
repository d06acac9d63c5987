//! The errors of a session. A call that fails sends nothing and causes no event.

use std::time::Duration;

use websocket_peer::{
    Error, ReadyState,
    multiplayer::{
        Method, Methods, NodeKey, Parameter, PeerId, Scene, Session, SessionError, SessionOptions, Spawn,
        Spawner, Target,
    },
    variant::{Array, EncodeError, Variant},
};

use crate::{error, open};

/// Two ends of a session, and what only these two have: a node, and each other.
fn session() -> (Session, Session, NodeKey) {
    let now = Duration::ZERO;
    let (mut server, mut client) =
        (Session::server(SessionOptions::default()), Session::client(SessionOptions::default()));
    let ann = PeerId::new(2).unwrap();
    client.connected(ann, now);
    server.peer_joined(ann, now);
    let methods = Methods::new()
        .with(Method::new("say").any_peer().parameter(Parameter::of::<String>("text")))
        .with(Method::new("silent").any_peer());
    let node = client.register_node_with("Room", methods).unwrap();
    (server, client, node)
}

/// Returns the error of `call`. Checks that nothing was sent and no event occurred.
#[track_caller]
fn session_error<T, E: Into<SessionError>>(
    session: &mut Session,
    code: i32,
    call: impl FnOnce(&mut Session) -> Result<T, E>,
) -> SessionError {
    while session.next_event().is_some() {}
    let stats = session.stats();
    let Err(error) = call(session) else { panic!("no error") };
    let error = error.into();
    assert_eq!((session.next_output(), session.next_event()), (None, None), "{error}");
    assert_eq!((session.stats(), error.godot_code()), (stats, code), "{error}");
    error
}

#[test]
fn unknown_peer_of_a_session() {
    let (mut server, mut client, node) = session();
    let unknown = PeerId::new(99).unwrap();
    for session in [&mut server, &mut client] {
        let error = session_error(session, 33, |session| session.send_bytes(unknown, b"x"));
        assert_eq!(error, SessionError::Peer(Error::UnknownPeer));
        assert_eq!(session_error(session, 33, |session| session.disconnect_peer(unknown)), error);
    }
    let call = |session: &mut Session| session.call_method(node, unknown, "silent", vec![]);
    assert_eq!(session_error(&mut client, 33, call), Error::UnknownPeer.into());
}

#[test]
fn unknown_node() {
    let (mut server, mut client, node) = session();
    let call = |session: &mut Session| session.call_method(node, Target::All, "silent", vec![]);
    assert_eq!(session_error(&mut server, 33, call), SessionError::UnknownNode, "it is the client's");
    client.unregister_node(node);
    assert_eq!(session_error(&mut client, 33, call), SessionError::UnknownNode);
    assert_eq!(SessionError::UnknownNode.to_string(), "the session has no such node");
}

#[test]
fn invalid_node() {
    let (_, mut client, _) = session();
    let twice = Methods::new().with(Method::new("a")).with(Method::new("a"));
    for (path, methods) in
        [("Room", Methods::new()), ("a//b", Methods::new()), ("a/../b", Methods::new()), ("Other", twice)]
    {
        let error = session_error(&mut client, 31, |session| session.register_node_with(path, methods));
        assert!(matches!(error, SessionError::InvalidNode { .. }), "{path}: {error}");
        assert!(error.to_string().starts_with("invalid node: "), "{error}");
    }
}

#[test]
fn unknown_method() {
    let (_, mut client, node) = session();
    let call = |session: &mut Session| session.call_method(node, Target::All, "other", vec![]);
    assert_eq!(session_error(&mut client, 31, call), SessionError::UnknownMethod);
    assert_eq!(SessionError::UnknownMethod.to_string(), "the node has no method of this name");
}

#[test]
fn invalid_arguments() {
    let (_, mut client, node) = session();
    for arguments in [vec![], vec![1.into()], vec!["a".into(), "b".into()]] {
        let call = |session: &mut Session| session.call_method(node, Target::All, "say", arguments);
        let error = session_error(&mut client, 31, call);
        assert!(matches!(error, SessionError::InvalidArguments { .. }), "{error}");
        assert!(error.to_string().starts_with("invalid arguments: "), "{error}");
    }
}

#[test]
fn not_call_local() {
    let (_, mut client, node) = session();
    let own = client.id().unwrap();
    let call = |session: &mut Session| session.call_method(node, own, "silent", vec![]);
    assert_eq!(session_error(&mut client, 31, call), SessionError::NotCallLocal);
    assert_eq!(SessionError::NotCallLocal.to_string(), "the method is not declared `call_local`");
}

#[test]
fn not_authority() {
    let (_, mut client, _) = session();
    let spawner = client.register_spawner("Spawner", Spawner::new().scene(Scene::new([]))).unwrap();
    let spawn = |session: &mut Session| session.spawn(spawner, Spawn::scene(0));
    assert_eq!(session_error(&mut client, 4, spawn), SessionError::NotAuthority);
    assert_eq!(SessionError::NotAuthority.to_string(), "another peer is the authority of the node");
}

#[test]
fn not_authenticating() {
    let (_, mut client, _) = session();
    let auth = |session: &mut Session| session.send_auth(PeerId::SERVER, b"x");
    assert_eq!(session_error(&mut client, 13, auth), SessionError::NotAuthenticating);
    let auth = |session: &mut Session| session.complete_auth(PeerId::SERVER);
    assert_eq!(session_error(&mut client, 13, auth), SessionError::NotAuthenticating);
    assert_eq!(SessionError::NotAuthenticating.to_string(), "the peer is not authenticating");
}

#[test]
fn invalid_variant() {
    let deep = (0..2000).fold(Variant::Nil, |inner, _| Array::from(vec![inner]).into());
    let mut peer = open();
    let error = error(&mut peer, 6, |peer| peer.send_variant(&deep));
    assert_eq!(error, Error::InvalidVariant { reason: EncodeError::TooDeep });
    let (_, mut client, _) = session();
    let methods = Methods::new().with(Method::new("take").parameter(Parameter::any("it")));
    let node = client.register_node_with("Taker", methods).unwrap();
    let call = |session: &mut Session| session.call_method(node, PeerId::SERVER, "take", vec![deep]);
    assert_eq!(
        session_error(&mut client, 6, call),
        Error::InvalidVariant { reason: EncodeError::TooDeep }.into()
    );
}

#[test]
fn not_open_and_too_big_in_a_session() {
    let mut early = Session::client(SessionOptions::default());
    let send = |session: &mut Session| session.send_bytes(Target::All, b"x");
    let expected = Error::NotOpen { state: ReadyState::Connecting }.into();
    assert_eq!(session_error(&mut early, 1, send), expected);
    let (_, mut client, _) = session();
    let send = |session: &mut Session| session.send_bytes(PeerId::SERVER, &[0; 65_535]);
    assert_eq!(session_error(&mut client, 6, send), Error::PacketTooBig { len: 65_536, max: 65_535 }.into());
}
