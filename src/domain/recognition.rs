//! The joint decision on each item of an application (认定): proposed by one officer, decided by another person.
//!
//! Whether opinions allow it is judged in [`super::opinion`]. Invariants: nothing is granted beyond what was asked for;
//! who proposes or decides is neither the applicant's contact, nor a reviewer of the case, nor the other one.

use super::adjustment::{Vary, four_eyes};
use super::application::content::Ask;
use super::application::item::{ItemTerms, Term};
use super::application::words;
use super::case_rule::CaseRule;
use super::code::CustomsOffice;
use super::error::Rule;
use super::id::PersonId;
use super::quantity::Quantity;
use super::states::Step;
use super::validity::{LegalDay, Validity};

words! {
    /// Where an item of an application stands in the joint decision.
    ItemState {
        /// Not decided.
        Open "open" "待审议" "open";
        /// To be recognised, if the approver agrees.
        ProposedRecognition "proposed_recognition" "拟认定" "recognition proposed";
        /// To be refused, if the approver agrees.
        ProposedRefusal "proposed_refusal" "拟不予认定" "refusal proposed";
        /// Recognised; waits for a batch.
        Recognised "recognised" "已认定" "recognised";
        /// Refused.
        Refused "refused" "不予认定" "refused";
        /// On the list through a published batch.
        Published "published" "已公布" "published";
    }
}

words! {
    /// What can be done to an item in the joint decision.
    ItemVerb {
        /// Proposes to recognise it.
        ProposeRecognition "propose_recognition" "拟认定" "propose recognition";
        /// Proposes to refuse it.
        ProposeRefusal "propose_refusal" "拟不予认定" "propose refusal";
        /// Decides as proposed.
        Decide "decide" "决定" "decide";
        /// Sends the proposal back.
        SendBack "send_back" "退回拟定" "send back";
        /// Takes the decision up again.
        Reopen "reopen" "重新审议" "reopen";
        /// Takes a refusal up again after an appeal.
        Overturn "overturn" "申诉成立" "overturn";
        /// Puts it on the list.
        Publish "publish" "公布" "publish";
    }
}

/// Everything that may happen to an item in the joint decision.
pub const STEPS: &[Step<ItemState, ItemVerb>] = &[
    Step {
        from: Some(ItemState::Open),
        verb: ItemVerb::ProposeRecognition,
        by: "bureau.officer",
        to: ItemState::ProposedRecognition,
    },
    Step {
        from: Some(ItemState::Open),
        verb: ItemVerb::ProposeRefusal,
        by: "bureau.officer",
        to: ItemState::ProposedRefusal,
    },
    Step {
        from: Some(ItemState::ProposedRecognition),
        verb: ItemVerb::Decide,
        by: "bureau.approver",
        to: ItemState::Recognised,
    },
    Step {
        from: Some(ItemState::ProposedRecognition),
        verb: ItemVerb::SendBack,
        by: "bureau.approver",
        to: ItemState::Open,
    },
    Step {
        from: Some(ItemState::ProposedRefusal),
        verb: ItemVerb::Decide,
        by: "bureau.approver",
        to: ItemState::Refused,
    },
    Step {
        from: Some(ItemState::ProposedRefusal),
        verb: ItemVerb::SendBack,
        by: "bureau.approver",
        to: ItemState::Open,
    },
    Step { from: Some(ItemState::Recognised), verb: ItemVerb::Reopen, by: "bureau.officer", to: ItemState::Open },
    Step {
        from: Some(ItemState::Recognised),
        verb: ItemVerb::Publish,
        by: "bureau.approver",
        to: ItemState::Published,
    },
    Step { from: Some(ItemState::Refused), verb: ItemVerb::Reopen, by: "bureau.officer", to: ItemState::Open },
    Step { from: Some(ItemState::Refused), verb: ItemVerb::Overturn, by: "bureau.approver", to: ItemState::Open },
];

words! {
    /// Where an appeal stands.
    AppealState {
        /// Waits for its outcome.
        Open "open" "处理中" "open";
        /// The refusal stands.
        Upheld "upheld" "维持原决定" "refusal upheld";
        /// The refusal is taken up again.
        Overturned "overturned" "撤销原决定" "refusal overturned";
    }
}

