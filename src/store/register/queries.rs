//! Reads of the register: newest versions, histories, and what was recorded since a revision.

use super::{
    AccountRow, BroadcastRow, CalendarYearRow, CustomRoleRow, GrantRow, MandateRow, OrganisationRow, PersonRow,
    ResponsiblePersonRow,
};
use crate::domain::id::PersonId;
use crate::store::conn::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{
    account_versions, broadcast_versions, calendar_years, custom_role_versions, grant_versions, mandate_versions,
    organisation_versions, people, person_versions, responsible_person_versions,
};
use diesel::{
    ExpressionMethods as _, JoinOnDsl as _, NullableExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
    RunQueryDsl as _, SelectableHelper as _,
};

diesel::allow_tables_to_appear_in_same_query!(people, account_versions);

/// Writes, for tables of versions, the reads that all of them have: the newest version of one thing, and what was
/// recorded after a revision, in order of recording.
macro_rules! reads {
    ($($table:ident $row:ident $key:ident $type:ty, $newest:ident $since:ident;)+) => { $(
        /// Finds the newest version.
        ///
        /// # Errors
        /// The database's failure.
        pub fn $newest(conn: &mut AnyConnection, key: $type) -> Result<Option<$row>, StoreError> {
            let query = $table::table.filter($table::$key.eq(key)).order($table::version.desc());
            Ok(query.select($row::as_select()).first(conn).optional()?)
        }

        /// Reads versions recorded after a revision, in order of recording.
        ///
        /// # Errors
        /// The database's failure.
        pub fn $since(conn: &mut AnyConnection, revision: i64, limit: i64) -> Result<Vec<$row>, StoreError> {
            let query = $table::table.filter($table::revision.gt(revision)).order($table::revision).limit(limit);
            Ok(query.select($row::as_select()).load(conn)?)
        }
    )+ };
}

reads! {
    organisation_versions OrganisationRow code &str, organisation organisations_since;
    person_versions PersonRow id &str, person people_since;
    account_versions AccountRow account &str, account accounts_since;
    grant_versions GrantRow id &str, grant grants_since;
    custom_role_versions CustomRoleRow id &str, custom_role custom_roles_since;
    responsible_person_versions ResponsiblePersonRow uscc &str, responsible_person responsible_people_since;
    mandate_versions MandateRow id &str, mandate mandates_since;
    calendar_years CalendarYearRow year i32, calendar_year calendar_years_since;
    broadcast_versions BroadcastRow id &str, broadcast broadcasts_since;
}

/// Keeps of each thing the newest of its versions, which come in order of recording.
pub fn newest_of<R, K: Ord>(rows: Vec<R>, key: impl Fn(&R) -> K) -> Vec<R> {
    let newest: std::collections::BTreeMap<K, R> = rows.into_iter().map(|row| (key(&row), row)).collect();
    newest.into_values().collect()
}

/// Names the person whom an account belongs to: itself, unless it was joined to another.
///
/// # Errors
/// The database's failure.
pub fn person_behind(conn: &mut AnyConnection, account: PersonId) -> Result<PersonId, StoreError> {
    self::account(conn, &account.to_string())?.map_or(Ok(account), |row| parsed(&row.person))
}

/// Names the person behind an account of an issuer, with a single read.
///
/// # Errors
/// The database's failure.
pub fn person_of(conn: &mut AnyConnection, issuer: &str, subject: &str) -> Result<Option<PersonId>, StoreError> {
    let found: Option<(String, Option<String>)> = people::table
        .left_join(account_versions::table.on(account_versions::account.eq(people::id)))
        .filter(people::issuer.eq(issuer))
        .filter(people::subject.eq(subject))
        .order(account_versions::version.nullable().desc())
        .select((people::id, account_versions::person.nullable()))
        .first(conn)
        .optional()?;
    found.map(|(account, person)| parsed(person.as_ref().unwrap_or(&account))).transpose()
}

fn parsed(id: &str) -> Result<PersonId, StoreError> {
    PersonId::parse(id).map_err(|_| StoreError::damaged("a person id"))
}

