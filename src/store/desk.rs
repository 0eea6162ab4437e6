//! Draws: commands that are decided together, in bulk, in the transaction of a group.
//!
//! The store brings them to a desk that knows the rules and carries out nothing by itself. One savepoint holds all
//! draws of a group: a refused one changes nothing, a failure of the database undoes them all and leaves the casework
//! of the group alone.

use super::declarations::DeclarationRow;
use super::error::StoreError;
use super::tx::{Context, Tx};
use crate::domain::draw::{Command, Refusal};
use std::sync::Arc;

/// A command about a declaration, and who asks.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Who, when, in which request.
    pub context: Context,
    /// What is asked for.
    pub command: Command,
}

/// What an accepted command is answered with.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The version that it left behind, or the one it is answered with.
    pub row: Arc<DeclarationRow>,
    /// Whether a later message was applied before.
    pub superseded: bool,
}

/// What becomes of a draw.
pub type Outcome = Result<Drawn, Refusal>;

/// Decides draws in order of arrival; what one leaves behind the next one sees.
pub trait Desk: Send {
    /// Decides and saves; answers one outcome for each draw.
    ///
    /// # Errors
    /// The store's failure, which undoes all of them.
    fn decide<'g>(&mut self, tx: &mut Tx<'g>, draws: &'g [Draw]) -> Result<Vec<Outcome>, StoreError>;

    /// Told once what was decided last is committed; says whether the list in memory is level with it already.
    fn committed(&mut self) -> bool;
}
