//! The one table of what may happen to an application: state, verb, who, on which condition, and what follows.
//!
//! It says nothing about deadlines, reasons or contents; four eyes stand in [`super::super::adjustment::four_eyes`].
//! Invariant: for a state, a verb and the facts of a case at most one row holds, and every row ends in a state.

use super::{Kind, State, words};
use crate::domain::actor::{Role, RoleSet};
use crate::domain::scheme::Area;

words! {
    /// What can be done to an application.
    Verb {
        /// Hands it in; its content is frozen.
        Lodge "lodge" "提交" "lodge";
        /// Throws the draft away.
        Discard "discard" "删除草稿" "discard";
        /// Takes it in.
        Accept "accept" "受理" "accept";
        /// Asks once for everything that is to be corrected (《行政许可法》第三十二条).
        Ask "ask" "要求补正" "ask";
        /// Does not take it in, on a coded ground.
        Decline "decline" "不予受理" "decline";
        /// Answers with a new frozen content.
        Correct "correct" "补正" "correct";
        /// Ends it because the correction did not come.
        Lapse "lapse" "逾期失效" "lapse";
        /// Lets an applicant from outside the core area in.
        LetIn "let_in" "准予参加" "let in";
        /// Keeps such an applicant out.
        KeepOut "keep_out" "不予参加" "keep out";
        /// Recommends it to the joint mechanism.
        Recommend "recommend" "推荐" "recommend";
        /// Recommends against it, with reasons.
        RecommendAgainst "recommend_against" "不予推荐" "recommend against";
        /// Gives an agency's opinion on an item.
        Opine "opine" "出具意见" "opine";
        /// Closes the round of opinions.
        Consolidate "consolidate" "汇总意见" "consolidate";
        /// Puts on record how conflicting or missing opinions were resolved.
        Resolve "resolve" "处理分歧" "resolve";
        /// Sends it back to the agencies, with a reason.
        Return "return" "退回会审" "return";
        /// Proposes a decision per item.
        Propose "propose" "拟定" "propose";
        /// Decides as proposed: another person than the proposer.
        Decide "decide" "决定" "decide";
        /// Sends the proposal back, with a reason.
        SendBack "send_back" "退回拟定" "send back";
        /// Takes the decision up again within the days of the scheme.
        Reopen "reopen" "重新审议" "reopen";
        /// Appeals against a refusal within the days of the scheme.
        Appeal "appeal" "申诉" "appeal";
        /// Lets the refusal stand.
        Uphold "uphold" "维持" "uphold";
        /// Takes the refusal up again.
        Overturn "overturn" "撤销原决定" "overturn";
        /// Takes it back.
        Withdraw "withdraw" "撤回" "withdraw";
        /// Takes the withdrawal back, within the days of the scheme.
        Retract "retract" "撤销撤回" "retract the withdrawal";
    }
}

words! {
    /// In which capacity somebody acts on a case.
    Who {
        /// The applicant, or its agent.
        Enterprise "enterprise" "企业" "enterprise";
        /// An officer of the application's district.
        District "district" "区级经办" "district";
        /// A reviewer of a member agency.
        Agency "agency" "会审单位" "agency";
        /// A bureau officer.
        BureauOfficer "bureau_officer" "市局经办" "bureau officer";
        /// A bureau approver.
        BureauApprover "bureau_approver" "市局审批" "bureau approver";
        /// The service itself, when a deadline has passed.
        System "system" "系统" "system";
    }
}

impl Who {
    /// Returns the roles that act in this capacity; none for the service itself.
    #[must_use]
    pub const fn roles(self) -> RoleSet {
        match self {
            Self::Enterprise => RoleSet::of(&[Role::EnterpriseApplicant, Role::EnterpriseAgent]),
            Self::District => RoleSet::of(&[Role::DistrictOfficer]),
            Self::Agency => RoleSet::of(&[Role::AgencyReviewer]),
            Self::BureauOfficer => RoleSet::of(&[Role::BureauOfficer]),
            Self::BureauApprover => RoleSet::of(&[Role::BureauApprover]),
            Self::System => RoleSet::EMPTY,
        }
    }
}

/// On which condition a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Always.
    Always,
    /// The applicant's district lies in the core area, or needs no evaluation for this kind.
    NoEvaluation,
    /// The joint mechanism must first let the applicant in.
    NeedsEvaluation,
    /// The member agencies are asked.
    Opinions,
    /// Nobody is asked for an opinion.
    NoOpinions,
    /// The district takes it in.
    Intake,
    /// It goes straight to the bureau.
    NoIntake,
}

