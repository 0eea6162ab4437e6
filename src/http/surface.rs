//! How many requests of one kind are under way at once, so that pages, exports and mirrors of the log never take the
//! threads and connections that customs needs.
//!
//! What all share is the pool of blocking threads and the readers of the database. Each surface has its budget of both;
//! beyond it a request waits a moment, then is told to come back. Lookups take neither and have no budget; they are never
//! turned away. Invariant: the budgets together are fewer than the blocking threads of a worker, which draws wait on; the desks
//! of the back office have fewer, more than files and uploads can hold.

use super::endpoints::{Access, Effect, Endpoint};
use super::problem::{Problem, ProblemType};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Blocking threads of a worker: more than all budgets, so that readiness, receipts and figures always find one.
pub const THREADS: usize = 1024;

/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(2);

/// A kind of requests with a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Draws of customs at the border.
    Draws,
    /// Everything else that clients ask with a token.
    Api,
    /// What the pages of the portal ask.
    Portal,
    /// What anybody may read: the log, notices, certificates, documentation.
    Public,
    /// Exports, downloads and imports.
    Files,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 5] = [Self::Draws, Self::Api, Self::Portal, Self::Public, Self::Files];

    /// Returns its name in the figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draws => "draws",
            Self::Api => "api",
            Self::Portal => "portal",
            Self::Public => "public",
            Self::Files => "files",
        }
    }

    /// Finds the surface of a request; none for lookups, health and figures, which are never turned away.
    #[must_use]
    pub fn of(endpoint: &Endpoint, from_portal: bool) -> Option<Self> {
        let operation = endpoint.operation;
        if matches!(operation, "get_lookup" | "create_lookup" | "get_live" | "get_ready" | "get_metrics") {
            return None;
        }
        let file = ["export_", "import_", "attach_", "get_document", "get_evidence", "get_report_file"];
        if file.iter().any(|start| operation.starts_with(start)) || operation == "create_reconciliation" {
            return Some(Self::Files);
        }
        if endpoint.path.starts_with("/v1/declarations/") && endpoint.effect == Effect::Fact {
            return Some(Self::Draws);
        }
        if from_portal {
            return Some(Self::Portal);
        }
        Some(match endpoint.access {
            Access::Public | Access::Metrics => Self::Public,
            Access::Roles(..) => Self::Api,
        })
    }
}

/// The budgets of a process; clones share them.
#[derive(Debug, Clone)]
pub struct Budgets {
    all: [(Surface, Arc<Semaphore>); 5],
    wait: Duration,
}

impl Default for Budgets {
    /// Two of the four readers of the database are left to everybody else when exports hold theirs.
    fn default() -> Self {
        let most = |surface| match surface {
            Surface::Draws => 512,
            Surface::Api => 128,
            Surface::Portal => 64,
            Surface::Public => 32,
            Surface::Files => 2,
        };
        Self { all: Surface::ALL.map(|surface| (surface, Arc::new(Semaphore::new(most(surface))))), wait: WAIT }
    }
}

impl Budgets {
    /// The same with another wait.
    #[must_use]
    pub fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Takes a place on a surface; it is free again when what is returned goes.
    ///
    /// # Errors
    /// `busy` when none became free in time.
    pub async fn enter(&self, surface: Surface) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::new(ProblemType::Busy);
        let places = self.all.iter().find(|(known, _)| *known == surface).map(|(_, places)| Arc::clone(places));
        let places = places.ok_or_else(busy)?;
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        match tokio::time::timeout(self.wait, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            // Nobody closes them.
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// Returns how many places of a surface are free.
    #[must_use]
    pub fn free(&self, surface: Surface) -> usize {
        self.all.iter().find(|(known, _)| *known == surface).map_or(0, |(_, places)| places.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::endpoints::ENDPOINTS;

    fn of(operation: &str, from_portal: bool) -> Option<Surface> {
        Surface::of(ENDPOINTS.iter().find(|endpoint| endpoint.operation == operation).unwrap(), from_portal)
    }

    #[test]
    fn every_endpoint_has_its_surface() {
        for (operation, surface) in [
            ("get_lookup", None),
            ("create_lookup", None),
            ("get_ready", None),
            ("put_declaration", Some(Surface::Draws)),
            ("release_declaration", Some(Surface::Draws)),
            ("get_declaration", Some(Surface::Api)),
            ("get_log_checkpoint", Some(Surface::Public)),
            ("export_log", Some(Surface::Files)),
            ("export_listings_xlsx", Some(Surface::Files)),
            ("import_adjustment", Some(Surface::Files)),
        ] {
            assert_eq!(of(operation, false), surface, "{operation}");
        }
        assert_eq!(of("list_listings", true), Some(Surface::Portal));
        assert_eq!(of("check_certificate", true), Some(Surface::Portal));
        let budgets = Budgets::default();
        let together: usize = Surface::ALL.iter().map(|surface| budgets.free(*surface)).sum();
        assert!(together < THREADS, "{together}");
    }

    #[actix_web::test]
    async fn who_finds_no_place_is_told_so_and_a_place_comes_back() {
        let budgets = Budgets::default().waiting(Duration::ZERO);
        let held = [budgets.enter(Surface::Files).await.unwrap(), budgets.enter(Surface::Files).await.unwrap()];
        assert_eq!(budgets.enter(Surface::Files).await.unwrap_err().kind, ProblemType::Busy);
        assert!(budgets.enter(Surface::Draws).await.is_ok(), "another surface is not touched");
        drop(held);
        assert!(budgets.enter(Surface::Files).await.is_ok());
    }
}
