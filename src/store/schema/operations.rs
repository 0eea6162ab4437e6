//! Tables of running the service: pauses and backups.

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
