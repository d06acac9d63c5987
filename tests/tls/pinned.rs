//! Pinned certificates: a client has them as roots, and servers use them. They are self-signed, like those of the
//! `openssl` command and of Godot's generator.

use std::{sync::Arc, thread};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use testkit::{Server, certs::Identity};
use websocket_peer::{CloseCause, PeerOptions, TlsFailure, WebSocketPeer};

use super::trust::{assert_opens, authority, failure, serve, trusting};
use crate::common::{PATIENCE, closed, raw::listener};

const AUTHORITY: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

/// Returns a self-signed certificate with its key, for these names and this common name.
fn own(names: &[&str], common_name: &str, edit: impl FnOnce(&mut CertificateParams)) -> Own {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, "myorganisation");
    params.distinguished_name.push(DnType::CountryName, "IT");
    edit(&mut params);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Own { identity: Identity { certificates_pem: pem, key_pem: key.serialize_pem() }, params, key }
}

struct Own {
    identity: Identity,
    params: CertificateParams,
    key: KeyPair,
}

impl Own {
    fn pem(&self) -> &str {
        &self.identity.certificates_pem
    }

    /// A server with this certificate.
    fn serve(&self) -> Server {
        serve(&authority(), &self.identity)
    }

    /// Signs a certificate for another host.
    fn issue(self, name: &str) -> Identity {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(self.params, self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Identity {
            certificates_pem: certificate.pem() + &self.identity.certificates_pem,
            key_pem: key.serialize_pem(),
        }
    }
}

fn authority_too(params: &mut CertificateParams) {
    params.is_ca = AUTHORITY;
}

fn server_only(params: &mut CertificateParams) {
    params.is_ca = IsCa::ExplicitNoCa;
}

#[track_caller]
fn assert_trusted(own: &Own) {
    assert_opens(trusting(own.pem()), &own.serve().secure_url("/echo"));
}

#[track_caller]
fn assert_fails(own: &Own, expected: TlsFailure) {
    assert_eq!(failure(trusting(own.pem()), &own.serve().secure_url("/echo")), expected);
}

#[test]
fn a_certificate_like_those_of_openssl_is_trusted() {
    assert_trusted(&own(&["localhost"], "localhost", authority_too));
    assert_trusted(&own(&[], "localhost", authority_too));
}

#[test]
fn a_certificate_like_those_of_godot_is_trusted() {
    let constraints = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    };
    assert_trusted(&own(&[], "myserver", constraints));
}

#[test]
fn a_certificate_that_is_not_an_authority_is_trusted() {
    assert_trusted(&own(&["localhost"], "localhost", server_only));
    assert_trusted(&own(&[], "localhost", server_only));
    assert_trusted(&own(&["localhost"], "localhost", |_| {}));
}

#[test]
fn a_pinned_certificate_of_an_unknown_authority_is_trusted() {
    let unknown = authority();
    let [given, other] = [(); 2].map(|()| unknown.issue(&["localhost"]).unwrap());
    // The chain also has the authority's certificate.
    let pem = given.certificates_pem.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    assert_opens(trusting(pem), &serve(&unknown, &given).secure_url("/echo"));
    let server = serve(&unknown, &other);
    assert_eq!(failure(trusting(pem), &server.secure_url("/echo")), TlsFailure::UnknownIssuer);
}

#[test]
fn a_pin_is_trusted_beside_authorities() {
    let own = own(&["localhost"], "localhost", authority_too);
    let another = authority();
    let pem = format!("{}{}", another.pem(), own.pem());
    assert_opens(trusting(&pem), &own.serve().secure_url("/echo"));
    let issued = serve(&another, &another.issue(&["localhost"]).unwrap());
    assert_opens(trusting(&pem), &issued.secure_url("/echo"));
}

#[test]
fn the_names_of_a_pin_are_checked() {
    let own = own(&["game.example", "127.0.0.1"], "localhost", authority_too);
    assert_fails(&own, TlsFailure::WrongName);
    let server = own.serve();
    assert_opens(trusting(own.pem()).server_name("game.example"), &server.secure_url("/echo"));
    assert_opens(trusting(own.pem()), &format!("wss://{}/echo", server.secure_addr()));
}

