//! Signatures apart from what they sign (CMS, RFC 5652), with the attributes that PAdES asks for (ETSI EN 319 142-1, level B-B): kind and
//! digest of the content, and which certificate signs.
//!
//! The time stands in the file, not here, as PAdES has it.

use super::PdfFault;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode as _, Encode as _, Sequence};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// Arbitrary content (RFC 5652, section 4).
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// Signed data (RFC 5652, section 5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// Kind of the content (RFC 5652, section 11.1).
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// Digest of the content (RFC 5652, section 11.2).
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// Which certificate signs (RFC 5035, section 3).
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// SHA-256 (RFC 5754).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// ECDSA over SHA-256 (RFC 5758).
pub const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// A certificate by its digest, SHA-256 where none is named (RFC 5035, section 4).
#[derive(Sequence)]
struct CertificateDigest {
    hash: OctetString,
}

/// Which certificate signs.
#[derive(Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateDigest>,
}

/// Names an algorithm that takes no parameters.
#[must_use]
pub fn plain(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// Signs parts of a file as one, with the key of a certificate: `sign` writes an ECDSA signature over SHA-256 (RFC 3279).
///
/// # Errors
/// [`PdfFault::Der`] for what is no certificate, [`PdfFault::Key`].
pub fn sign(
    parts: &[&[u8]],
    certificate: &[u8],
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, PdfFault> {
    let digest = parts.iter().fold(Sha256::new(), |sum, part| sum.chain_update(part)).finalize();
    let known = Certificate::from_der(certificate)?;
    let hash = OctetString::new(Sha256::digest(certificate).to_vec())?;
    let signing = SigningCertificate { certificates: vec![CertificateDigest { hash }] };
    let attributes = SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest.to_vec())?)?)?,
        attribute(SIGNING_CERTIFICATE, Any::encode_from(&signing)?)?,
    ])?;
    let signature = sign(&attributes.to_der()?).ok_or(PdfFault::Key)?;
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: known.tbs_certificate.issuer.clone(),
            serial_number: known.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: plain(SHA256),
        signed_attrs: Some(attributes),
        signature_algorithm: plain(ECDSA_SHA256),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![plain(SHA256)])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(CertificateSet(SetOfVec::try_from(vec![CertificateChoices::Certificate(known)])?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
    };
    Ok(ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()?)
}
