//! What the simulator learns from the service: the listings that it may draw on, and their balances.

use super::play::Player;
use super::script::{Importer, Listed, TRADE_MODE};
use crate::cli::Failure;
use crate::domain::code::UnitCode;
use crate::domain::quantity::{Measure, Quantity};
use serde_json::Value;
use std::collections::BTreeMap;

/// Listings looked at, at most.
const MOST_LISTINGS: usize = 2_000;

/// Reserved, confirmed and approved of a listing, in steps of the finer unit.
pub type Balance = (i128, i128, i128);

/// Writes the question about a listing.
#[must_use]
pub fn question(uscc: &str, listed: &Listed, office: &str) -> String {
    format!(
        "/v1/lookup?enterprise={uscc}&hs_code={}&customs_office={office}&listing={}&trade_mode={TRADE_MODE}",
        listed.hs_code, listed.number
    )
}

/// Reads a quantity with its unit as steps of the finer unit.
fn steps(measure: Option<&Value>) -> Option<i128> {
    let measure = measure?;
    let quantity = Quantity::parse(measure.get("quantity")?.as_str()?).ok()?;
    let unit = UnitCode::parse(measure.get("unit")?.as_str()?).ok()?;
    Measure { quantity, unit }.to_finer().ok().map(|(quantity, _)| quantity.steps())
}

