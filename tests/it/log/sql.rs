//! Plain SQL on either database, behind the back of the service: what somebody with the password could do.
//!
//! Rows are read and written whole and as text, for whatever columns the database says it has, so that a column added
//! later is tampered with too. Invariant: a row that is read, deleted and inserted again is the row that was.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use serde_json::{Map, Value};
use whitelist::store::keep::TABLES;
use whitelist::store::{AnyConnection, DatabaseUrl};

/// A row by column; bytes are lower-case hex.
pub type Row = Map<String, Value>;

/// A connection that may do anything.
pub struct Sql(AnyConnection);

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Bytes,
}

/// A column as the database describes it.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub nullable: bool,
    pub key: bool,
}

/// A table as the database describes it.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Table {
    fn where_(&self, row: &Row) -> String {
        let keys = self.columns.iter().filter(|column| column.key);
        keys.map(|column| format!("{} = {}", column.name, column.literal(&row[&column.name], false)))
            .collect::<Vec<_>>()
            .join(" AND ")
    }
}

impl Column {
    fn literal(&self, value: &Value, postgres: bool) -> String {
        match (self.kind, value) {
            (_, Value::Null) => "NULL".to_owned(),
            (Kind::Number, value) => value.to_string(),
            (Kind::Text, value) => format!("'{}'", value.as_str().unwrap().replace('\'', "''")),
            (Kind::Bytes, value) if postgres => format!("'\\x{}'::bytea", value.as_str().unwrap()),
            (Kind::Bytes, value) => format!("X'{}'", value.as_str().unwrap()),
        }
    }
}

