//! The certificate of a key that signs files: issued by the key itself, in the name of the installation (RFC 5280).
//!
//! Nobody else vouches for it: whoever wants to be sure takes it from the service once and keeps it. It has no last day of its own; when a key
//! ends is told by the service. Invariant: it may sign documents (RFC 9336) and nothing else, no other certificates either.

use super::PdfFault;
use super::cms::{ECDSA_SHA256, plain};
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec, UtcTime, Utf8StringRef};
use der::flagset::FlagSet;
use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::AsExtension as _;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate, Version};

/// A public key on an elliptic curve (RFC 5480).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The curve P-256.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// Signing documents (RFC 9336).
const DOCUMENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");
/// The parts of a name (X.520).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");

/// Letters of a name at most.
const LONGEST: usize = 64;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The installation.
    pub name: &'a str,
    /// What it is.
    pub organisation: &'a str,
}

/// Writes the public key as certificates hold it; `point` is the point of the curve, uncompressed.
///
/// # Errors
/// [`PdfFault::Der`].
pub fn public_key(point: &[u8]) -> Result<Vec<u8>, PdfFault> {
    Ok(info(point)?.to_der()?)
}

fn info(point: &[u8]) -> Result<SubjectPublicKeyInfoOwned, der::Error> {
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid: EC_PUBLIC_KEY, parameters: Some(Any::encode_from(&P256)?) },
        subject_public_key: BitString::from_bytes(point)?,
    })
}

/// Names the holder of a key: no two keys have the same name, so that programs find the certificate of each among others.
fn name(holder: Holder<'_>, key: &str) -> Result<RdnSequence, der::Error> {
    let part = |oid, value| {
        Ok::<_, der::Error>(RelativeDistinguishedName(SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }])?))
    };
    let text = |text: &str| {
        let short: String = text.chars().take(LONGEST).collect();
        Any::encode_from(&Utf8StringRef::new(&short)?)
    };
    Ok(RdnSequence(vec![
        part(ORGANISATION, text(holder.organisation)?)?,
        part(COMMON_NAME, text(holder.name)?)?,
        part(SERIAL_NUMBER, Any::encode_from(&PrintableStringRef::new(key)?)?)?,
    ]))
}

/// Issues the certificate of a key; `sign` writes an ECDSA signature over SHA-256 (RFC 3279), `serial` is random, `at` seconds since 1970.
///
/// # Errors
/// [`PdfFault::Der`], [`PdfFault::Key`].
pub fn issue(
    holder: Holder<'_>,
    point: &[u8],
    mut serial: [u8; 16],
    at: u64,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, PdfFault> {
    // Above zero, and of the same length always.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    let identifier = Sha256::digest(point).get(..20).map(<[u8]>::to_vec).unwrap_or_default();
    let subject = name(holder, &hex::encode(&identifier))?;
    let usage = FlagSet::from(KeyUsages::DigitalSignature) | KeyUsages::NonRepudiation;
    let extensions = vec![
        BasicConstraints { ca: false, path_len_constraint: None }.to_extension(&subject, &[])?,
        KeyUsage(usage).to_extension(&subject, &[])?,
        ExtendedKeyUsage(vec![DOCUMENTS]).to_extension(&subject, &[])?,
        SubjectKeyIdentifier(OctetString::new(identifier)?).to_extension(&subject, &[])?,
    ];
    let tbs_certificate = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial)?,
        signature: plain(ECDSA_SHA256),
        issuer: subject.clone(),
        validity: Validity {
            not_before: Time::UtcTime(UtcTime::from_unix_duration(Duration::from_secs(at))?),
            not_after: Time::INFINITY,
        },
        subject,
        subject_public_key_info: info(point)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    };
    let signature = sign(&tbs_certificate.to_der()?).ok_or(PdfFault::Key)?;
    let signature_algorithm = plain(ECDSA_SHA256);
    let signature = BitString::from_bytes(&signature)?;
    Ok(Certificate { tbs_certificate, signature_algorithm, signature }.to_der()?)
}

/// Reads the name of a certificate's holder.
///
/// # Errors
/// [`PdfFault::Der`] for what is no certificate.
pub fn holder(certificate: &[u8]) -> Result<String, PdfFault> {
    Ok(Certificate::from_der(certificate)?.tbs_certificate.subject.to_string())
}
