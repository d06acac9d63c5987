//! The same through TLS. What passes cannot be read from outside, so less can be said of what the ends must tell; but the
//! handshake of TLS has many more places to break at.

use testkit::{certs::Authority, proxy::Fault};
use websocket_peer::{CloseCause, Packet, TlsCertificate, TlsOptions, TlsRoots};

use crate::{
    dialogue::{Case, said},
    oracle::{Role, Told},
    pair::{Ended, Security, run, undisturbed},
};

/// A fault at every byte would take minutes. Coprime to the sizes that TLS likes, so that it meets all sorts of places.
const STEP: usize = 13;

fn secure() -> Security {
    let authority = Authority::new("own authority").unwrap();
    let identity = authority.issue(&["127.0.0.1"]).unwrap();
    let identity =
        TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes());
    Security {
        is_secure: true,
        client: TlsOptions::default().roots(TlsRoots::Custom { pem: authority.pem().as_bytes().to_vec() }),
        server: TlsOptions::default().certificate(identity),
    }
}

fn judge(told: &Told<'_>, has_deadlines: bool) -> Result<(), &'static str> {
    use CloseCause::{ConnectionLost, HandshakeFailed, Local, Refused, Remote, TimedOut, Tls};
    if !said().starts_with(told.packets) {
        return Err("packets are lost, doubled or changed");
    }
    match &told.info.cause {
        Local | Remote if told.packets.len() < said().len() => Err("nobody has closed yet"),
        Local if !told.asked => Err("it did not ask"),
        Remote if told.asked => Err("it asked"),
        Local | Remote | ConnectionLost if !told.was_open => Err("it was never open"),
        HandshakeFailed { .. } | Tls(_) | Refused { status: None, .. } if told.was_open => Err("it was open"),
        TimedOut(_) if !has_deadlines => Err("nothing had to be waited for"),
        Local
        | Remote
        | ConnectionLost
        | HandshakeFailed { .. }
        | Tls(_)
        | Refused { status: None, .. }
        | TimedOut(_) => Ok(()),
        _ => Err("that did not happen"),
    }
}

fn at_many_bytes(fault: Fault, to: Role) {
    let security = secure();
    let len = undisturbed(to, Role::Client, &security).bytes.len();
    assert!(len > 500, "TLS, a handshake and a dialogue are longer than {len} bytes");
    let cases = (0..=len).step_by(STEP);
    let cases = cases.map(|after| Case { fault, to, after: after as u64, closer: Role::Client });
    for Ended { case, client, server, .. } in run(cases, &security) {
        for told in [client.told(), server.told()] {
            assert_eq!(judge(&told, case.has_deadlines()), Ok(()), "{case:?}: {told:?}");
        }
    }
}

#[test]
fn a_secure_dialogue_passes_a_proxy_unharmed() {
    let whole = Case { fault: Fault::Cut, to: Role::Client, after: u64::MAX, closer: Role::Client };
    let Ended { client, server, .. } = run([whole], &secure()).remove(0);
    for (told, cause) in [(client.told(), CloseCause::Local), (server.told(), CloseCause::Remote)] {
        let packets: &[Packet] = &said();
        assert_eq!((told.packets, &told.info.cause), (packets, &cause));
    }
}

macro_rules! faults {
    ($($name:ident: $fault:expr, $to:expr;)*) => {$(
        #[test]
        fn $name() {
            at_many_bytes($fault, $to);
        }
    )*};
}

faults! {
    a_secure_connection_that_is_cut_to_the_client_is_told_by_both: Fault::Cut, Role::Client;
    a_secure_connection_that_is_cut_to_the_server_is_told_by_both: Fault::Cut, Role::Server;
    a_secure_connection_that_is_reset_to_the_client_is_told_by_both: Fault::Reset, Role::Client;
    a_secure_connection_that_is_reset_to_the_server_is_told_by_both: Fault::Reset, Role::Server;
    a_secure_connection_that_is_half_closed_to_the_client_is_told_by_both: Fault::HalfClose, Role::Client;
    a_secure_connection_that_is_half_closed_to_the_server_is_told_by_both: Fault::HalfClose, Role::Server;
    a_secure_connection_that_is_stalled_to_the_client_ends_in_time: Fault::Stall, Role::Client;
    a_secure_connection_that_is_stalled_to_the_server_ends_in_time: Fault::Stall, Role::Server;
}
