//! Tables of the log, and of its readers: what is searched, signatures of witnesses, time stamps, and the heartbeat.

diesel::table! {
    log_head (id) {
        id -> Integer,
        size -> BigInt,
        frontier -> Binary,
    }
}

diesel::table! {
    heartbeat (id) {
        id -> Integer,
        beat -> BigInt,
    }
}

diesel::table! {
    log_entries (revision) {
        revision -> BigInt,
        leaf -> Binary,
        leaf_hash -> Binary,
    }
}

diesel::table! {
    log_tiles (level, tile) {
        level -> Integer,
        tile -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    log_checkpoints (size) {
        size -> BigInt,
        note -> Text,
    }
}

diesel::table! {
    log_shards (version) {
        version -> Integer,
        revision -> BigInt,
        shard -> Text,
        origin -> Text,
        vkey -> Text,
        cause -> Text,
        old_shard -> Text,
        old_origin -> Text,
        old_vkey -> Text,
        old_size -> BigInt,
        old_root -> Text,
        old_note -> Text,
        reason -> Text,
        recorded_at -> BigInt,
    }
}

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
    log_timestamps (size) {
        size -> BigInt,
        authority -> Text,
        reply -> Binary,
        serial -> Text,
        stamped_at -> BigInt,
        kept_at -> BigInt,
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
