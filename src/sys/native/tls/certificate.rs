//! Reads the fields of an X.509 certificate that a pin checks: dates, names, and whether it is a certificate authority.
//!
//! rustls and webpki verify chains. They return neither the dates nor the common name, and reject an authority as a
//! server. Only certificates that the program itself has given are read here. Source: RFC 5280, section 4.1.

use rustls::pki_types::UnixTime;
use x509_cert::{
    certificate::{CertificateInner, Raw, Version},
    der::{
        Decode,
        asn1::Ia5StringRef,
        oid::{AssociatedOid, db::rfc4519::COMMON_NAME},
    },
    ext::pkix::{BasicConstraints, SubjectAltName, name::DirectoryString},
    name::Name,
    time::Time,
};

/// The fields of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    /// `true` if it lists names (`subjectAltName`).
    pub(super) has_names: bool,
    /// The last common name of its subject, if it is text.
    pub(super) common_name: Option<String>,
    /// `true` if it may issue certificates.
    pub(super) is_authority: bool,
}

impl Certificate {
    /// Reads a certificate in DER. Returns `None` if it is malformed or has a date before 1970.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let whole = CertificateInner::<Raw>::from_der(der).ok()?;
        let certificate = whole.tbs_certificate();
        let (validity, extensions) = (certificate.validity(), certificate.extensions());
        let has_names = extensions.into_iter().flatten().any(|found| found.extn_id == SubjectAltName::OID);
        let constraints = certificate.get_extension::<BasicConstraints>().ok()?;
        // Version 1, of old roots, has no extensions. In version 3 an authority must have the extension (RFC 5280,
        // 4.2.1.9).
        let is_authority = match constraints {
            Some((_, constraints)) => constraints.ca,
            None => certificate.version() == Version::V1,
        };
        Some(Self {
            not_before: time(validity.not_before),
            not_after: time(validity.not_after),
            has_names,
            common_name: common_name(certificate.subject()),
            is_authority,
        })
    }
}

fn time(time: Time) -> UnixTime {
    UnixTime::since_unix_epoch(time.to_unix_duration())
}

/// Returns the last common name of a subject. Encodings that host names do not need are not supported.
fn common_name(subject: &Name) -> Option<String> {
    let last = subject.iter().filter(|attribute| attribute.oid == COMMON_NAME).last()?;
    let text = last.value.decode_as::<DirectoryString>().map(|text| text.value().into_owned());
    text.or_else(|_| last.value.decode_as::<Ia5StringRef<'_>>().map(|text| text.as_str().to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn made(edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is wrong");
        edit(&mut params);
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    fn read(edit: impl FnOnce(&mut CertificateParams)) -> Certificate {
        Certificate::read(&made(edit)).expect("a certificate")
    }

    #[test]
    fn dates_are_read_in_both_forms() {
        // The second form is for years from 2050 on.
        for ((year, month, day), expected) in [
            ((1970, 1, 1), 0),
            ((1972, 2, 29), 68_169_600),
            ((2000, 2, 29), 951_782_400),
            ((2026, 11, 29), 1_795_910_400),
            ((2049, 12, 31), 2_524_521_600),
            ((2050, 1, 1), 2_524_608_000),
            ((2100, 3, 1), 4_107_542_400),
            ((9999, 12, 31), 253_402_214_400),
        ] {
            let certificate = read(|params| params.not_after = date_time_ymd(year, month, day));
            assert_eq!(certificate.not_after.as_secs(), expected, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn names_and_authority_are_read() {
        let plain = read(|params| params.distinguished_name.push(DnType::CommonName, "Jörg"));
        assert_eq!((plain.has_names, plain.is_authority), (false, false));
        assert_eq!(plain.common_name.as_deref(), Some("Jörg"));
        let without = read(|params| params.distinguished_name = rcgen::DistinguishedName::new());
        assert_eq!(without.common_name, None);
        let constrained = |constraints| read(|params| params.is_ca = IsCa::Ca(constraints));
        assert!(constrained(BasicConstraints::Unconstrained).is_authority);
        assert!(constrained(BasicConstraints::Constrained(3)).is_authority);
        assert!(!read(|params| params.is_ca = IsCa::ExplicitNoCa).is_authority);
        let named = read(|params| {
            params.subject_alt_names = vec![rcgen::SanType::IpAddress([127, 0, 0, 1].into())];
        });
        assert!(named.has_names);
    }

    #[test]
    fn truncated_and_changed_certificates_do_not_panic() {
        let whole = made(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        assert!(Certificate::read(&whole).is_some());
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None, "{end}");
        }
        for index in 0..whole.len() {
            for byte in [0, 0x30, 0x7F, 0x80, 0x84, 0xFF] {
                let mut changed = whole.clone();
                changed[index] = byte;
                let _ = Certificate::read(&changed);
            }
        }
    }
}
