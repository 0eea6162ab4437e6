//! Tables of signed files of certificates, and of the keys that sign them.

diesel::table! {
    document_key_versions (kid, version) {
        kid -> Text,
        version -> Integer,
        revision -> BigInt,
        certificate -> Text,
        introduced_at -> BigInt,
        retires_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    certificate_files (sha256, version) {
        sha256 -> Text,
        version -> Integer,
        revision -> BigInt,
        listing -> Text,
        enterprise -> Text,
        list_revision -> BigInt,
        issued_at -> BigInt,
        lang -> Text,
        size -> BigInt,
        kid -> Text,
        asked_by -> Text,
        asked_for -> Text,
        recorded_at -> BigInt,
    }
}
