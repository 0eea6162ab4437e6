//! Versions of declarations, and which of them hold a reservation.

use super::bulk::insert_columns;
use super::conn::AnyConnection;
use super::error::StoreError;
use super::fact::Fact;
use super::rows::wire;
use super::schema::{declaration_versions, open_declarations};
use super::tx::Queued;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::{Deserialize, Serialize};

/// A declaration as one command left it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = declaration_versions, treat_none_as_default_value = false)]
#[allow(missing_docs, reason = "the columns of the table")]
pub struct DeclarationRow {
    pub number: String,
    pub version: i32,
    pub revision: i64,
    pub sequence: i64,
    pub verb: String,
    pub state: String,
    pub enterprise: String,
    pub org: String,
    pub customs_office: String,
    #[serde(with = "wire::day")]
    pub declared_on: i32,
    pub trade_mode: Option<i32>,
    pub occurred_at: Option<i64>,
    pub lines: String,
    pub positions: String,
    pub answer: String,
    #[serde(with = "wire::bytes")]
    pub request_digest: Vec<u8>,
    pub judged_at: i64,
    pub reason_code: Option<String>,
    pub reason_basis: Option<String>,
    pub officer: Option<String>,
    pub shadow: Option<String>,
    pub recorded_at: i64,
}

impl Fact for DeclarationRow {
    const KIND: &'static str = "declaration";
    /// Lines and answer are large; what they take stands in `positions`.
    const PRIVATE: &'static [&'static str] = &["lines", "answer", "reason_basis"];

    fn entity_id(&self) -> String {
        self.number.clone()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn subject(&self) -> String {
        format!("enterprise:{}", self.enterprise)
    }

    fn reason_code(&self) -> Option<&str> {
        self.reason_code.as_deref()
    }
}

impl Queued for DeclarationRow {
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError> {
        insert_columns!(
            conn,
            declaration_versions,
            rows,
            [
                number,
                version,
                revision,
                sequence,
                verb,
                state,
                enterprise,
                org,
                customs_office,
                declared_on,
                trade_mode,
                occurred_at,
                lines,
                positions,
                answer,
                request_digest,
                judged_at,
                reason_code,
                reason_basis,
                officer,
                shadow,
                recorded_at,
            ]
        );
        Ok(())
    }
}

/// A declaration that holds a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = open_declarations)]
pub struct OpenRow {
    /// Its number.
    pub number: String,
    /// Legal day of the first reservation.
    pub reserved_on: i32,
    /// The importer.
    pub enterprise: String,
    /// Office of declaration.
    pub customs_office: String,
}

/// Reads every version of several declarations, ordered by number and version.
///
/// # Errors
/// The database's failure.
pub fn versions_of(conn: &mut AnyConnection, numbers: &[String]) -> Result<Vec<DeclarationRow>, StoreError> {
    let mut rows = Vec::new();
    for numbers in numbers.chunks(500) {
        rows.extend(
            declaration_versions::table
                .filter(declaration_versions::number.eq_any(numbers))
                .order((declaration_versions::number, declaration_versions::version))
                .select(DeclarationRow::as_select())
                .load::<DeclarationRow>(conn)?,
        );
    }
    Ok(rows)
}

/// Reads versions recorded after a revision, in order of recording.
///
/// # Errors
/// The database's failure.
pub fn since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<DeclarationRow>, StoreError> {
    let rows = declaration_versions::table
        .filter(declaration_versions::revision.gt(revision))
        .order(declaration_versions::revision)
        .limit(limit)
        .select(DeclarationRow::as_select())
        .load(conn)?;
    Ok(rows)
}

/// What a page of declarations is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// One importer.
    pub enterprise: Option<String>,
    /// First digits of the customs office.
    pub office: Option<String>,
    /// A listing that quantity was taken from.
    pub listing: Option<String>,
    /// Only those that hold a reservation.
    pub open: bool,
    /// Only those first reserved before a legal day; of those that hold a reservation.
    pub reserved_before: Option<i32>,
}