words! {
    /// What can be done to an appeal.
    AppealVerb {
        /// Lets the refusal stand.
        Uphold "uphold" "维持" "uphold";
        /// Takes the refusal up again.
        Overturn "overturn" "撤销" "overturn";
    }
}

/// Everything that may happen to an appeal.
pub const APPEALS: &[Step<AppealState, AppealVerb>] = &[
    Step { from: Some(AppealState::Open), verb: AppealVerb::Uphold, by: "bureau.approver", to: AppealState::Upheld },
    Step {
        from: Some(AppealState::Open),
        verb: AppealVerb::Overturn,
        by: "bureau.approver",
        to: AppealState::Overturned,
    },
];

words! {
    /// Why an item is refused, or recommended against.
    RefusalGround {
        /// Not used in the applicant's own research and development.
        NotForResearch "not_for_research" "非本企业研发自用" "not for the applicant's own research and development";
        /// Belongs to a class that is never listed.
        ExcludedClass "excluded_class" "属于排除品类" "belongs to an excluded class";
        /// The document that the list waives is not asked for the item.
        DocumentNotRequired "document_not_required" "无需进口药品通关单" "the item does not need the document that the list waives";
        /// Can be imported by its statutory way.
        StatutoryRoute "statutory_route" "可按法定程序办理进口药品批件" "the statutory way of import is open";
        /// The quantity is not justified.
        QuantityNotJustified "quantity_not_justified" "数量依据不足" "the quantity is not justified";
        /// The classification is wrong.
        ClassificationWrong "classification_wrong" "商品编号归类有误" "the classification is wrong";
        /// A risk to safety.
        SafetyRisk "safety_risk" "存在安全或生物安全风险" "a risk to safety or biosafety";
        /// Traceability or internal control is lacking.
        TraceabilityLacking "traceability_lacking" "追溯或内控制度不足" "traceability or internal control is lacking";
        /// The enterprise has broken a duty.
        CreditRecord "credit_record" "信用记录不良" "the enterprise's credit record";
        /// The evidence is not enough.
        EvidenceLacking "evidence_lacking" "证明材料不足" "the evidence is not enough";
        /// The item is already listed for the enterprise.
        AlreadyListed "already_listed" "已在名单内" "the item is already listed for the enterprise";
        /// The member agencies object.
        AgenciesObject "agencies_object" "会审单位不同意" "the member agencies object";
        /// Something else, in words.
        Other "other" "其他（须说明）" "something else, in words";
    }
}

words! {
    /// Why a case is not taken in, or kept out after evaluation.
    DeclineGround {
        /// Registered outside the area.
        OutsideArea "outside_area" "注册地不在试点区域" "registered outside the pilot area";
        /// The matter is none of the scheme's.
        OutOfScope "out_of_scope" "不属于本试点受理范围" "outside the scope of the scheme";
        /// Another district is competent.
        OtherDistrict "other_district" "应向其他区提交" "another district is competent";
        /// The enterprise is barred.
        Barred "barred" "企业在限制申请期内" "the enterprise is barred";
        /// What was asked for did not come.
        Incomplete "incomplete" "材料不全且未按要求补正" "incomplete in spite of the correction notice";
        /// The joint mechanism does not let the enterprise in.
        NotLetIn "not_let_in" "经评估不具备参加条件" "not let in after evaluation";
        /// Something else, in words.
        Other "other" "其他（须说明）" "something else, in words";
    }
}

words! {
    /// What a correction notice finds.
    CorrectionReason {
        /// A document is missing.
        DocumentMissing "document_missing" "缺少材料" "a document is missing";
        /// A document cannot be read.
        DocumentIllegible "document_illegible" "材料无法辨认" "a document cannot be read";
        /// A document is out of date.
        DocumentExpired "document_expired" "材料已过期" "a document is out of date";
        /// The item is not described well enough.
        ItemUnclear "item_unclear" "物品描述不清" "the item is not described well enough";
        /// The classification does not fit.
        ClassificationDoubtful "classification_doubtful" "商品编号存疑" "the classification is doubtful";
        /// The quantity is not explained.
        QuantityUnexplained "quantity_unexplained" "数量依据未说明" "the quantity is not explained";
        /// An answer is unclear or contradicts another.
        AnswerUnclear "answer_unclear" "问题答复不清或矛盾" "an answer is unclear or contradicts another";
        /// An agency asks.
        AgencyQuestion "agency_question" "会审单位询问" "a member agency asks";
        /// Something else, in words.
        Other "other" "其他（须说明）" "something else, in words";
    }
}

