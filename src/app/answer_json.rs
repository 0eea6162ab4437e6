//! Writes answers of a lookup as JSON, straight into their bytes: the shapes `Answer`, `DeclarationAnswer` and
//! `DryRunAnswer` of the contract.
//!
//! It decides nothing, and recorded answers are not read back here. Invariant: the bytes are what a general JSON
//! writer would make of the same members in the same order; only the answer itself is allocated.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::LazyLock;

use sha2::digest::Output;
use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::domain::code::DocumentSet;
use crate::domain::id::LookupId;
use crate::domain::lang::Lang;
use crate::domain::lookup::{Candidate, CodeMatch, LineAnswer, MatchLevels, QuantityMatch, UnitMatch};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reason::{Reason, Reasons};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};

/// Bytes reserved for the head of an answer, and for each line: enough for one with a listing and a long reason.
const HEAD_BYTES: usize = 160;
const LINE_BYTES: usize = 1024;

/// Writes the flat answer to one line, as `GET /v1/lookup` gives it.
#[must_use]
pub fn answer(id: LookupId, revision: Revision, answered_at: Instant, line: &LineAnswer<'_>, lang: Lang) -> Vec<u8> {
    let mut out = head(Some(id), revision, answered_at, 1);
    judgement(&mut out, line, lang);
    out.push(b'}');
    out
}

/// Writes the answer to a declaration, its lines in the order given.
#[must_use]
pub fn declaration_answer(
    id: LookupId,
    revision: Revision,
    answered_at: Instant,
    lines: &[LineAnswer<'_>],
    lang: Lang,
) -> Vec<u8> {
    let mut out = head(Some(id), revision, answered_at, lines.len());
    numbered(&mut out, lines, lang);
    out
}

/// Writes what customs would be answered, which has no id.
#[must_use]
pub fn dry_run_answer(revision: Revision, answered_at: Instant, lines: &[LineAnswer<'_>], lang: Lang) -> Vec<u8> {
    let mut out = head(None, revision, answered_at, lines.len());
    numbered(&mut out, lines, lang);
    out
}

/// Digests the lines of an answer to a declaration: SHA-256 of `lines` as written, brackets included.
#[must_use]
pub fn digest_of_lines(body: &[u8]) -> [u8; 32] {
    Sha256::digest(lines_of(body)).into()
}

/// The same by SM3 (GB/T 32905).
#[must_use]
pub fn sm3_of_lines(body: &[u8]) -> [u8; 32] {
    Sm3::digest(lines_of(body)).into()
}

fn lines_of(body: &[u8]) -> &[u8] {
    behind(body, b"\"lines\":").and_then(|lines| lines.strip_suffix(b"}")).unwrap_or_default()
}

/// Digests a flat answer as the answer to a declaration of this one line, so that both forms of an answer agree.
#[must_use]
pub fn digest_of_one(body: &[u8]) -> [u8; 32] {
    as_one_line::<Sha256>(body).into()
}

/// The same by SM3 (GB/T 32905).
#[must_use]
pub fn sm3_of_one(body: &[u8]) -> [u8; 32] {
    as_one_line::<Sm3>(body).into()
}

fn as_one_line<D: Digest>(body: &[u8]) -> Output<D> {
    let members = behind(body, b"\"answered_at\":").and_then(|rest| behind(rest, b",")).unwrap_or_default();
    D::new().chain_update(b"[{\"line\":1,").chain_update(members).chain_update(b"]").finalize()
}

/// What stands behind the first place of a text in the head of an answer.
fn behind<'a>(body: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let place = body.windows(text.len()).take(HEAD_BYTES).position(|window| window == text)?;
    body.get(place.saturating_add(text.len())..)
}

fn head(id: Option<LookupId>, revision: Revision, answered_at: Instant, lines: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES.saturating_add(LINE_BYTES.saturating_mul(lines)));
    out.push(b'{');
    if let Some(id) = id {
        raw(&mut out, "\"id\":");
        quoted(&mut out, id);
        out.push(b',');
    }
    raw(&mut out, "\"revision\":");
    bare(&mut out, revision);
    raw(&mut out, ",\"answered_at\":");
    quoted(&mut out, answered_at);
    out.push(b',');
    out
}

