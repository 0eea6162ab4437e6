//! Answers on record: how they may be signed, why a key stops signing, and what becomes of an answer that cannot be
//! recorded.

use super::words::words;

words! {
    /// How answers are signed.
    AnswerAlgorithm {
        /// Ed25519 (RFC 8032, RFC 8037).
        EdDsa "EdDSA" "Ed25519 签名" "Ed25519";
        /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
        Es256 "ES256" "P-256 签名" "ECDSA P-256";
    }
}

words! {
    /// What a key of the national algorithms (SM2 with SM3) signs beside the others.
    NationalUse {
        /// Receipts of answers.
        Answers "answers" "答复回执" "receipts of answers";
        /// Heads of the log.
        Heads "heads" "日志头" "heads of the log";
    }
}

words! {
    /// Why a key stops signing answers.
    KeyEnd {
        /// Keys are changed from time to time.
        Scheduled "scheduled" "例行更换" "changed in turn";
        /// The service is set to sign another way.
        Algorithm "algorithm" "更换签名算法" "another algorithm is set";
        /// Somebody else may hold it.
        Compromised "compromised" "可能泄露" "somebody else may hold it";
    }
}

words! {
    /// What happens to an answer that cannot be recorded, because the database is away or too slow.
    Overflow {
        /// It is not given; what is queued is kept until it can be written.
        Refuse "refuse" "不记录则不答复" "not given";
        /// It is given, and counted as unrecorded.
        Count "count" "照常答复并计数" "given and counted";
    }
}
