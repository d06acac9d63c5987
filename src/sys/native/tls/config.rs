//! Makes rustls configurations from options.

use std::{
    io::Cursor,
    sync::{Arc, OnceLock},
};

use mio::net::TcpStream;
use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, ServerConfig, ServerConnection, WantsVerifier,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{super::stream::Stream, TlsStream, errors, verifier::Verifier};
use crate::{
    close::TlsFailure,
    error::Error,
    options::{TlsCertificate, TlsOptions, TlsRoots},
    url::{Host, Url},
};

/// The TLS settings of a client connection. `None`: plain.
#[derive(Debug)]
pub(in super::super) struct Client(Option<(Arc<ClientConfig>, ServerName<'static>)>);

impl Client {
    pub(in super::super) fn new(url: &Url, options: &TlsOptions) -> Result<Self, Error> {
        if !url.secure {
            return Ok(Self(None));
        }
        let name = match (&options.server_name, url.host()) {
            (Some(name), _) => ServerName::try_from(name.clone()).map_err(|_| Error::InvalidOption {
                option: "tls.server_name",
                reason: "it is not a host name",
            })?,
            (None, Host::Name(name)) => {
                // A certificate has no root dot in its names.
                let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
                ServerName::try_from(name)
                    .map_err(|_| Error::InvalidUrl { reason: "its host cannot stand in a certificate" })?
            }
            (None, Host::Ip(ip)) => ServerName::IpAddress(ip.into()),
        };
        Ok(Self(Some((client_config(&options.roots)?, name))))
    }

    pub(in super::super) fn secure(self, tcp: TcpStream) -> Result<Stream, TlsFailure> {
        let Some((config, name)) = self.0 else { return Ok(Stream::Plain(tcp)) };
        let connection = ClientConnection::new(config, name).map_err(|error| errors::failure(&error))?;
        Ok(Stream::Tls(Box::new(TlsStream::new(tcp, connection.into()))))
    }
}

/// The TLS settings of a server. `None`: plain.
#[derive(Debug, Clone)]
pub(in super::super) struct Server(Option<Arc<ServerConfig>>);

impl Server {
    pub(in super::super) fn new(certificate: Option<&TlsCertificate>) -> Result<Self, Error> {
        Ok(Self(certificate.map(server_config).transpose()?))
    }

    pub(in super::super) fn secure(self, tcp: TcpStream) -> Result<Stream, Error> {
        let Some(config) = self.0 else { return Ok(Stream::Plain(tcp)) };
        let connection = ServerConnection::new(config).map_err(|_| Error::InvalidOption {
            option: "tls.certificate",
            reason: "the TLS library refuses it",
        })?;
        Ok(Stream::Tls(Box::new(TlsStream::new(tcp, connection.into()))))
    }
}

/// Returns the crypto provider. It is never rustls's default: without one, or with two, rustls panics.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

fn client_config(roots: &TlsRoots) -> Result<Arc<ClientConfig>, Error> {
    /// Reading the system's certificates takes milliseconds, and a session can only be resumed with the same
    /// configuration.
    static PLATFORM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    match roots {
        TlsRoots::Platform => {
            if let Some(config) = PLATFORM.get() {
                return Ok(Arc::clone(config));
            }
            let config = client_builder()?
                .with_platform_verifier()
                .map_err(|_| unusable("tls.roots", "the system's certificates cannot be read"))?
                .with_no_client_auth();
            Ok(Arc::clone(PLATFORM.get_or_init(|| Arc::new(config))))
        }
        TlsRoots::Bundled => bundled(),
        TlsRoots::Custom { pem } => {
            let verifier = Verifier::with_roots(certificates("tls.roots", pem)?, provider())
                .ok_or(unusable("tls.roots", "a certificate cannot be read"))?;
            verified_by(verifier)
        }
        TlsRoots::DangerouslyAcceptAny => accept_any(),
    }
}

fn verified_by(verifier: Verifier) -> Result<Arc<ClientConfig>, Error> {
    let builder = client_builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn client_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Unsupported { what: "TLS 1.2 and 1.3 by this TLS library" })
}

#[cfg(feature = "tls-bundled-roots")]
fn bundled() -> Result<Arc<ClientConfig>, Error> {
    static BUNDLED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = BUNDLED.get() {
        return Ok(Arc::clone(config));
    }
    let store = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = client_builder()?.with_root_certificates(store).with_no_client_auth();
    Ok(Arc::clone(BUNDLED.get_or_init(|| Arc::new(config))))
}

#[cfg(not(feature = "tls-bundled-roots"))]
fn bundled() -> Result<Arc<ClientConfig>, Error> {
    Err(Error::Unsupported { what: "bundled roots; build with the feature `tls-bundled-roots`" })
}

#[cfg(feature = "tls-dangerous")]
fn accept_any() -> Result<Arc<ClientConfig>, Error> {
    log::warn!(
        "a secure connection accepts any certificate: an attacker on the network can read and change it"
    );
    verified_by(Verifier::accepting_any(provider()))
}

#[cfg(not(feature = "tls-dangerous"))]
fn accept_any() -> Result<Arc<ClientConfig>, Error> {
    Err(Error::Unsupported { what: "accepting any certificate; build with the feature `tls-dangerous`" })
}

fn server_config(certificate: &TlsCertificate) -> Result<Arc<ServerConfig>, Error> {
    const OPTION: &str = "tls.certificate";
    let chain = certificates(OPTION, &certificate.certificates_pem)?;
    let key = PrivateKeyDer::from_pem_reader(Cursor::new(&certificate.key_pem))
        .map_err(|_| unusable(OPTION, "its key cannot be read"))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Unsupported { what: "TLS 1.2 and 1.3 by this TLS library" })?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| {
            unusable(OPTION, "its certificate and key do not belong together, or are of no known kind")
        })?;
    Ok(Arc::new(config))
}

fn certificates(option: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_reader_iter(Cursor::new(pem))
        .collect::<Result<_, _>>()
        .map_err(|_| unusable(option, "a certificate cannot be read"))
}

fn unusable(option: &'static str, why: &'static str) -> Error {
    Error::InvalidOption { option, reason: why }
}
