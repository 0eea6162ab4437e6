//! The fixture scenarios of the field, asked over HTTP as customs would.

use crate::support::on_both;
use serde_json::{Value, json};

/// Scenario, question, verdict, reasons, waived, still required.
type Scenario = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const SCENARIOS: &[Scenario] = &[
    (
        "SC-01",
        "enterprise=91110302XFXTR00172&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on=2026-08-12",
        "allowed",
        &["listed"],
        &["Q"],
        &[],
    ),
    (
        "SC-02",
        "enterprise=91110108XFXTR00259&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=0101&declared_on=2026-08-12",
        "denied",
        &["no_listing"],
        &[],
        &["Q"],
    ),
    (
        "SC-03",
        "enterprise=91110302XFXTR00172&hs_code=3004909099&cas=27262-47-1&quantity=20&unit=142&customs_office=2233&declared_on=2026-08-12",
        "denied",
        &["customs_office_not_permitted"],
        &[],
        &["Q"],
    ),
    (
        "SC-04",
        "enterprise=91110302XFXTR0033P&hs_code=2937500000&cas=363-24-6&quantity=0.005&unit=036&customs_office=0101&declared_on=2026-08-12",
        "denied",
        &["expired"],
        &[],
        &["Q"],
    ),
    (
        "SC-05",
        "enterprise=91110302XFXTR0033P&hs_code=2941500000&cas=101666-68-6&quantity=100.00001&unit=036&customs_office=0101&declared_on=2026-08-12",
        "denied",
        &["quantity_exceeds_remaining"],
        &[],
        &["Q"],
    ),
    (
        "SC-06",
        "enterprise=91110302XFXTR0033P&hs_code=2941500000&cas=101666-68-6&quantity=0.0008&unit=035&customs_office=0101&declared_on=2026-08-12",
        "allowed",
        &["listed"],
        &["Q"],
        &[],
    ),
    (
        "SC-07",
        "enterprise=91110115XFXTR0092B&hs_code=3001901000&cas=9041-08-1&quantity=500&unit=036&customs_office=0101&declared_on=2026-08-12",
        "denied",
        &["removed"],
        &[],
        &["A", "Q"],
    ),
    (
        "SC-08",
        "enterprise=91110115XFXTR0068T&hs_code=3002410090&quantity=100&unit=012&customs_office=0101&declared_on=2026-08-12",
        "denied",
        &["suspended"],
        &[],
        &["A", "Q"],
    ),
    (
        "SC-09",
        "enterprise=91110108XFXTR00259&hs_code=3821000000&quantity=50&unit=095&customs_office=0101&declared_on=2026-08-12",
        "not_applicable",
        &["document_not_required"],
        &[],
        &[],
    ),
    (
        "SC-10",
        "enterprise=91110115XFXTR0068T&hs_code=3002410090&quantity=100&unit=012&customs_office=0101&declared_on=2026-05-20",
        "allowed",
        &["listed"],
        &["Q"],
        &["A"],
    ),
];

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

on_both! {
    fn every_scenario_answers_as_expected(app) {
        let customs = app.customs();
        for (name, question, verdict, reasons, waived, required) in SCENARIOS {
            let response = customs.get(&format!("/v1/lookup?{question}"));
            assert_eq!(response.status, 200, "{name}: {}", response.text());
            let answer = response.json();
            let codes: Vec<&str> = answer["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect();
            assert_eq!(answer["verdict"], *verdict, "{name}: {answer}");
            assert_eq!(codes, *reasons, "{name}: {answer}");
            assert_eq!(strings(&answer["waived_documents"]), *waived, "{name}");
            assert_eq!(strings(&answer["required_documents"]), *required, "{name}");
        }
    }
}

on_both! {
    fn a_confirmed_suspension_is_what_the_next_lookup_answers(app) {
        let customs = app.customs();
        let question = format!("/v1/lookup?{}", SCENARIOS[0].1);
        let number = customs.get(&question).json()["listing"]["number"].as_str().unwrap().to_owned();
        let revision = app.change(json!([{
            "kind": "suspend", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "risk_found" }
        }]));
        let response = customs.send("GET", &question, &[("Whitelist-Min-Revision", &revision.to_string())], b"");
        let answer = response.json();
        assert_eq!((answer["verdict"].as_str(), answer["reasons"][0]["code"].as_str()), (Some("denied"), Some("suspended")), "{answer}");
        let before = customs.get(&format!("{question}&as_of_revision={}", revision - 2)).json();
        assert_eq!(before["verdict"], "allowed", "the list as it stood is not rewritten");
    }
}
