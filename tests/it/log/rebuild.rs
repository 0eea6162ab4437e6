//! The drill: the log alone rebuilds the list and its books; whatever was edited behind the back of the service differs.

use super::tamper::told;
use crate::support::on_both;
use std::process::{Command, Output};
use whitelist::store::DatabaseUrl;

fn rebuild(folder: &std::path::Path, database: &DatabaseUrl) -> Output {
    let url = match database {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
    command.args(["rebuild", "--check", "--json", "--database", &url, "--data"]).arg(folder).env_clear();
    command.output().unwrap()
}

/// Names of the tables that differ, and the exit code.
fn differing(output: &Output) -> (Vec<String>, Option<i32>) {
    let text = String::from_utf8_lossy(&output.stdout);
    let found: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
    let tables = found["tables"].as_array().unwrap().iter().filter(|table| table["same"] == false);
    (tables.map(|table| table["kind"].as_str().unwrap().to_owned()).collect(), output.status.code())
}

on_both! {
    fn the_log_alone_rebuilds_the_list_and_an_edited_table_differs(app) {
        let (mut sql, _) = told(app);
        let whole = rebuild(&app.folder, &app.database);
        assert_eq!(differing(&whole), (vec![], Some(0)));
        let found: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
        for table in found["tables"].as_array().unwrap() {
            assert!(table["rows"].as_u64().unwrap() > 0, "the story leaves {} empty", table["kind"]);
        }
        let edits = [
            ("listing", "UPDATE listing_versions SET quantity = quantity + 1 WHERE version = 1", "UPDATE listing_versions SET quantity = quantity - 1 WHERE version = 1"),
            ("books", "UPDATE balances SET reserved = reserved + 1", "UPDATE balances SET reserved = reserved - 1"),
            ("books", "UPDATE movements SET occurred_at = occurred_at + 1", "UPDATE movements SET occurred_at = occurred_at - 1"),
        ];
        for (table, edit, back) in edits {
            sql.run(edit).unwrap();
            assert_eq!(differing(&rebuild(&app.folder, &app.database)), (vec![table.to_owned()], Some(1)), "{edit}");
            sql.run(back).unwrap();
        }
        let gone = "DELETE FROM private_values WHERE revision = (SELECT max(revision) FROM private_values)";
        sql.run(gone).unwrap();
        let output = rebuild(&app.folder, &app.database);
        assert_eq!(output.status.code(), Some(1), "what the log cannot tell is said");
        assert!(String::from_utf8_lossy(&output.stderr).contains("are gone"), "{output:?}");
    }
}
