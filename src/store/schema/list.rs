//! Tables of the list, what is sealed beside its log, and what draws on it.

diesel::table! {
    installation (id) {
        id -> Integer,
        environment -> Text,
        origin -> Text,
        shard -> Text,
    }
}

diesel::table! {
    private_values (revision) {
        revision -> BigInt,
        subject -> Text,
        sealed -> Binary,
    }
}

diesel::table! {
    subject_keys (subject) {
        subject -> Text,
        secret -> Binary,
    }
}

diesel::table! {
    scheme_versions (code, version) {
        code -> Text,
        version -> Integer,
        revision -> BigInt,
        body -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    tariff_versions (hs_code, version) {
        hs_code -> BigInt,
        version -> Integer,
        revision -> BigInt,
        valid_from -> Integer,
        valid_to -> Nullable<Integer>,
        documents -> Text,
        replaces -> Nullable<BigInt>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    enterprise_versions (uscc, version) {
        uscc -> Text,
        version -> Integer,
        revision -> BigInt,
        effective_on -> Integer,
        kind -> Text,
        name_zh -> Text,
        name_en -> Nullable<Text>,
        district -> Text,
        customs_registration -> Nullable<Text>,
        suspended -> Integer,
        barred_until -> Nullable<Integer>,
        reason_code -> Text,
        reason_basis -> Nullable<Text>,
        adjustment -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    listing_versions (number, version) {
        number -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        scheme -> Text,
        effective_on -> Integer,
        kind -> Text,
        standing -> Text,
        hs_code -> BigInt,
        ciq_code -> Nullable<Integer>,
        cas -> Nullable<BigInt>,
        purpose -> Nullable<Text>,
        unit -> Integer,
        quantity -> BigInt,
        consignment_cap -> Nullable<BigInt>,
        used -> BigInt,
        valid_from -> Integer,
        valid_to -> Integer,
        customs_offices -> Nullable<Text>,
        name_zh -> Text,
        name_en -> Nullable<Text>,
        specification -> Nullable<Text>,
        manufacturer -> Nullable<Text>,
        origin -> Nullable<Text>,
        batch -> Nullable<Text>,
        note -> Nullable<Text>,
        reason_code -> Text,
        reason_basis -> Nullable<Text>,
        adjustment -> Nullable<Text>,
        recorded_at -> BigInt,
        conditions -> Nullable<Text>,
    }
}

diesel::table! {
    balances (listing) {
        listing -> Text,
        reserved -> BigInt,
        confirmed -> BigInt,
        excess -> BigInt,
    }
}

diesel::table! {
    stop_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        effective_on -> Integer,
        stopped -> Integer,
        class -> Text,
        reason_code -> Text,
        reason_basis -> Nullable<Text>,
        adjustment -> Nullable<Text>,
        recorded_at -> BigInt,
        scheme -> Nullable<Text>,
        stage -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        review_on -> Nullable<Integer>,
        made_by -> Nullable<Text>,
        confirmed_by -> Nullable<Text>,
    }
}

diesel::table! {
    rule_change_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        rule_table -> Text,
        about -> Text,
        valid_from -> Integer,
        body -> Text,
        note -> Nullable<Text>,
        state -> Text,
        reason -> Nullable<Text>,
        proposed_by -> Text,
        decided_by -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    adjustments (id) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        scheme -> Text,
        state -> Text,
        changes -> Text,
        change_count -> Integer,
        note -> Nullable<Text>,
        proposed_by -> Text,
        proposed_at -> BigInt,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        decision_code -> Nullable<Text>,
        decision_basis -> Nullable<Text>,
    }
}

diesel::table! {
    people (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
    }
}

diesel::table! {
    answer_batches (first_id) {
        first_id -> Text,
        last_id -> Text,
        last_at -> BigInt,
        answers -> Integer,
        body -> Binary,
        seal -> Nullable<Integer>,
    }
}

diesel::table! {
    answer_declarations (declaration, answer) {
        declaration -> Text,
        answer -> Text,
    }
}

diesel::table! {
    idempotent_responses (scope) {
        scope -> Binary,
        request_digest -> Binary,
        status -> Integer,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Text,
        kept_at -> BigInt,
    }
}

diesel::table! {
    applications (id) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        kind -> Text,
        enterprise -> Text,
        scheme -> Text,
        scheme_version -> Integer,
        district -> Text,
        state -> Text,
        asked_in -> Nullable<Text>,
        needs_evaluation -> Integer,
        opinions -> Integer,
        fast_track -> Integer,
        content -> Integer,
        digest -> Text,
        item_count -> Integer,
        lodged_by -> Text,
        lodged_at -> BigInt,
        state_since -> BigInt,
    }
}

