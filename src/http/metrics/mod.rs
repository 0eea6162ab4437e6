//! Figures for Prometheus. Counters of the lookup path are resolved once, so that counting is one atomic addition.

mod around;

use super::surface::Surface;
use crate::app::App;
use crate::app::surroundings::Surroundings;
use crate::domain::reason::Verdict;
use crate::domain::stop::StopStage;
use around::Around;
use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Media type of the figures.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What only the database knows.
#[derive(Debug)]
pub struct Told {
    /// Letters that wait and those that were set aside.
    pub letters: (i64, i64),
    /// When the last backup was made, seconds since 1970.
    pub backup_at: Option<i64>,
    /// What stands around the node.
    pub around: Surroundings,
}

/// All figures of one service.
pub struct Metrics {
    registry: Registry,
    rendering: Mutex<()>,
    verdicts: [(Verdict, IntCounter); 4],
    lookup_seconds: Histogram,
    request_seconds: HistogramVec,
    responses: [IntCounter; 5],
    refused_tokens: IntCounterVec,
    draws: IntCounterVec,
    shed: IntCounterVec,
    revision: IntGauge,
    listings: IntGauge,
    head_age: Gauge,
    unrecorded: IntCounter,
    lost_accesses: IntCounter,
    replayed: IntGauge,
    replayed_otherwise: IntGauge,
    groups: IntCounter,
    commands: IntCounter,
    largest_group: IntGauge,
    stops_unconfirmed: IntGauge,
    stops_lapsed: IntGauge,
    lost_messages: IntCounter,
    lapsed: IntCounter,
    open: IntGauge,
    due: IntGauge,
    unreviewed: IntGauge,
    rebuilt_differing: IntGauge,
    rebuilt_at: IntGauge,
    calendar_missing: IntGauge,
    letters_waiting: IntGauge,
    letters_set_aside: IntGauge,
    cosigned: IntGauge,
    witness_refusals: IntCounter,
    timestamped: IntGauge,
    timestamped_at: IntGauge,
    timestamp_failures: IntCounter,
    log_checked_at: IntGauge,
    log_checked: IntGauge,
    log_problems: IntGauge,
    cases_overdue: IntGauge,
    paused: IntGauge,
    backup_at: IntGauge,
    around: Around,
}

