//! The certificate's files: read at the start, and again when they change. A pair that cannot be used is reported, and
//! the old one stays in use.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use websocket_peer::{Error, TlsCertificate};
use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{Decode, pem},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use crate::config::Tls;

/// The size of a file, in bytes. A chain of certificates has some thousands.
const MAX_SIZE: u64 = 1024 * 1024;

/// A certificate that expires within this time causes a warning, once a day.
const WARNING_TIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The certificate in use, and the files that it is from.
pub struct Certificates {
    files: Tls,
    /// The last pair that was found, usable or not.
    found: Pair,
    /// When the certificate in use expires.
    expiry: Option<SystemTime>,
    next_check: Instant,
    next_warning: Instant,
}

/// The result of a look at the files.
#[derive(Debug, PartialEq)]
pub enum Change {
    /// They are as before.
    None,
    /// There is a new pair, and it is in use.
    Replaced,
    /// The files cannot be read, or not be used.
    Failed(CertificateError),
}

/// The files cannot be read, or not be used. `Display` has a sentence about the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateError(String);

/// Returns a host name for which the first certificate of a PEM text is valid.
pub fn first_name(pem: &[u8]) -> Option<String> {
    let certificate = first_certificate(pem)?;
    let (_, names) = certificate.tbs_certificate().get_extension::<SubjectAltName>().ok()??;
    names.0.iter().find_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().replace('*', "any")),
        _ => None,
    })
}

impl Certificates {
    /// Reads the files. The caller uses the pair.
    ///
    /// # Errors
    /// [`CertificateError`] if a file cannot be read.
    pub fn read(files: &Tls, now: Instant) -> Result<(Self, TlsCertificate), CertificateError> {
        let found = Pair::read(files)?;
        let certificate = found.certificate();
        let (expiry, next_check) = (found.expiry(), now + files.check_interval);
        Ok((Self { files: files.clone(), found, expiry, next_check, next_warning: now }, certificate))
    }

    /// Returns when the certificate in use expires, if that can be read.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expiry
    }

    /// Returns a sentence if the certificate has expired or soon will, once a day.
    pub fn expiry_warning(&mut self, now: Instant, time: SystemTime) -> Option<String> {
        let expiry = self.expiry.filter(|expiry| *expiry < time + WARNING_TIME)?;
        if now < self.next_warning {
            return None;
        }
        self.next_warning = now + DAY;
        Some(match expiry.duration_since(time) {
            Ok(left) => {
                format!("the certificate expires in {} days; renew it", left.as_secs() / DAY.as_secs())
            }
            Err(_) => "the certificate has expired; clients cannot connect".to_owned(),
        })
    }

    /// Returns for how long the certificate is valid, as the end of a sentence.
    pub fn until(&self, time: SystemTime) -> String {
        match self.expiry.map(|expiry| expiry.duration_since(time)) {
            Some(Ok(left)) => format!(", and expires in {} days", left.as_secs() / DAY.as_secs()),
            Some(Err(_)) => ", but it has expired".to_owned(),
            None => String::new(),
        }
    }

    /// Returns the time until [`check`](Self::check) looks at the files. `None` if it never does.
    pub fn time_to_check(&self, now: Instant) -> Option<Duration> {
        let is_regular = !self.files.check_interval.is_zero();
        is_regular.then(|| self.next_check.saturating_duration_since(now))
    }

    /// Looks at the files if it is time. `install` uses a new pair.
    pub fn check(
        &mut self,
        now: Instant,
        install: impl FnOnce(TlsCertificate) -> Result<(), Error>,
    ) -> Change {
        if self.time_to_check(now) != Some(Duration::ZERO) {
            return Change::None;
        }
        self.next_check = now + self.files.check_interval;
        match Pair::read(&self.files) {
            // An unusable pair is reported once, not at each look.
            Ok(found) if found == self.found => Change::None,
            Ok(found) => self.install(found, now, install),
            Err(error) => Change::Failed(error),
        }
    }

    /// Reads the files now, and uses them also if they have not changed.
    pub fn reload(
        &mut self,
        now: Instant,
        install: impl FnOnce(TlsCertificate) -> Result<(), Error>,
    ) -> Change {
        self.next_check = now + self.files.check_interval;
        match Pair::read(&self.files) {
            Ok(found) => self.install(found, now, install),
            Err(error) => Change::Failed(error),
        }
    }

    fn install(
        &mut self,
        found: Pair,
        now: Instant,
        install: impl FnOnce(TlsCertificate) -> Result<(), Error>,
    ) -> Change {
        let result = install(found.certificate());
        let expiry = found.expiry();
        self.found = found;
        match result {
            Ok(()) => {
                (self.expiry, self.next_warning) = (expiry, now);
                Change::Replaced
            }
            Err(error) => Change::Failed(CertificateError(error.to_string())),
        }
    }
}

