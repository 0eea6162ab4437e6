//! Which roles of a caller count, for what: the word of the register of people at the edge, and what is said when a duty is
//! lacking.

use super::edge::Edge;
use super::problem::{Problem, ProblemType};
use crate::domain::actor::Caller;
use crate::domain::duty::Duty;
use crate::domain::lang::Lang;
use crate::domain::register::{MACHINES, Standing};

/// Returns the roles of a token that count by the register of people, and for which duties. A customs system's token passes
/// untouched: no clock, no register.
#[must_use]
pub fn counted(edge: &Edge, caller: &Caller) -> Standing {
    if caller.roles.without(MACHINES).is_empty() {
        return Standing::whole(caller.roles);
    }
    edge.app.index.load().register().standing(caller, edge.app.clock.now().day())
}

/// Refuses a duty that somebody's own role leaves out.
#[must_use]
pub fn lacking(duty: Duty) -> Problem {
    Problem::new(ProblemType::Forbidden).with_detail(
        format!("您的角色不含职责“{}”；如需办理，请本单位管理员另行授予。", duty.name(Lang::Zh)),
        format!(
            "Your role does not include the duty “{}”; ask the administrator of your organisation for a role that does.",
            duty.name(Lang::En)
        ),
    )
}
