//! A rule runs in shadow before it counts: what it would have decided is told, what is decided stays.

use crate::draws::{HS, grams, place, position, reserve};
use crate::lookups::{ENT_03, ask, question, said};
use crate::schemes::adopt;
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::{Value, json};

const BEIJING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/schemes/beijing-2022.toml");

fn second_version(app: &mut TestApp, shadow: &str) {
    let text = std::fs::read_to_string(BEIJING).unwrap().replace("version = 1\n", "version = 2\n");
    let file = app.folder.join("scheme.toml");
    std::fs::write(&file, format!("{text}\n[shadow]\n{shadow}\n")).unwrap();
    let output = adopt(app, file.to_str().unwrap());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn report(app: &TestApp) -> Value {
    app.inside().recorder.flush();
    app.officer().get("/v1/schemes/beijing-2022/shadow").json()
}

on_both! {
    fn a_rule_in_shadow_is_tried_on_lookups_and_reservations_and_counts_for_neither(app) {
        let plain = question(ENT_03, HS);
        let moded = format!("{plain}&trade_mode=0110");
        let elsewhere = format!("{}&trade_mode=0110", plain.replace("=0101", "=0201"));
        // Asked before anybody thought of the rule: the report looks back.
        let before = ask(app, &plain);
        assert_eq!(said(&before), "allowed listed");
        let nothing = report(app);
        assert_eq!((&nothing["rules"], &nothing["lookups"]), (&json!([]), &json!({ "examined": 0, "would_differ": 0, "verdicts": [], "examples": [] })));

        second_version(app, "trade_modes = [\"0110\"]\ncustoms_prefixes = [\"01\", \"02\"]");
        for (query, expected) in [(&plain, "allowed listed"), (&moded, "allowed listed"), (&elsewhere, "denied customs_office_not_permitted")] {
            assert_eq!(said(&ask(app, query)), expected, "what is in shadow does not count");
        }
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        let mut stated = position(1, &[grams(1, "10")]);
        stated["trade_mode"] = json!("0110");
        assert_eq!(customs.put(&place(2), &stated).status, 200);

        let report = report(app);
        assert_eq!(report["rules"], json!(["trade_modes", "customs_prefixes"]));
        assert_eq!((&report["judged"], &report["would_be_refused"]), (&json!(2), &json!(1)), "{report}");
        assert_eq!(report["reasons"], json!([{ "code": "trade_mode_not_permitted", "count": 1 }]));
        let lookups = &report["lookups"];
        assert_eq!((&lookups["examined"], &lookups["would_differ"]), (&json!(4), &json!(3)), "{report}");
        // In both directions: two without a trade mode would be stopped, one at the other office would pass.
        assert_eq!(lookups["verdicts"], json!([
            { "was": "allowed", "would_be": "denied", "count": 2 }, { "was": "denied", "would_be": "allowed", "count": 1 },
        ]));
        let examples = lookups["examples"].as_array().unwrap();
        assert!(examples.iter().any(|example| example["answer"] == before["id"] && example["would_be"] == "denied"), "{report}");
        // A recorded answer reopened is what it was.
        let kept = app.customs().get(&format!("/v1/answers/{}", before["id"].as_str().unwrap())).json();
        assert_eq!(kept["lines"][0]["verdict"].as_str().or(kept["verdict"].as_str()), Some("allowed"), "{kept}");
    }
}