impl When {
    const fn holds(self, facts: Facts) -> bool {
        match self {
            Self::Always => true,
            Self::NoEvaluation => !facts.needs_evaluation,
            Self::NeedsEvaluation => facts.needs_evaluation,
            Self::Opinions => facts.opinions,
            Self::NoOpinions => !facts.opinions,
            Self::Intake => facts.intake,
            Self::NoIntake => !facts.intake,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::NoEvaluation => " [core area]",
            Self::NeedsEvaluation => " [outside the core area]",
            Self::Opinions => " [agencies asked]",
            Self::NoOpinions => " [no agency asked]",
            Self::Intake => " [through the district]",
            Self::NoIntake => " [straight to the bureau]",
        }
    }
}

/// What decides between the rows of a state and a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Whether the district passes it on for evaluation.
    pub needs_evaluation: bool,
    /// Whether member agencies give opinions.
    pub opinions: bool,
    /// Whether a district takes it in.
    pub intake: bool,
}

impl Facts {
    /// Returns the facts of a kind and an area. `renewal_opinions` is the scheme's word on renewals.
    #[must_use]
    pub fn of(kind: Kind, area: Area, renewal_opinions: bool) -> Self {
        let outside = area != Area::Core;
        match kind {
            Kind::Add | Kind::Vary => Self { needs_evaluation: outside, opinions: true, intake: true },
            Kind::Renew => Self { needs_evaluation: false, opinions: renewal_opinions, intake: true },
            Kind::Surrender => Self { needs_evaluation: false, opinions: false, intake: false },
        }
    }
}

/// Where a row leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum To {
    /// Into a state.
    State(State),
    /// Back to where the correction was asked, or the case was withdrawn.
    Origin,
    /// Nowhere: the draft is gone.
    Gone,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// State before.
    pub from: State,
    /// What is done.
    pub verb: Verb,
    /// By whom.
    pub who: &'static [Who],
    /// On which condition.
    pub when: When,
    /// What follows.
    pub to: To,
}

macro_rules! table {
    ($( $from:ident $verb:ident [$($who:ident)+] $when:ident $to:ident; )+) => {
        &[ $( Transition {
            from: State::$from,
            verb: Verb::$verb,
            who: &[$(Who::$who),+],
            when: When::$when,
            to: table!(@ $to),
        }, )+ ]
    };
    (@ Origin) => { To::Origin };
    (@ Gone) => { To::Gone };
    (@ $state:ident) => { To::State(State::$state) };
}

/// Everything that may happen to an application.
pub const TABLE: &[Transition] = table! {
    Draft Lodge [Enterprise] Intake Lodged;
    Draft Lodge [Enterprise] NoIntake Deciding;
    Draft Discard [Enterprise] Always Gone;

    Lodged Accept [District] NoEvaluation Accepted;
    Lodged Accept [District] NeedsEvaluation Evaluating;
    Lodged Ask [District] Always Asked;
    Lodged Decline [District] Always Declined;
    Lodged Withdraw [Enterprise] Always Withdrawn;

    Asked Correct [Enterprise] Always Origin;
    Asked Lapse [System] Always Lapsed;
    Asked Withdraw [Enterprise] Always Withdrawn;

    Evaluating LetIn [BureauOfficer] Always Accepted;
    Evaluating KeepOut [BureauOfficer] Always Declined;
    Evaluating Withdraw [Enterprise] Always Withdrawn;

    Accepted Recommend [District] Opinions InOpinion;
    Accepted Recommend [District] NoOpinions Deciding;
    Accepted RecommendAgainst [District] Always Deciding;
    Accepted Withdraw [Enterprise] Always Withdrawn;

    InOpinion Opine [Agency] Always InOpinion;
    InOpinion Resolve [BureauOfficer] Always InOpinion;
    InOpinion Ask [Agency BureauOfficer] Always Asked;
    InOpinion Consolidate [BureauOfficer] Always Deciding;
    InOpinion Withdraw [Enterprise] Always Withdrawn;

    Deciding Resolve [BureauOfficer] Always Deciding;
    Deciding Return [BureauOfficer] Opinions InOpinion;
    Deciding Propose [BureauOfficer] Always Proposed;
    Deciding Withdraw [Enterprise] Always Withdrawn;

    Proposed Decide [BureauApprover] Always Decided;
    Proposed SendBack [BureauApprover] Always Deciding;
    Proposed Withdraw [Enterprise] Always Withdrawn;

    Withdrawn Retract [Enterprise] Always Origin;

    Decided Reopen [BureauOfficer] Always Deciding;
    Decided Appeal [Enterprise] Always Decided;
    Decided Uphold [BureauApprover] Always Decided;
    Decided Overturn [BureauApprover] Always Deciding;
};

