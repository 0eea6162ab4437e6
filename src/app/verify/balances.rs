//! The books against what the log's facts come to: movements, balances, and who holds a reservation.
//!
//! Declarations are read once more in order of revision; every movement is worked out again from the step between two
//! versions and compared column by column. Their rows themselves are held against the log elsewhere.

use super::{Problems, STRIDE};
use crate::app::draw::rows;
use crate::domain::draw::State;
use crate::domain::draw::ledger::{Balance, Shares};
use crate::domain::listing_number::ListingNumber;
use crate::domain::validity::Instant;
use crate::store::declarations::{DeclarationRow, OpenRow};
use crate::store::listings::BalanceRow;
use crate::store::movements::MovementRow;
use crate::store::rows::ListingRow;
use crate::store::{AnyConnection, StoreError, declarations, listings, movements};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What each listing's balance must be.
#[derive(Default)]
pub(super) struct Balances {
    /// Opening balance of each listing.
    opened: BTreeMap<String, i64>,
}

/// The books as the facts make them.
struct Books {
    balances: BTreeMap<ListingNumber, Balance>,
    shares: HashMap<String, Shares>,
    open: BTreeMap<String, OpenRow>,
    written: Written,
}

/// Movements as the table holds them, in order.
struct Written {
    ready: VecDeque<MovementRow>,
    read_to: (i64, i32),
    ended: bool,
}

impl Balances {
    /// Takes note of a version of a listing.
    pub(super) fn listing(&mut self, row: ListingRow) {
        if row.version == 1 {
            self.opened.insert(row.number, row.used);
        }
    }

    /// Compares every movement, every balance and every open declaration, and counts listings.
    pub(super) fn check(self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<usize, StoreError> {
        let counted = self.opened.len();
        let opening = |(number, used): (&String, &i64)| {
            let number = ListingNumber::parse(number).ok()?;
            Some((number, Balance { reserved: 0, confirmed: *used, excess: 0 }))
        };
        let mut books = Books {
            balances: self.opened.iter().filter_map(opening).collect(),
            shares: HashMap::new(),
            open: BTreeMap::new(),
            written: Written { ready: VecDeque::new(), read_to: (i64::MIN, i32::MIN), ended: false },
        };
        let mut after = i64::MIN;
        loop {
            let rows = declarations::since(conn, after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after = last.revision;
            for row in &rows {
                books.declaration(conn, row, problems)?;
            }
        }
        while let Some(row) = books.written.take(conn)? {
            extra(&row, problems);
        }
        books.check_open(conn, problems)?;
        self.check_balances(&books.balances, conn, problems)?;
        Ok(counted)
    }

    fn check_balances(
        mut self,
        balances: &BTreeMap<ListingNumber, Balance>,
        conn: &mut AnyConnection,
        problems: &mut Problems,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = listings::list_balances(conn, &after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.listing);
            for row in &rows {
                let place = format!("balance of {}", row.listing);
                let found = Balance { reserved: row.reserved, confirmed: row.confirmed, excess: row.excess };
                let known = ListingNumber::parse(&row.listing).ok().and_then(|number| balances.get(&number));
                match (self.opened.remove(&row.listing), known) {
                    (Some(_), Some(balance)) if *balance == found => {}
                    (Some(_), _) => {
                        problems.add("balance-differs", place, "it is not what the log's movements come to");
                    }
                    (None, _) => problems.add("balance-extra", place, "no listing of the log has it"),
                }
            }
        }
        for number in self.opened.into_keys() {
            problems.add("balance-missing", format!("balance of {number}"), "the table does not hold it");
        }
        Ok(())
    }
}

impl Books {
    fn declaration(
        &mut self,
        conn: &mut AnyConnection,
        row: &DeclarationRow,
        problems: &mut Problems,
    ) -> Result<(), StoreError> {
        // A row that cannot be read has been told as one that differs.
        let Ok(after) = rows::shares(row) else { return Ok(()) };
        let before = self.shares.remove(&row.number).unwrap_or_default();
        match rows::movements(&before, &after, row, &mut self.balances) {
            Ok(expected) => {
                for expected in expected {
                    self.compare(conn, &expected, problems)?;
                }
            }
            Err(error) => {
                let place = format!("declaration {} version {}", row.number, row.version);
                problems.add("movement-impossible", place, error.to_string());
            }
        }
        note_open(&mut self.open, row);
        self.shares.insert(row.number.clone(), after);
        Ok(())
    }

    fn compare(
        &mut self,
        conn: &mut AnyConnection,
        expected: &MovementRow,
        problems: &mut Problems,
    ) -> Result<(), StoreError> {
        let key = (expected.revision, expected.place);
        while let Some(row) = self.written.take_before(conn, key)? {
            extra(&row, problems);
        }
        let place = format!("movement {} of revision {}", expected.place, expected.revision);
        match self.written.take_at(conn, key)? {
            Some(row) if row == *expected => {}
            Some(_) => problems.add("movement-differs", place, "it is not what the declaration's versions come to"),
            None => problems.add("movement-missing", place, "the table does not hold it"),
        }
        Ok(())
    }

