//! What a scheme says about supervision after listing (事中事后监管): how long a proposal and an emergency stop wait, when
//! usage returns fall due, what follows when they are late, and when an expiry is announced.
//!
//! A scheme that says nothing asks for no usage return; a stop must be confirmed within a day even so.

use super::validity::LegalDay;
use serde::{Deserialize, Serialize};

/// What follows when a usage return stays away after its warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOverdue {
    /// The service proposes a suspension; two people decide.
    #[default]
    ProposeSuspension,
    /// The service suspends the listing.
    Suspend,
}

/// The section `[supervision]` of a scheme. Days are legal days, not working days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supervision {
    /// Days after which a proposal nobody decided on lapses.
    pub proposal_days: u16,
    /// Hours within which a second person confirms an emergency stop.
    pub stop_confirm_hours: u16,
    /// Days after its confirmation on which a stop is reviewed.
    pub stop_review_days: u16,
    /// Months of one usage return, counted from the first day of the listing; none asks for no returns.
    pub usage_period_months: Option<u16>,
    /// Days after the end of a period until its return is due.
    pub usage_due_days: u16,
    /// Days before the due day on which the enterprise is reminded.
    pub usage_remind_days: u16,
    /// Days after the due day on which it is warned.
    pub usage_warn_days: u16,
    /// Days after the due day on which suspension follows.
    pub usage_suspend_days: u16,
    /// What follows.
    pub on_overdue: OnOverdue,
    /// Days before the last day of a listing on which its expiry is announced.
    pub expiry_reminder_days: Vec<u16>,
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            proposal_days: 30,
            stop_confirm_hours: 24,
            stop_review_days: 30,
            usage_period_months: None,
            usage_due_days: 30,
            usage_remind_days: 7,
            usage_warn_days: 10,
            usage_suspend_days: 30,
            on_overdue: OnOverdue::ProposeSuspension,
            expiry_reminder_days: vec![90, 30, 7],
        }
    }
}

impl Supervision {
    /// Says what is wrong with the section; nothing when it is sound.
    #[must_use]
    pub fn faults(&self) -> Vec<&'static str> {
        let checks = [
            (self.proposal_days == 0, "supervision.proposal_days must be above 0"),
            (self.stop_confirm_hours == 0, "supervision.stop_confirm_hours must be above 0"),
            (self.usage_period_months == Some(0), "supervision.usage_period_months must be above 0"),
            (self.usage_due_days == 0, "supervision.usage_due_days must be above 0"),
            (
                self.usage_remind_days > self.usage_due_days,
                "supervision.usage_remind_days must not be above usage_due_days",
            ),
            (
                self.usage_suspend_days <= self.usage_warn_days,
                "supervision.usage_suspend_days must be above usage_warn_days",
            ),
        ];
        checks.into_iter().filter(|(faulty, _)| *faulty).map(|(_, fault)| fault).collect()
    }

    /// Returns the first day on which a proposal of a day has lapsed.
    #[must_use]
    pub fn proposal_lapses_on(&self, proposed_on: LegalDay) -> LegalDay {
        proposed_on.add_days(i32::from(self.proposal_days).saturating_add(1))
    }
}
