//! Tables of running the service: pauses, backups, nodes.

diesel::table! {
    pause_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        state -> Text,
        reason_zh -> Text,
        reason_en -> Text,
        paused_at -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    backups (made_at) {
        made_at -> BigInt,
        log_size -> BigInt,
        maker -> Text,
    }
}

diesel::table! {
    nodes (name) {
        name -> Text,
        version -> Text,
        started_at -> BigInt,
        revision -> BigInt,
        seen_at -> BigInt,
    }
}