fn numbered(out: &mut Vec<u8>, lines: &[LineAnswer<'_>], lang: Lang) {
    raw(out, "\"lines\":[");
    for (place, line) in lines.iter().enumerate() {
        raw(out, if place == 0 { "{\"line\":" } else { ",{\"line\":" });
        digits(out, line.line.into(), 1);
        out.push(b',');
        judgement(out, line, lang);
        out.push(b'}');
    }
    raw(out, "]}");
}

/// Writes the members that a flat answer and a line of a declaration share.
fn judgement(out: &mut Vec<u8>, line: &LineAnswer<'_>, lang: Lang) {
    raw(out, "\"verdict\":\"");
    raw(out, line.verdict.as_str());
    match line.scheme {
        Some(scheme) => {
            raw(out, "\",\"scheme\":");
            text(out, &scheme.code);
            raw(out, ",\"scheme_version\":");
            digits(out, scheme.version.into(), 1);
        }
        None => raw(out, "\",\"scheme\":null,\"scheme_version\":null"),
    }
    raw(out, ",\"waived_documents\":");
    documents(out, line.waived);
    raw(out, ",\"required_documents\":");
    documents(out, line.required);
    raw(out, ",\"reasons\":");
    reasons(out, line.reasons, lang);
    match &line.candidate {
        Some(candidate) => {
            levels(out, candidate.levels);
            listing(out, candidate);
        }
        None => raw(out, ",\"match\":null,\"listing\":null"),
    }
}

fn levels(out: &mut Vec<u8>, levels: MatchLevels) {
    for (name, word) in [
        (",\"match\":{\"listing\":\"", if levels.listing_named { "exact" } else { "not_given" }),
        ("\",\"hs_code\":\"", if levels.hs_code_exact { "exact" } else { "different" }),
        ("\",\"ciq_code\":\"", code_word(levels.ciq_code)),
        ("\",\"cas\":\"", code_word(levels.cas)),
        ("\",\"unit\":\"", unit_word(levels.unit)),
        ("\",\"quantity\":\"", quantity_word(levels.quantity)),
    ] {
        raw(out, name);
        raw(out, word);
    }
    raw(out, "\"}");
}

const fn code_word(level: CodeMatch) -> &'static str {
    match level {
        CodeMatch::Exact => "exact",
        CodeMatch::NotGiven => "not_given",
        CodeMatch::NotListed => "not_listed",
        CodeMatch::Different => "different",
    }
}

const fn unit_word(level: UnitMatch) -> &'static str {
    match level {
        UnitMatch::Equal => "equal",
        UnitMatch::Converted => "converted",
        UnitMatch::NotComparable => "not_comparable",
        UnitMatch::NotGiven => "not_given",
    }
}

const fn quantity_word(level: QuantityMatch) -> &'static str {
    match level {
        QuantityMatch::Within => "within",
        QuantityMatch::Exceeds => "exceeds",
        QuantityMatch::NotGiven => "not_given",
        QuantityMatch::NotComparable => "not_comparable",
    }
}

fn listing(out: &mut Vec<u8>, candidate: &Candidate<'_>) {
    let period = candidate.version.terms.period;
    raw(out, ",\"listing\":{\"number\":");
    quoted(out, candidate.listing.number);
    raw(out, ",\"version\":");
    digits(out, candidate.version_number.into(), 1);
    raw(out, ",\"valid_from\":");
    day(out, period.from());
    raw(out, ",\"valid_to\":");
    day(out, period.to());
    raw(out, ",\"approved\":");
    measure(out, candidate.approved());
    raw(out, ",\"remaining\":");
    measure(out, candidate.remaining());
    if let Some(conditions) = &candidate.version.terms.conditions {
        raw(out, ",\"conditions\":");
        text(out, conditions);
    }
    out.push(b'}');
}

