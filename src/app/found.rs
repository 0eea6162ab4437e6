//! Founds a log and adopts schemes: what must stand before the first listing.

use super::error::AppError;
use crate::domain::fault::FaultCode;
use crate::domain::id::{EventId, time_ordered};
use crate::domain::scheme::Scheme;
use crate::domain::validity::Instant;
use crate::store::private::random;
use crate::store::rows::SchemeRow;
use crate::store::{AnyConnection, Author, Context, Installation, Store, StoreError, Tx, log, rulebook};
use crate::tlog::entry::{Actor, Change, Entity, Entry, FORMAT, Value};

/// The context of the service's own acts.
#[must_use]
pub fn system(name: &'static str, at: Instant) -> Context {
    Context { at, by: Author::System(name), request_id: None }
}

/// Appends `log.created` to an empty log; does nothing to any other.
///
/// # Errors
/// The store's failure.
pub fn create_log(store: &Store, installation: &Installation, at: Instant) -> Result<(), StoreError> {
    if store.read(log::size)? > 0 {
        return Ok(());
    }
    let plain =
        |path: &str, value: &str| Change { path: path.to_owned(), old: None, new: Some(Value::Plain(value.into())) };
    let changes = vec![
        plain("/environment", installation.environment.as_str()),
        plain("/origin", &installation.origin),
        plain("/shard", &installation.shard),
    ];
    store.write(system("installation", at), move |tx| {
        if tx.next_revision().0 > 1 {
            return Ok::<_, StoreError>(());
        }
        let entry = Entry {
            actor: Actor { kind: "system".to_owned(), org: None, reference: "installation".to_owned() },
            after: None,
            at: at.to_string(),
            before: None,
            changes,
            entity: Entity { id: "main".to_owned(), kind: "log".to_owned(), version: 1 },
            id: EventId::new(time_ordered(at, random()?)).to_string(),
            prev: None,
            reason: None,
            request_id: None,
            event: "log.created".to_owned(),
            v: FORMAT,
        };
        tx.append(entry)?;
        Ok(())
    })?;
    Ok(())
}

/// Why a scheme file was not adopted.
#[derive(Debug, thiserror::Error)]
pub enum SchemeFault {
    /// The file does not parse; the text says where.
    #[error("the scheme file is faulty: {0}")]
    Faulty(String),
    /// A version that follows no other.
    #[error("version {found} of scheme `{code}` cannot follow version {last}: versions rise by one")]
    Version {
        /// Code of the scheme.
        code: String,
        /// Version in the file.
        found: u32,
        /// Last version known.
        last: u32,
    },
}

/// Reads a scheme file (TOML).
///
/// # Errors
/// [`SchemeFault::Faulty`].
pub fn read_scheme(text: &str) -> Result<Scheme, SchemeFault> {
    let scheme: Scheme = toml::from_str(text).map_err(|error| SchemeFault::Faulty(error.to_string()))?;
    let faults: Vec<&str> = faults_of(&scheme).into_iter().map(|(_, _, text)| text).collect();
    if faults.is_empty() { Ok(scheme) } else { Err(SchemeFault::Faulty(faults.join("; "))) }
}

/// Says what is wrong with a scheme that parsed: the member, the code of the fault, and a sentence for who wrote the file.
#[must_use]
pub fn faults_of(scheme: &Scheme) -> Vec<(&'static str, FaultCode, &'static str)> {
    let prefix_fits = (2..=4).contains(&scheme.number_prefix.len())
        && scheme.number_prefix.bytes().all(|byte| byte.is_ascii_uppercase());
    let agencies_known = scheme.member_agencies.iter().any(|agency| agency.code == scheme.lead_agency);
    let ends_before = scheme.valid_to.is_some_and(|last| last < scheme.valid_from);
    let unknown = FaultCode::ValueUnknown;
    let checks = [
        (!prefix_fits, "number_prefix", unknown, "number_prefix must be 2 to 4 capital letters"),
        (!agencies_known, "lead_agency", unknown, "lead_agency must be one of member_agencies"),
        (
            scheme.waived_documents.is_empty(),
            "waived_documents",
            FaultCode::Required,
            "waived_documents must not be empty",
        ),
        (
            scheme.customs_prefixes.is_empty(),
            "customs_prefixes",
            FaultCode::Required,
            "customs_prefixes must not be empty",
        ),
        (ends_before, "valid_to", FaultCode::PeriodReversed, "valid_to lies before valid_from"),
        (scheme.version == 0, "version", FaultCode::NumberOutOfRange, "version counts from 1"),
    ];
    let faults = checks.into_iter().filter(|(faulty, ..)| *faulty).map(|(_, member, code, text)| (member, code, text));
    let supervision =
        scheme.supervision.faults().into_iter().map(|text| ("supervision", FaultCode::NumberOutOfRange, text));
    faults.chain(supervision).collect()
}

/// Records a scheme version inside a transaction; the same version once more changes nothing.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] for a version that follows no other.
pub fn adopt_scheme(tx: &mut Tx<'_>, scheme: &Scheme) -> Result<bool, StoreError> {
    let body = serde_json::to_string(scheme).map_err(StoreError::damaged)?;
    let known = known_versions(tx.conn(), &scheme.code)?;
    if known.iter().any(|row| row.body == body) {
        return Ok(false);
    }
    let version = i32::try_from(scheme.version).map_err(StoreError::damaged)?;
    let last = known.last();
    let row = SchemeRow {
        code: scheme.code.clone(),
        version,
        revision: tx.next_revision().0,
        body,
        recorded_at: tx.context().at.micros(),
    };
    tx.save(row, last, "scheme.adopted")?;
    Ok(true)
}

/// Checks that a scheme version follows the last one known.
///
/// # Errors
/// [`SchemeFault::Version`]; the store's failure.
pub fn follows(store: &Store, scheme: &Scheme) -> Result<Result<(), SchemeFault>, StoreError> {
    let last = store.read(|conn| known_versions(conn, &scheme.code))?.last().map_or(0, |row| row.version);
    let last = u32::try_from(last).map_err(StoreError::damaged)?;
    let follows = scheme.version == last.saturating_add(1) || scheme.version == last;
    Ok(if follows {
        Ok(())
    } else {
        Err(SchemeFault::Version { code: scheme.code.clone(), found: scheme.version, last })
    })
}

/// Reads every version of a scheme, oldest first.
///
/// # Errors
/// The database's failure.
pub fn known_versions(conn: &mut AnyConnection, code: &str) -> Result<Vec<SchemeRow>, StoreError> {
    Ok(rulebook::schemes_since(conn, 0)?.into_iter().filter(|row| row.code == code).collect())
}

/// Whether the list is still empty: no scheme was ever adopted.
///
/// # Errors
/// The store's failure.
pub fn is_new(store: &Store) -> Result<bool, AppError> {
    Ok(store.read(|conn| rulebook::schemes_since(conn, 0))?.is_empty())
}
