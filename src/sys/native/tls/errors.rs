//! Texts for the errors of rustls. Many of its errors have no text except the names of their variants.

use std::fmt;

use rustls::{
    AlertDescription as Alert, CertificateError, Error, InvalidMessage, PeerIncompatible as Incompatible,
};

use crate::close::TlsFailure;

/// Returns the failure for an error of rustls.
pub(super) fn failure(error: &Error) -> TlsFailure {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        other => TlsFailure::Other(text(other)),
    }
}

fn certificate(error: &CertificateError) -> TlsFailure {
    use CertificateError as Wrong;
    let text = match error {
        Wrong::UnknownIssuer => return TlsFailure::UnknownIssuer,
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => return TlsFailure::WrongName,
        Wrong::Expired | Wrong::ExpiredContext { .. } => return TlsFailure::Expired,
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => return TlsFailure::Expired,
        Wrong::BadEncoding => "the certificate cannot be read",
        Wrong::Revoked => "the certificate has been revoked",
        Wrong::UnhandledCriticalExtension => "the certificate has a critical extension that is not supported",
        Wrong::BadSignature => "a signature does not match the key of the certificate",
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            "the certificate is not one for servers"
        }
        Wrong::UnsupportedSignatureAlgorithmContext { .. }
        | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate needs a signature algorithm that is not supported"
        }
        Wrong::UnknownRevocationStatus
        | Wrong::ExpiredRevocationList
        | Wrong::ExpiredRevocationListContext { .. }
        | Wrong::InvalidOcspResponse => "nothing certain is known of the revocation of the certificate",
        Wrong::ApplicationVerificationFailure => "the certificate was rejected",
        Wrong::Other(other) => return TlsFailure::Other(other_certificate(&other.to_string())),
        other => return TlsFailure::Other(format!("the certificate was rejected: {}", named(other))),
    };
    TlsFailure::Other(text.to_owned())
}

/// Returns a text for an error without variant in rustls: webpki gives the name of its variant, an operating system its
/// text.
fn other_certificate(text: &str) -> String {
    match text {
        "CaUsedAsEndEntity" => {
            "the certificate is an authority's, and was not given as a root itself".to_owned()
        }
        "EndEntityUsedAsCa" => "the certificate was issued by a server's, not by an authority's".to_owned(),
        "UnsupportedCertVersion" => "the certificate is of an old format (X.509 before version 3)".to_owned(),
        name if is_name(name) => format!("the certificate was rejected: {}", words(name)),
        text => text.to_owned(),
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::AlertReceived(found) => alert(*found),
        Error::PeerIncompatible(
            Incompatible::ServerDoesNotSupportTls12Or13
            | Incompatible::ServerTlsVersionIsDisabledByOurConfig
            | Incompatible::SupportedVersionsExtensionRequired
            | Incompatible::Tls12NotOffered
            | Incompatible::Tls12NotOfferedOrEnabled,
        ) => "the other end speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        Error::PeerIncompatible(why) => format!("the ends have no form of TLS in common: {}", named(why)),
        Error::PeerMisbehaved(why) => format!("the other end broke the rules of TLS: {}", named(why)),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the other end broke the rules of TLS: a message came out of turn".to_owned()
        }
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => "what the other end sent is not TLS".to_owned(),
        Error::InvalidMessage(why) => format!("the other end sent a broken message of TLS: {}", named(why)),
        Error::InvalidCertRevocationList(why) => format!("a revocation list is not valid: {}", named(why)),
        Error::InvalidEncryptedClientHello(why) => format!("no encrypted hello is possible: {}", named(why)),
        Error::InconsistentKeys(why) => format!("certificate and key do not match: {}", named(why)),
        // The other errors have texts of their own.
        other => match other.to_string() {
            name if is_name(&name) => words(&name),
            sentence => sentence,
        },
    }
}

/// Returns the text for an alert of the other end (RFC 8446, 6.2).
fn alert(found: Alert) -> String {
    let why = match found {
        Alert::UnknownCA => "it does not know the authority that issued the certificate",
        Alert::CertificateExpired => "the certificate is expired or not yet valid",
        Alert::CertificateRevoked => "the certificate has been revoked",
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
            "it does not accept the certificate"
        }
        Alert::CertificateRequired => "it requires a certificate of this end",
        Alert::HandshakeFailure | Alert::InsufficientSecurity => "there is no cipher suite in common",
        Alert::ProtocolVersion => "there is no version of TLS in common",
        Alert::UnrecognisedName => "it has no certificate for the name that was asked for",
        Alert::Unknown(number) => return format!("the other end ended TLS with the alert {number}"),
        other => return format!("the other end ended TLS: {}", named(&other)),
    };
    format!("the other end ended TLS: {why}")
}

