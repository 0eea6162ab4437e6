//! Tables of reports that are made in the background.

diesel::table! {
    report_jobs (id) {
        id -> Text,
        version -> Integer,
        issuer -> Text,
        subject -> Text,
        org -> Text,
        acting_for -> Text,
        roles -> Text,
        operation -> Text,
        target -> Text,
        lang -> Text,
        request_id -> Text,
        state -> Text,
        attempts -> Integer,
        asked_at -> BigInt,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        kept_until -> Nullable<BigInt>,
        bytes -> BigInt,
        parts -> Integer,
        media -> Text,
        file -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    report_job_parts (job, number) {
        job -> Text,
        number -> Integer,
        bytes -> Binary,
    }
}
