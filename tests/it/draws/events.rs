//! What suspension, removal, expiry, variation below what is reserved, and the end of a scheme do to open reservations:
//! each under each word of a scheme, from the release to the sweep and the books.

use super::{HS, act, declaration, grams, ok, place, position_of, refused, reserve};
use crate::lookups::{ENT_01, ENT_03, ENT_05, faults, number_of};
use crate::schemes::adopt;
use crate::support::app::{Actor, Database, TestApp};
use serde_json::{Value, json};

const BEIJING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/schemes/beijing-2022.toml");
const EVENTS: [&str; 5] = ["on_suspension", "on_removal", "on_expiry", "on_variation", "on_scheme_end"];

/// The sample scheme as another version, with other words.
fn version(app: &mut TestApp, version: u32, words: &[(&str, &str)], ends: Option<&str>) {
    let mut text = std::fs::read_to_string(BEIJING).unwrap();
    text = text.replace("version = 1\n", &format!("version = {version}\n"));
    if let Some(day) = ends {
        let begin = text.lines().find(|line| line.starts_with("valid_from")).unwrap().to_owned();
        text = text.replace(&begin, &format!("{begin}\nvalid_to = \"{day}\""));
    }
    // What age does is another matter.
    let aged = |line: &&str| !line.starts_with("expire_after_days");
    text = text.lines().filter(aged).map(|line| format!("{line}\n")).collect();
    for (event, word) in words {
        let line = text.lines().find(|line| line.starts_with(event)).unwrap().to_owned();
        text = text.replace(&line, &format!("{event} = \"{word}\""));
    }
    let file = app.folder.join("scheme.toml");
    std::fs::write(&file, text).unwrap();
    let output = adopt(app, file.to_str().unwrap());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn with_word(app: &mut TestApp, number: u32, word: &str) {
    version(app, number, &EVENTS.map(|event| (event, word)), None);
}

fn release(customs: &Actor) -> crate::support::client::Response {
    customs.post(&format!("{}/release", place(1)), &json!({ "sequence": 2 }))
}

/// Reserved, confirmed, remaining.
fn books(app: &TestApp) -> [String; 3] {
    let number = number_of(app, ENT_03, HS);
    let balance = app.officer().get(&format!("/v1/listings/{number}/balance")).json();
    ["reserved", "confirmed", "remaining"].map(|name| balance[name]["quantity"].as_str().unwrap().to_owned())
}

/// Reserves 60 g of 100, lets something happen, and holds the scheme's word against what comes of it.
fn happens(database: Database, reason: &str, left: [&str; 3], happen: impl Fn(&mut TestApp, &str)) {
    for word in ["honour", "hold", "give_back"] {
        let mut app = TestApp::start(database);
        let app = &mut app;
        with_word(app, 2, word);
        reserve(&app.drawing(), 1, 1, &[grams(1, "60")]);
        happen(app, word);
        let before = books(app);
        let swept = app.inside().lapse_reservations(app.clock.now()).unwrap();
        let [held, released, given_back] = left;
        match word {
            "honour" => {
                assert_eq!((swept, books(app)), (0, before), "{reason}");
                assert_eq!(ok(&release(&app.drawing()))["state"], "released");
                assert_eq!(books(app), ["0", "60", released]);
            }
            "hold" => {
                assert_eq!((swept, books(app)), (0, ["60".into(), "0".into(), held.to_owned()]), "{reason}");
                assert_eq!(refused(&release(&app.drawing())), [format!("1 {reason}")]);
                assert_eq!(app.drawing().get(&place(1)).json()["version"], 1, "a refusal changes nothing");
                // A cancellation always goes through.
                act(&app.drawing(), 1, "cancel", &json!({ "sequence": 3 }));
                assert_eq!(books(app), ["0", "0", given_back]);
            }
            _ => {
                assert_eq!((swept, books(app)), (1, ["0".into(), "0".into(), given_back.to_owned()]), "{reason}");
                let late = release(&app.drawing());
                assert_eq!(late.status, 409, "{}", late.text());
                let lapsed = app.drawing().get(&place(1)).json();
                assert_eq!((&lapsed["state"], &lapsed["verb"]), (&json!("lapsed"), &json!("lapsed")));
            }
        }
    }
}

fn change(app: &TestApp, change: Value) {
    let mut change = change;
    change["listing"] = json!(number_of(app, ENT_03, HS));
    change["effective_on"] = json!(app.clock.now().day().to_string());
    app.change(json!([change]));
}

/// Runs a test on both databases.
macro_rules! each_word {
    ($($name:ident $reason:literal $left:expr, $happen:expr;)+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn on_sqlite() {
                happens(Database::Sqlite, $reason, $left, $happen);
            }

            #[test]
            fn on_postgres() {
                happens(Database::Postgres, $reason, $left, $happen);
            }
        })+
    };
}