/// Returns `true` for the name of a variant, with or without the debug form of its fields.
fn is_name(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    let is_camel_case = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().skip(1).any(|c| c.is_ascii_uppercase());
    is_camel_case && (behind.is_empty() || behind.trim_start().starts_with(['(', '{']))
}

/// Returns the name of a variant in words.
fn named(variant: &impl fmt::Debug) -> String {
    words(&format!("{variant:?}"))
}

/// Returns the name at the start of a debug form in words: `NoCipherSuitesInCommon` is `no cipher suites in common`.
fn words(debug: &str) -> String {
    let name = debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut words = String::with_capacity(name.len() + 8);
    let mut previous = ' ';
    for (index, letter) in name.char_indices() {
        let next = name[index..].chars().nth(1).unwrap_or(' ');
        // A word begins at a capital after a small letter, or at the last capital before a small letter.
        let begins = letter.is_ascii_uppercase()
            && (previous.is_ascii_lowercase() || previous.is_ascii_digit() || next.is_ascii_lowercase());
        if begins && index > 0 {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        previous = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{CertRevocationListError, InconsistentKeys, OtherError, PeerMisbehaved};

    use super::*;

    /// Returns `true` if the text has no name of a variant, no path and no brace.
    fn is_sentence(text: &str) -> bool {
        let is_camel_case = |word: &str| {
            word.chars()
                .zip(word.chars().skip(1))
                .any(|(one, next)| one.is_ascii_lowercase() && next.is_ascii_uppercase())
        };
        text.contains(' ') && !text.contains(['{', '[', '"', '_']) && !text.split(' ').any(is_camel_case)
    }

    fn webpki(name: &str) -> Error {
        let error: Box<dyn std::error::Error + Send + Sync> = name.into();
        CertificateError::Other(OtherError(Arc::from(error))).into()
    }

    #[test]
    fn every_failure_has_a_sentence() {
        let mut errors = vec![
            webpki("CaUsedAsEndEntity"),
            webpki("EndEntityUsedAsCa"),
            webpki("UnsupportedCertVersion"),
            webpki("NameConstraintViolation"),
            webpki("MaximumPathDepthExceeded"),
            webpki("TrailingData(CertificateTbsCertificate)"),
            CertificateError::BadEncoding.into(),
            CertificateError::Revoked.into(),
            CertificateError::UnhandledCriticalExtension.into(),
            CertificateError::BadSignature.into(),
            CertificateError::InvalidPurpose.into(),
            CertificateError::UnknownRevocationStatus.into(),
            CertificateError::ApplicationVerificationFailure.into(),
            CertificateError::UnknownIssuer.into(),
            CertificateError::NotValidForName.into(),
            CertificateError::NotValidYet.into(),
            Incompatible::NoCipherSuitesInCommon.into(),
            Incompatible::Tls12NotOfferedOrEnabled.into(),
            Incompatible::ServerRejectedEncryptedClientHello(None).into(),
            PeerMisbehaved::SelectedTls12UsingTls13VersionExtension.into(),
            InvalidMessage::InvalidContentType.into(),
            InvalidMessage::MissingData("ServerHello").into(),
            InconsistentKeys::KeyMismatch.into(),
            CertRevocationListError::ParseError.into(),
            Error::InappropriateMessage { expect_types: Vec::new(), got_type: 21.into() },
            Error::NoCertificatesPresented,
            Error::DecryptError,
            Error::PeerSentOversizedRecord,
            Error::General("the system is out of order".into()),
        ];
        errors.extend((0..=u8::MAX).map(|number| Error::AlertReceived(number.into())));
        for error in errors {
            let failure = failure(&error).to_string();
            assert!(is_sentence(&failure), "{error:?}: {failure}");
        }
    }

    #[test]
    fn the_text_of_an_operating_system_is_not_changed() {
        let text = "\u{201c}game.example\u{201d} certificate is not trusted";
        assert_eq!(failure(&webpki(text)).to_string(), text);
    }

    #[test]
    fn names_of_variants_become_words() {
        for (name, expected) in [
            ("NoCipherSuitesInCommon", "no cipher suites in common"),
            ("UnknownPSKIdentity", "unknown psk identity"),
            ("MissingData(\"ServerHello\")", "missing data"),
            ("CertExpired { time: 1 }", "cert expired"),
        ] {
            assert!(is_name(name), "{name}");
            assert_eq!(words(name), expected);
        }
        for text in ["certificate had invalid extensions", "No CA was found", "Unknown", "OSStatus -1"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
