//! What `wss:` takes at either end: one authority that both trust, and one identity that it signed.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use testkit::certs::{Authority, Identity};
use websocket_peer::{TlsCertificate, TlsOptions, TlsRoots};

/// Whom the certificate is for. An engine in a folder of its own cannot look it up, and connects to the address; the agent
/// knows which name to expect there.
pub const HOST: &str = "localhost";

static CERTIFICATES: LazyLock<(String, Identity)> = LazyLock::new(|| {
    let authority = Authority::new("interop").expect("an authority");
    (authority.pem().to_owned(), authority.issue(&[HOST]).expect("an identity"))
});

/// For a client of ours.
pub fn client() -> TlsOptions {
    TlsOptions::default().roots(TlsRoots::Custom { pem: CERTIFICATES.0.as_bytes().to_vec() })
}

/// For a server of ours.
pub fn server() -> TlsOptions {
    let Identity { certificates_pem, key_pem } = CERTIFICATES.1.clone();
    TlsOptions::default().certificate(TlsCertificate::from_pem(certificates_pem, key_pem))
}

/// For an engine, as files under the names that the agent knows.
pub fn lay_down(folder: &Path) -> io::Result<()> {
    let (authority_pem, identity) = &*CERTIFICATES;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("authority.crt"), authority_pem)?;
    fs::write(folder.join("server.crt"), &identity.certificates_pem)?;
    fs::write(folder.join("server.key"), &identity.key_pem)
}