words! {
    /// Why a case goes a step back, is taken up again, or an appeal ends as it does.
    StepReason {
        /// Opinions are unclear or contradict each other.
        OpinionsUnclear "opinions_unclear" "意见不清或矛盾" "opinions are unclear or contradict each other";
        /// New facts.
        NewFacts "new_facts" "出现新情况" "new facts";
        /// The evidence is not enough.
        EvidenceLacking "evidence_lacking" "证据不足" "the evidence is not enough";
        /// The grant is wider or narrower than the case bears.
        GrantUnfitting "grant_unfitting" "批准内容不当" "the grant does not fit the case";
        /// The ground does not bear the refusal.
        GroundUnfitting "ground_unfitting" "不予认定理由不当" "the ground does not bear the refusal";
        /// The refusal is right.
        DecisionRight "decision_right" "原决定事实清楚、依据充分" "the decision is right in fact and law";
        /// A slip of the pen.
        ClericalError "clerical_error" "笔误" "a slip of the pen";
        /// Something else, in words.
        Other "other" "其他（须说明）" "something else, in words";
    }
}

/// What is granted less than asked for; what is absent is granted as asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reduction {
    /// Smaller quantity, in the unit asked for.
    pub quantity: Option<Quantity>,
    /// Fewer months.
    pub months: Option<u16>,
    /// Earlier last day.
    pub valid_to: Option<LegalDay>,
    /// Fewer offices.
    pub customs_offices: Option<Vec<CustomsOffice>>,
    /// Smaller or new cap per declaration.
    pub consignment_cap: Option<Quantity>,
}

/// Grants what was asked for, less the reduction; `usual` is in months.
///
/// # Errors
/// [`CaseRule::GrantsMore`] where the reduction is none, or does not fit what was asked for.
pub fn grant(asked: &Ask, less: &Reduction, usual: u16) -> Result<Ask, Rule> {
    match asked {
        Ask::Add(terms) => Ok(Ask::Add(Box::new(grant_terms(terms, less, usual)?))),
        Ask::Renew { listing, terms } => {
            Ok(Ask::Renew { listing: *listing, terms: Box::new(grant_terms(terms, less, usual)?) })
        }
        Ask::Vary { listing, set } => Ok(Ask::Vary { listing: *listing, set: Box::new(grant_set(set, less)?) }),
        Ask::Surrender { .. } if *less == Reduction::default() => Ok(asked.clone()),
        Ask::Surrender { .. } => Err(CaseRule::GrantsMore.into()),
    }
}

fn at_most<T>(granted: Option<T>, asked: &Option<T>) -> Result<Option<T>, Rule>
where
    T: Clone + PartialOrd,
{
    match (granted, asked) {
        (None, asked) => Ok(asked.clone()),
        (Some(granted), Some(asked)) if granted <= *asked => Ok(Some(granted)),
        (Some(_), _) => Err(CaseRule::GrantsMore.into()),
    }
}

fn fewer_offices(
    granted: &Option<Vec<CustomsOffice>>,
    asked: &Option<Vec<CustomsOffice>>,
) -> Result<Option<Vec<CustomsOffice>>, Rule> {
    match (granted, asked) {
        (None, asked) => Ok(asked.clone()),
        // Whoever named no office asked for all of the scheme.
        (Some(granted), None) => Ok(Some(granted.clone())),
        (Some(granted), Some(asked)) if granted.iter().all(|office| asked.contains(office)) => {
            Ok(Some(granted.clone()))
        }
        (Some(_), Some(_)) => Err(CaseRule::GrantsMore.into()),
    }
}