diesel::table! {
    application_contents (application, version) {
        application -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        digest -> Text,
        body -> Text,
        item_count -> Integer,
        lodged_by -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    case_events (application, version) {
        application -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        kind -> Text,
        stage -> Text,
        org -> Nullable<Text>,
        person -> Nullable<Text>,
        reason_code -> Nullable<Text>,
        due_on -> Nullable<Integer>,
        working_days -> Nullable<Integer>,
        content -> Nullable<Integer>,
        detail -> Nullable<Text>,
        note -> Nullable<Text>,
        visible_to_applicant -> Integer,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    documents (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        application -> Text,
        enterprise -> Text,
        kind -> Text,
        sha256 -> Text,
        size -> BigInt,
        media -> Text,
        name -> Text,
        scan -> Text,
        removed -> Integer,
        uploaded_by -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    item_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        archived -> Integer,
        body -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    drafts (id) {
        id -> Text,
        version -> Integer,
        enterprise -> Text,
        kind -> Text,
        scheme -> Text,
        body -> Text,
        created_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    screening_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        list -> Text,
        uscc -> Text,
        name -> Nullable<Text>,
        ground -> Text,
        source -> Text,
        valid_from -> Integer,
        valid_to -> Nullable<Integer>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    usage_return_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        listing -> Text,
        enterprise -> Text,
        scheme -> Text,
        period_from -> Integer,
        period_to -> Integer,
        due_on -> Integer,
        stage -> Text,
        unit -> Nullable<Integer>,
        opening -> Nullable<BigInt>,
        received -> Nullable<BigInt>,
        used -> Nullable<BigInt>,
        destroyed -> Nullable<BigInt>,
        stock -> Nullable<BigInt>,
        note -> Nullable<Text>,
        adjustment -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    finding_versions (id, version) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        enterprise -> Text,
        listing -> Nullable<Text>,
        found_on -> Integer,
        kind -> Text,
        text -> Text,
        documents -> Text,
        outcome -> Nullable<Text>,
        outcome_text -> Nullable<Text>,
        closed_on -> Nullable<Integer>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    reminders (subject, kind, due_on) {
        subject -> Text,
        kind -> Text,
        due_on -> Integer,
        sent_at -> BigInt,
    }
}

diesel::table! {
    declaration_versions (number, version) {
        number -> Text,
        version -> Integer,
        revision -> BigInt,
        sequence -> BigInt,
        verb -> Text,
        state -> Text,
        enterprise -> Text,
        org -> Text,
        customs_office -> Text,
        declared_on -> Integer,
        trade_mode -> Nullable<Integer>,
        occurred_at -> Nullable<BigInt>,
        lines -> Text,
        positions -> Text,
        answer -> Text,
        request_digest -> Binary,
        judged_at -> BigInt,
        reason_code -> Nullable<Text>,
        reason_basis -> Nullable<Text>,
        officer -> Nullable<Text>,
        shadow -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    movements (revision, place) {
        revision -> BigInt,
        place -> Integer,
        listing -> Text,
        enterprise -> Text,
        declaration -> Text,
        customs_office -> Text,
        kind -> Text,
        debit -> Text,
        credit -> Text,
        quantity -> BigInt,
        reserved_after -> BigInt,
        confirmed_after -> BigInt,
        excess_after -> BigInt,
        granted -> BigInt,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    open_declarations (number) {
        number -> Text,
        reserved_on -> Integer,
        enterprise -> Text,
        customs_office -> Text,
    }
}

diesel::table! {
    manual_releases (id) {
        id -> Text,
        version -> Integer,
        revision -> BigInt,
        state -> Text,
        declaration -> Text,
        declaration_version -> Integer,
        enterprise -> Text,
        customs_office -> Text,
        officer -> Text,
        reason_code -> Text,
        reason_basis -> Nullable<Text>,
        overridden -> Text,
        released_at -> BigInt,
        reviewed_by -> Nullable<Text>,
        reviewed_at -> Nullable<BigInt>,
        review_basis -> Nullable<Text>,
    }
}

diesel::table! {
    draw_messages (id) {
        id -> Text,
        declaration -> Text,
        verb -> Text,
        sequence -> Nullable<BigInt>,
        org -> Text,
        person -> Text,
        received_at -> BigInt,
        status -> Integer,
        revision -> Nullable<BigInt>,
        request -> Binary,
        answer -> Binary,
    }
}

diesel::table! {
    draw_refusals (declaration, sequence) {
        declaration -> Text,
        sequence -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    movements,
    open_declarations,
    declaration_versions,
    draw_refusals,
    draw_messages
);
