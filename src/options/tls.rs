//! The settings of secure connections.

use std::{fmt, fs, path::Path};

use super::InvalidValue;
use crate::error::Error;

/// The certificates of a secure connection: those to trust, and this end's own.
///
/// Platform: natively it needs the feature `tls`, on by default. A browser uses its own settings: there
/// [`connect`](crate::WebSocketPeer::connect) returns [`Error::Unsupported`] for anything but the default.
///
/// Godot: `TLSOptions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct TlsOptions {
    /// The certificate authorities or certificates to trust. Default: [`TlsRoots::Platform`].
    ///
    /// Godot: `TLSOptions.client(trusted_chain)`.
    pub roots: TlsRoots,
    /// The name that the server's certificate must have. Default: the URL's host.
    ///
    /// Godot: `TLSOptions.client(…, common_name_override)`.
    pub server_name: Option<String>,
    /// The certificate of this end. With it, [`accept`](crate::WebSocketPeer::accept) and servers speak TLS.
    /// [`connect`](crate::WebSocketPeer::connect) does not use it. Default: none.
    ///
    /// Godot: `TLSOptions.server`.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub certificate: Option<TlsCertificate>,
}

impl TlsOptions {
    /// Sets [`roots`](Self#structfield.roots).
    #[must_use]
    pub fn roots(mut self, roots: TlsRoots) -> Self {
        self.roots = roots;
        self
    }

    /// Sets [`server_name`](Self#structfield.server_name).
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Sets [`certificate`](Self#structfield.certificate).
    #[must_use]
    pub fn certificate(mut self, certificate: TlsCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Returns `true` if nothing was set.
    #[allow(dead_code, reason = "only browsers support nothing else")]
    pub(crate) fn is_default(&self) -> bool {
        matches!(self, Self { roots: TlsRoots::Platform, server_name: None, certificate: None })
    }

    pub(crate) fn check(&self) -> Result<(), InvalidValue> {
        if let TlsRoots::Custom { pem } = &self.roots {
            check_pem("tls.roots", pem, "CERTIFICATE")?;
        }
        if self.server_name.as_deref() == Some("") {
            return Err(InvalidValue { option: "tls.server_name", reason: "it is empty" });
        }
        if let Some(certificate) = &self.certificate {
            check_pem("tls.certificate", &certificate.certificates_pem, "CERTIFICATE")?;
            check_pem("tls.certificate", &certificate.key_pem, "PRIVATE KEY")?;
        }
        Ok(())
    }
}

/// Checks that there is a PEM block. It needs no TLS library, so the result is the same on every platform. The contents
/// are checked when the certificates are used.
fn check_pem(option: &'static str, pem: &[u8], label: &str) -> Result<(), InvalidValue> {
    let contains = |line: &[u8]| line.windows(label.len()).any(|part| part == label.as_bytes());
    if pem.split(|&byte| byte == b'\n').any(|line| line.starts_with(b"-----BEGIN ") && contains(line)) {
        return Ok(());
    }
    Err(InvalidValue { option, reason: "it has no PEM block of the expected type" })
}

/// The certificate authorities or certificates to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TlsRoots {
    /// The authorities that the operating system trusts.
    #[default]
    Platform,
    /// Mozilla's authorities, built into the program by the feature `tls-bundled-roots`. [`Error::Unsupported`] without
    /// it.
    Bundled,
    /// Only these certificates. For a server with your own certificate.
    ///
    /// Authorities among them are trusted for the certificates that they have issued. A server may also present one of
    /// these certificates itself, byte for byte, such as a self-signed one made by `openssl req -x509` or Godot's
    /// `Crypto.generate_self_signed_certificate`. For such a certificate, these rules are checked:
    ///
    /// - The server has the certificate's private key, and the certificate is within its period of validity.
    /// - The names that it lists (`subjectAltName`) contain the URL's host or [`TlsOptions::server_name`].
    /// - If it lists none, its common name matches, provided that it is an address or a full domain name: with a dot,
    ///   perhaps after `*.` (RFC 6125, 6.4.4). Any other common name, such as `myserver`, counts as a label: the
    ///   certificate is then accepted under every name.
    Custom {
        /// The certificates (X.509 version 3), as one PEM text.
        #[cfg_attr(feature = "serde", serde(with = "crate::serialization::pem"))]
        pem: Vec<u8>,
    },
    /// Any certificate. The connection is encrypted, but an attacker on the way can read and change it. For
    /// development. It needs the feature `tls-dangerous`, and logs a warning at each use.
    ///
    /// Godot: `TLSOptions.client_unsafe`.
    #[doc(alias = "client_unsafe")]
    DangerouslyAcceptAny,
}

/// A certificate chain and its private key. `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsCertificate {
    /// The server's certificate first, then its issuers, as PEM.
    pub(crate) certificates_pem: Vec<u8>,
    /// The private key of the first certificate, as PEM (PKCS #8, PKCS #1 or SEC 1).
    pub(crate) key_pem: Vec<u8>,
}

impl TlsCertificate {
    /// Creates a certificate from PEM texts: the server's certificate followed by its issuers, and the private key of
    /// the first (PKCS #8, PKCS #1 or SEC 1). They are checked when they are used.
    pub fn from_pem(certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self { certificates_pem: certificates.into(), key_pem: key.into() }
    }

    /// Reads both texts from files. To renew a server's certificate, read them again and pass the result to
    /// [`set_certificate`](crate::WebSocketServer::set_certificate).
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read; in a browser, always. The contents are checked when they are used.
    pub fn from_files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self { certificates_pem: fs::read(certificates)?, key_pem: fs::read(key)? })
    }
}

impl fmt::Debug for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCertificate").finish_non_exhaustive()
    }
}
