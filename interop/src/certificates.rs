//! Certificates for `wss:`: an authority that both ends trust, and a certificate of it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use testkit::certs::{Authority, Identity};
use websocket_peer::{TlsCertificate, TlsOptions, TlsRoots};

/// The name in the certificate. An engine in a root folder of its own cannot resolve it, so it connects to the address, and the
/// agent expects this name.
pub const HOST: &str = "localhost";

static CERTIFICATES: LazyLock<(String, Identity)> = LazyLock::new(|| {
    let authority = Authority::new("interop").expect("an authority");
    (authority.pem().to_owned(), authority.issue(&[HOST]).expect("an identity"))
});

/// Options of our clients.
pub fn client() -> TlsOptions {
    TlsOptions::default().roots(TlsRoots::Custom { pem: CERTIFICATES.0.as_bytes().to_vec() })
}

/// Options of our servers.
pub fn server() -> TlsOptions {
    let Identity { certificates_pem, key_pem } = CERTIFICATES.1.clone();
    TlsOptions::default().certificate(TlsCertificate::from_pem(certificates_pem, key_pem))
}

/// Writes the files for an engine, under the names that the agent knows.
pub fn lay_down(folder: &Path) -> io::Result<()> {
    let (authority_pem, identity) = &*CERTIFICATES;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("authority.crt"), authority_pem)?;
    fs::write(folder.join("server.crt"), &identity.certificates_pem)?;
    fs::write(folder.join("server.key"), &identity.key_pem)
}