fn measure(out: &mut Vec<u8>, measure: Measure) {
    raw(out, "{\"quantity\":");
    quantity(out, measure.quantity);
    raw(out, ",\"unit\":\"");
    digits(out, measure.unit.value(), 3);
    raw(out, "\"}");
}

/// Writes a quantity as its own text has it: without trailing zeros.
fn quantity(out: &mut Vec<u8>, quantity: Quantity) {
    // Beyond 64 bits, or below zero, nobody asks often enough for a way of its own.
    let Ok(steps) = u64::try_from(quantity.steps()) else { return quoted(out, quantity) };
    let (whole, mut rest, mut width) = (steps / 100_000, steps % 100_000, 5);
    out.push(b'"');
    digits(out, whole, 1);
    if rest > 0 {
        while rest % 10 == 0 {
            rest /= 10;
            width -= 1;
        }
        out.push(b'.');
        digits(out, rest, width);
    }
    out.push(b'"');
}

fn day(out: &mut Vec<u8>, day: LegalDay) {
    let (year, month, day) = day.ymd();
    out.push(b'"');
    digits(out, year.into(), 4);
    out.push(b'-');
    digits(out, month.into(), 2);
    out.push(b'-');
    digits(out, day.into(), 2);
    out.push(b'"');
}

/// Writes a number in decimal, padded with zeros to a width.
fn digits(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut buffer = [b'0'; 20];
    let (mut rest, mut used) = (number, 0);
    for place in buffer.iter_mut().rev() {
        if rest == 0 && used >= width.max(1) {
            break;
        }
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        used += 1;
    }
    out.extend_from_slice(buffer.get(buffer.len() - used..).unwrap_or_default());
}

fn documents(out: &mut Vec<u8>, documents: DocumentSet) {
    out.push(b'[');
    for (place, code) in documents.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quoted(out, code);
    }
    out.push(b']');
}

/// Every reason in list order as JSON, texts escaped once per language and process.
fn written(lang: Lang) -> &'static [(Reason, String)] {
    static ZH: LazyLock<Vec<(Reason, String)>> = LazyLock::new(|| write_reasons(Lang::Zh));
    static EN: LazyLock<Vec<(Reason, String)>> = LazyLock::new(|| write_reasons(Lang::En));
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}

/// Tells the wording of this program's texts from another's: an answer given in other words is no other answer.
#[must_use]
pub fn wording(lang: Lang) -> u32 {
    static ZH: LazyLock<u32> = LazyLock::new(|| digest_of_texts(Lang::Zh));
    static EN: LazyLock<u32> = LazyLock::new(|| digest_of_texts(Lang::En));
    match lang {
        Lang::Zh => *ZH,
        Lang::En => *EN,
    }
}

fn digest_of_texts(lang: Lang) -> u32 {
    let texts: Vec<&str> = written(lang).iter().map(|(_, json)| json.as_str()).collect();
    let digest = Sha256::digest(texts.join("\n"));
    digest.first_chunk::<4>().map_or(0, |first| u32::from_be_bytes(*first))
}

fn write_reasons(lang: Lang) -> Vec<(Reason, String)> {
    let write = |reason: Reason| {
        serde_json::json!({ "code": reason.as_str(), "text": reason.text(lang), "remedy": reason.remedy(lang) })
            .to_string()
    };
    Reason::ALL.iter().map(|&reason| (reason, write(reason))).collect()
}

fn reasons(out: &mut Vec<u8>, reasons: Reasons, lang: Lang) {
    out.push(b'[');
    for (place, (_, json)) in written(lang).iter().filter(|(reason, _)| reasons.contains(*reason)).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        raw(out, json);
    }
    out.push(b']');
}

