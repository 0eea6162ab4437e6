//! Tables of the joint review: opinions, decisions, appeals, batches, and who has taken a case.

diesel::table! {
    opinion_versions (application, line, agency, version) {
        application -> Text,
        line -> Integer,
        agency -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        content -> Integer,
        item_digest -> Text,
        stance -> Text,
        grounds -> Text,
        conditions -> Nullable<Text>,
        note -> Nullable<Text>,
        reviewer -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    decision_versions (application, line, version) {
        application -> Text,
        line -> Integer,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        scheme -> Text,
        kind -> Text,
        state -> Text,
        hs_code -> Nullable<BigInt>,
        cas -> Nullable<BigInt>,
        content -> Integer,
        granted -> Nullable<Text>,
        conditions -> Nullable<Text>,
        grounds -> Text,
        note -> Nullable<Text>,
        lodged_by -> Text,
        proposed_by -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        batch -> Nullable<Text>,
        listing -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    appeal_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        application -> Text,
        enterprise -> Text,
        state -> Text,
        lines -> Text,
        grounds -> Text,
        reason_code -> Nullable<Text>,
        note -> Nullable<Text>,
        appealed_by -> Text,
        decided_by -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    batches (id) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        scheme -> Text,
        state -> Text,
        items -> Text,
        item_count -> Integer,
        notice_number -> Nullable<Text>,
        effective_on -> Nullable<Integer>,
        digest -> Nullable<Text>,
        body -> Nullable<Text>,
        collected_by -> Text,
        collected_at -> BigInt,
        closed_by -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    claims (application, org) {
        application -> Text,
        org -> Text,
        person -> Text,
        claimed_at -> BigInt,
    }
}

diesel::table! {
    opinion_drafts (application, agency) {
        application -> Text,
        agency -> Text,
        body -> Text,
        saved_by -> Text,
        saved_at -> BigInt,
    }
}

diesel::table! {
    certificates (code) {
        code -> Text,
        listing -> Text,
        revision -> BigInt,
        issued_to -> Text,
        issued_at -> BigInt,
        file_zh -> Nullable<Text>,
        file_en -> Nullable<Text>,
    }
}

diesel::table! {
    texts (id) {
        id -> Text,
        version -> Integer,
        org -> Text,
        purpose -> Text,
        title -> Text,
        text_zh -> Text,
        text_en -> Nullable<Text>,
        changed_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    case_ratings (application) {
        application -> Text,
        enterprise -> Text,
        district -> Text,
        score -> Integer,
        remark -> Nullable<Text>,
        rated_at -> BigInt,
    }
}
