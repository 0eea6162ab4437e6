//! Tables of answers: the keys that sign them, the seals over their records, and what they come to at the border.

diesel::table! {
    access_records (id) {
        id -> Text,
        accessed_at -> BigInt,
        person -> Text,
        org -> Text,
        kind -> Text,
        about -> Text,
        request_id -> Text,
        seal -> Nullable<Integer>,
    }
}

diesel::table! {
    access_seals (version) {
        version -> Integer,
        revision -> BigInt,
        first_id -> Text,
        last_id -> Text,
        records -> BigInt,
        unrecorded -> BigInt,
        root -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    answer_key_versions (kid, version) {
        kid -> Text,
        version -> Integer,
        revision -> BigInt,
        algorithm -> Text,
        jwk -> Text,
        introduced_at -> BigInt,
        retires_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    national_key_versions (kid, version) {
        kid -> Text,
        version -> Integer,
        revision -> BigInt,
        purpose -> Text,
        jwk -> Text,
        introduced_at -> BigInt,
        retires_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    answer_seals (version) {
        version -> Integer,
        revision -> BigInt,
        first_id -> Text,
        last_id -> Text,
        answers -> BigInt,
        unrecorded -> BigInt,
        root -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    border_counts (hour, customs_office, kind, word) {
        hour -> BigInt,
        customs_office -> Text,
        kind -> Text,
        word -> Text,
        count -> BigInt,
    }
}