/// Reads every account that the service has seen or was told of: id, issuer, subject.
///
/// # Errors
/// The database's failure.
pub fn accounts(conn: &mut AnyConnection) -> Result<Vec<(String, String, String)>, StoreError> {
    Ok(people::table.order(people::id).load(conn)?)
}

/// Lists the accounts of a person, their own first: id, issuer, subject.
///
/// # Errors
/// The database's failure.
pub fn accounts_of(conn: &mut AnyConnection, person: &str) -> Result<Vec<(String, String, String)>, StoreError> {
    let mut ids: Vec<String> = vec![person.to_owned()];
    let joined: Vec<AccountRow> = account_versions::table
        .filter(account_versions::person.eq(person))
        .order((account_versions::account, account_versions::version))
        .select(AccountRow::as_select())
        .load(conn)?;
    for row in joined {
        let newest = account(conn, &row.account)?;
        if newest.is_some_and(|newest| newest.person == person) && !ids.contains(&row.account) {
            ids.push(row.account);
        }
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(people::table.find(id).first(conn).optional()?);
    }
    Ok(found)
}

/// Reads the newest version of every grant of a person, in order of id.
///
/// # Errors
/// The database's failure.
pub fn grants_of(conn: &mut AnyConnection, person: &str) -> Result<Vec<GrantRow>, StoreError> {
    let query = grant_versions::table.filter(grant_versions::person.eq(person)).order(grant_versions::revision);
    Ok(newest_of(query.select(GrantRow::as_select()).load(conn)?, |row: &GrantRow| row.id.clone()))
}

/// Reads the newest version of every grant of a role of an organisation's own, in order of id.
///
/// # Errors
/// The database's failure.
pub fn grants_as(conn: &mut AnyConnection, custom_role: &str) -> Result<Vec<GrantRow>, StoreError> {
    let query =
        grant_versions::table.filter(grant_versions::custom_role.eq(custom_role)).order(grant_versions::revision);
    Ok(newest_of(query.select(GrantRow::as_select()).load(conn)?, |row: &GrantRow| row.id.clone()))
}

/// Reads the newest version of every mandate that an enterprise gave, in order of id.
///
/// # Errors
/// The database's failure.
pub fn mandates_of(conn: &mut AnyConnection, enterprise: &str) -> Result<Vec<MandateRow>, StoreError> {
    let query =
        mandate_versions::table.filter(mandate_versions::enterprise.eq(enterprise)).order(mandate_versions::revision);
    Ok(newest_of(query.select(MandateRow::as_select()).load(conn)?, |row: &MandateRow| row.id.clone()))
}

/// Reads the newest version of every mandate that an agent's organisation holds, in order of id.
///
/// # Errors
/// The database's failure.
pub fn mandates_for(conn: &mut AnyConnection, agent: &str) -> Result<Vec<MandateRow>, StoreError> {
    let query = mandate_versions::table.filter(mandate_versions::agent_org.eq(agent)).order(mandate_versions::revision);
    Ok(newest_of(query.select(MandateRow::as_select()).load(conn)?, |row: &MandateRow| row.id.clone()))
}

/// Lists ids of people in order, from behind a given one; if asked only those first registered in an organisation.
///
/// # Errors
/// The database's failure.
pub fn person_ids(
    conn: &mut AnyConnection,
    org: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = person_versions::table
        .filter(person_versions::id.gt(after.to_owned()))
        .order(person_versions::id)
        .limit(limit)
        .select(person_versions::id)
        .distinct()
        .into_boxed();
    if let Some(org) = org {
        query = query.filter(person_versions::org.eq(org.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Reads every version of an announcement, oldest first.
///
/// # Errors
/// The database's failure.
pub fn broadcast_versions_of(conn: &mut AnyConnection, id: &str) -> Result<Vec<BroadcastRow>, StoreError> {
    let query = broadcast_versions::table.filter(broadcast_versions::id.eq(id)).order(broadcast_versions::version);
    Ok(query.select(BroadcastRow::as_select()).load(conn)?)
}
