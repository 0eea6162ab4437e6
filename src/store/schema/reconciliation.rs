//! Tables of reconciliations with customs.

diesel::table! {
    reconciliations (id) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        org -> Text,
        state -> Text,
        period_from -> Integer,
        period_to -> Integer,
        row_count -> Integer,
        sent_digest -> Text,
        findings_digest -> Text,
        compared_revision -> BigInt,
        matched -> Integer,
        missing_here -> Integer,
        missing_there -> Integer,
        different -> Integer,
        compared_by -> Text,
        compared_at -> BigInt,
        confirmed_by -> Nullable<Text>,
        confirmed_at -> Nullable<BigInt>,
        booked -> Nullable<Integer>,
        refused -> Nullable<Integer>,
    }
}

diesel::table! {
    reconciliation_pages (reconciliation, kind, first_number) {
        reconciliation -> Text,
        kind -> Text,
        first_number -> Text,
        last_number -> Text,
        findings -> Text,
    }
}
