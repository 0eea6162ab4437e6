//! No leaf of a long story holds a personal value that went in.

use super::fill::fill;
use super::story::play;
use crate::support::on_both;
use crate::support::story::Story;
use jiff::civil::date;
use serde_json::Value;
use std::collections::BTreeSet;
use whitelist::store::log::list_entries;
use whitelist::store::private::{self, SubjectKeys};

/// Texts inside a value that say something: short codes may stand in a leaf by chance.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => texts(&inner, found),
            _ => drop(found.insert(text.clone())),
        },
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

on_both! {
    fn no_leaf_of_a_long_story_holds_a_private_text(app) {
        play(app, &mut Story::new(20_261, "beijing-2022", date(2026, 8, 12)), 40);
        fill(app);
        let (leaves, private) = app.inside().store.read::<_, whitelist::store::StoreError>(|conn| {
            let (mut keys, mut found) = (SubjectKeys::default(), BTreeSet::new());
            let entries = list_entries(conn, 0, 100_000)?;
            // Rules that are proposed are sealed for their length alone; their adoption says them.
            let proposed = |leaf: &[u8]| String::from_utf8_lossy(leaf).contains(r#""kind":"rule_change""#);
            let rules: BTreeSet<i64> =
                entries.iter().filter(|entry| proposed(&entry.leaf)).map(|entry| entry.revision).collect();
            for row in private::list(conn, 0, 100_000)? {
                let key = keys.find(conn, &row.subject)?.unwrap();
                let opened = private::open(&key, &row)?;
                let said = opened.values.iter().filter(|(path, _)| !(rules.contains(&row.revision) && path.as_str() == "/body"));
                said.for_each(|(_, value)| texts(value, &mut found));
            }
            Ok((entries, found))
        }).unwrap();
        let speaks = |text: &String| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter)) || text.contains('@') || text.starts_with("010-");
        let private: Vec<&String> = private.iter().filter(|text| speaks(text)).collect();
        for known in ["张三", "李四", "010-00000000", "zhang@example.cn", "li@example.cn"] {
            assert!(private.iter().any(|text| *text == known), "{known} did not go in");
        }
        assert!(private.len() > 20 && leaves.len() > 100, "{} texts, {} leaves", private.len(), leaves.len());
        for leaf in leaves {
            let text = String::from_utf8(leaf.leaf).unwrap();
            let held = private.iter().find(|value| text.contains(value.as_str()));
            assert!(held.is_none(), "entry {}: {held:?} in {text}", leaf.revision);
        }
    }
}
