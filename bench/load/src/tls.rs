//! The certificate of a server, and clients that trust it.

use std::{env, ffi::OsString, fs, path::PathBuf, process, sync::Arc};

use anyhow::{Context, Result};
use rcgen::CertifiedKey;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
};

/// The name in the certificate.
pub const SERVER_NAME: &str = "localhost";

/// A certificate in files, which are removed when this is dropped.
pub struct Certificate {
    folder: PathBuf,
    config: Arc<ClientConfig>,
}

impl Certificate {
    /// Makes a certificate that signs itself.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn make() -> Result<Self> {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([SERVER_NAME.to_owned()])?;
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone())?;
        let config = ClientConfig::builder_with_provider(Arc::new(one_cipher()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();

        let folder = env::temp_dir().join(format!("websocket-load-{}", process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let certificate = Self { folder, config: Arc::new(config) };
        fs::write(certificate.file("certificate.pem"), cert.pem())?;
        fs::write(certificate.file("key.pem"), signing_key.serialize_pem())?;
        Ok(certificate)
    }

    /// The options of a server that has this certificate.
    pub fn server_args(&self) -> [OsString; 3] {
        ["--tls".into(), self.file("certificate.pem").into(), self.file("key.pem").into()]
    }

    /// The configuration of clients that trust it.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // Files that stay in the temporary folder do no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// All servers encrypt with the same cipher: the one that every TLS 1.3 server has (RFC 8446, 9.1).
fn one_cipher() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256],
        ..ring::default_provider()
    }
}