impl Metrics {
    /// Registers every figure.
    ///
    /// # Errors
    /// When two figures share a name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let lookups =
            IntCounterVec::new(Opts::new("whitelist_lookup_lines_total", "Lines answered, by verdict"), &["verdict"])?;
        let responses = IntCounterVec::new(
            Opts::new("whitelist_http_responses_total", "Responses, by class of status"),
            &["class"],
        )?;
        let refused_tokens =
            IntCounterVec::new(Opts::new("whitelist_tokens_refused_total", "Tokens refused, by cause"), &["cause"])?;
        let draws = IntCounterVec::new(
            Opts::new("whitelist_draw_messages_total", "Messages about declarations, by verb and outcome"),
            &["verb", "outcome"],
        )?;
        let shed = IntCounterVec::new(
            Opts::new(
                "whitelist_http_requests_shed_total",
                "Requests turned away because too much of their kind was under way, by surface",
            ),
            &["surface"],
        )?;
        for surface in Surface::ALL {
            // A counter that is there from the start shows its first rise.
            shed.with_label_values(&[surface.as_str()]);
        }
        let buckets = vec![0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0];
        let lookup_seconds = Histogram::with_opts(
            HistogramOpts::new("whitelist_lookup_seconds", "Time to answer a lookup request").buckets(buckets),
        )?;
        let buckets = vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
        let request_seconds = HistogramVec::new(
            HistogramOpts::new("whitelist_http_request_duration_seconds", "Time to answer other requests, by surface")
                .buckets(buckets),
            &["surface"],
        )?;
        let gauge = |name: &str, help: &str| IntGauge::new(name, help);
        let counter = |name: &str, help: &str| IntCounter::new(name, help);
        let metrics = Self {
            verdicts: Verdict::ALL.map(|verdict| (verdict, lookups.with_label_values(&[verdict.as_str()]))),
            responses: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| responses.with_label_values(&[class])),
            lookup_seconds,
            request_seconds,
            refused_tokens,
            draws,
            shed,
            revision: gauge("whitelist_revision", "Revision that this node answers from")?,
            listings: gauge("whitelist_listings", "Listings in memory")?,
            head_age: Gauge::new(
                "whitelist_head_age_seconds",
                "Seconds since the head of the log was confirmed; -1 is never",
            )?,
            unrecorded: counter("whitelist_answers_unrecorded_total", "Answers that could not be recorded")?,
            replayed: gauge("whitelist_answers_replayed", "Recorded answers judged again by the last daily sample")?,
            replayed_otherwise: gauge(
                "whitelist_answers_replayed_otherwise",
                "Of the last sample, answers that are judged otherwise at their own revision; anything but 0 is an alarm",
            )?,
            groups: counter("whitelist_write_groups_total", "Groups committed by the writer")?,
            commands: counter("whitelist_write_commands_total", "Commands committed by the writer")?,
            largest_group: gauge("whitelist_write_group_largest", "Most commands of one commit so far")?,
            stops_unconfirmed: gauge("whitelist_stops_unconfirmed", "Emergency stops that wait for a second person")?,
            stops_lapsed: gauge("whitelist_stops_lapsed", "Emergency stops lifted because nobody confirmed them")?,
            lost_accesses: counter(
                "whitelist_accesses_unrecorded_total",
                "Accesses to protected data that could not be recorded",
            )?,
            lost_messages: counter("whitelist_draw_messages_unrecorded_total", "Raw messages that could not be kept")?,
            lapsed: counter("whitelist_reservations_lapsed_total", "Reservations that the service gave back")?,
            open: gauge("whitelist_reservations_open", "Declarations that hold a reservation, at the last sweep")?,
            due: gauge("whitelist_reservations_due", "Reservations that customs is reminded of, at the last sweep")?,
            unreviewed: gauge("whitelist_manual_releases_unreviewed", "Manual releases that wait for the bureau")?,
            rebuilt_differing: gauge(
                "whitelist_rebuild_differing_tables",
                "Tables that differ from what the log rebuilds, at the last drill; -1 when it could not be held",
            )?,
            rebuilt_at: gauge(
                "whitelist_rebuild_timestamp_seconds",
                "When the last drill of rebuilding the list ended, seconds since 1970; 0 before the first",
            )?,
            calendar_missing: gauge(
                "whitelist_calendar_missing_year",
                "Year whose working days should be imported now; 0 when none is missing",
            )?,
            letters_waiting: gauge("whitelist_letters_waiting", "Notices by e-mail that wait to be sent")?,
            letters_set_aside: gauge("whitelist_letters_set_aside", "Notices by e-mail that were given up")?,
            cosigned: gauge(
                "whitelist_log_cosigned_entries",
                "Entries under the newest head that enough witnesses signed",
            )?,
            witness_refusals: counter("whitelist_witness_refusals_total", "Times that a witness did not sign")?,
            timestamped: gauge(
                "whitelist_log_timestamped_entries",
                "Entries under the newest head that an authority stamped with the time",
            )?,
            timestamped_at: gauge(
                "whitelist_log_stamp_timestamp_seconds",
                "When that was stamped, seconds since 1970; 0 without a stamp",
            )?,
            timestamp_failures: counter(
                "whitelist_log_timestamp_failures_total",
                "Times that the authority gave no time stamp; alarm when it rises",
            )?,
            log_checked_at: gauge(
                "whitelist_log_check_timestamp_seconds",
                "When the service last read its whole log again",
            )?,
            log_checked: gauge("whitelist_log_checked_entries", "Entries that the last check of the log read")?,
            log_problems: gauge(
                "whitelist_log_problems",
                "Problems that the last check of the log found; alarm above 0",
            )?,
            cases_overdue: gauge(
                "whitelist_cases_overdue",
                "Cases whose stage took longer than it may, at the last daily look",
            )?,
            paused: gauge("whitelist_paused", "1 while changes are paused")?,
            backup_at: gauge(
                "whitelist_backup_timestamp_seconds",
                "When the last backup that is on record was made, seconds since 1970; 0 before the first",
            )?,
            around: Around::new(&registry)?,
            registry,
            rendering: Mutex::default(),
        };
        metrics.registry.register(Box::new(lookups))?;
        metrics.registry.register(Box::new(responses))?;
        metrics.registry.register(Box::new(metrics.refused_tokens.clone()))?;
        metrics.registry.register(Box::new(metrics.draws.clone()))?;
        metrics.registry.register(Box::new(metrics.shed.clone()))?;
        metrics.registry.register(Box::new(metrics.lookup_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.request_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.head_age.clone()))?;
        for counter in [
            &metrics.unrecorded,
            &metrics.lost_accesses,
            &metrics.groups,
            &metrics.commands,
            &metrics.lost_messages,
            &metrics.lapsed,
            &metrics.witness_refusals,
            &metrics.timestamp_failures,
        ] {
            metrics.registry.register(Box::new(counter.clone()))?;
        }
        for gauge in [
            &metrics.revision,
            &metrics.listings,
            &metrics.replayed,
            &metrics.replayed_otherwise,
            &metrics.largest_group,
            &metrics.stops_unconfirmed,
            &metrics.stops_lapsed,
            &metrics.open,
            &metrics.due,
            &metrics.unreviewed,
            &metrics.rebuilt_differing,
            &metrics.rebuilt_at,
            &metrics.calendar_missing,
            &metrics.letters_waiting,
            &metrics.letters_set_aside,
            &metrics.cosigned,
            &metrics.timestamped,
            &metrics.timestamped_at,
            &metrics.log_checked_at,
            &metrics.log_checked,
            &metrics.log_problems,
            &metrics.cases_overdue,
            &metrics.paused,
            &metrics.backup_at,
        ] {
            metrics.registry.register(Box::new(gauge.clone()))?;
        }
        Ok(metrics)
    }

    /// Counts an answered line.
    pub fn answered(&self, verdict: Verdict) {
        if let Some((_, counter)) = self.verdicts.iter().find(|(known, _)| *known == verdict) {
            counter.inc();
        }
    }

    /// Notes how long a lookup request took.
    pub fn lookup_took(&self, time: Duration) {
        self.lookup_seconds.observe(time.as_secs_f64());
    }

    /// Notes how long a request of a surface took.
    pub fn request_took(&self, surface: Surface, time: Duration) {
        self.request_seconds.with_label_values(&[surface.as_str()]).observe(time.as_secs_f64());
    }

    /// Counts a response.
    pub fn responded(&self, status: u16) {
        if let Some(counter) = self.responses.get(usize::from(status / 100).saturating_sub(1)) {
            counter.inc();
        }
    }

    /// Counts a message about a declaration; `outcome` is `applied` or the slug of the problem.
    pub fn drawn(&self, verb: &str, outcome: &str) {
        self.draws.with_label_values(&[verb, outcome]).inc();
    }

    /// Counts a request that found no place.
    pub fn shed(&self, surface: Surface) {
        self.shed.with_label_values(&[surface.as_str()]).inc();
    }

    /// Counts a refused token.
    pub fn token_refused(&self, cause: &str) {
        self.refused_tokens.with_label_values(&[cause]).inc();
    }

    /// Writes all figures as they are now, with what the database told of itself and how many issuers of tokens do not hand
    /// out their keys.
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn render(&self, app: &App, told: Option<&Told>, issuers_away: usize) -> Result<String, prometheus::Error> {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        // Two readers at once must not raise a counter twice.
        let _alone = self.rendering.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = app.index.snapshot();
        self.revision.set(snapshot.revision().0);
        self.listings.set(i64::try_from(snapshot.listings()).unwrap_or(i64::MAX));
        self.head_age.set(app.index.age(app.clock.uptime()).map_or(-1.0, |age| age.as_secs_f64()));
        raise(&self.unrecorded, app.recorder.dropped());
        self.replayed.set(app.replayed.checked.load(Ordering::Relaxed));
        self.replayed_otherwise.set(app.replayed.otherwise.load(Ordering::Relaxed));
        let counts = app.store.counts();
        raise(&self.groups, counts.groups.load(Ordering::Relaxed));
        raise(&self.commands, counts.commands.load(Ordering::Relaxed));
        self.largest_group.set(whole(counts.largest.load(Ordering::Relaxed)));
        let stops = |stage: StopStage| {
            let count = snapshot.stops().iter().filter(|stop| stop.stage() == Some(stage)).count();
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        self.stops_unconfirmed.set(stops(StopStage::Emergency));
        self.stops_lapsed.set(stops(StopStage::Lapsed));
        raise(&self.lost_accesses, app.accesses.dropped());
        raise(&self.lost_messages, app.messages.dropped());
        raise(&self.lapsed, app.swept.lapsed.load(Ordering::Relaxed));
        self.open.set(app.swept.open.load(Ordering::Relaxed));
        self.due.set(app.swept.due.load(Ordering::Relaxed));
        self.unreviewed.set(app.swept.unreviewed.load(Ordering::Relaxed));
        self.rebuilt_differing.set(app.swept.rebuilt_differing.load(Ordering::Relaxed));
        self.rebuilt_at.set(app.swept.rebuilt_at.load(Ordering::Relaxed));
        self.calendar_missing.set(app.calendar_missing().map_or(0, i64::from));
        self.cosigned.set(app.witnessed.cosigned.load(Ordering::Relaxed));
        raise(&self.witness_refusals, app.witnessed.refused.load(Ordering::Relaxed));
        self.timestamped.set(app.timestamped.entries.load(Ordering::Relaxed));
        self.timestamped_at.set(app.timestamped.at.load(Ordering::Relaxed));
        raise(&self.timestamp_failures, app.timestamped.failures.load(Ordering::Relaxed));
        self.log_checked_at.set(app.checked.at.load(Ordering::Relaxed));
        self.log_checked.set(app.checked.entries.load(Ordering::Relaxed));
        self.log_problems.set(app.checked.problems.load(Ordering::Relaxed));
        self.cases_overdue.set(app.swept.cases_overdue.load(Ordering::Relaxed));
        self.paused.set(i64::from(snapshot.pause().is_some()));
        self.around.know(app, issuers_away);
        if let Some(told) = told {
            self.around.told(&told.around);
        }
        if let Some(backup_at) = told.and_then(|told| told.backup_at) {
            self.backup_at.set(backup_at);
        }
        if let Some((waiting, set_aside)) = told.map(|told| told.letters) {
            self.letters_waiting.set(waiting);
            self.letters_set_aside.set(set_aside);
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Brings a counter to what others have counted.
fn raise(counter: &IntCounter, counted: u64) {
    counter.inc_by(counted.saturating_sub(counter.get()));
}
