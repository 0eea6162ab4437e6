//! Tables of people and of what they are told, and the calendar.

diesel::table! {
    erasures (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        subject_kind -> Text,
        subject -> Text,
        ground -> Text,
        state -> Text,
        row_count -> Integer,
        rows -> Nullable<Text>,
        proposed_by -> Text,
        decided_by -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    organisation_versions (code, version) {
        code -> Text,
        version -> Integer,
        revision -> BigInt,
        kind -> Text,
        name_zh -> Text,
        name_en -> Nullable<Text>,
        mail -> Nullable<Text>,
        active -> Integer,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    person_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        org -> Text,
        name -> Text,
        phone -> Nullable<Text>,
        mail -> Nullable<Text>,
        language -> Text,
        active -> Integer,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    account_versions (account, version) {
        account -> Text,
        version -> Integer,
        revision -> BigInt,
        person -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    grant_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        person -> Text,
        org -> Text,
        role -> Text,
        valid_from -> Integer,
        valid_to -> Nullable<Integer>,
        state -> Text,
        exempt -> Nullable<Text>,
        proposed_by -> Text,
        decided_by -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        recorded_at -> BigInt,
        custom_role -> Nullable<Text>,
    }
}

diesel::table! {
    custom_role_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        org -> Text,
        base -> Text,
        name_zh -> Text,
        name_en -> Nullable<Text>,
        duties -> Text,
        state -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    responsible_person_versions (uscc, version) {
        uscc -> Text,
        version -> Integer,
        revision -> BigInt,
        name -> Text,
        position -> Nullable<Text>,
        phone -> Text,
        mail -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    mandate_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        agent_org -> Text,
        agent_person -> Nullable<Text>,
        scopes -> Text,
        valid_from -> Integer,
        valid_to -> Nullable<Integer>,
        state -> Text,
        appointed_by -> Text,
        dismissed_by -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    calendar_years (year, version) {
        year -> Integer,
        version -> Integer,
        revision -> BigInt,
        days -> Text,
        notices -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    broadcast_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        state -> Text,
        scheme -> Text,
        title_zh -> Text,
        title_en -> Text,
        body_zh -> Text,
        body_en -> Text,
        published_by -> Text,
        published_at -> BigInt,
        told -> Integer,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        addressee -> Text,
        kind -> Text,
        about -> Text,
        params -> Text,
        once -> Nullable<Text>,
        told_at -> BigInt,
        spread -> Integer,
    }
}

diesel::table! {
    notice_reads (notice, person) {
        notice -> Text,
        person -> Text,
        read_at -> BigInt,
    }
}

diesel::table! {
    notice_letters (id) {
        id -> Text,
        notice -> Text,
        address -> Text,
        language -> Text,
        state -> Text,
        attempts -> Integer,
        due_at -> BigInt,
    }
}

diesel::table! {
    refused_addresses (address) {
        address -> Text,
        refused_at -> BigInt,
        status -> Integer,
    }
}

diesel::table! {
    setup_codes (digest) {
        digest -> Binary,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
        org -> Text,
        claimed -> Text,
        roles -> Text,
        acting_for -> Nullable<Text>,
        csrf -> Text,
        agent -> Text,
        started_at -> BigInt,
        seen_at -> BigInt,
        proved_at -> BigInt,
    }
}

diesel::table! {
    kept_forms (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        path -> Text,
        body -> Text,
        kept_at -> BigInt,
    }
}

diesel::table! {
    saved_filters (issuer, subject, page, name) {
        issuer -> Text,
        subject -> Text,
        page -> Text,
        name -> Text,
        query -> Text,
        saved_at -> BigInt,
    }
}

diesel::table! {
    sign_ins (id) {
        id -> Text,
        issuer -> Text,
        state -> Text,
        nonce -> Text,
        verifier -> Text,
        next -> Text,
        session -> Nullable<Text>,
        begun_at -> BigInt,
    }
}
