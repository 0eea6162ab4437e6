//! Tables of the log's readers: what is searched, and the signatures of witnesses.

diesel::table! {
    log_search (revision) {
        revision -> BigInt,
        event -> Text,
        entity_kind -> Text,
        entity_id -> Text,
        actor -> Text,
        org -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    log_cosignatures (size, witness) {
        size -> BigInt,
        witness -> Text,
        line -> Text,
        signed_at -> BigInt,
    }
}