each_word! {
    a_suspension "suspended" ["40", "40", "100"], |app, _| {
        change(app, json!({ "kind": "suspend", "reason": { "code": "risk_found", "basis": "演练" } }));
    };
    a_removal "removed" ["40", "40", "100"], |app, _| {
        change(app, json!({ "kind": "remove", "reason": { "code": "risk_found", "basis": "演练" } }));
    };
    an_expiry "expired" ["40", "40", "100"], |app, _| {
        let listing = app.officer().get(&format!("/v1/listings/{}", number_of(app, ENT_03, HS))).json();
        let last = listing["valid_to"].as_str().unwrap().to_owned();
        // On its last day it holds, also past eight in the evening of UTC's day before.
        app.set_time(&format!("{last}T15:59:59.000000Z"));
        assert_eq!(app.inside().lapse_reservations(app.clock.now()).unwrap(), 0);
        app.set_time(&format!("{last}T16:00:00.000000Z"));
    };
    a_variation_below_what_is_reserved "quantity_exceeds_remaining" ["0", "0", "50"], |app, _| {
        change(app, json!({ "kind": "vary", "set": { "quantity": "50" }, "reason": { "code": "quantity_changed" } }));
    };
    the_end_of_a_scheme "scheme_not_in_force" ["40", "40", "100"], |app, word| {
        version(app, 3, &EVENTS.map(|event| (event, word)), Some("2026-08-20"));
        app.set_time("2026-08-20T15:59:59.000000Z");
        assert_eq!(app.inside().lapse_reservations(app.clock.now()).unwrap(), 0);
        app.set_time("2026-08-20T16:00:00.000000Z");
        // The version before it does not come back, for casework neither.
        let change = json!({ "kind": "suspend", "listing": number_of(app, ENT_03, HS), "effective_on": "2026-08-21", "reason": { "code": "risk_found" } });
        let refused = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [change] }));
        assert_eq!((refused.status, faults(&refused.json())), (422, vec![("/scheme", "scheme_unknown")]));
    };
}

crate::support::on_both! {
    fn a_scheme_that_changes_its_word_changes_what_becomes_of_open_reservations(app) {
        with_word(app, 2, "hold");
        reserve(&app.drawing(), 1, 1, &[grams(1, "60")]);
        change(app, json!({ "kind": "suspend", "reason": { "code": "risk_found", "basis": "演练" } }));
        assert_eq!(refused(&release(&app.drawing())), ["1 suspended"]);
        with_word(app, 3, "honour");
        assert_eq!(ok(&release(&app.drawing()))["state"], "released");
        // What was said before the change is explained by the scheme of then.
        let history = app.drawing().get(&place(1)).json();
        assert_eq!(history["history"].as_array().unwrap().len(), 2);
        assert_eq!(history["number"], json!(declaration(1)));
    }
}

crate::support::on_both! {
    fn of_several_reservations_the_youngest_give_way_to_a_smaller_grant(app) {
        with_word(app, 2, "give_back");
        for (serial, day) in [(1, "12"), (2, "13"), (3, "14")] {
            app.set_time(&format!("2026-08-{day}T04:00:00.000000Z"));
            reserve(&app.drawing(), serial, 1, &[grams(1, "20")]);
        }
        change(app, json!({ "kind": "vary", "set": { "quantity": "45" }, "reason": { "code": "quantity_changed" } }));
        assert_eq!(app.inside().lapse_reservations(app.clock.now()).unwrap(), 1);
        let states: Vec<Value> = (1..=3).map(|serial| app.drawing().get(&place(serial)).json()["state"].clone()).collect();
        assert_eq!(states, [json!("reserved"), json!("reserved"), json!("lapsed")]);
        assert_eq!(books(app), ["40", "0", "5"]);
        assert_eq!(app.inside().lapse_reservations(app.clock.now()).unwrap(), 0);
        // The others of the enterprise and of other enterprises are not touched.
        for enterprise in [ENT_01, ENT_05] {
            let mine = app.drawing().get(&format!("/v1/declarations?enterprise={enterprise}")).json();
            assert_eq!(mine["items"], json!([]));
        }
        assert_eq!(ok(&app.drawing().put(&place(9), &position_of(ENT_05, 1, &[grams(1, "0.001")])))["state"], "reserved");
    }
}
