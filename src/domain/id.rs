//! Ids of records that have no number of their own: a prefix that says the kind, and 128 bits that order by time.
//! Nothing here makes the bits; randomness and time come from outside. Invariant: an id of one kind never reads as
//! another's.

use std::fmt;

use super::code::text_form;
use super::fault::FaultCode;

/// One line per kind of id: what it identifies, its type, its prefix.
macro_rules! ids {
    ($($(#[$doc:meta])+ $type:ident $prefix:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(u128);

        impl $type {
            /// What every id of this kind begins with.
            pub const PREFIX: &str = $prefix;

            /// Makes an id of 128 bits.
            pub const fn new(bits: u128) -> Self {
                Self(bits)
            }

            /// Returns the 128 bits.
            pub const fn value(self) -> u128 {
                self.0
            }

            /// Reads the prefix and 32 lower-case hexadecimal digits.
            ///
            /// # Errors
            /// `id_format`.
            pub fn parse(text: &str) -> Result<Self, FaultCode> {
                text.strip_prefix(Self::PREFIX).and_then(hexadecimal).map(Self).ok_or(FaultCode::IdFormat)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{:032x}", Self::PREFIX, self.0)
            }
        }

        text_form!($type);
    )+};
}

ids! {
    /// An adjustment of the list (动态调整).
    AdjustmentId "adj_";
    /// A recorded lookup answer (核验).
    LookupId "lkp_";
    /// An entry's event.
    EventId "evt_";
    /// A person, whatever names and logins they have.
    PersonId "per_";
    /// A record of access to protected data.
    AccessId "acs_";
    /// An erasure of personal data.
    ErasureId "ers_";
    /// A role of an organisation's own (自定义角色).
    CustomRoleId "rol_";
    /// A change of the rules (试点规则变更).
    RuleChangeId "rul_";
    /// A stop of an item class.
    StopId "stp_";
    /// An entry of a screening list.
    ScreeningId "scr_";
    /// A usage return.
    ReturnId "ret_";
    /// A finding of an inspection.
    FindingId "fin_";
    /// A reconciliation with customs (对账).
    ReconciliationId "rec_";
    /// A publication batch (批次).
    BatchId "bat_";
    /// An appeal against a refusal (申诉).
    AppealId "apl_";
    /// An application, from its draft on (申请).
    ApplicationId "app_";
    /// An item in the library of an enterprise (企业物品库).
    ItemId "itm_";
    /// An evidence document (证明材料).
    DocumentId "doc_";
    /// A release by an officer against the answer.
    ManualReleaseId "mrl_";
    /// A raw message of the draw interface.
    MessageId "msg_";
    /// A text that an office uses again and again (常用语).
    TextId "txt_";
    /// A report that is made in the background.
    ReportJobId "rpt_";
    /// A notice that somebody is told (通知).
    NoticeId "ntc_";
    /// A grant of a role to a person.
    GrantId "gra_";
    /// A mandate of an agent (代理委托).
    MandateId "man_";
    /// A webhook.
    WebhookId "whk_";
    /// An announcement to the holders of listings (公告).
    BroadcastId "brd_";
    /// A pause of the service (暂停受理变更).
    PauseId "pau_";
}

fn hexadecimal(text: &str) -> Option<u128> {
    let canonical = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| canonical)
}

/// Orders ids by the millisecond they were made in: the layout of UUID version 7 (RFC 9562 section 5.7).
///
/// The randomness comes from outside.
#[must_use]
pub fn time_ordered(at: super::validity::Instant, random: [u8; 10]) -> u128 {
    let millis = u128::try_from(at.micros().max(0) / 1000).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    let random = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let head = random >> 62 & 0xFFF;
    let tail = random & 0x3FFF_FFFF_FFFF_FFFF;
    millis << 80 | 7 << 76 | head << 64 | 0b10 << 62 | tail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_says_its_kind() {
        let id = AdjustmentId::new(0x2a);
        assert_eq!(id.to_string(), "adj_0000000000000000000000000000002a");
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""adj_0000000000000000000000000000002a""#);
        assert_eq!(LookupId::parse(&id.to_string()), Err(FaultCode::IdFormat));
        let prefixes = [
            AdjustmentId::PREFIX,
            LookupId::PREFIX,
            EventId::PREFIX,
            PersonId::PREFIX,
            StopId::PREFIX,
            ScreeningId::PREFIX,
            ReturnId::PREFIX,
            FindingId::PREFIX,
            BatchId::PREFIX,
            AppealId::PREFIX,
            ApplicationId::PREFIX,
            ItemId::PREFIX,
            DocumentId::PREFIX,
        ];
        assert_eq!(
            prefixes,
            ["adj_", "lkp_", "evt_", "per_", "stp_", "scr_", "ret_", "fin_", "bat_", "apl_", "app_", "itm_", "doc_"]
        );
    }

    #[test]
    fn only_the_canonical_spelling_reads() {
        for text in [
            "",
            "adj_",
            "0000000000000000000000000000002a",
            "adj_2a",
            "adj_0000000000000000000000000000002A",
            "adj_+000000000000000000000000000002a",
            "adj_0000000000000000000000000000002a0",
            "ADJ_0000000000000000000000000000002a",
            "adj_adj_00000000000000000000000000002a",
        ] {
            assert_eq!(AdjustmentId::parse(text), Err(FaultCode::IdFormat), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trips_and_keeps_order(a in any::<u128>(), b in any::<u128>()) {
            let (first, second) = (EventId::new(a), EventId::new(b));
            prop_assert_eq!(EventId::parse(&first.to_string()), Ok(first));
            prop_assert_eq!(first.value(), a);
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = BatchId::parse(&text);
        }
    }
}