/// Why a verb is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The state does not allow it, whoever asks.
    State,
    /// Somebody else may do it.
    Person,
}

/// Says what follows when `who` carries out a verb. `asked_in` is the stage in which a correction was asked, or
/// the case was withdrawn.
///
/// # Errors
/// [`Refused`] when no row of the table holds.
pub fn next(state: State, verb: Verb, who: Who, facts: Facts, asked_in: Option<State>) -> Result<Next, Refused> {
    let row = TABLE
        .iter()
        .find(|row| row.from == state && row.verb == verb && row.when.holds(facts))
        .ok_or(Refused::State)?;
    if !row.who.contains(&who) {
        return Err(Refused::Person);
    }
    match row.to {
        To::State(State::Asked) => Ok(Next::State { state: State::Asked, asked_in: Some(state) }),
        To::State(state) => Ok(Next::State { state, asked_in: None }),
        To::Origin => asked_in.map(|origin| Next::State { state: origin, asked_in: None }).ok_or(Refused::State),
        To::Gone => Ok(Next::Gone),
    }
}

/// What follows a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The case stands in a state.
    State {
        /// The state.
        state: State,
        /// Where a correction was asked; none in any other state.
        asked_in: Option<State>,
    },
    /// The draft is gone.
    Gone,
}

/// Says who has a case in a state; nobody when it has come to its end.
#[must_use]
pub const fn holder(state: State) -> Option<Who> {
    match state {
        State::Draft | State::Asked => Some(Who::Enterprise),
        State::Lodged | State::Accepted => Some(Who::District),
        State::Evaluating | State::Deciding => Some(Who::BureauOfficer),
        State::InOpinion => Some(Who::Agency),
        State::Proposed => Some(Who::BureauApprover),
        State::Decided | State::Withdrawn | State::Declined | State::Lapsed => None,
    }
}

/// Lists the verbs that somebody may carry out in a state, in the order of the table.
#[must_use]
pub fn verbs(state: State, who: Who, facts: Facts) -> Vec<Verb> {
    let rows = TABLE.iter().filter(|row| row.from == state && row.who.contains(&who) && row.when.holds(facts));
    rows.map(|row| row.verb).collect()
}

