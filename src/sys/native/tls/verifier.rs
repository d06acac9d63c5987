//! Certificate verifiers: for roots that the program gave, which are pins, too, and one that accepts any certificate.

use std::{net::IpAddr, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, DnsName, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::certificate::Certificate;

/// A verifier of servers.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

/// The certificates that are trusted.
#[derive(Debug)]
enum Trust {
    Roots(Roots),
    #[cfg(feature = "tls-dangerous")]
    Any,
}

impl Verifier {
    /// Trusts servers with one of these certificates, and servers whose certificates were issued by an authority among
    /// them. Returns `None` if one is malformed, or if there is none.
    pub(super) fn with_roots(
        certificates: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Option<Self> {
        Some(Self { trust: Trust::Roots(Roots::new(certificates, &provider)?), provider })
    }

    /// Accepts any certificate.
    #[cfg(feature = "tls-dangerous")]
    pub(super) fn accepting_any(provider: Arc<CryptoProvider>) -> Self {
        Self { trust: Trust::Any, provider }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match &self.trust {
            Trust::Roots(roots) => roots.verify(end_entity, intermediates, server_name, ocsp_response, now),
            #[cfg(feature = "tls-dangerous")]
            Trust::Any => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificates that the program gave as roots.
#[derive(Debug)]
struct Roots {
    /// All certificates. A server may use one of them itself.
    pins: Vec<(CertificateDer<'static>, Certificate)>,
    /// Verifies certificates that the authorities among them have issued. `None` if there is no authority.
    authorities: Option<Arc<WebPkiServerVerifier>>,
}

impl Roots {
    fn new(certificates: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Option<Self> {
        let mut pins = Vec::with_capacity(certificates.len());
        let mut store = RootCertStore::empty();
        for der in certificates {
            let read = Certificate::read(&der)?;
            // A server's certificate is not added: webpki would accept every certificate that its key has signed, for
            // any host.
            if read.is_authority {
                store.add(der.clone()).ok()?;
            } else {
                ParsedCertificate::try_from(&der).ok()?;
            }
            pins.push((der, read));
        }
        let authorities = if store.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(store.into(), Arc::clone(provider));
            Some(builder.build().ok()?)
        };
        (!pins.is_empty()).then_some(Self { pins, authorities })
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if let Some((der, pin)) = self.pins.iter().find(|(der, _)| der == end_entity) {
            return verify_pinned(der, pin, server_name, now);
        }
        match &self.authorities {
            Some(authorities) => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }
}

/// Verifies dates and names of a certificate that the program has given. The signature of the handshake shows that the
/// server has the key.
fn verify_pinned(
    der: &CertificateDer<'_>,
    pin: &Certificate,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, TlsError> {
    if now < pin.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > pin.not_after {
        return Err(CertificateError::Expired.into());
    }
    if pin.has_names {
        verify_server_name(&ParsedCertificate::try_from(der)?, server_name)?;
    } else if !pin.common_name.as_deref().is_none_or(|name| allows(name, server_name)) {
        return Err(CertificateError::NotValidForName.into());
    }
    Ok(ServerCertVerified::assertion())
}

/// Returns `true` if the common name of a certificate without other names allows it for this server.
///
/// RFC 6125, 6.4.4: a common name is checked if it has the form of a fully qualified domain name. Addresses are
/// checked, too, because many certificates have them there. Any other common name is a label, such as `my server`, and
/// is not checked.
fn allows(common_name: &str, server: &ServerName<'_>) -> bool {
    if let Ok(address) = common_name.parse::<IpAddr>() {
        return *server == ServerName::IpAddress(address.into());
    }
    let (domain, is_wildcard) = match common_name.strip_prefix("*.") {
        Some(domain) => (domain, true),
        None => (common_name, false),
    };
    if !common_name.contains('.') || DnsName::try_from(domain).is_err() {
        return true;
    }
    let ServerName::DnsName(server) = server else { return false };
    let server = server.as_ref();
    match server.split_once('.') {
        Some((_, behind)) if is_wildcard => behind.eq_ignore_ascii_case(domain),
        _ => !is_wildcard && server.eq_ignore_ascii_case(domain),
    }
}
