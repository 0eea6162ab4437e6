//! Opinions of the member agencies (意见): one per agency and item, and what they come to together.
//!
//! Nobody votes: opinions are weighed by the bureau, and what they come to does not depend on their order. Invariants:
//! silence is never agreement, and an item on which opinions conflict, object, ask or are missing is not recognised until
//! it is on record how that was resolved.

use super::application::words;
use super::states::Step;
use serde::{Deserialize, Serialize};

words! {
    /// How an agency stands to an item.
    Stance {
        /// Agrees.
        Agree "agree" "同意" "agree";
        /// Agrees on conditions.
        AgreeWithConditions "agree_with_conditions" "附条件同意" "agree with conditions";
        /// Objects.
        Object "object" "不同意" "object";
        /// Asks something first.
        Ask "ask" "需补充说明" "ask";
    }
}

words! {
    /// Why an agency does not simply agree.
    OpinionGround {
        /// Not used in research and development alone.
        NotForResearch "not_for_research" "非研发自用" "not for the applicant's own research and development";
        /// Belongs to a class that is never listed.
        ExcludedClass "excluded_class" "属于排除品类" "belongs to an excluded class";
        /// Can be imported by its statutory way.
        StatutoryRoute "statutory_route" "可按法定程序办理进口药品批件" "the statutory way of import is open";
        /// The document that the list waives is not asked for this item.
        DocumentNotRequired "document_not_required" "该商品编号不需要进口药品通关单" "the item does not need the document that the list waives";
        /// The classification is doubtful.
        ClassificationDoubtful "classification_doubtful" "商品编号归类存疑" "the classification is doubtful";
        /// The quantity is not justified.
        QuantityNotJustified "quantity_not_justified" "数量与研发需求不符" "the quantity is not justified by the research";
        /// A risk to safety.
        SafetyRisk "safety_risk" "存在安全或生物安全风险" "a risk to safety or biosafety";
        /// Traceability or internal control is lacking.
        TraceabilityLacking "traceability_lacking" "追溯或内控制度不足" "traceability or internal control is lacking";
        /// The enterprise has broken a duty.
        CreditRecord "credit_record" "信用记录不良" "the enterprise's credit record";
        /// The evidence is not enough.
        EvidenceLacking "evidence_lacking" "证明材料不足" "the evidence is not enough";
        /// Something else, in words.
        Other "other" "其他（须说明）" "something else, in words";
    }
}

words! {
    /// How a conflict, an objection, a question or a silence was resolved.
    Resolution {
        /// The agencies met and agreed.
        Meeting "meeting" "会商一致" "agreed in a meeting of the agencies";
        /// The conditions were taken over.
        ConditionsAdopted "conditions_adopted" "采纳所附条件" "the conditions are taken over";
        /// The lead agency decided within its mandate.
        LeadDecided "lead_decided" "牵头单位裁定" "decided by the lead agency within its mandate";
        /// The question was answered.
        QuestionAnswered "question_answered" "疑问已答复" "the question was answered";
        /// A silent agency was reached and its word is on record.
        SilentAgencyHeard "silent_agency_heard" "已联系逾期单位并记录其意见" "the silent agency was reached and its word put on record";
        /// A silent agency was passed over by its superior's leave.
        SuperiorLeave "superior_leave" "经上级同意不再等待" "by leave of the superior not waited for any longer";
    }
}

words! {
    /// Where an opinion stands.
    OpinionState {
        /// Not given, or given on an item that has changed since.
        Open "open" "未出具" "open";
        /// Begun.
        Drafted "drafted" "草稿" "drafted";
        /// Given; may be changed.
        Given "given" "已出具" "given";
        /// The round is closed.
        Settled "settled" "已汇总" "settled";
    }
}

words! {
    /// What can be done to an opinion.
    OpinionVerb {
        /// Saves a draft.
        Save "save" "保存草稿" "save";
        /// Gives or changes it.
        Give "give" "出具" "give";
        /// The item was corrected.
        Correct "correct" "企业补正" "item corrected";
        /// The round is closed.
        Consolidate "consolidate" "汇总" "consolidate";
        /// The case is returned to the agencies.
        Return "return" "退回会审" "return";
    }
}