    fn check_open(&mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = declarations::open(conn, &after, STRIDE)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.number);
            for row in &rows {
                let place = format!("open declaration {}", row.number);
                match self.open.remove(&row.number) {
                    Some(known) if known == *row => {}
                    Some(_) => problems.add("open-differs", place, "it is not what its versions come to"),
                    None => problems.add("open-extra", place, "it holds no reservation"),
                }
            }
        }
        for number in std::mem::take(&mut self.open).into_keys() {
            problems.add("open-missing", format!("open declaration {number}"), "the table does not hold it");
        }
        Ok(())
    }
}

impl Written {
    fn peek(&mut self, conn: &mut AnyConnection) -> Result<Option<(i64, i32)>, StoreError> {
        if self.ready.is_empty() && !self.ended {
            self.ready = movements::all(conn, self.read_to, STRIDE)?.into();
            match self.ready.back() {
                Some(last) => self.read_to = (last.revision, last.place),
                None => self.ended = true,
            }
        }
        Ok(self.ready.front().map(|row| (row.revision, row.place)))
    }

    fn take(&mut self, conn: &mut AnyConnection) -> Result<Option<MovementRow>, StoreError> {
        self.peek(conn)?;
        Ok(self.ready.pop_front())
    }

    fn take_before(&mut self, conn: &mut AnyConnection, key: (i64, i32)) -> Result<Option<MovementRow>, StoreError> {
        match self.peek(conn)? {
            Some(next) if next < key => Ok(self.ready.pop_front()),
            Some(_) | None => Ok(None),
        }
    }

    fn take_at(&mut self, conn: &mut AnyConnection, key: (i64, i32)) -> Result<Option<MovementRow>, StoreError> {
        match self.peek(conn)? {
            Some(next) if next == key => Ok(self.ready.pop_front()),
            Some(_) | None => Ok(None),
        }
    }
}

/// Notes whether a version of a declaration holds a reservation.
fn note_open(open: &mut BTreeMap<String, OpenRow>, row: &DeclarationRow) {
    if row.state != State::Reserved.as_str() {
        open.remove(&row.number);
        return;
    }
    open.entry(row.number.clone()).or_insert_with(|| OpenRow {
        number: row.number.clone(),
        reserved_on: Instant::from_micros(row.recorded_at).day().value(),
        enterprise: row.enterprise.clone(),
        customs_office: row.customs_office.clone(),
    });
}

/// Works the books of a rebuilt list out of its declarations and writes them there.
///
/// # Errors
/// [`StoreError::Damaged`] when an account would fall below zero; the database's failure.
pub(super) fn rebuild(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let (mut balances, mut shares, mut open) = (BTreeMap::new(), HashMap::<String, Shares>::new(), BTreeMap::new());
    each_balance(conn, |row| {
        let number = ListingNumber::parse(&row.listing).map_err(|_| StoreError::damaged("a listing number"))?;
        let balance = Balance { reserved: row.reserved, confirmed: row.confirmed, excess: row.excess };
        balances.insert(number, balance);
        Ok(())
    })?;
    let mut after = i64::MIN;
    loop {
        let rows = declarations::since(conn, after, STRIDE)?;
        let Some(last) = rows.last() else { break };
        after = last.revision;
        let mut moved = Vec::new();
        for row in &rows {
            let now = rows::shares(row)?;
            let before = shares.remove(&row.number).unwrap_or_default();
            moved.extend(rows::movements(&before, &now, row, &mut balances)?);
            shares.insert(row.number.clone(), now);
            note_open(&mut open, row);
        }
        movements::put(conn, &moved, &[])?;
    }
    let rows: Vec<BalanceRow> = balances
        .into_iter()
        .map(|(number, Balance { reserved, confirmed, excess })| BalanceRow {
            listing: number.to_string(),
            reserved,
            confirmed,
            excess,
        })
        .collect();
    movements::put(conn, &[], &rows)?;
    declarations::put_open(conn, &open.into_values().collect::<Vec<_>>(), &[])
}

/// Hands the books to `each`, account by account, as text.
///
/// # Errors
/// The database's failure.
pub(super) fn each_booking(conn: &mut AnyConnection, each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
    each_balance(conn, |row| {
        each(format!("balance {} {} {} {}", row.listing, row.reserved, row.confirmed, row.excess).as_bytes());
        Ok(())
    })?;
    let mut after = (i64::MIN, i32::MIN);
    loop {
        let rows = movements::all(conn, after, STRIDE)?;
        let Some(last) = rows.last() else { break };
        after = (last.revision, last.place);
        rows.iter().for_each(|row| each(format!("{row:?}").as_bytes()));
    }
    let mut after = String::new();
    loop {
        let rows = declarations::open(conn, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.number);
        rows.iter().for_each(|row| each(format!("{row:?}").as_bytes()));
    }
}

fn each_balance(
    conn: &mut AnyConnection,
    mut each: impl FnMut(&BalanceRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = listings::list_balances(conn, &after, STRIDE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.listing);
        rows.iter().try_for_each(&mut each)?;
    }
}

fn extra(row: &MovementRow, problems: &mut Problems) {
    let place = format!("movement {} of revision {}", row.place, row.revision);
    problems.add("movement-extra", place, "no version of a declaration makes it");
}
