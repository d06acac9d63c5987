//! The fields of an X.509 certificate that a pin checks: the dates, the names, and whether the holder may issue others.
//!
//! rustls and webpki verify chains; they give out neither the dates nor the common name, and refuse an authority as a
//! server. Only certificates that the program itself gave are read here. Source: RFC 5280, section 4.1.

use std::{ops::RangeInclusive, time::Duration};

use rustls::pki_types::UnixTime;

/// What is read of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    /// `true` if it lists the names that it is for (`subjectAltName`).
    pub(super) has_names: bool,
    /// The last common name of its subject, if that is text.
    pub(super) common_name: Option<String>,
    /// `true` if its holder may issue certificates.
    pub(super) is_authority: bool,
}

/// The tags of DER that occur here (X.690, 8.1.2).
mod tag {
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const OID: u8 = 0x06;
    pub(super) const UTF8_STRING: u8 = 0x0C;
    pub(super) const PRINTABLE_STRING: u8 = 0x13;
    pub(super) const IA5_STRING: u8 = 0x16;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    /// `[0]`, of the version.
    pub(super) const VERSION: u8 = 0xA0;
    /// `[3]`, of the extensions.
    pub(super) const EXTENSIONS: u8 = 0xA3;
}

/// Object identifiers, encoded.
mod oid {
    pub(super) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
}

impl Certificate {
    /// Reads a certificate in DER. `None` if it is malformed.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(der).take(tag::SEQUENCE)?);
        let mut fields = Reader(certificate.take(tag::SEQUENCE)?);
        let is_version_1 = fields.take_if(tag::VERSION).is_none();
        fields.take(tag::INTEGER)?; // The serial number.
        fields.take(tag::SEQUENCE)?; // The algorithm of the signature.
        fields.take(tag::SEQUENCE)?; // The issuer.
        let mut validity = Reader(fields.take(tag::SEQUENCE)?);
        let not_before = validity.time()?;
        let not_after = validity.time()?;
        let common_name = common_name(fields.take(tag::SEQUENCE)?)?;
        let mut read = Self {
            not_before,
            not_after,
            has_names: false,
            common_name,
            // Version 1 has no extension that could tell, and old roots are of it. In version 3 the extension that makes
            // an authority must be there (RFC 5280, 4.2.1.9).
            is_authority: is_version_1,
        };
        fields.take(tag::SEQUENCE)?; // The public key.
        while let Some((found, content)) = fields.next() {
            if found == tag::EXTENSIONS {
                read.extensions(Reader(content).take(tag::SEQUENCE)?)?;
            }
        }
        Some(read)
    }

    fn extensions(&mut self, list: &[u8]) -> Option<()> {
        let mut list = Reader(list);
        while !list.is_empty() {
            let mut extension = Reader(list.take(tag::SEQUENCE)?);
            let name = extension.take(tag::OID)?;
            extension.take_if(tag::BOOLEAN); // Whether it is critical.
            let value = extension.take(tag::OCTET_STRING)?;
            match name {
                oid::SUBJECT_ALT_NAME => self.has_names = true,
                oid::BASIC_CONSTRAINTS => {
                    let mut constraints = Reader(Reader(value).take(tag::SEQUENCE)?);
                    self.is_authority = constraints.take_if(tag::BOOLEAN).is_some_and(|value| value != [0]);
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// The last common name of a subject; the inner `None` if it has none, or one in an encoding that no host name needs.
fn common_name(subject: &[u8]) -> Option<Option<String>> {
    let mut last = None;
    let mut subject = Reader(subject);
    while !subject.is_empty() {
        let mut set = Reader(subject.take(tag::SET)?);
        while !set.is_empty() {
            let mut attribute = Reader(set.take(tag::SEQUENCE)?);
            if attribute.take(tag::OID)? == oid::COMMON_NAME {
                last = match attribute.next()? {
                    (tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING, text) => {
                        String::from_utf8(text.to_vec()).ok()
                    }
                    _ => None,
                };
            }
        }
    }
    Some(last)
}

/// Elements of DER, one after the other (X.690, 8.1).
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[found, first], mut rest) = self.0.split_first_chunk()?;
        let length = match first {
            0..=0x7F => usize::from(first),
            0x81..=0x83 => {
                let (bytes, behind) = rest.split_at_checked(usize::from(first & 0x7F))?;
                rest = behind;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            // A certificate has no 16 MiB, and DER no indefinite length.
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((found, content))
    }

    /// The content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().and_then(|(found, content)| (found == tag).then_some(content))
    }

    /// The content of the next element if it has this tag; else it stays.
    fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.take(tag) } else { None }
    }

    /// A time in one of the two forms of RFC 5280, 4.1.2.5: to the second, in UTC.
    fn time(&mut self) -> Option<UnixTime> {
        let (found, text) = self.next()?;
        let (year, rest) = match found {
            tag::UTC_TIME => {
                let (year, rest) = text.split_at_checked(2)?;
                let year = number(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            tag::GENERALIZED_TIME => {
                let (year, rest) = text.split_at_checked(4)?;
                (number(year)?, rest)
            }
            _ => return None,
        };
        let rest = rest.strip_suffix(b"Z").filter(|rest| rest.len() == 10)?;
        let mut pairs = rest.chunks_exact(2).map(number);
        let mut part =
            |range: RangeInclusive<u64>| pairs.next().flatten().filter(|part| range.contains(part));
        let (month, day) = (part(1..=12)?, part(1..=31)?);
        let (hour, minute, second) = (part(0..=23)?, part(0..=59)?, part(0..=59)?);
        let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))
}

/// The days from the first of January 1970 to a day of the Gregorian calendar; 0 for a day before that.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    /// The days from the first of January of the year 0 to that of 1970.
    const BEFORE: u64 = 719_528;
    /// The days of a common year before each month.
    const MONTHS: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let past = year.saturating_sub(1);
    // The year 0 is a leap year, too.
    let leap_days = past / 4 - past / 100 + past / 400 + 1;
    let before_month = (1..).zip(MONTHS).find(|(number, _)| *number == month).map_or(0, |(_, days)| days);
    let in_year = before_month + u64::from(is_leap && month > 2) + day - 1;
    (year * 365 + leap_days + in_year).saturating_sub(BEFORE)
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
        // The second form begins with the year 2050; what is before 1970 counts as 1970.
        for ((year, month, day), expected) in [
            ((1950, 1, 1), 0),
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
    fn a_time_of_day_is_read_and_nonsense_is_not() {
        let time = |text: &str| {
            let length = u8::try_from(text.len()).expect("a short text");
            let element = [&[tag::UTC_TIME, length][..], text.as_bytes()].concat();
            Reader(&element).time().map(|time| time.as_secs())
        };
        assert_eq!(time("700101235959Z"), Some(86_399));
        for text in [
            "",
            "Z",
            "700101235959",
            "7001012359Z",
            "701301000000Z",
            "700100000000Z",
            "70010124000Z",
            "7001010000 0Z",
        ] {
            assert_eq!(time(text), None, "{text}");
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
    fn what_is_cut_or_changed_is_no_panic() {
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
