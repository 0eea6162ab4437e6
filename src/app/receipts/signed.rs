//! What is handed out of a signed answer: the compact JWS, and with SM2 a second signature over the same payload.
//!
//! The compact form is what it was before there was a second signature, so that whoever reads it need know nothing of SM2. All signatures
//! together stand in the general JSON serialisation (RFC 7515, section 7.2.1). Invariant: every signature is over the bytes of one payload.

use super::keys::AnswerKey;
use super::{Receipt, TYP};
use crate::app::App;
use crate::store::StoreError;
use crate::tlog::sm2::{ALGORITHM, Sm2Key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Media type of the general JSON serialisation (RFC 7515, section 9.2.1).
pub const JOSE_JSON: &str = "application/jose+json";

/// One signature of a general JSON serialisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwsSignature {
    /// The protected header, in base64url.
    pub protected: String,
    /// The signature, in base64url.
    pub signature: String,
}

/// A JWS in general JSON serialisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct General {
    /// The claims, in base64url.
    pub payload: String,
    /// Who signed them: a key of answers first.
    pub signatures: Vec<JwsSignature>,
}

/// Who signs an answer.
#[derive(Clone)]
pub struct Signers {
    key: Arc<AnswerKey>,
    national: Option<Arc<Sm2Key>>,
}

impl Signers {
    /// Whether digests by SM3 are signed too.
    #[must_use]
    pub fn national(&self) -> bool {
        self.national.is_some()
    }

    /// Signs a receipt with every key.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the library cannot sign.
    pub fn sign(&self, receipt: &Receipt) -> Result<Signed, StoreError> {
        Ok(Signed::new(self.key.sign(receipt)?, self.national.as_deref()))
    }
}

impl App {
    /// Returns the keys that sign answers; none while this node lacks one of them.
    #[must_use]
    pub fn signers(&self) -> Option<Signers> {
        let national = self.national.for_answers();
        let whole = national.is_some() || !self.national.wanted();
        let key = self.answer_keys.current().filter(|_| whole)?;
        Some(Signers { key, national })
    }
}

/// A signed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The receipt in compact form.
    pub compact: String,
    /// Further signatures over its payload.
    pub beside: Vec<JwsSignature>,
}

impl Signed {
    /// Takes a compact JWS, and signs its payload with SM2 too where a key is given.
    #[must_use]
    pub fn new(compact: String, national: Option<&Sm2Key>) -> Self {
        let payload = compact.split('.').nth(1).unwrap_or_default();
        let beside = national.map(|key| {
            let header = json!({ "typ": TYP, "alg": ALGORITHM, "kid": key.public().kid() });
            let protected = URL_SAFE_NO_PAD.encode(header.to_string());
            let signature = URL_SAFE_NO_PAD.encode(key.sign(format!("{protected}.{payload}").as_bytes()));
            JwsSignature { protected, signature }
        });
        Self { beside: beside.into_iter().collect(), compact }
    }

    /// Writes all signatures in one piece.
    #[must_use]
    pub fn general(&self) -> General {
        let mut parts = self.compact.split('.').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let (protected, payload, signature) = (part(), part(), part());
        let signatures = [JwsSignature { protected, signature }].into_iter().chain(self.beside.clone()).collect();
        General { payload, signatures }
    }

    /// Reads a receipt in whatever form it was handed out: compact, general, or in the JSON answer that carries it. Nothing is verified.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Carried {
            receipt: String,
            #[serde(default)]
            receipt_signatures: Vec<JwsSignature>,
        }
        let text = text.trim();
        if !text.starts_with('{') {
            return Some(Self { compact: text.to_owned(), beside: Vec::new() });
        }
        if let Ok(Carried { receipt, receipt_signatures }) = serde_json::from_str(text) {
            return Some(Self { compact: receipt, beside: receipt_signatures });
        }
        let General { payload, signatures } = serde_json::from_str(text).ok()?;
        let mut signatures = signatures.into_iter();
        let JwsSignature { protected, signature } = signatures.next()?;
        Some(Self { compact: format!("{protected}.{payload}.{signature}"), beside: signatures.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_back() {
        let key = Sm2Key::from_bytes(&[5; 32]).unwrap();
        let plain = Signed::new("aa.bb.cc".to_owned(), None);
        assert_eq!(Signed::read("aa.bb.cc\n"), Some(plain.clone()));
        let both = Signed::new("aa.bb.cc".to_owned(), Some(&key));
        for signed in [plain, both] {
            let general = serde_json::to_string(&signed.general()).unwrap();
            assert_eq!(Signed::read(&general), Some(signed.clone()));
            let carried = json!({ "id": "x", "receipt": signed.compact, "receipt_signatures": signed.beside });
            assert_eq!(Signed::read(&carried.to_string()), Some(signed));
        }
        assert_eq!(Signed::read("{}"), None);
        assert_eq!(Signed::read(r#"{"payload":"bb","signatures":[]}"#), None);
    }
}
