//! Every table with its rows, so that the matrix sees what a call leaves behind.

use crate::support::app::TestApp;
use diesel::connection::LoadConnection;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl as _, sql_query};
use std::collections::BTreeMap;
use whitelist::http::access::disclosed;
use whitelist::store::{AnyConnection, StoreError};

/// A row, or the name of something, as text.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines<C>(conn: &mut C, sql: &str) -> Vec<String>
where
    C: LoadConnection,
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, Line>,
{
    sql_query(sql).load::<Line>(conn).unwrap().into_iter().map(|row| row.line).collect()
}

/// Whether an operation leaves a record in this table because it discloses, with the pseudonym of whoever looked, or because
/// the draft or the report that it is about was made for the call.
pub fn noted(operation: &str, table: &str) -> bool {
    let disclosed = disclosed(operation).is_some() && ["access_records", "people"].contains(&table);
    let report = ["get_report_job", "get_report_file"].contains(&operation)
        && ["report_jobs", "report_job_parts", "leases", "notices", "people"].contains(&table);
    disclosed || report || (operation == "mark_item_faults" && table == "drafts")
}

/// Every table with its rows, without those written in the background: recorded answers, raw messages, what both come to,
/// signed heads, heartbeats and the nodes that write them.
pub fn tables(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    // What an endpoint left in a queue is written before anything is compared.
    app.inside().recorder.flush();
    app.inside().accesses.flush();
    let read = |conn: &mut AnyConnection| {
        Ok::<_, StoreError>(match conn {
            AnyConnection::Sqlite(conn) => {
                let names = lines(
                    conn,
                    "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'answer%' AND name NOT IN ('log_checkpoints', 'draw_messages', 'border_counts', 'heartbeat', 'nodes')",
                );
                let rows = names.into_iter().map(|name| {
                    let columns = lines(
                        conn,
                        &format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{name}')"),
                    )
                    .join(" || '|' || ");
                    let rows = lines(conn, &format!("SELECT {columns} AS line FROM \"{name}\" ORDER BY 1"));
                    (name, rows)
                });
                rows.collect::<BTreeMap<_, _>>()
            }
            AnyConnection::Postgres(conn) => {
                let names = lines(
                    conn,
                    "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'answer%' AND tablename NOT IN ('log_checkpoints', 'draw_messages', 'border_counts', 'heartbeat', 'nodes')",
                );
                let rows = names.into_iter().map(|name| {
                    let rows = lines(conn, &format!("SELECT t::text AS line FROM \"{name}\" t ORDER BY 1"));
                    (name, rows)
                });
                rows.collect()
            }
        })
    };
    app.inside().store.read(read).unwrap()
}