/// Draws the table (Mermaid state diagram).
#[must_use]
pub fn picture() -> String {
    let mut picture = "stateDiagram-v2\n    [*] --> draft\n".to_owned();
    for row in TABLE {
        let who: Vec<&str> = row.who.iter().map(|who| who.as_str()).collect();
        let label = format!("{} ({}){}", row.verb, who.join(", "), row.when.words());
        let targets = match row.to {
            To::State(state) => vec![state.as_str()],
            To::Gone => vec!["[*]"],
            To::Origin => {
                let asks = TABLE.iter().filter(|asking| asking.to == To::State(row.from));
                asks.map(|asking| asking.from.as_str()).collect()
            }
        };
        for target in targets {
            picture.push_str(&format!("    {} --> {target}: {label}\n", row.from));
        }
    }
    for state in State::ALL.iter().filter(|state| !TABLE.iter().any(|row| row.from == **state)) {
        picture.push_str(&format!("    {state} --> [*]\n"));
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts() -> impl Iterator<Item = Facts> {
        (0..8).map(|bits| Facts { needs_evaluation: bits & 1 > 0, opinions: bits & 2 > 0, intake: bits & 4 > 0 })
    }

    #[test]
    fn at_most_one_row_holds() {
        for facts in facts() {
            for state in State::ALL {
                for verb in Verb::ALL {
                    let rows = TABLE.iter().filter(|row| row.from == *state && row.verb == *verb);
                    assert!(rows.filter(|row| row.when.holds(facts)).count() <= 1, "{state} {verb} {facts:?}");
                }
            }
        }
    }

    #[test]
    fn every_state_can_be_reached_and_every_verb_carried_out() {
        let mut reached = vec![State::Draft];
        while let Some(row) = TABLE
            .iter()
            .find(|row| matches!(row.to, To::State(to) if reached.contains(&row.from) && !reached.contains(&to)))
        {
            if let To::State(to) = row.to {
                reached.push(to);
            }
        }
        assert!(State::ALL.iter().all(|state| reached.contains(state)), "{reached:?}");
        assert!(Verb::ALL.iter().all(|verb| TABLE.iter().any(|row| row.verb == *verb)));
    }

    #[test]
    fn the_picture_in_the_docs_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/states/application.md");
        let page = format!(
            "# States of an application (申请的状态)\n\nDrawn from `domain::application::machine::TABLE`; a test holds it against the table (`UPDATE_GOLDEN=1` draws it anew).\n\n```mermaid\n{}```\n",
            picture()
        );
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|wanted| wanted == "1") {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page);
    }

    #[test]
    fn whoever_has_a_case_can_move_it() {
        for state in State::ALL {
            let facts = Facts::of(Kind::Add, Area::Core, true);
            match holder(*state) {
                Some(who) => assert!(!verbs(*state, who, facts).is_empty(), "{state}"),
                None => assert!(!state.is_open(), "{state}"),
            }
        }
    }

    #[test]
    fn surrender_goes_straight_to_the_bureau() {
        let facts = Facts::of(Kind::Surrender, Area::NotEvaluated, true);
        let lodged = next(State::Draft, Verb::Lodge, Who::Enterprise, facts, None);
        assert_eq!(lodged, Ok(Next::State { state: State::Deciding, asked_in: None }));
        assert_eq!(next(State::Deciding, Verb::Return, Who::BureauOfficer, facts, None), Err(Refused::State));
    }

    #[test]
    fn a_correction_returns_to_where_it_was_asked() {
        let facts = Facts::of(Kind::Add, Area::Core, true);
        for (state, who) in [(State::Lodged, Who::District), (State::InOpinion, Who::Agency)] {
            let Ok(Next::State { state: asked, asked_in }) = next(state, Verb::Ask, who, facts, None) else {
                panic!("asking is possible")
            };
            assert_eq!((asked, asked_in), (State::Asked, Some(state)));
            let back = next(asked, Verb::Correct, Who::Enterprise, facts, asked_in);
            assert_eq!(back, Ok(Next::State { state, asked_in: None }));
        }
        assert_eq!(next(State::Asked, Verb::Correct, Who::Enterprise, facts, None), Err(Refused::State));
        assert_eq!(next(State::Asked, Verb::Correct, Who::District, facts, Some(State::Lodged)), Err(Refused::Person));
    }

    proptest! {
        /// Whatever anybody tries in whatever order: the case stands in a state of the table, a correction always knows
        /// where it was asked, and what is decided was proposed by an officer and decided by an approver.
        #[test]
        fn no_sequence_reaches_an_illegal_state(
            bits in 0_u8..8,
            steps in prop::collection::vec((0..Verb::ALL.len(), 0..Who::ALL.len()), 0..200),
        ) {
            let facts = Facts { needs_evaluation: bits & 1 > 0, opinions: bits & 2 > 0, intake: bits & 4 > 0 };
            let (mut state, mut asked_in) = (State::Draft, None);
            // Where the case stood when it was withdrawn, as its timeline tells it.
            let mut left: Option<(State, Option<State>)> = None;
            let mut done: Vec<Verb> = Vec::new();
            for (verb, who) in steps {
                let (verb, who) = (Verb::ALL[verb], Who::ALL[who]);
                let allowed = verbs(state, who, facts).contains(&verb);
                let from = if state == State::Withdrawn { left.map(|(state, _)| state) } else { asked_in };
                match next(state, verb, who, facts, from) {
                    Ok(Next::State { state: new, asked_in: origin }) => {
                        prop_assert!(allowed);
                        if !matches!(verb, Verb::Withdraw | Verb::Retract) {
                            done.push(verb);
                        }
                        let origin = if verb == Verb::Retract { left.and_then(|(_, asked_in)| asked_in) } else { origin };
                        if new == State::Withdrawn {
                            left = Some((state, asked_in));
                        }
                        (state, asked_in) = (new, origin);
                    }
                    Ok(Next::Gone) => {
                        prop_assert_eq!(state, State::Draft);
                        return Ok(());
                    }
                    Err(_) => prop_assert!(!allowed || asked_in.is_none() && state == State::Asked),
                }
                prop_assert_eq!(state == State::Asked, asked_in.is_some());
                prop_assert!(!matches!(asked_in, Some(State::Draft | State::Asked | State::Decided)));
                if state == State::Decided {
                    let decided = done.iter().rposition(|verb| *verb == Verb::Decide).unwrap();
                    prop_assert_eq!(done[decided - 1], Verb::Propose);
                }
                if !state.is_open() && !matches!(state, State::Decided | State::Withdrawn) {
                    prop_assert!(Who::ALL.iter().all(|who| verbs(state, *who, facts).is_empty()));
                }
                if !facts.needs_evaluation {
                    prop_assert!(state != State::Evaluating);
                }
            }
        }
    }
}