/// Everything that may happen to an opinion.
pub const STEPS: &[Step<OpinionState, OpinionVerb>] = &[
    Step { from: Some(OpinionState::Open), verb: OpinionVerb::Save, by: "agency.reviewer", to: OpinionState::Drafted },
    Step { from: Some(OpinionState::Open), verb: OpinionVerb::Give, by: "agency.reviewer", to: OpinionState::Given },
    Step {
        from: Some(OpinionState::Drafted),
        verb: OpinionVerb::Save,
        by: "agency.reviewer",
        to: OpinionState::Drafted,
    },
    Step { from: Some(OpinionState::Drafted), verb: OpinionVerb::Give, by: "agency.reviewer", to: OpinionState::Given },
    Step { from: Some(OpinionState::Drafted), verb: OpinionVerb::Correct, by: "enterprise", to: OpinionState::Open },
    Step { from: Some(OpinionState::Given), verb: OpinionVerb::Save, by: "agency.reviewer", to: OpinionState::Given },
    Step { from: Some(OpinionState::Given), verb: OpinionVerb::Give, by: "agency.reviewer", to: OpinionState::Given },
    Step { from: Some(OpinionState::Given), verb: OpinionVerb::Correct, by: "enterprise", to: OpinionState::Open },
    Step {
        from: Some(OpinionState::Given),
        verb: OpinionVerb::Consolidate,
        by: "bureau.officer",
        to: OpinionState::Settled,
    },
    Step {
        from: Some(OpinionState::Settled),
        verb: OpinionVerb::Return,
        by: "bureau.officer",
        to: OpinionState::Given,
    },
];

/// What an agency says about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Item.
    pub line: u16,
    /// How it stands.
    pub stance: Stance,
    /// Why it does not simply agree.
    pub grounds: Vec<OpinionGround>,
    /// Conditions in words.
    pub conditions: Option<String>,
    /// In words.
    pub note: Option<String>,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFault {
    /// A stance other than agreement needs a ground.
    GroundRequired,
    /// Agreement has no grounds.
    GroundNotAllowed,
    /// Conditions belong to agreement with conditions, which needs them.
    Conditions,
    /// The ground `other` and a question need words.
    NoteRequired,
}

impl Statement {
    /// Checks the statement by itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), StatementFault> {
        let conditional = self.stance == Stance::AgreeWithConditions;
        if conditional != self.conditions.is_some() {
            return Err(StatementFault::Conditions);
        }
        if self.stance == Stance::Object && self.grounds.is_empty() {
            return Err(StatementFault::GroundRequired);
        }
        if self.stance == Stance::Agree && !self.grounds.is_empty() {
            return Err(StatementFault::GroundNotAllowed);
        }
        let wordy = self.stance == Stance::Ask || self.grounds.contains(&OpinionGround::Other);
        if wordy && self.note.is_none() { Err(StatementFault::NoteRequired) } else { Ok(()) }
    }
}

/// An opinion that counts: given on the item as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<'a> {
    /// Who gave it.
    pub agency: &'a str,
    /// Item.
    pub line: u16,
    /// How it stands.
    pub stance: Stance,
}

words! {
    /// What the opinions on an item come to.
    Outcome {
        /// All agree.
        Agreed "agreed" "一致同意" "all agree";
        /// All agree, some on conditions.
        Conditional "conditional" "同意（附条件）" "all agree, some on conditions";
        /// All who spoke object.
        Objected "objected" "一致不同意" "all object";
        /// Some agree, some object.
        Conflicting "conflicting" "意见分歧" "opinions conflict";
        /// Somebody asks, nobody objects.
        Questioned "questioned" "待澄清" "a question is open";
        /// Somebody has said nothing.
        Incomplete "incomplete" "意见不全" "an agency is silent";
    }
}

/// What the opinions on an item come to, agency by agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineResult {
    /// Item.
    pub line: u16,
    /// In a word.
    pub outcome: Outcome,
    /// Who agrees.
    pub agree: Vec<String>,
    /// Who agrees on conditions.
    pub agree_with_conditions: Vec<String>,
    /// Who objects.
    pub object: Vec<String>,
    /// Who asks.
    pub ask: Vec<String>,
    /// Who has said nothing.
    pub silent: Vec<String>,
}