/// The contents of both files.
#[derive(PartialEq, Eq)]
struct Pair {
    certificates: Vec<u8>,
    key: Vec<u8>,
}

impl Pair {
    fn read(files: &Tls) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            read(path)
                .map_err(|error| CertificateError(format!("{} cannot be read: {error}", path.display())))
        };
        Ok(Self { certificates: read(&files.certificates)?, key: read(&files.key)? })
    }

    fn certificate(&self) -> TlsCertificate {
        TlsCertificate::from_pem(self.certificates.clone(), self.key.clone())
    }

    /// Returns when the first certificate expires.
    fn expiry(&self) -> Option<SystemTime> {
        let certificate = first_certificate(&self.certificates)?;
        let not_after = certificate.tbs_certificate().validity().not_after;
        SystemTime::UNIX_EPOCH.checked_add(not_after.to_unix_duration())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut content)?;
    match content.len() as u64 <= MAX_SIZE {
        true => Ok(content),
        false => Err(io::Error::other("it is too large")),
    }
}

fn first_certificate(pem: &[u8]) -> Option<CertificateInner<Raw>> {
    let (_, der) = pem::decode_vec(first_block(pem)?).ok()?;
    CertificateInner::from_der(&der).ok()
}

/// Returns the first certificate of a PEM text, still encoded.
fn first_block(pem: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(pem).ok()?;
    const END: &str = "-----END CERTIFICATE-----";
    let start = text.find("-----BEGIN CERTIFICATE-----")?;
    let end = start + text[start..].find(END)? + END.len();
    Some(&text.as_bytes()[start..end])
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CertificateError {}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process};

    use testkit::certs::{Authority, Identity};

    use super::*;

    /// A folder for the files of one test, which is removed with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("rooms-certificates-{name}-{}", process::id()));
            fs::create_dir_all(&folder).expect("a folder for the test");
            Self(folder)
        }

        fn write(&self, identity: &Identity) -> Tls {
            let (certificates, key) = (self.0.join("chain.pem"), self.0.join("key.pem"));
            fs::write(&certificates, &identity.certificates_pem).expect("it can be written");
            fs::write(&key, &identity.key_pem).expect("it can be written");
            Tls { certificates, key, check_interval: Duration::from_secs(60) }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // Fails if the test has removed it.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn identity() -> Identity {
        Authority::new("test").and_then(|authority| authority.issue(&["localhost"])).expect("a certificate")
    }

    const SOON: Duration = Duration::from_secs(59);
    const LATER: Duration = Duration::from_secs(60);

    #[test]
    fn a_new_pair_is_used_when_it_is_time_and_only_once() {
        let folder = Folder::new("new");
        let start = Instant::now();
        let files = folder.write(&identity());
        let (mut certificates, first) = Certificates::read(&files, start).expect("readable");
        assert_eq!(certificates.time_to_check(start + SOON), Some(LATER - SOON));
        folder.write(&identity());
        let never = |_| panic!("it is used");
        assert_eq!(certificates.check(start + SOON, never), Change::None);
        let mut used = Vec::new();
        let mut install = |certificate| {
            used.push(certificate);
            Ok(())
        };
        assert_eq!(certificates.check(start + LATER, &mut install), Change::Replaced);
        assert_eq!(certificates.check(start + 2 * LATER, &mut install), Change::None);
        assert_eq!(certificates.reload(start + 2 * LATER, &mut install), Change::Replaced, "as asked for");
        assert!(used.len() == 2 && used[0] == used[1] && used[0] != first);
    }

    #[test]
    fn an_unusable_pair_is_reported_once_and_the_next_good_one_is_used() {
        let folder = Folder::new("unusable");
        let start = Instant::now();
        let (mut certificates, _) = Certificates::read(&folder.write(&identity()), start).expect("readable");
        let expiry = certificates.expiry();
        folder.write(&identity());
        let refuse = |_| Err(Error::UnknownPeer);
        let failed = certificates.check(start + LATER, refuse);
        assert!(matches!(failed, Change::Failed(_)), "{failed:?}");
        assert_eq!(certificates.expiry(), expiry, "the old one is still in use");
        assert_eq!(certificates.check(start + 2 * LATER, refuse), Change::None);
        folder.write(&identity());
        assert_eq!(certificates.check(start + 3 * LATER, |_| Ok(())), Change::Replaced);
    }

    #[test]
    fn missing_and_oversized_files_are_errors_that_name_them() {
        let folder = Folder::new("missing");
        let files = folder.write(&identity());
        let (mut certificates, _) = Certificates::read(&files, Instant::now()).expect("readable");
        fs::remove_file(&files.key).expect("it is there");
        let failed = certificates.reload(Instant::now(), |_| panic!("it is used"));
        assert!(matches!(&failed, Change::Failed(error) if error.0.contains("key.pem")), "{failed:?}");
        fs::write(&files.key, vec![b'x'; MAX_SIZE as usize + 1]).expect("it can be written");
        let failed = certificates.reload(Instant::now(), |_| panic!("it is used"));
        assert!(matches!(&failed, Change::Failed(error) if error.0.contains("too large")), "{failed:?}");
    }

    #[test]
    fn without_an_interval_only_a_signal_reads_the_files() {
        let folder = Folder::new("interval");
        let files = Tls { check_interval: Duration::ZERO, ..folder.write(&identity()) };
        let (mut certificates, _) = Certificates::read(&files, Instant::now()).expect("readable");
        assert_eq!(certificates.time_to_check(Instant::now()), None);
        folder.write(&identity());
        assert_eq!(certificates.check(Instant::now(), |_| panic!("it is used")), Change::None);
        assert_eq!(certificates.reload(Instant::now(), |_| Ok(())), Change::Replaced);
    }

    #[test]
    fn the_expiry_is_that_of_the_first_certificate() {
        let folder = Folder::new("expiry");
        let authority = Authority::new("test").expect("an authority");
        let expired = authority.issue_expired(&["localhost"]).expect("a certificate");
        let read = |identity| {
            let (certificates, _) =
                Certificates::read(&folder.write(identity), Instant::now()).expect("readable");
            certificates.expiry().expect("it is a certificate")
        };
        assert!(read(&expired) < SystemTime::now() && read(&identity()) > SystemTime::now());
    }

    #[test]
    fn a_certificate_that_expires_soon_causes_a_warning_once_a_day() {
        let folder = Folder::new("warning");
        let start = Instant::now();
        let (mut certificates, _) = Certificates::read(&folder.write(&identity()), start).expect("readable");
        let expiry = certificates.expiry().expect("it is a certificate");
        let mut warning = |hours: u32, left: Duration| {
            certificates.expiry_warning(start + hours * Duration::from_secs(3600), expiry - left)
        };
        assert_eq!(warning(0, WARNING_TIME), None);
        let soon = warning(0, WARNING_TIME - DAY);
        assert!(soon.is_some_and(|text| text.contains("in 13 days")));
        assert_eq!(warning(23, Duration::ZERO), None);
        let late = certificates.expiry_warning(start + DAY, expiry + DAY);
        assert!(late.is_some_and(|text| text.contains("has expired")));
    }
}
