//! Webhooks: who is told of what by a message to its own system, and what becomes of a message.
//!
//! It sends nothing and knows no key. Invariant: a message says that something happened and to what, never what stands there.

pub mod fate;
pub mod signature;
pub mod target;

use super::fault::FaultCode;
use super::happening::is_known;
use super::words::words;

words! {
    /// For whom a webhook is: what it may be told.
    Audience {
        /// The bureau: everything of cases and of the list.
        Bureau "bureau" "主管部门" "the bureau";
        /// A system of customs: the whole list.
        Customs "customs" "海关" "customs";
        /// An enterprise: its own matters.
        Enterprise "enterprise" "企业" "an enterprise";
    }
}

words! {
    /// How a webhook stands.
    WebhookState {
        /// Messages are sent.
        Active "active" "启用" "active";
        /// Messages wait.
        Paused "paused" "暂停" "paused";
        /// It is over.
        Removed "removed" "已移除" "removed";
    }
}

words! {
    /// Why a webhook is paused.
    PauseCause {
        /// Somebody paused it.
        ByHand "by_hand" "人工暂停" "paused by hand";
        /// Its receiver could not be reached for three days, or refused one message after the other.
        Failing "failing" "接收端持续失败" "its receiver failed for too long";
        /// Its receiver answered that it is gone (410).
        Gone "gone" "接收端已停用（410）" "its receiver is gone (410)";
    }
}

words! {
    /// A kind of thing that can be told of.
    Topic {
        /// Listings.
        Listing "listing" "名单条目" "listings";
        /// Enterprises.
        Enterprise "enterprise" "企业" "enterprises";
        /// Stops.
        Stop "stop" "停止通关" "stops";
        /// Schemes.
        Scheme "scheme" "试点方案" "schemes";
        /// Adjustments.
        Adjustment "adjustment" "动态调整" "adjustments";
        /// Batches.
        Batch "batch" "批次" "batches";
        /// Applications.
        Application "application" "申请" "applications";
        /// Declarations.
        Declaration "declaration" "报关单" "declarations";
    }
}

/// Events of one webhook at most.
pub const MOST_EVENTS: usize = 50;

/// Webhooks of one organisation at most.
pub const MOST_WEBHOOKS: usize = 20;

impl Audience {
    /// Whether it may be told of a kind of thing; an enterprise only of its own.
    #[must_use]
    pub const fn may_know(self, topic: Topic) -> bool {
        match (self, topic) {
            (Self::Bureau, _)
            | (Self::Customs | Self::Enterprise, Topic::Listing | Topic::Enterprise)
            | (Self::Customs, Topic::Stop | Topic::Scheme)
            | (Self::Enterprise, Topic::Application | Topic::Declaration) => true,
            (Self::Customs, Topic::Adjustment | Topic::Batch | Topic::Application | Topic::Declaration)
            | (Self::Enterprise, Topic::Stop | Topic::Scheme | Topic::Adjustment | Topic::Batch) => false,
        }
    }
}

impl Topic {
    /// Returns the path under which a thing of this kind is read.
    #[must_use]
    pub fn path(self, id: &str) -> String {
        let list = match self {
            Self::Listing => "listings",
            Self::Enterprise => "enterprises",
            Self::Stop => "stops",
            Self::Scheme => "schemes",
            Self::Adjustment => "adjustments",
            Self::Batch => "batches",
            Self::Application => "applications",
            Self::Declaration => "declarations",
        };
        format!("/v1/{list}/{id}")
    }
}

/// Which events a webhook is told of: `listing.suspended`, or `listing.*` for every event of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    topic: Topic,
    event: Option<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `value_unknown` for an event that does not exist or is not told.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let (topic, event) = text.split_once('.').ok_or(FaultCode::ValueUnknown)?;
        let topic = Topic::parse(topic)?;
        match event {
            "*" => Ok(Self { topic, event: None }),
            _ if is_known(text) => Ok(Self { topic, event: Some(text.to_owned()) }),
            _ => Err(FaultCode::ValueUnknown),
        }
    }

    /// Returns what kind of thing it is about.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        self.topic
    }

    /// Whether an event of a kind of thing is meant.
    #[must_use]
    pub fn means(&self, topic: Topic, event: &str) -> bool {
        self.topic == topic && self.event.as_deref().is_none_or(|wanted| wanted == event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_events_that_exist() {
        for (text, event, means) in [
            ("listing.*", "listing.suspended", true),
            ("listing.suspended", "listing.suspended", true),
            ("listing.suspended", "listing.removed", false),
            ("stop.*", "listing.suspended", false),
        ] {
            assert_eq!(Pattern::parse(text).unwrap().means(Topic::Listing, event), means, "{text} {event}");
        }
        for text in ["", "listing", "*", "listing.", "listing.nothing", "person.*", "person.registered", "listing.**"] {
            assert_eq!(Pattern::parse(text), Err(FaultCode::ValueUnknown), "{text}");
        }
        let known = |audience: Audience| Topic::ALL.iter().filter(|topic| audience.may_know(**topic)).count();
        assert_eq!((known(Audience::Bureau), known(Audience::Customs), known(Audience::Enterprise)), (8, 4, 4));
    }
}