#[test]
fn a_common_name_is_checked_if_it_is_a_domain_or_an_address() {
    for (name, right, wrong) in [
        ("game.example", "Game.Example", "other.example"),
        ("*.game.example", "eu.game.example", "a.eu.game.example"),
        ("*.game.example", "us.game.example", "game.example"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::1", "game.example"),
    ] {
        let own = own(&[], name, authority_too);
        let server = own.serve();
        let url = server.secure_url("/echo");
        assert_eq!(failure(trusting(own.pem()), &url), TlsFailure::WrongName, "{name}");
        assert_eq!(failure(trusting(own.pem()).server_name(wrong), &url), TlsFailure::WrongName, "{name}");
        assert_opens(trusting(own.pem()).server_name(right), &url);
    }
}

#[test]
fn a_common_name_that_is_a_label_is_not_checked() {
    for name in ["localhost", "my server", "Server v1.2", "Jörg's"] {
        let own = own(&[], name, authority_too);
        let server = own.serve();
        assert_opens(trusting(own.pem()), &server.secure_url("/echo"));
        assert_opens(trusting(own.pem()).server_name("game.example"), &server.secure_url("/echo"));
    }
}

#[test]
fn the_dates_of_a_pin_are_checked() {
    for (names, is_ca) in
        [(&["localhost"][..], AUTHORITY), (&[], AUTHORITY), (&["localhost"], IsCa::ExplicitNoCa)]
    {
        for (from, to) in [((2001, 2, 3), (2002, 3, 4)), ((2101, 1, 1), (2102, 1, 1))] {
            let own = own(names, "localhost", |params| {
                params.is_ca = is_ca;
                params.not_before = date_time_ymd(from.0, from.1, from.2);
                params.not_after = date_time_ymd(to.0, to.1, to.2);
            });
            assert_fails(&own, TlsFailure::Expired);
        }
    }
}

#[test]
fn another_certificate_with_the_same_names_is_rejected() {
    for edit in [authority_too, server_only] {
        let [given, other] = [(); 2].map(|()| own(&["localhost"], "localhost", edit));
        let failure = failure(trusting(given.pem()), &other.serve().secure_url("/echo"));
        assert!(matches!(failure, TlsFailure::UnknownIssuer | TlsFailure::Other(_)), "{failure:?}");
    }
}

#[test]
fn a_pin_does_not_make_other_certificates_trusted() {
    for edit in [server_only, |_: &mut CertificateParams| {}] {
        let given = own(&["localhost"], "localhost", edit);
        let pem = given.pem().to_owned();
        let server = serve(&authority(), &given.issue("localhost"));
        assert_eq!(failure(trusting(&pem), &server.secure_url("/echo")), TlsFailure::UnknownIssuer);
    }
}

#[test]
fn a_pinned_authority_makes_its_issued_certificates_trusted() {
    let given = own(&["game.example"], "game.example", authority_too);
    let pem = given.pem().to_owned();
    let server = serve(&authority(), &given.issue("localhost"));
    assert_opens(trusting(&pem), &server.secure_url("/echo"));
}

/// Presents a certificate with the key of another one.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesServerCert for Thief {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[test]
fn a_server_with_the_certificate_but_not_its_key_is_rejected() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let [given, other] = [(); 2].map(|()| own(&["localhost"], "localhost", authority_too));
        let chain = vec![CertificateDer::from_pem_slice(given.pem().as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(other.identity.key_pem.as_bytes()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Thief(Arc::new(CertifiedKey::new(chain, key)))));
        let (listener, port) = listener();
        let server = thread::spawn(move || {
            let (mut tcp, _) = listener.accept().expect("the peer connects");
            tcp.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            let mut tls = ServerConnection::new(Arc::new(config)).expect("a session");
            // The client's alert ends it.
            while tls.is_handshaking() {
                if tls.complete_io(&mut tcp).is_err() {
                    return;
                }
            }
            panic!("the client went on");
        });
        let mut peer = WebSocketPeer::with_options(PeerOptions::default().tls(trusting(given.pem())));
        peer.connect(&format!("wss://localhost:{port}/")).unwrap();
        let info = closed(&mut peer);
        let expected = TlsFailure::Other("a signature does not match the key of the certificate".into());
        assert_eq!(info.cause, CloseCause::Tls(expected));
        server.join().expect("the server ends");
    }
}
