//! Both ends are peers of this crate.

use std::{net::TcpListener, time::Duration};

use testkit::proxy::{Fault, Passed, Proxy, Transcript};
use websocket_peer::TlsOptions;

use crate::{
    common::raw::listener,
    dialogue::{Case, Participant, until_all_end},
    oracle::Role,
};

/// The number of connections at once. Most of the time they wait.
pub const AT_ONCE: usize = 64;

/// Longer than a poll, shorter than any time limit.
pub const PAUSE: Duration = Duration::from_millis(10);

/// The TLS options of both ends.
#[derive(Default)]
pub struct Security {
    pub is_secure: bool,
    pub client: TlsOptions,
    pub server: TlsOptions,
}

/// A running connection.
pub struct Pair<'a> {
    case: Case,
    security: &'a Security,
    listener: TcpListener,
    proxy: Proxy,
    client: Participant,
    server: Option<Participant>,
}

/// A connection that has ended.
pub struct Ended {
    pub case: Case,
    pub client: Participant,
    pub server: Participant,
    pub transcript: Transcript,
}

impl<'a> Pair<'a> {
    fn start(case: Case, security: &'a Security) -> Self {
        let (listener, _) = listener();
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let proxy = Proxy::start(listener.local_addr().expect("an address"), case.plan()).expect("a proxy");
        let scheme = if security.is_secure { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/dialogue", proxy.addr());
        let client = Participant::client(&case, &url, security.client.clone());
        Self { case, security, listener, proxy, client, server: None }
    }

    /// Runs a step. Returns `true` when both ends have ended.
    fn step(&mut self) -> bool {
        let client_has_ended = self.client.step();
        if let Some(server) = &mut self.server {
            return server.step() && client_has_ended;
        }
        let accepted = self.listener.accept().ok();
        self.server =
            accepted.map(|(stream, _)| Participant::server(&self.case, stream, self.security.server.clone()));
        false
    }

    fn end(self) -> Ended {
        let server = self.server.expect("the connection was accepted");
        let transcript = self.proxy.into_transcripts().remove(0);
        Ended { case: self.case, client: self.client, server, transcript }
    }
}

/// Runs all cases.
pub fn run(cases: impl IntoIterator<Item = Case>, security: &Security) -> Vec<Ended> {
    let mut cases = cases.into_iter().peekable();
    let mut ended = Vec::new();
    while cases.peek().is_some() {
        let now = cases.by_ref().take(AT_ONCE);
        let mut pairs: Vec<Pair<'_>> = now.map(|case| Pair::start(case, security)).collect();
        until_all_end(&mut pairs, Pair::step, |pair| {
            let server = pair.server.as_ref().map(|server| &server.peer);
            format!("{:?}, client {:?}, server {server:?}", pair.case, pair.client.peer)
        });
        ended.extend(pairs.into_iter().map(Pair::end));
    }
    ended
}

/// Returns the bytes that an end receives without a fault.
pub fn undisturbed(to: Role, closer: Role, security: &Security) -> Passed {
    let case = Case { fault: Fault::Cut, to, after: u64::MAX, closer };
    let transcript = run([case], security).remove(0).transcript;
    match to {
        Role::Client => transcript.to_client,
        Role::Server => transcript.to_server,
    }
}

/// Returns a case with the fault after each byte of the dialogue to one of the ends.
pub fn at_every_byte(fault: Fault, to: Role) -> Vec<Case> {
    let mut cases = Vec::new();
    for closer in [Role::Client, Role::Server] {
        let len = undisturbed(to, closer, &Security::default()).bytes.len() as u64;
        assert!(len > 250, "a handshake and a dialogue are longer than {len} bytes");
        // The closing end matters at the end only.
        let first = if closer == Role::Client { 0 } else { len - 20 };
        cases.extend((first..=len).map(|after| Case { fault, to, after, closer }));
    }
    cases
}

fn assert_reports(cases: Vec<Case>) {
    for Ended { case, client, server, transcript } in run(cases, &Security::default()) {
        client.assert_report(&case, &transcript.to_client);
        server.assert_report(&case, &transcript.to_server);
    }
}

macro_rules! faults {
    ($($name:ident: $fault:expr, $to:expr;)*) => {$(
        #[test]
        fn $name() {
            assert_reports(at_every_byte($fault, $to));
        }
    )*};
}

faults! {
    a_cut_after_any_byte_to_the_client_is_reported_by_both: Fault::Cut, Role::Client;
    a_cut_after_any_byte_to_the_server_is_reported_by_both: Fault::Cut, Role::Server;
    a_reset_after_any_byte_to_the_client_is_reported_by_both: Fault::Reset, Role::Client;
    a_reset_after_any_byte_to_the_server_is_reported_by_both: Fault::Reset, Role::Server;
    a_half_close_after_any_byte_to_the_client_is_reported_by_both: Fault::HalfClose, Role::Client;
    a_half_close_after_any_byte_to_the_server_is_reported_by_both: Fault::HalfClose, Role::Server;
    a_pause_after_any_byte_to_the_client_has_no_effect: Fault::Pause(PAUSE), Role::Client;
    a_pause_after_any_byte_to_the_server_has_no_effect: Fault::Pause(PAUSE), Role::Server;
    a_stall_after_any_byte_to_the_client_ends_in_time: Fault::Stall, Role::Client;
    a_stall_after_any_byte_to_the_server_ends_in_time: Fault::Stall, Role::Server;
}
