//! Certificates of listings for third parties: issued with a code, checked by anybody who holds number and code.
//!
//! A certificate says how a listing stood at a revision. Invariant: a check shows nothing that the certificate does not
//! show, but for how the listing stands now, and nothing to who does not know the code.

use super::App;
use super::error::AppError;
use super::repeat::{Repeat, Written};
use super::report::views;
use super::view::{ListingView, Notes, TermsView};
use crate::domain::actor::Caller;
use crate::domain::certificate::{CertificateCode, FileStanding};
use crate::domain::code::Uscc;
use crate::domain::listing::Status;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::stop::Stop;
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::StoreError;
use crate::store::keep::certificates::{self, CertificateRow};
use crate::store::private::random;

/// A certificate as it was issued.
#[derive(Debug, Clone)]
pub struct Certificate(pub CertificateRow);

/// A certificate with the listing as it stood and as it stands.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was issued.
    pub certificate: Certificate,
    /// The listing on the day of issue, as it was known then.
    pub then: ListingView,
    /// The listing today.
    pub now: ListingView,
    /// Whether a stop or the suspension of its enterprise holds it back today.
    pub held_back: bool,
}

impl Checked {
    /// Whether the listing stands just as the certificate says.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.then.terms == self.now.terms
    }

    /// What became of what the certificate says.
    #[must_use]
    pub fn standing(&self) -> FileStanding {
        let now = &self.now.terms;
        // That its first day has come changes nothing.
        let mut then: TermsView = self.then.terms.clone();
        then.status = now.status;
        let same = then == *now;
        match now.status {
            Status::Removed => FileStanding::Revoked,
            Status::Expired => FileStanding::Expired,
            Status::Suspended => FileStanding::HeldBack,
            Status::Future | Status::InForce if self.held_back => FileStanding::HeldBack,
            Status::Future | Status::InForce if same => FileStanding::Stands,
            Status::Future | Status::InForce => FileStanding::Superseded,
        }
    }
}

/// Whether a stop or the suspension of its enterprise holds back a listing.
fn held_back(snapshot: &Snapshot, uscc: Uscc, number: ListingNumber, day: LegalDay) -> bool {
    let enterprise = snapshot.enterprise(uscc);
    let suspended = enterprise.and_then(|it| it.on(day, Revision::NEWEST)).is_some_and(|version| version.suspended);
    let listing = enterprise.and_then(|it| it.listings.iter().find(|it| it.number == number));
    suspended
        || listing.and_then(|listing| listing.on(day, Revision::NEWEST)).is_some_and(|(_, version)| {
            let covers = |stop: &Stop| stop.class.covers(uscc, number, &version.terms);
            snapshot.stops().iter().any(|stop| stop.holds(day, Revision::NEWEST) && covers(stop))
        })
}

impl App {
    /// Issues a certificate of a listing that the caller may see, as it stands now.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for listings of others.
    pub fn issue_certificate(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        number: ListingNumber,
        repeat: Repeat<Certificate>,
    ) -> Result<Written<Certificate>, AppError> {
        self.listing(caller, number, None, None)?;
        let revision = self.index.load().revision();
        let issued_to = caller.acting_for.map_or_else(|| caller.org.to_string(), |uscc| uscc.to_string());
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = CertificateRow {
                code: CertificateCode::of(random()?).to_string(),
                listing: number.to_string(),
                revision: revision.0,
                issued_to,
                issued_at: tx.context().at.micros(),
                file_zh: None,
                file_en: None,
            };
            certificates::insert(tx.conn(), &row)?;
            Ok(Certificate(row))
        })
    }

    /// Finds a certificate by number and code.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where number and code do not belong together.
    pub fn certificate(&self, number: ListingNumber, code: CertificateCode) -> Result<Checked, AppError> {
        let listing = number.to_string();
        let row = self.store.read(|conn| certificates::find(conn, &code.to_string()))?;
        self.as_it_was(number, row.filter(|row| row.listing == listing).ok_or(AppError::NotFound)?)
    }

    /// Finds a listing as it stood when it was certified, and as it stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a listing that is not there.
    pub(super) fn as_it_was(&self, number: ListingNumber, row: CertificateRow) -> Result<Checked, AppError> {
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let listing = number.to_string();
            let day = Instant::from_micros(row.issued_at).day();
            let numbers = std::slice::from_ref(&listing);
            let then = views(conn, numbers, Some(Revision(row.revision)), day, Notes::Hidden)?.pop();
            let now = views(conn, numbers, None, today, Notes::Hidden)?.pop();
            let (then, now) = then.zip(now).ok_or(AppError::NotFound)?;
            let uscc = Uscc::parse(&now.enterprise).map_err(|_| StoreError::damaged("an enterprise is no USCC"))?;
            let held_back = held_back(&self.index.load(), uscc, number, today);
            Ok(Checked { certificate: Certificate(row), then, now, held_back })
        })
    }
}