/// Lists numbers in order, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn numbers(
    conn: &mut AnyConnection,
    narrowing: &Narrowing,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    use super::schema::movements;
    use diesel::TextExpressionMethods as _;
    let on_listing = |listing: &String| {
        movements::table.filter(movements::listing.eq(listing.clone())).select(movements::declaration)
    };
    if narrowing.open || narrowing.reserved_before.is_some() {
        let mut query = open_declarations::table
            .filter(open_declarations::number.gt(after.to_owned()))
            .order(open_declarations::number)
            .limit(limit)
            .select(open_declarations::number)
            .into_boxed();
        if let Some(enterprise) = &narrowing.enterprise {
            query = query.filter(open_declarations::enterprise.eq(enterprise.clone()));
        }
        if let Some(office) = &narrowing.office {
            query = query.filter(open_declarations::customs_office.like(format!("{office}%")));
        }
        if let Some(day) = narrowing.reserved_before {
            query = query.filter(open_declarations::reserved_on.lt(day));
        }
        if let Some(listing) = &narrowing.listing {
            query = query.filter(open_declarations::number.eq_any(on_listing(listing)));
        }
        return Ok(query.load(conn)?);
    }
    let mut query = declaration_versions::table
        .filter(declaration_versions::version.eq(1))
        .filter(declaration_versions::number.gt(after.to_owned()))
        .order(declaration_versions::number)
        .limit(limit)
        .select(declaration_versions::number)
        .into_boxed();
    if let Some(enterprise) = &narrowing.enterprise {
        query = query.filter(declaration_versions::enterprise.eq(enterprise.clone()));
    }
    if let Some(office) = &narrowing.office {
        query = query.filter(declaration_versions::customs_office.like(format!("{office}%")));
    }
    if let Some(listing) = &narrowing.listing {
        query = query.filter(declaration_versions::number.eq_any(on_listing(listing)));
    }
    Ok(query.load(conn)?)
}

/// Reads who holds a reservation, in order of number, from behind a given one.
///
/// # Errors
/// The database's failure.
pub fn open(conn: &mut AnyConnection, after: &str, limit: i64) -> Result<Vec<OpenRow>, StoreError> {
    let rows = open_declarations::table
        .filter(open_declarations::number.gt(after))
        .order(open_declarations::number)
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

/// Reads which of several declarations hold a reservation.
///
/// # Errors
/// The database's failure.
pub fn open_of(conn: &mut AnyConnection, numbers: &[String]) -> Result<Vec<OpenRow>, StoreError> {
    let mut rows = Vec::new();
    for numbers in numbers.chunks(500) {
        rows.extend(open_declarations::table.filter(open_declarations::number.eq_any(numbers)).load::<OpenRow>(conn)?);
    }
    Ok(rows)
}

/// Counts who holds a reservation.
///
/// # Errors
/// The database's failure.
pub fn count_open(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(open_declarations::table.count().get_result(conn)?)
}

/// Notes who holds a reservation from now on, and who no longer does.
///
/// # Errors
/// The database's failure.
pub fn put_open(conn: &mut AnyConnection, opened: &[OpenRow], closed: &[String]) -> Result<(), StoreError> {
    for numbers in closed.chunks(500) {
        diesel::delete(open_declarations::table.filter(open_declarations::number.eq_any(numbers))).execute(conn)?;
    }
    insert_columns!(conn, open_declarations, opened, [number, reserved_on, enterprise, customs_office]);
    Ok(())
}

/// Reads refused messages that no release can be behind any more: a later one was applied, or no message about the declaration
/// is kept; at most so many.
///
/// # Errors
/// The database's failure.
pub fn refusals_done(conn: &mut AnyConnection, limit: i64) -> Result<Vec<(String, i64)>, StoreError> {
    use super::schema::{draw_messages, draw_refusals};
    use diesel::BoolExpressionMethods as _;
    use diesel::dsl::{exists, not};
    let later = declaration_versions::table
        .filter(declaration_versions::number.eq(draw_refusals::declaration))
        .filter(declaration_versions::sequence.ge(draw_refusals::sequence));
    let message = draw_messages::table.filter(draw_messages::declaration.eq(draw_refusals::declaration));
    Ok(draw_refusals::table.filter(exists(later).or(not(exists(message)))).limit(limit).load(conn)?)
}

/// Reads versions that rules in shadow judged since an instant, newest first.
///
/// # Errors
/// The database's failure.
pub fn shadowed(conn: &mut AnyConnection, since: i64, limit: i64) -> Result<Vec<DeclarationRow>, StoreError> {
    let rows = declaration_versions::table
        .filter(declaration_versions::shadow.is_not_null())
        .filter(declaration_versions::recorded_at.ge(since))
        .order(declaration_versions::revision.desc())
        .limit(limit)
        .select(DeclarationRow::as_select())
        .load(conn)?;
    Ok(rows)
}
