//! Many rows in one statement whose text never changes. PostgreSQL takes a row of arrays, one per column: the server parses
//! and plans it once per connection, whatever the number of rows. SQLite takes a few fixed numbers of rows: each statement
//! is prepared once, and what a statement costs (its journal, for a trigger may abort it) is paid for many rows together.
//!
//! Invariant: a row names every column of its table.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};

/// The cells of one column.
pub enum Column<'r> {
    /// 64-bit numbers.
    Big(Vec<i64>),
    /// The same, some absent.
    MaybeBig(Vec<Option<i64>>),
    /// 32-bit numbers.
    Int(Vec<i32>),
    /// The same, some absent.
    MaybeInt(Vec<Option<i32>>),
    /// Texts.
    Text(Vec<&'r str>),
    /// The same, some absent.
    MaybeText(Vec<Option<&'r str>>),
    /// Bytes.
    Bytes(Vec<&'r [u8]>),
}

/// A value that stands in a column.
pub trait Cell: Sized + 'static {
    /// Gathers a column.
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r>;
}

impl Cell for i64 {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::Big(cells.copied().collect())
    }
}

impl Cell for Option<i64> {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::MaybeBig(cells.copied().collect())
    }
}

impl Cell for i32 {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::Int(cells.copied().collect())
    }
}

impl Cell for Option<i32> {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::MaybeInt(cells.copied().collect())
    }
}

impl Cell for String {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::Text(cells.map(String::as_str).collect())
    }
}

impl Cell for Option<String> {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::MaybeText(cells.map(Option::as_deref).collect())
    }
}

impl Cell for Vec<u8> {
    fn column<'r>(cells: impl Iterator<Item = &'r Self>) -> Column<'r> {
        Column::Bytes(cells.map(Vec::as_slice).collect())
    }
}

/// One statement over many rows.
pub struct Bulk<'r> {
    /// Up to the rows: `INSERT INTO t (a, b) SELECT * FROM `.
    head: &'static str,
    columns: Vec<Column<'r>>,
    /// Behind the rows: how they are named and joined, or nothing.
    tail: &'static str,
}

impl<'r> Bulk<'r> {
    /// Makes a statement of columns in the order that its head names them in.
    #[must_use]
    pub fn new(head: &'static str, columns: Vec<Column<'r>>, tail: &'static str) -> Self {
        Self { head, columns, tail }
    }
}

impl QueryId for Bulk<'_> {
    type QueryId = ();
    // Statements are told apart by their text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Bulk<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.head);
        out.push_sql("unnest");
        let mut before = "(";
        for column in &self.columns {
            out.push_sql(before);
            before = ", ";
            match column {
                Column::Big(cells) => out.push_bind_param::<Array<BigInt>, _>(cells)?,
                Column::MaybeBig(cells) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(cells)?,
                Column::Int(cells) => out.push_bind_param::<Array<Integer>, _>(cells)?,
                Column::MaybeInt(cells) => out.push_bind_param::<Array<Nullable<Integer>>, _>(cells)?,
                Column::Text(cells) => out.push_bind_param::<Array<Text>, _>(cells)?,
                Column::MaybeText(cells) => out.push_bind_param::<Array<Nullable<Text>>, _>(cells)?,
                Column::Bytes(cells) => out.push_bind_param::<Array<Binary>, _>(cells)?,
            }
        }
        out.push_sql(")");
        out.push_sql(self.tail);
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Bulk<'_> {}

/// Rows in one statement on SQLite, largest first; the widest table stays far below its limit of parameters.
pub const SIZES: [usize; 5] = [32, 16, 8, 4, 1];

/// Some of the rows, as one statement of SQLite.
pub struct Rows<'c, 'r> {
    /// Up to the rows: `INSERT INTO t (a, b) VALUES `.
    pub head: &'static str,
    /// Every column.
    pub columns: &'c [Column<'r>],
    /// The first row.
    pub first: usize,
    /// How many rows.
    pub count: usize,
    /// Behind the rows: what to do with one that is there already, or nothing.
    pub tail: &'static str,
}

