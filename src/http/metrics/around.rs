//! Figures of what stands around the node: other nodes, standbys, webhooks, the feed, neighbours, and how soon changes take
//! effect.

use super::raise;
use crate::app::App;
use crate::app::neighbours::Neighbour;
use crate::app::surroundings::Surroundings;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use std::sync::atomic::Ordering;

/// The figures.
pub struct Around {
    effect_seconds: Histogram,
    webhooks: [IntGauge; 4],
    messages: [IntCounter; 3],
    dead_letters: IntGauge,
    oldest_waiting: IntGauge,
    feed_readers: IntGauge,
    feed_least_revision: IntGauge,
    away: Vec<(Neighbour, IntGauge, IntCounter)>,
    issuers_away: IntGauge,
    nodes: IntGauge,
    nodes_silent: IntGauge,
    standbys: IntGauge,
    standby_lag: Gauge,
}

impl Around {
    /// Registers every figure.
    ///
    /// # Errors
    /// When two figures share a name.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let buckets = vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let effect_seconds = Histogram::with_opts(
            HistogramOpts::new(
                "whitelist_effect_seconds",
                "Time from the command of a change to answers of this node that know it",
            )
            .buckets(buckets),
        )?;
        registry.register(Box::new(effect_seconds.clone()))?;
        let webhooks = IntGaugeVec::new(
            Opts::new("whitelist_webhooks", "Webhooks, by how they stand; the failing ones are active, too"),
            &["state"],
        )?;
        registry.register(Box::new(webhooks.clone()))?;
        let messages = IntCounterVec::new(
            Opts::new(
                "whitelist_webhook_messages_total",
                "Messages that this node sent to webhooks, by what came of them",
            ),
            &["outcome"],
        )?;
        registry.register(Box::new(messages.clone()))?;
        let away = IntGaugeVec::new(
            Opts::new("whitelist_neighbour_away", "1 while a service of others counts as away and is not asked"),
            &["neighbour"],
        )?;
        registry.register(Box::new(away.clone()))?;
        let not_asked = IntCounterVec::new(
            Opts::new(
                "whitelist_neighbour_not_asked_total",
                "Requests that were not made because a service counts as away",
            ),
            &["neighbour"],
        )?;
        registry.register(Box::new(not_asked.clone()))?;
        let standby_lag = Gauge::new(
            "whitelist_standby_lag_seconds",
            "Seconds by which the standby of the database that is furthest behind is so",
        )?;
        registry.register(Box::new(standby_lag.clone()))?;
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let both = |whom: &Neighbour| {
            let name = [whom.as_str()];
            (*whom, away.with_label_values(&name), not_asked.with_label_values(&name))
        };
        Ok(Self {
            effect_seconds,
            webhooks: ["active", "failing", "paused", "given_up"].map(|state| webhooks.with_label_values(&[state])),
            messages: ["delivered", "failed", "given_up"].map(|outcome| messages.with_label_values(&[outcome])),
            dead_letters: gauge("whitelist_webhook_dead_letters", "Messages to webhooks that were given up")?,
            oldest_waiting: gauge(
                "whitelist_webhook_oldest_waiting_seconds",
                "Seconds since the oldest entry that an active webhook has still to be told",
            )?,
            feed_readers: gauge("whitelist_feed_readers", "Systems that read the feed of this node in the last hour")?,
            feed_least_revision: gauge(
                "whitelist_feed_least_revision",
                "Revision of the reader of this node's feed that is furthest behind; 0 without readers",
            )?,
            away: Neighbour::ALL.iter().map(both).collect(),
            issuers_away: away.with_label_values(&["issuer"]),
            nodes: gauge("whitelist_nodes", "Nodes that said within a minute that they serve this list")?,
            nodes_silent: gauge("whitelist_nodes_silent", "Nodes that served today and say nothing now")?,
            standbys: gauge("whitelist_standbys", "Standbys that stream from the database")?,
            standby_lag,
        })
    }

    /// Brings what this process knows up to date.
    pub fn know(&self, app: &App, issuers_away: usize) {
        for time in app.effects.take() {
            self.effect_seconds.observe(time.as_secs_f64());
        }
        let sent = [&app.sent.delivered, &app.sent.failed, &app.sent.given_up];
        for (counter, count) in self.messages.iter().zip(sent) {
            raise(counter, count.load(Ordering::Relaxed));
        }
        for (standing, (_, away, not_asked)) in app.neighbours.standing().iter().zip(&self.away) {
            away.set(i64::from(standing.away));
            raise(not_asked, standing.not_asked);
        }
        self.issuers_away.set(whole(issuers_away));
    }

    /// Brings what the database told up to date.
    pub fn told(&self, around: &Surroundings) {
        let hooks = around.webhooks;
        for (gauge, count) in self.webhooks.iter().zip([hooks.active, hooks.failing, hooks.paused, hooks.given_up]) {
            gauge.set(count);
        }
        self.dead_letters.set(hooks.dead_letters);
        self.oldest_waiting.set(hooks.oldest_waiting_seconds);
        self.feed_readers.set(whole(around.feed.readers));
        self.feed_least_revision.set(around.feed.least_revision.unwrap_or(0));
        let silent = around.nodes.iter().filter(|node| node.silent).count();
        self.nodes.set(whole(around.nodes.len().saturating_sub(silent)));
        self.nodes_silent.set(whole(silent));
        self.standbys.set(whole(around.standbys.len()));
        self.standby_lag.set(around.standbys.iter().filter_map(|standby| standby.lag_seconds).fold(0.0, f64::max));
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