fn raw(out: &mut Vec<u8>, json: &str) {
    out.extend_from_slice(json.as_bytes());
}

/// Writes a number. Writing into a vector cannot fail, here and below.
fn bare(out: &mut Vec<u8>, number: impl Display) {
    let _ = write!(out, "{number}");
}

/// Writes a code whose alphabet needs no escapes.
fn quoted(out: &mut Vec<u8>, code: impl Display) {
    let _ = write!(out, "\"{code}\"");
}

/// Writes a text that may need escapes.
fn text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::strategy::ValueTree;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::domain::bilingual::Bilingual;
    use crate::domain::code::{DocumentCode, HsCode, UnitCode};
    use crate::domain::eligibility::Eligibility;
    use crate::domain::listing::{Listing, ListingVersion, Standing, Terms};
    use crate::domain::listing_number::ListingNumber;
    use crate::domain::quantity::GRANT_LIMIT;
    use crate::domain::reason::Verdict;
    use crate::domain::reservations::{Reservations, Shadow};
    use crate::domain::scheme::{Caps, Clocks, IdentifyBy, Scheme};
    use crate::domain::taken::Taken;
    use crate::domain::validity::{LegalDay, Validity};

    fn scheme(code: String, version: u32) -> Scheme {
        let clocks = Clocks {
            correction_notice_days: 5,
            district_review_days: 5,
            opinion_days: 10,
            recognition_days: 20,
            extension_days: 5,
        };
        Scheme {
            code,
            version,
            name: Bilingual { zh: "试点".into(), en: "Pilot".into() },
            legal_basis: "act".into(),
            number_prefix: "BJ".into(),
            valid_from: LegalDay::MIN,
            valid_to: None,
            lead_agency: "bj-commerce".into(),
            member_agencies: Vec::new(),
            districts: Vec::new(),
            waived_documents: DocumentSet::parse("Q").unwrap(),
            excluded_classes: Vec::new(),
            customs_prefixes: vec!["01".into()],
            trade_modes: None,
            identify_by: IdentifyBy::HsCode,
            validity_months: 12,
            bar_months: 12,
            clocks,
            caps: Caps::default(),
            supervision: crate::domain::supervision::Supervision::default(),
            reservations: Reservations::default(),
            tolerances: Vec::new(),
            shadow: Shadow::default(),
            eligibility: Eligibility::default(),
            casework: crate::domain::casework::Casework::default(),
        }
    }

    prop_compose! {
        fn listings()(serial in 1..=999_999_998_u32, granted in 0..=GRANT_LIMIT, used in 0..=GRANT_LIMIT, unit in select(vec!["036", "035", "096", "142"]),
                      days in (-25_000..80_000_i32, 0..4000_i32)) -> Listing {
            let day = |value| LegalDay::from_value(value).unwrap();
            let number = (serial..).find_map(|serial| ListingNumber::new("BJ", 2026, serial)).unwrap();
            let terms = Terms {
                hs_code: HsCode::parse("2941500000").unwrap(), ciq_code: None, cas: None, unit: UnitCode::parse(unit).unwrap(), granted,
                consignment_cap: None, period: Validity::new(day(days.0), day(days.0 + days.1)).unwrap(), customs_offices: None, purpose: None, conditions: None,
            };
            let version = ListingVersion { revision: Revision(3), effective_on: day(days.0), standing: Standing::Listed, terms };
            Listing { number, scheme: 0, used, versions: Box::new([version]), taken: Taken::default() }
        }
    }

    prop_compose! {
        fn levels_of()(listing_named in any::<bool>(), hs_code_exact in any::<bool>(),
                       ciq_code in select(vec![CodeMatch::Exact, CodeMatch::NotGiven, CodeMatch::NotListed, CodeMatch::Different]),
                       cas in select(vec![CodeMatch::Exact, CodeMatch::NotGiven, CodeMatch::NotListed, CodeMatch::Different]),
                       unit in select(vec![UnitMatch::Equal, UnitMatch::Converted, UnitMatch::NotComparable, UnitMatch::NotGiven]),
                       quantity in select(vec![QuantityMatch::Within, QuantityMatch::Exceeds, QuantityMatch::NotGiven, QuantityMatch::NotComparable]))
                     -> MatchLevels {
            MatchLevels { listing_named, hs_code_exact, ciq_code, cas, unit, quantity }
        }
    }

    fn document_sets() -> impl Strategy<Value = DocumentSet> {
        "[0-9A-Za-z]{0,4}".prop_map(|codes| DocumentSet::parse(&codes).unwrap())
    }

    fn reason_sets() -> impl Strategy<Value = Reasons> {
        proptest::collection::vec(select(Reason::ALL), 1..5).prop_map(|chosen| {
            let mut reasons = Reasons::default();
            chosen.into_iter().for_each(|reason| reasons.insert(reason));
            reasons
        })
    }

    /// What an answer is made of, owned.
    #[derive(Debug)]
    struct Made {
        line: u16,
        verdict: Verdict,
        scheme: Option<Scheme>,
        waived: DocumentSet,
        required: DocumentSet,
        reasons: Reasons,
        found: Option<(Listing, u32, MatchLevels)>,
    }

    prop_compose! {
        fn made(code: &'static str)(line in 1..=9999_u16, verdict in select(Verdict::ALL.to_vec()), scheme_of in proptest::option::of((code, 1..u32::MAX)),
                waived in document_sets(), required in document_sets(), reasons in reason_sets(),
                found in proptest::option::of((listings(), 1..u32::MAX, levels_of()))) -> Made {
            Made { line, verdict, scheme: scheme_of.map(|(code, version)| scheme(code, version)), waived, required, reasons, found }
        }
    }

    impl Made {
        fn answer(&self) -> LineAnswer<'_> {
            let candidate = self.found.as_ref().map(|(listing, version_number, levels)| Candidate {
                listing,
                version_number: *version_number,
                version: &listing.versions[0],
                levels: *levels,
                taken: listing.used,
            });
            LineAnswer {
                line: self.line,
                verdict: self.verdict,
                scheme: self.scheme.as_ref(),
                waived: self.waived,
                required: self.required,
                reasons: self.reasons,
                candidate,
            }
        }

        /// The members as a general writer would make them.
        fn members(&self, lang: Lang) -> Map<String, Value> {
            let answer = self.answer();
            let word = |level: &dyn std::fmt::Debug| {
                let mut snake = String::new();
                for letter in format!("{level:?}").chars() {
                    if letter.is_ascii_uppercase() && !snake.is_empty() {
                        snake.push('_');
                    }
                    snake.push(letter.to_ascii_lowercase());
                }
                snake
            };
            let reasons: Vec<Value> = answer.reasons.iter()
                .map(|reason| json!({ "code": reason.as_str(), "text": reason.text(lang), "remedy": reason.remedy(lang) })).collect();
            let members = json!({
                "verdict": answer.verdict.as_str(), "scheme": answer.scheme.map(|scheme| &scheme.code), "scheme_version": answer.scheme.map(|scheme| scheme.version),
                "waived_documents": answer.waived.iter().collect::<Vec<DocumentCode>>(), "required_documents": answer.required, "reasons": reasons,
                "match": answer.candidate.map(|Candidate { levels, .. }| json!({
                    "listing": if levels.listing_named { "exact" } else { "not_given" }, "hs_code": if levels.hs_code_exact { "exact" } else { "different" },
                    "ciq_code": word(&levels.ciq_code), "cas": word(&levels.cas), "unit": word(&levels.unit), "quantity": word(&levels.quantity),
                })),
                "listing": answer.candidate.map(|candidate| json!({
                    "number": candidate.listing.number, "version": candidate.version_number, "valid_from": candidate.version.terms.period.from(),
                    "valid_to": candidate.version.terms.period.to(), "approved": candidate.approved(), "remaining": candidate.remaining(),
                })),
            });
            members.as_object().unwrap().clone()
        }
    }

    fn validator(schema: &str) -> jsonschema::Validator {
        let openapi: Value = serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).unwrap();
        let root = json!({ "$ref": format!("#/components/schemas/{schema}"), "components": openapi["components"] });
        jsonschema::draft202012::new(&root).unwrap()
    }

    fn joined(members: [(&str, Value); 3], rest: Map<String, Value>) -> Value {
        let head =
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value));
        Value::Object(head.chain(rest).collect())
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_a_general_writer(
            lines in proptest::collection::vec(made("[a-z\"\\\\\u{1}é中]{1,12}"), 1..4), bits in any::<u128>(), revision in 1..i64::MAX,
            micros in any::<i64>(), lang in select(vec![Lang::Zh, Lang::En]),
        ) {
            let (id, revision, at) = (LookupId::new(bits), Revision(revision), Instant::from_micros(micros));
            let written = answer(id, revision, at, &lines[0].answer(), lang);
            let expected = joined([("id", json!(id)), ("revision", json!(revision)), ("answered_at", json!(at))], lines[0].members(lang));
            prop_assert_eq!(String::from_utf8(written).unwrap(), expected.to_string());

            let first = LineAnswer { line: 1, ..lines[0].answer() };
            let (flat, whole) = (answer(id, revision, at, &first, lang), declaration_answer(id, revision, at, &[first], lang));
            prop_assert_eq!(digest_of_one(&flat), digest_of_lines(&whole));
            let said: Value = serde_json::from_slice(&whole).unwrap();
            let digest: [u8; 32] = Sha256::digest(said["lines"].to_string()).into();
            prop_assert_eq!(digest_of_lines(&whole), digest);

            let answers: Vec<LineAnswer<'_>> = lines.iter().map(Made::answer).collect();
            let numbered: Vec<Value> = lines.iter().map(|made| joined([("line", json!(made.line)), ("", Value::Null), ("", Value::Null)], made.members(lang))).collect();
            for id in [Some(id), None] {
                let written = match id {
                    Some(id) => declaration_answer(id, revision, at, &answers, lang),
                    None => dry_run_answer(revision, at, &answers, lang),
                };
                let rest = Map::from_iter([("lines".to_owned(), Value::from(numbered.clone()))]);
                let expected = joined([("id", json!(id)), ("revision", json!(revision)), ("answered_at", json!(at))], rest);
                prop_assert_eq!(String::from_utf8(written).unwrap(), expected.to_string());
            }
        }
    }

    #[test]
    fn answers_are_as_the_contract_says_and_written_in_one_piece() {
        let schemas = [validator("Answer"), validator("DeclarationAnswer"), validator("DryRunAnswer")];
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for lang in [Lang::Zh, Lang::En].into_iter().cycle().take(64) {
            let made = made("[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}").new_tree(&mut runner).unwrap().current();
            let (id, revision, at) = (LookupId::new(7), Revision(1234), Instant::from_micros(1_786_500_930_123_456));
            let line = made.answer();
            let written = [
                answer(id, revision, at, &line, lang),
                declaration_answer(id, revision, at, &[line, line], lang),
                dry_run_answer(revision, at, &[line], lang),
            ];
            for (schema, bytes) in schemas.iter().zip(written) {
                let value: Value = serde_json::from_slice(&bytes).unwrap();
                assert!(schema.is_valid(&value), "{value}");
            }
        }
        let longest = Reason::ALL
            .iter()
            .flat_map(|reason| {
                [Lang::Zh, Lang::En]
                    .map(|lang| written(lang).iter().find(|(known, _)| known == reason).unwrap().1.len())
            })
            .max();
        assert!(longest.unwrap() + 600 < LINE_BYTES, "{longest:?}");
    }
}