fn grant_terms(asked: &ItemTerms, less: &Reduction, usual: u16) -> Result<ItemTerms, Rule> {
    let quantity = at_most(less.quantity, &Some(asked.quantity))?.unwrap_or(asked.quantity);
    let cap_at_most = Some(asked.consignment_cap.unwrap_or(quantity));
    let consignment_cap = match less.consignment_cap {
        None => asked.consignment_cap,
        some => at_most(some, &cap_at_most)?,
    };
    let term = match (asked.term, less.months, less.valid_to) {
        (term, None, None) => term,
        (Some(Term::Period(period)), None, Some(to)) if to <= period.to() => {
            Some(Term::Period(Validity::new(period.from(), to).map_err(|_| CaseRule::GrantsMore)?))
        }
        (Some(Term::Months(most)), Some(months), None) if months <= most => Some(Term::Months(months)),
        (None, Some(months), None) if months <= usual => Some(Term::Months(months)),
        (Some(Term::Period(_) | Term::Months(_)) | None, _, _) => return Err(CaseRule::GrantsMore.into()),
    };
    Ok(ItemTerms {
        quantity,
        term,
        consignment_cap,
        customs_offices: fewer_offices(&less.customs_offices, &asked.customs_offices)?,
        ..asked.clone()
    })
}

fn grant_set(asked: &Vary, less: &Reduction) -> Result<Vary, Rule> {
    if less.months.is_some() {
        return Err(CaseRule::GrantsMore.into());
    }
    let customs_offices = match (&less.customs_offices, &asked.customs_offices) {
        (Some(_), None) => return Err(CaseRule::GrantsMore.into()),
        (less, asked) => fewer_offices(less, asked)?,
    };
    Ok(Vary {
        quantity: at_most(less.quantity, &asked.quantity)?,
        valid_to: at_most(less.valid_to, &asked.valid_to)?,
        consignment_cap: at_most(less.consignment_cap, &asked.consignment_cap)?,
        customs_offices,
        ..asked.clone()
    })
}

/// Who had a hand in a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Involved {
    /// People who lodged or corrected it for the applicant.
    pub contacts: Vec<PersonId>,
    /// People who gave an agency's opinion on it.
    pub reviewers: Vec<PersonId>,
}

impl Involved {
    /// Refuses somebody who speaks for the applicant or for an agency.
    ///
    /// # Errors
    /// [`CaseRule::OwnApplication`], [`CaseRule::ReviewerDecides`].
    pub fn check(&self, person: PersonId) -> Result<(), Rule> {
        if self.contacts.contains(&person) {
            return Err(CaseRule::OwnApplication.into());
        }
        if self.reviewers.contains(&person) { Err(CaseRule::ReviewerDecides.into()) } else { Ok(()) }
    }