impl LineResult {
    /// Opinions given.
    #[must_use]
    pub fn given(&self) -> usize {
        [&self.agree, &self.agree_with_conditions, &self.object, &self.ask].iter().map(|who| who.len()).sum()
    }

    /// Whether the item may only be recognised once it is on record how this was resolved.
    #[must_use]
    pub fn needs_resolution(&self) -> bool {
        !matches!(self.outcome, Outcome::Agreed | Outcome::Conditional)
    }
}

/// Says what opinions come to, item by item. The order of the opinions does not matter; agencies that are not asked do
/// not count.
#[must_use]
pub fn consolidate(agencies: &[String], lines: &[u16], opinions: &[Counted<'_>]) -> Vec<LineResult> {
    lines.iter().map(|line| line_result(agencies, *line, opinions)).collect()
}

fn line_result(agencies: &[String], line: u16, opinions: &[Counted<'_>]) -> LineResult {
    let stance =
        |agency: &String| opinions.iter().find(|it| it.line == line && it.agency == agency).map(|it| it.stance);
    let who = |wanted: Option<Stance>| -> Vec<String> {
        agencies.iter().filter(|agency| stance(agency) == wanted).cloned().collect()
    };
    let mut result = LineResult {
        line,
        outcome: Outcome::Incomplete,
        agree: who(Some(Stance::Agree)),
        agree_with_conditions: who(Some(Stance::AgreeWithConditions)),
        object: who(Some(Stance::Object)),
        ask: who(Some(Stance::Ask)),
        silent: who(None),
    };
    let agreeing = !result.agree.is_empty() || !result.agree_with_conditions.is_empty();
    result.outcome = if !result.object.is_empty() && agreeing {
        Outcome::Conflicting
    } else if !result.silent.is_empty() {
        Outcome::Incomplete
    } else if !result.object.is_empty() {
        Outcome::Objected
    } else if !result.ask.is_empty() {
        Outcome::Questioned
    } else if !result.agree_with_conditions.is_empty() {
        Outcome::Conditional
    } else if agreeing {
        Outcome::Agreed
    } else {
        Outcome::Incomplete
    };
    result
}

/// Why a round cannot be closed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StillOpen {
    /// Fewer opinions than the scheme demands.
    Quorum,
    /// An agency is silent and its time has not passed.
    Silence,
}

/// Checks whether a round may be closed: the quorum is reached on every item, and whoever is silent has been escalated.
///
/// # Errors
/// Why not.
pub fn may_close(results: &[LineResult], quorum: Option<u16>, escalated: bool) -> Result<(), StillOpen> {
    if results.iter().any(|result| !result.silent.is_empty()) && !escalated {
        return Err(StillOpen::Silence);
    }
    let least = quorum.map_or(0, usize::from);
    if results.iter().any(|result| result.given() < least) { Err(StillOpen::Quorum) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::states::{after, assert_sound};
    use proptest::prelude::*;

    const AGENCIES: [&str; 4] = ["bj-customs", "bj-drug", "bj-health", "bj-science"];

    fn agencies() -> Vec<String> {
        AGENCIES.map(str::to_owned).to_vec()
    }

    fn outcome(stances: &[(usize, Stance)]) -> Outcome {
        let opinions: Vec<Counted<'_>> = stances
            .iter()
            .map(|(agency, stance)| Counted { agency: AGENCIES[*agency], line: 1, stance: *stance })
            .collect();
        consolidate(&agencies(), &[1], &opinions)[0].outcome
    }

    #[test]
    fn the_table_is_sound() {
        assert_sound(STEPS, OpinionState::ALL, OpinionVerb::ALL);
        let settled = Some(OpinionState::Settled);
        assert_eq!(after(STEPS, settled, &OpinionVerb::Give), None, "what is settled does not change");
    }

    #[test]
    fn what_opinions_come_to() {
        use Stance::{Agree, AgreeWithConditions, Ask, Object};
        for (stances, expected) in [
            (vec![(0, Agree), (1, Agree), (2, Agree), (3, Agree)], Outcome::Agreed),
            (vec![(0, Agree), (1, AgreeWithConditions), (2, Agree), (3, Agree)], Outcome::Conditional),
            (vec![(0, Agree), (1, Object), (2, Agree), (3, Agree)], Outcome::Conflicting),
            (vec![(0, Agree), (1, Object)], Outcome::Conflicting),
            (vec![(0, Object), (1, Object), (2, Object), (3, Object)], Outcome::Objected),
            (vec![(0, Agree), (1, Ask), (2, Agree), (3, Agree)], Outcome::Questioned),
            (vec![(0, Agree), (1, Agree), (2, Agree)], Outcome::Incomplete),
            (vec![], Outcome::Incomplete),
        ] {
            assert_eq!(outcome(&stances), expected, "{stances:?}");
        }
        assert_eq!(consolidate(&[], &[1], &[])[0].outcome, Outcome::Incomplete, "nobody asked is nobody's agreement");
    }

    #[test]
    fn a_stranger_does_not_count() {
        let strangers = [Counted { agency: "tianjin-drug", line: 1, stance: Stance::Object }];
        assert_eq!(consolidate(&agencies(), &[1], &strangers)[0].silent.len(), 4);
    }

    #[test]
    fn silence_must_be_escalated_and_a_quorum_reached() {
        let one = [Counted { agency: "bj-drug", line: 1, stance: Stance::Agree }];
        let results = consolidate(&agencies(), &[1], &one);
        assert_eq!(may_close(&results, None, false), Err(StillOpen::Silence));
        assert_eq!(may_close(&results, Some(2), true), Err(StillOpen::Quorum));
        assert_eq!(may_close(&results, Some(1), true), Ok(()));
        assert!(results[0].needs_resolution(), "silence is no agreement even when it is escalated");
    }

    #[test]
    fn a_statement_says_why() {
        let say = |stance, grounds: &[OpinionGround], conditions: Option<&str>, note: Option<&str>| {
            let owned = |text: &str| text.to_owned();
            Statement {
                line: 1,
                stance,
                grounds: grounds.to_vec(),
                conditions: conditions.map(owned),
                note: note.map(owned),
            }
            .check()
        };
        assert_eq!(say(Stance::Agree, &[], None, None), Ok(()));
        assert_eq!(say(Stance::Agree, &[OpinionGround::SafetyRisk], None, None), Err(StatementFault::GroundNotAllowed));
        assert_eq!(say(Stance::Object, &[], None, None), Err(StatementFault::GroundRequired));
        assert_eq!(say(Stance::Object, &[OpinionGround::Other], None, None), Err(StatementFault::NoteRequired));
        assert_eq!(say(Stance::Object, &[OpinionGround::SafetyRisk], None, None), Ok(()));
        assert_eq!(say(Stance::AgreeWithConditions, &[], None, None), Err(StatementFault::Conditions));
        assert_eq!(say(Stance::AgreeWithConditions, &[], Some("专库"), None), Ok(()));
        assert_eq!(say(Stance::Agree, &[], Some("专库"), None), Err(StatementFault::Conditions));
        assert_eq!(say(Stance::Ask, &[], None, None), Err(StatementFault::NoteRequired));
    }

    fn stance() -> impl Strategy<Value = Stance> {
        prop::sample::select(Stance::ALL.to_vec())
    }

    proptest! {
        /// Whoever speaks first or last: the opinions come to the same.
        #[test]
        fn every_order_of_opinions_ends_the_same(
            stances in prop::collection::vec(prop::option::of(stance()), 8..9),
            order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let all: Vec<Option<Counted<'_>>> = stances
                .iter()
                .enumerate()
                .map(|(place, stance)| {
                    stance.map(|stance| Counted { agency: AGENCIES[place % 4], line: if place < 4 { 1 } else { 2 }, stance })
                })
                .collect();
            let straight: Vec<Counted<'_>> = all.iter().copied().flatten().collect();
            let shuffled: Vec<Counted<'_>> = order.iter().filter_map(|place| all[*place]).collect();
            let results = consolidate(&agencies(), &[1, 2], &straight);
            prop_assert_eq!(&results, &consolidate(&agencies(), &[1, 2], &shuffled));
            for result in &results {
                let every = result.given() + result.silent.len();
                prop_assert_eq!(every, 4);
                let clean = result.silent.is_empty() && result.object.is_empty() && result.ask.is_empty();
                prop_assert_eq!(!result.needs_resolution(), clean);
            }
        }
    }
}