impl Player<'_> {
    async fn json(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.ask("GET", path, None).await?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(Failure::Refused(format!("GET {path} was answered {}: {body}", answer.status)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::Refused(format!("GET {path} was not answered with JSON")))
    }

    /// Finds importers with listings in force that a lookup allows at the office.
    ///
    /// # Errors
    /// A sentence when the service does not answer or has none.
    pub async fn discover(&self) -> Result<Vec<Importer>, Failure> {
        let mut importers: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        let (mut after, mut seen) = (String::new(), 0_usize);
        loop {
            let page = self.json(&format!("/v1/listings?status=in_force&limit=200{after}")).await?;
            for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                seen = seen.saturating_add(1);
                let Some((uscc, listed)) = listing(item) else { continue };
                let answer = self.json(&question(&uscc, &listed, &self.plan.office)).await?;
                if answer.get("verdict").and_then(Value::as_str) == Some("allowed") && listed.room > 0 {
                    importers.entry(uscc).or_default().push(listed);
                }
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) if seen < MOST_LISTINGS => after = format!("&after={next}"),
                Some(_) | None => break,
            }
        }
        if importers.is_empty() {
            return Err(Failure::Refused(format!(
                "no listing in force is allowed at office {}; name another with --customs-office",
                self.plan.office
            )));
        }
        Ok(importers.into_iter().map(|(uscc, listings)| Importer { uscc, listings }).collect())
    }

    /// Reads the balance of a listing.
    ///
    /// # Errors
    /// A sentence when the service does not answer.
    pub async fn balance(&self, number: &str) -> Result<Balance, Failure> {
        let balance = self.json(&format!("/v1/listings/{number}/balance")).await?;
        let read = |name: &str| {
            steps(balance.get(name)).ok_or_else(|| Failure::Refused(format!("the balance of {number} has no {name}")))
        };
        Ok((read("reserved")?, read("confirmed")?, read("approved")?))
    }

    /// Reads the balances of every listing that is drawn on.
    ///
    /// # Errors
    /// As [`Player::balance`].
    pub async fn balances(&self) -> Result<BTreeMap<String, Balance>, Failure> {
        let mut balances = BTreeMap::new();
        for listed in self.importers.iter().flat_map(|importer| &importer.listings) {
            balances.insert(listed.number.clone(), self.balance(&listed.number).await?);
        }
        Ok(balances)
    }

    /// Holds the books against the service: every declaration, and every listing against what it held before.
    ///
    /// # Errors
    /// A sentence when the service does not answer.
    pub async fn prove(&self, before: &BTreeMap<String, Balance>) -> Result<Vec<String>, Failure> {
        let mut differences = Vec::new();
        let mut drawn: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        let played = self.played.take();
        let checked = std::cell::Cell::new(0_usize);
        let worker = async || {
            let mut found = Vec::new();
            while let Some(one) = played.get(checked.replace(checked.get().saturating_add(1))) {
                found.extend(self.compare(one).await?);
            }
            Ok::<_, Failure>(found)
        };
        let workers = (0..self.plan.connections).map(|_| worker());
        for found in futures_util::future::join_all(workers).await {
            differences.extend(found?);
        }
        for one in played.iter() {
            for (listing, (reserved, confirmed)) in one.model.held() {
                let sum = drawn.entry(listing).or_default();
                *sum = (sum.0.saturating_add(reserved), sum.1.saturating_add(confirmed));
            }
        }
        for (listing, (reserved, confirmed, approved)) in self.balances().await? {
            let (own_reserved, own_confirmed) = drawn.get(&listing).copied().unwrap_or_default();
            let (old_reserved, old_confirmed, _) = before.get(&listing).copied().unwrap_or_default();
            let expected = (old_reserved.saturating_add(own_reserved), old_confirmed.saturating_add(own_confirmed));
            if expected != (reserved, confirmed) {
                let shown = |(reserved, confirmed): (i128, i128)| {
                    format!(
                        "{} reserved, {} confirmed",
                        Quantity::from_steps(reserved),
                        Quantity::from_steps(confirmed)
                    )
                };
                let here = shown((reserved, confirmed));
                differences.push(format!("{listing}: the service holds {here}, customs {}", shown(expected)));
            }
            if reserved.saturating_add(confirmed) > approved {
                differences.push(format!("{listing} is overdrawn"));
            }
        }
        Ok(differences)
    }

    /// Compares one declaration.
    async fn compare(&self, one: &super::play::Played) -> Result<Option<String>, Failure> {
        let answer = self.ask("GET", &format!("/v1/declarations/{}", one.number), None).await?;
        if answer.status == 404 {
            let lost =
                one.model.stand.word().map(|word| format!("{}: acknowledged as {word}, and not there", one.number));
            return Ok(lost);
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let state = body.get("state").and_then(Value::as_str);
        let sequence = body.get("sequence").and_then(Value::as_i64);
        let mut held: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        for position in body.get("positions").and_then(Value::as_array).into_iter().flatten() {
            let Some(listing) = position.get("listing").and_then(Value::as_str) else { continue };
            let share = (steps(position.get("reserved")), steps(position.get("confirmed")));
            held.insert(listing.to_owned(), (share.0.unwrap_or(-1), share.1.unwrap_or(-1)));
        }
        held.retain(|_, share| *share != (0, 0));
        let mut expected = one.model.held();
        expected.retain(|_, share| *share != (0, 0));
        let same = state == one.model.stand.word() && sequence == Some(one.model.sequence) && held == expected;
        Ok((!same).then(|| {
            let stand = one.model.stand.word().unwrap_or("unknown");
            format!(
                "{}: the service says {} at {}, {held:?}; customs says {stand} at {}, {expected:?}",
                one.number,
                state.unwrap_or("nothing"),
                sequence.unwrap_or(0),
                one.model.sequence
            )
        }))
    }
}

/// Reads a listing as the service shows it.
fn listing(item: &Value) -> Option<(String, Listed)> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let goods = item.get("item")?;
    let unit = UnitCode::parse(item.get("approved")?.get("unit")?.as_str()?).ok()?;
    let listed = Listed {
        number: text(item, "number")?,
        hs_code: text(goods, "hs_code")?,
        ciq_code: text(goods, "ciq_code"),
        cas: text(goods, "cas"),
        unit,
        room: steps(item.get("remaining"))?,
        cap: steps(item.get("consignment_cap")),
    };
    Some((text(item, "enterprise")?, listed))
}