impl Sql {
    pub fn open(database: &DatabaseUrl) -> Self {
        Self(database.open().unwrap())
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.0, AnyConnection::Postgres(_))
    }

    /// Runs statements.
    ///
    /// # Errors
    /// What the database said.
    pub fn run(&mut self, statements: &str) -> Result<(), String> {
        match &mut self.0 {
            AnyConnection::Sqlite(conn) => conn.batch_execute(statements),
            AnyConnection::Postgres(conn) => conn.batch_execute(statements),
        }
        .map_err(|error| error.to_string())
    }

    /// Reads the column `value` of a query.
    pub fn texts(&mut self, query: &str) -> Vec<String> {
        let lines: Vec<Line> = match &mut self.0 {
            AnyConnection::Sqlite(conn) => sql_query(query).load(conn),
            AnyConnection::Postgres(conn) => sql_query(query).load(conn),
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"));
        lines.into_iter().map(|line| line.value).collect()
    }

    /// Describes the tables of the list and of the log: all but working state and the record of migrations.
    pub fn tables(&mut self) -> Vec<Table> {
        let names = if self.is_postgres() {
            "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        } else {
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        };
        let names = self.texts(names);
        let of_list =
            names.into_iter().filter(|name| name != "__diesel_schema_migrations" && !TABLES.contains(&name.as_str()));
        of_list.map(|name| Table { columns: self.columns(&name), name }).collect()
    }

    /// Describes one table.
    pub fn table(&mut self, name: &str) -> Table {
        Table { name: name.to_owned(), columns: self.columns(name) }
    }

    fn columns(&mut self, table: &str) -> Vec<Column> {
        let query = if self.is_postgres() {
            format!(
                "SELECT concat_ws(' ', a.attname, upper(format_type(a.atttypid, NULL)), CASE WHEN a.attnotnull THEN 1 ELSE 0 END, \
                 CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) \
                 THEN 1 ELSE 0 END) AS value FROM pg_attribute a \
                 WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            )
        } else {
            format!(
                "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || (pk > 0) AS value FROM pragma_table_info('{table}') ORDER BY cid"
            )
        };
        let column = |text: String| {
            let parts: Vec<&str> = text.split(' ').collect();
            let kind = match parts[1] {
                "INTEGER" | "BIGINT" => Kind::Number,
                "TEXT" => Kind::Text,
                "BLOB" | "BYTEA" => Kind::Bytes,
                other => panic!("{table}.{} is of type {other}", parts[0]),
            };
            Column { name: parts[0].to_owned(), kind, nullable: parts[2] == "0", key: parts[3] == "1" }
        };
        self.texts(&query).into_iter().map(column).collect()
    }

    /// Reads every row of a table in the order of its key.
    pub fn rows(&mut self, table: &Table) -> Vec<Row> {
        let postgres = self.is_postgres();
        let members = table.columns.iter().map(|column| {
            let value = match (column.kind, postgres) {
                (Kind::Bytes, true) => format!("encode({}, 'hex')", column.name),
                (Kind::Bytes, false) => format!("lower(hex({}))", column.name),
                (Kind::Number | Kind::Text, _) => column.name.clone(),
            };
            format!("'{}', {value}", column.name)
        });
        let members = members.collect::<Vec<_>>().join(", ");
        let object =
            if postgres { format!("json_build_object({members})::text") } else { format!("json_object({members})") };
        let keys: Vec<&str> =
            table.columns.iter().filter(|column| column.key).map(|column| column.name.as_str()).collect();
        let query = format!("SELECT {object} AS value FROM {} ORDER BY {}", table.name, keys.join(", "));
        self.texts(&query).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// What the database said.
    pub fn insert(&mut self, table: &Table, row: &Row) -> Result<(), String> {
        let statement = self.insertion(table, row);
        self.run(&format!("INSERT {statement}"))
    }

    /// Writes what follows the first word of an insertion.
    pub fn insertion(&self, table: &Table, row: &Row) -> String {
        let postgres = self.is_postgres();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<String> =
            table.columns.iter().map(|column| column.literal(&row[&column.name], postgres)).collect();
        format!("INTO {} ({}) VALUES ({})", table.name, names.join(", "), values.join(", "))
    }

    /// Deletes the row with the key of this one.
    ///
    /// # Errors
    /// What the database said.
    pub fn delete(&mut self, table: &Table, row: &Row) -> Result<(), String> {
        self.run(&format!("DELETE FROM {} WHERE {}", table.name, table.where_(row)))
    }

    /// Puts a row in the place of another; leaves everything as it was when the database refuses it.
    ///
    /// # Errors
    /// What the database said.
    pub fn replace(&mut self, table: &Table, old: &Row, new: &Row) -> Result<(), String> {
        self.run("BEGIN").unwrap();
        let done = self.delete(table, old).and_then(|()| self.insert(table, new));
        self.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).unwrap();
        done
    }

    /// Reads every row of the list and of the log.
    pub fn dump(&mut self) -> Vec<(Table, Vec<Row>)> {
        let tables = self.tables();
        tables.into_iter().map(|table| (table.clone(), self.rows(&table))).collect()
    }

    /// Makes the list and the log what they were.
    pub fn restore(&mut self, dump: &[(Table, Vec<Row>)]) {
        self.run("BEGIN").unwrap();
        for (table, rows) in dump {
            self.run(&format!("DELETE FROM {}", table.name)).unwrap();
            for row in rows {
                self.insert(table, row).unwrap();
            }
        }
        self.run("COMMIT").unwrap();
    }

    /// Takes away every trigger and every check, as somebody with the password can.
    pub fn disarm(&mut self) {
        if self.is_postgres() {
            for table in self.tables() {
                self.run(&format!("ALTER TABLE {} DISABLE TRIGGER USER", table.name)).unwrap();
                let query = format!(
                    "SELECT conname::text AS value FROM pg_constraint WHERE contype = 'c' AND conrelid = '{}'::regclass",
                    table.name
                );
                for check in self.texts(&query) {
                    self.run(&format!("ALTER TABLE {} DROP CONSTRAINT {check}", table.name)).unwrap();
                }
            }
        } else {
            self.run("PRAGMA ignore_check_constraints = ON").unwrap();
            for trigger in self.texts("SELECT name AS value FROM sqlite_master WHERE type = 'trigger'") {
                self.run(&format!("DROP TRIGGER {trigger}")).unwrap();
            }
        }
    }
}
