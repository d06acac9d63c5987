//! The settings of secure connections.

use std::{fmt, fs, path::Path};

use crate::error::Error;

/// Whom to trust, and who to be, on a secure connection.
///
/// Platform: a browser decides by itself. There anything but the default makes
/// [`connect`](crate::WebSocketPeer::connect) answer [`Error::Unsupported`]. Natively it takes the feature `tls`, on by
/// default.
///
/// Godot: `TLSOptions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsOptions {
    /// Which authorities may vouch for a server, or which certificates it may have. Default: the authorities of the
    /// platform.
    ///
    /// Godot: `TLSOptions.client(trusted_chain)`.
    pub roots: TlsRoots,
    /// The name that the server's certificate must carry, where it is not the URL's host.
    ///
    /// Godot: `TLSOptions.client(…, common_name_override)`.
    pub server_name: Option<String>,
    /// The certificate of this end: with it an [accepted](crate::WebSocketPeer::accept) stream speaks TLS. A peer
    /// that connects does not use it.
    ///
    /// Godot: `TLSOptions.server`.
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

    pub(crate) fn check(&self) -> Result<(), Error> {
        if let TlsRoots::Custom { pem } = &self.roots {
            check_pem("tls.roots", pem, "CERTIFICATE")?;
        }
        if self.server_name.as_deref() == Some("") {
            return Err(Error::InvalidOption { option: "tls.server_name", reason: "it is empty" });
        }
        if let Some(certificate) = &self.certificate {
            check_pem("tls.certificate", &certificate.certificates_pem, "CERTIFICATE")?;
            check_pem("tls.certificate", &certificate.key_pem, "PRIVATE KEY")?;
        }
        Ok(())
    }
}

/// The part of the check that needs no TLS library, so that it is the same on every platform. The rest is found when
/// the certificates are put to use.
fn check_pem(option: &'static str, pem: &[u8], label: &str) -> Result<(), Error> {
    let text = String::from_utf8_lossy(pem);
    if text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(label)) {
        return Ok(());
    }
    Err(Error::InvalidOption { option, reason: "it holds no PEM block of the kind that is wanted" })
}

/// Which authorities may vouch for a server, or which certificates it may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsRoots {
    /// Those that the operating system trusts.
    #[default]
    Platform,
    /// Mozilla's, built into the program by the feature `tls-bundled-roots`; without it [`Error::Unsupported`].
    Bundled,
    /// Only these: PEM certificates (X.509 version 3), one after the other. For a server with a certificate of your own.
    ///
    /// An authority among them vouches for what it has issued. Besides, a server may have exactly one of these
    /// certificates, byte for byte: a self-signed one, say, as `openssl req -x509` or Godot's
    /// `Crypto.generate_self_signed_certificate` makes it. It need not be an authority's, and one that is not vouches for
    /// no other. Of such a certificate these are checked:
    ///
    /// - that the server has its key, and that today lies between its dates;
    /// - the names that it lists (`subjectAltName`), against the URL's host or [`TlsOptions::server_name`];
    /// - if it lists none, its common name, where that is an address or has the form of a full domain name: with a dot in
    ///   it, perhaps `*.` before it (RFC 6125, 6.4.4). Any other, such as `myserver`, is taken for a label: the certificate
    ///   is then accepted under every name.
    Custom {
        /// The PEM text.
        pem: Vec<u8>,
    },
    /// Anybody: the connection is encrypted, but whoever is on the way can read and change it. For development;
    /// needs the feature `tls-dangerous` and logs a warning at each use.
    ///
    /// Godot: `TLSOptions.client_unsafe`.
    DangerouslyAcceptAny,
}

/// A certificate chain and its private key. `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsCertificate {
    /// The server's certificate first, then those that vouch for it: PEM.
    pub(crate) certificates_pem: Vec<u8>,
    /// The private key of the first certificate: PEM (PKCS #8, PKCS #1 or SEC 1).
    pub(crate) key_pem: Vec<u8>,
}

impl TlsCertificate {
    /// Makes one of PEM text: the server's certificate first, then those that vouch for it, and the private key of the first
    /// (PKCS #8, PKCS #1 or SEC 1). Both are checked when they are used.
    pub fn from_pem(certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self { certificates_pem: certificates.into(), key_pem: key.into() }
    }

    /// Reads both from files. To renew a server's certificate, read them again and give the new certificate to
    /// [`set_certificate`](crate::WebSocketServer::set_certificate).
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read; in a browser, always. What is in the files is checked where it is put to
    /// use.
    pub fn from_files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self { certificates_pem: fs::read(certificates)?, key_pem: fs::read(key)? })
    }
}

impl fmt::Debug for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCertificate").finish_non_exhaustive()
    }
}