impl QueryId for Rows<'_, '_> {
    type QueryId = ();
    // Statements are told apart by their text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Rows<'_, '_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.head);
        let mut between_rows = "(";
        for row in (self.first..).take(self.count) {
            let mut before = between_rows;
            between_rows = "), (";
            for column in self.columns {
                out.push_sql(before);
                before = ", ";
                match column {
                    Column::Big(cells) => bind::<BigInt, _>(&mut out, cells.get(row))?,
                    Column::MaybeBig(cells) => bind::<Nullable<BigInt>, _>(&mut out, cells.get(row))?,
                    Column::Int(cells) => bind::<Integer, _>(&mut out, cells.get(row))?,
                    Column::MaybeInt(cells) => bind::<Nullable<Integer>, _>(&mut out, cells.get(row))?,
                    Column::Text(cells) => bind::<Text, _>(&mut out, cells.get(row))?,
                    Column::MaybeText(cells) => bind::<Nullable<Text>, _>(&mut out, cells.get(row))?,
                    Column::Bytes(cells) => bind::<Binary, _>(&mut out, cells.get(row))?,
                }
            }
        }
        out.push_sql(")");
        out.push_sql(self.tail);
        Ok(())
    }
}

/// Binds the cell of a row that is there.
fn bind<'b, T, C>(out: &mut AstPass<'_, 'b, Sqlite>, cell: Option<&'b C>) -> QueryResult<()>
where
    Sqlite: diesel::sql_types::HasSqlType<T>,
    C: diesel::serialize::ToSql<T, Sqlite>,
{
    match cell {
        Some(cell) => out.push_bind_param::<T, C>(cell),
        None => Err(diesel::result::Error::QueryBuilderError("a row lacks a cell".into())),
    }
}

impl RunQueryDsl<SqliteConnection> for Rows<'_, '_> {}

/// Inserts `rows` rows of columns on SQLite, many at a time.
///
/// # Errors
/// The database's failure.
pub fn insert_rows(
    conn: &mut SqliteConnection,
    head: &'static str,
    columns: &[Column<'_>],
    rows: usize,
    tail: &'static str,
) -> QueryResult<()> {
    let mut first = 0_usize;
    for count in SIZES {
        while rows.saturating_sub(first) >= count {
            Rows { head, columns, first, count, tail }.execute(conn)?;
            first = first.saturating_add(count);
        }
    }
    Ok(())
}

/// Inserts rows by column on PostgreSQL, many at a time on SQLite; names every column of the table once.
macro_rules! insert_columns {
    ($conn:expr, $table:ident, $rows:expr, [$first:ident $(, $column:ident)* $(,)?]) => {{
        use $crate::store::bulk::{Bulk, Cell};
        match &mut *$conn {
            $crate::store::conn::AnyConnection::Sqlite(conn) => {
                const HEAD: &str = concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($column))*,
                    ") VALUES "
                );
                let columns = [
                    Cell::column($rows.iter().map(|row| &row.$first))
                    $(, Cell::column($rows.iter().map(|row| &row.$column)))*
                ];
                $crate::store::bulk::insert_rows(conn, HEAD, &columns, $rows.len(), "")?;
            }
            $crate::store::conn::AnyConnection::Postgres(conn) if !$rows.is_empty() => {
                const HEAD: &str = concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($first) $(, ", ", stringify!($column))*,
                    ") SELECT * FROM "
                );
                let columns = vec![
                    Cell::column($rows.iter().map(|row| &row.$first))
                    $(, Cell::column($rows.iter().map(|row| &row.$column)))*
                ];
                diesel::RunQueryDsl::execute(Bulk::new(HEAD, columns, ""), conn)?;
            }
            $crate::store::conn::AnyConnection::Postgres(_) => {}
        }
    }};
}
pub(crate) use insert_columns;
