//! Generated certificates: an authority, and valid or expired identities that it signs.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    /// The certificate chain as PEM: the leaf, then its authority.
    pub certificates_pem: String,
    /// The private key as PEM (PKCS #8).
    pub key_pem: String,
}

impl Authority {
    /// Returns an authority with this name and a new key.
    pub fn new(name: &str) -> io::Result<Self> {
        let mut params = parameters(&[], Validity::Now)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let pem = params.self_signed(&key).map_err(io::Error::other)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// The authority's own certificate as PEM, which a client has to trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns an identity for these host names and addresses that is valid now.
    pub fn issue(&self, names: &[&str]) -> io::Result<Identity> {
        self.sign(names, Validity::Now)
    }

    /// Returns an identity for these names that expired yesterday.
    pub fn issue_expired(&self, names: &[&str]) -> io::Result<Identity> {
        self.sign(names, Validity::Expired)
    }

    fn sign(&self, names: &[&str], validity: Validity) -> io::Result<Identity> {
        let mut params = parameters(names, validity)?;
        let common_name = names.first().copied().unwrap_or("unnamed");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(Identity { certificates_pem: certificate.pem() + &self.pem, key_pem: key.serialize_pem() })
    }
}

impl Identity {
    /// Returns the configuration of a TLS server with this identity.
    pub fn server_config(&self) -> io::Result<Arc<ServerConfig>> {
        let chain = CertificateDer::pem_slice_iter(self.certificates_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        Ok(Arc::new(config))
    }
}

#[derive(Clone, Copy)]
enum Validity {
    Now,
    Expired,
}

fn parameters(names: &[&str], validity: Validity) -> io::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    // Some verifiers reject leaf certificates that are valid for more than 398 days.
    let today = OffsetDateTime::now_utc();
    let (from, to) = match validity {
        Validity::Now => (-1, 30),
        Validity::Expired => (-30, -1),
    };
    params.not_before = today + Duration::days(from);
    params.not_after = today + Duration::days(to);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_identity_configures_a_tls_server() {
        let authority = Authority::new("test authority").unwrap();
        for identity in [
            authority.issue(&["localhost", "127.0.0.1"]).unwrap(),
            authority.issue_expired(&["localhost"]).unwrap(),
        ] {
            identity.server_config().unwrap();
        }
    }

    #[test]
    fn two_authorities_with_one_name_differ() {
        let [one, other] = ["same name", "same name"].map(|name| Authority::new(name).unwrap());
        assert_ne!(one.pem(), other.pem());
    }
}