    /// Checks who decides on a proposal.
    ///
    /// # Errors
    /// [`Rule::FourEyes`], or as [`Involved::check`].
    pub fn may_decide(&self, proposed_by: PersonId, decides: PersonId) -> Result<(), Rule> {
        four_eyes(proposed_by, decides)?;
        self.check(proposed_by)?;
        self.check(decides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::application::Kind;
    use crate::domain::application::content;
    use crate::domain::states::{after, assert_sound};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn the_tables_are_sound() {
        assert_sound(STEPS, ItemState::ALL, ItemVerb::ALL);
        assert_sound(APPEALS, AppealState::ALL, AppealVerb::ALL);
    }

    fn asked(kind: Kind, members: &Value) -> Ask {
        let mut line = json!({ "line": 1 });
        line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let body = json!({ "items": [line], "contact": { "name": "王" } });
        content::read(&body, kind).unwrap().lines.remove(0).ask
    }

    fn add(members: Value) -> Ask {
        let mut line =
            json!({ "item": { "name_zh": "肝素钠", "hs_code": "3001901000" }, "quantity": "5", "unit": "036" });
        line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        asked(Kind::Add, &line)
    }

    fn less(quantity: &str) -> Reduction {
        Reduction { quantity: Some(Quantity::parse(quantity).unwrap()), ..Reduction::default() }
    }

    fn terms(ask: &Ask) -> ItemTerms {
        ask.terms().unwrap().clone()
    }

    #[test]
    fn less_may_be_granted_never_more() {
        let ask = add(json!({}));
        assert_eq!(grant(&ask, &Reduction::default(), 12).unwrap(), ask);
        assert_eq!(terms(&grant(&ask, &less("2"), 12).unwrap()).quantity, Quantity::parse("2").unwrap());
        assert_eq!(grant(&ask, &less("5.1"), 12), Err(CaseRule::GrantsMore.into()));
        let months = |months| Reduction { months: Some(months), ..Reduction::default() };
        assert_eq!(terms(&grant(&ask, &months(6), 12).unwrap()).term, Some(Term::Months(6)));
        assert_eq!(grant(&ask, &months(13), 12), Err(CaseRule::GrantsMore.into()));
        assert_eq!(grant(&add(json!({ "months": 6 })), &months(7), 12), Err(CaseRule::GrantsMore.into()));
        let office = |code| Reduction {
            customs_offices: Some(vec![CustomsOffice::parse(code).unwrap()]),
            ..Reduction::default()
        };
        assert!(grant(&ask, &office("0101"), 12).is_ok(), "one office of all");
        let one = add(json!({ "customs_offices": ["0101"] }));
        assert_eq!(grant(&one, &office("0107"), 12), Err(CaseRule::GrantsMore.into()));
        let period = add(json!({ "valid_from": "2026-09-01", "valid_to": "2027-08-31" }));
        let to = |day| Reduction { valid_to: Some(LegalDay::parse(day).unwrap()), ..Reduction::default() };
        assert!(grant(&period, &to("2027-02-28"), 12).is_ok());
        assert_eq!(grant(&period, &to("2027-09-01"), 12), Err(CaseRule::GrantsMore.into()));
        assert_eq!(grant(&period, &to("2026-08-31"), 12), Err(CaseRule::GrantsMore.into()));
    }

    #[test]
    fn a_variation_is_granted_within_what_it_asks() {
        let ask = asked(Kind::Vary, &json!({ "listing": "BJ-2026-000123-3", "set": { "quantity": "9" } }));
        let Ask::Vary { set, .. } = grant(&ask, &less("8"), 12).unwrap() else { panic!("a variation") };
        assert_eq!(set.quantity, Some(Quantity::parse("8").unwrap()));
        assert_eq!(grant(&ask, &less("10"), 12), Err(CaseRule::GrantsMore.into()));
        let cap = Reduction { consignment_cap: Some(Quantity::parse("1").unwrap()), ..Reduction::default() };
        assert_eq!(grant(&ask, &cap, 12), Err(CaseRule::GrantsMore.into()), "a cap was not asked about");
        let give_up = asked(Kind::Surrender, &json!({ "listing": "BJ-2026-000123-3" }));
        assert_eq!(grant(&give_up, &less("1"), 12), Err(CaseRule::GrantsMore.into()));
    }

    #[test]
    fn who_is_involved_neither_proposes_nor_decides() {
        let people: Vec<PersonId> = (1..5).map(PersonId::new).collect();
        let involved = Involved { contacts: vec![people[0]], reviewers: vec![people[1]] };
        assert_eq!(involved.may_decide(people[2], people[3]), Ok(()));
        assert_eq!(involved.may_decide(people[2], people[2]), Err(Rule::FourEyes));
        for (one, two, rule) in [
            (people[0], people[3], CaseRule::OwnApplication.into()),
            (people[2], people[0], CaseRule::OwnApplication.into()),
            (people[1], people[3], CaseRule::ReviewerDecides.into()),
            (people[2], people[1], CaseRule::ReviewerDecides.into()),
        ] {
            assert_eq!(involved.may_decide(one, two), Err(rule));
        }
    }

    proptest! {
        /// Whatever is tried in whatever order: only a decided recognition is published, and nothing happens to it after.
        #[test]
        fn no_sequence_publishes_what_was_not_decided(verbs in prop::collection::vec(0..ItemVerb::ALL.len(), 0..60)) {
            let mut state = ItemState::Open;
            for verb in verbs.into_iter().map(|place| ItemVerb::ALL[place]) {
                let Some(new) = after(STEPS, Some(state), &verb) else { continue };
                prop_assert!(state != ItemState::Published);
                prop_assert!(new != ItemState::Published || state == ItemState::Recognised);
                prop_assert!(new != ItemState::Recognised || state == ItemState::ProposedRecognition);
                state = new;
            }
        }
    }
}
