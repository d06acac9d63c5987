//! The same with TLS. The bytes cannot be read from outside, so less is known about the reports, but there are more bytes to
//! break.

use testkit::{certs::Authority, proxy::Fault};
use websocket_peer::{CloseCause, Packet, TlsCertificate, TlsOptions, TlsRoots};

use crate::{
    dialogue::{Case, dialogue},
    oracle::{Report, Role},
    pair::{Ended, Security, run, undisturbed},
};

/// A fault at every byte would take minutes. The step is coprime to the sizes in TLS.
const STEP: usize = 13;

fn secure() -> Security {
    let authority = Authority::new("own authority").unwrap();
    let issued = authority.issue(&["127.0.0.1"]).unwrap();
    let certificate = TlsCertificate::from_pem(issued.certificates_pem, issued.key_pem);
    Security {
        is_secure: true,
        client: TlsOptions::default().roots(TlsRoots::Custom { pem: authority.pem().as_bytes().to_vec() }),
        server: TlsOptions::default().certificate(certificate),
    }
}

fn judge(report: &Report<'_>, has_deadlines: bool) -> Result<(), &'static str> {
    use CloseCause::{ConnectionLost, HandshakeFailed, Local, Refused, Remote, TimedOut, Tls};
    if !dialogue().starts_with(report.packets) {
        return Err("packets are lost, duplicated or changed");
    }
    match &report.info.cause {
        Local | Remote if report.packets.len() < dialogue().len() => Err("no end has closed yet"),
        Local if !report.asked => Err("this end did not close"),
        Remote if report.asked => Err("this end closed"),
        Local | Remote | ConnectionLost if !report.was_open => Err("it was not open"),
        HandshakeFailed { .. } | Tls(_) | Refused { status: None, .. } if report.was_open => {
            Err("it was open")
        }
        TimedOut(_) if !has_deadlines => Err("no timeout may pass"),
        Local
        | Remote
        | ConnectionLost
        | HandshakeFailed { .. }
        | Tls(_)
        | Refused { status: None, .. }
        | TimedOut(_) => Ok(()),
        _ => Err("an impossible cause"),
    }
}

fn at_many_bytes(fault: Fault, to: Role) {
    let security = secure();
    let len = undisturbed(to, Role::Client, &security).bytes.len();
    assert!(len > 500, "TLS, a handshake and a dialogue are longer than {len} bytes");
    let cases = (0..=len).step_by(STEP);
    let cases = cases.map(|after| Case { fault, to, after: after as u64, closer: Role::Client });
    for Ended { case, client, server, .. } in run(cases, &security) {
        for report in [client.report(), server.report()] {
            assert_eq!(judge(&report, case.has_deadlines()), Ok(()), "{case:?}: {report:?}");
        }
    }
}

#[test]
fn a_secure_dialogue_passes_a_proxy_unchanged() {
    let whole = Case { fault: Fault::Cut, to: Role::Client, after: u64::MAX, closer: Role::Client };
    let Ended { client, server, .. } = run([whole], &secure()).remove(0);
    for (report, cause) in [(client.report(), CloseCause::Local), (server.report(), CloseCause::Remote)] {
        let packets: &[Packet] = &dialogue();
        assert_eq!((report.packets, &report.info.cause), (packets, &cause));
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
    a_secure_connection_that_is_cut_to_the_client_is_reported_by_both: Fault::Cut, Role::Client;
    a_secure_connection_that_is_cut_to_the_server_is_reported_by_both: Fault::Cut, Role::Server;
    a_secure_connection_that_is_reset_to_the_client_is_reported_by_both: Fault::Reset, Role::Client;
    a_secure_connection_that_is_reset_to_the_server_is_reported_by_both: Fault::Reset, Role::Server;
    a_secure_connection_that_is_half_closed_to_the_client_is_reported_by_both: Fault::HalfClose, Role::Client;
    a_secure_connection_that_is_half_closed_to_the_server_is_reported_by_both: Fault::HalfClose, Role::Server;
    a_secure_connection_that_is_stalled_to_the_client_ends_in_time: Fault::Stall, Role::Client;
    a_secure_connection_that_is_stalled_to_the_server_ends_in_time: Fault::Stall, Role::Server;
}
