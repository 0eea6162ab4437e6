//! Tables of webhooks, and of work that one node does at a time.

diesel::table! {
    webhook_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        org -> Text,
        audience -> Text,
        url -> Text,
        events -> Text,
        state -> Text,
        cause -> Nullable<Text>,
        key_number -> Integer,
        key_since -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    webhook_positions (webhook) {
        webhook -> Text,
        served -> BigInt,
        turn -> Integer,
        attempts -> Integer,
        failing_since -> Nullable<BigInt>,
        due_at -> BigInt,
        set_aside -> Integer,
        last_outcome -> Nullable<Text>,
        delivered -> BigInt,
    }
}

diesel::table! {
    webhook_dead_letters (webhook, revision) {
        webhook -> Text,
        revision -> BigInt,
        attempts -> Integer,
        outcome -> Text,
        set_aside_at -> BigInt,
        again -> Integer,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        held_until -> BigInt,
    }
}
