//! Plays the scripts: many declarations at once, each message sent until its outcome is known.
//!
//! Trouble is part of the play: messages in another order, twice at once, again much later, and given up before the
//! answer came. Invariant: an unknown outcome is resolved by sending the same bytes again, as the contract says.

use super::model::Model;
use super::script::{Act, Importer, Message, Script, Seeded, script};
use super::{Counters, Plan, TokenSource, Tokens, count};
use crate::cli::Failure;
use crate::clock::Clock;
use crate::outbound::customs::{Answer, Counterpart, Sent};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Longest pause before a message is sent again.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Times in a thousand that something goes wrong in chaos: of each kind.
const TROUBLE: u64 = 60;

/// What became of a message.
enum Outcome {
    /// Applied, or overtaken by a later one.
    Accepted,
    /// Refused by a rule, for good.
    Refused,
    /// It came before the state that it needs.
    Early,
}

/// A declaration with what customs' books say of it in the end.
pub struct Played {
    /// Its number.
    pub number: String,
    /// The books.
    pub model: Model,
}

/// Who plays.
pub struct Player<'p> {
    /// What is played.
    pub plan: &'p Plan,
    /// The way to the service.
    pub counterpart: Counterpart,
    /// Tokens.
    pub tokens: Tokens,
    /// What is counted.
    pub counters: &'p Counters,
    /// Listings to draw on.
    pub importers: Vec<Importer>,
    /// How many declarations a listing has to serve.
    pub share: i128,
    /// Uptime.
    pub clock: Clock,
    /// Waits for answers to draw commands, microseconds.
    pub draws: RefCell<Vec<u64>>,
    /// Waits for answers to lookups, microseconds.
    pub lookups: RefCell<Vec<u64>>,
    /// What must not happen.
    pub faults: RefCell<Vec<String>>,
    /// The next declaration.
    pub next: Cell<u64>,
    /// Declarations that were played.
    pub played: RefCell<Vec<Played>>,
    /// Why the last request that came to nothing did.
    pub away: RefCell<String>,
}

impl Player<'_> {
    /// Plays declarations until there are none left.
    ///
    /// # Errors
    /// A sentence when the service stays away.
    pub async fn work(&self) -> Result<(), Failure> {
        while self.next.get() < self.plan.declarations && self.faults.borrow().len() < 20 {
            let nth = self.next.get();
            self.next.set(nth.saturating_add(1));
            let mut rng = Seeded::new(self.plan.seed, nth);
            let script = script(&mut rng, self.plan.number(nth), &self.importers, self.share);
            let played = self.play(script, &mut rng).await?;
            self.played.borrow_mut().push(played);
            count(&self.counters.declarations);
        }
        Ok(())
    }

    async fn play(&self, mut script: Script, rng: &mut Seeded) -> Result<Played, Failure> {
        let whole = script.clone();
        let mut model = Model::new();
        let looked_up_at = self.look_up(&script).await?;
        let mut waiting: VecDeque<Message> = script.messages.iter().cloned().collect();
        if self.plan.chaos && rng.chance(250) {
            rng.shuffle(waiting.make_contiguous());
            count(&self.counters.reordered);
        }
        let mut sent: Vec<Message> = Vec::new();
        let mut in_vain = 0_usize;
        while let Some(message) = waiting.pop_front() {
            match self.deliver(&script, &message, looked_up_at, rng).await? {
                Outcome::Accepted => {
                    model.acknowledged(&script, &message);
                    sent.push(message);
                    in_vain = 0;
                }
                Outcome::Refused => {
                    if matches!(message.act, Act::Put(_)) {
                        script.refused(message.sequence);
                        let left = |kept: &Message| script.messages.iter().find(|left| left.sequence == kept.sequence);
                        waiting = waiting.iter().filter_map(left).cloned().collect();
                    }
                    in_vain = 0;
                }
                // Sent again once something else has been applied; given up when nothing can be any more.
                Outcome::Early if in_vain <= waiting.len() => {
                    waiting.push_back(message);
                    in_vain = in_vain.saturating_add(1);
                }
                Outcome::Early => count(&self.counters.given_up),
            }
        }
        if self.plan.chaos
            && rng.chance(TROUBLE)
            && let Some(late) = rng.pick(&sent).cloned()
        {
            count(&self.counters.repeated);
            if !matches!(self.deliver(&script, &late, looked_up_at, rng).await?, Outcome::Accepted) {
                self.fault(format!(
                    "{}: message {} was acknowledged, and refused when it came again",
                    whole.number, late.sequence
                ));
            }
        }
        Ok(Played { number: whole.number, model })
    }

    fn fault(&self, text: String) {
        self.faults.borrow_mut().push(text);
    }

    /// Asks about the first line, as customs does before it draws, and returns the revision of the answer.
    async fn look_up(&self, script: &Script) -> Result<Option<i64>, Failure> {
        let Some(line) = script.put(1).first() else { return Ok(None) };
        let office = script.number.get(..4).unwrap_or_default();
        let path = super::world::question(&script.uscc, &line.listing, office);
        let answer = self.ask("GET", &path, None).await?;
        self.lookups.borrow_mut().push(micros(answer.waited));
        count(&self.counters.lookups);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != 200 || body.get("verdict").and_then(Value::as_str).is_none() {
            self.fault(format!("{}: a lookup was answered {} {body}", script.number, answer.status));
        }
        Ok(body.get("revision").and_then(Value::as_i64))
    }

    /// Sends a request until it is answered by other than "not now".
    ///
    /// # Errors
    /// A sentence when the service stays away for longer than the plan waits.
    pub async fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, Failure> {
        let start = self.clock.uptime();
        let mut pause = Duration::from_millis(5);
        loop {
            let token = self.tokens.get()?;
            let why = match self.counterpart.send(method, path, &token, body, PATIENCE).await {
                Sent::Answered(answer) if matches!(answer.status, 401 | 403) => {
                    return Err(self.unwelcome(answer.status));
                }
                Sent::Answered(answer) if !is_passing(answer.status) => return Ok(answer),
                Sent::Answered(answer) => {
                    count(&self.counters.unavailable);
                    format!("the service answers {}", answer.status)
                }
                Sent::Unknown(why) => {
                    count(&self.counters.unknown);
                    why
                }
            };
            self.away.replace(why.clone());
            if self.clock.uptime().saturating_sub(start) > self.plan.patience {
                let (url, waited) = (&self.plan.url, self.plan.patience.as_secs());
                return Err(Failure::Unreachable(format!(
                    "{url} did not answer {method} {path} for {waited} s ({why}); is the service running there? Start it, or name it with --url"
                )));
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Says why the service will not deal with this token, and what to do.
    fn unwelcome(&self, status: u16) -> Failure {
        let remedy = match (&self.tokens.source, status) {
            (TokenSource::File(file), 401) => {
                format!("{} must hold a token of an issuer that the service trusts, not yet expired", file.display())
            }
            (TokenSource::Demo(data), 401) => {
                format!("{} is not the data folder of the demo that runs there; name it with --data", data.display())
            }
            (TokenSource::File(_) | TokenSource::Demo(_), _) => format!(
                "it needs the roles customs.lookup and customs.draw, and an org of the customs of office {}",
                self.plan.office
            ),
        };
        Failure::Refused(format!("{} refuses the token ({status}): {remedy}", self.plan.url))
    }

    /// Sends a message until its outcome is known.
    async fn deliver(
        &self,
        script: &Script,
        message: &Message,
        looked_up_at: Option<i64>,
        rng: &mut Seeded,
    ) -> Result<Outcome, Failure> {
        let (method, path, body) = script.request(message, looked_up_at);
        if self.plan.chaos && rng.chance(TROUBLE) {
            // Given up after a moment: it may have been carried out.
            let token = self.tokens.get()?;
            let moment = Duration::from_micros(rng.below(4_000));
            let sent = self.counterpart.send(method, &path, &token, Some(&body), moment).await;
            if matches!(sent, Sent::Unknown(_)) {
                count(&self.counters.unknown);
            }
        }
        let (first, second) = if self.plan.chaos && rng.chance(TROUBLE) {
            count(&self.counters.doubled);
            let both = tokio::join!(self.ask(method, &path, Some(&body)), self.ask(method, &path, Some(&body)));
            (both.0?, Some(both.1?))
        } else {
            (self.ask(method, &path, Some(&body)).await?, None)
        };
        self.draws.borrow_mut().push(micros(first.waited));
        let answers = [Some(&first), second.as_ref()];
        let accepted: Vec<&Answer> = answers.into_iter().flatten().filter(|answer| answer.status == 200).collect();
        if let [one, other] = accepted.as_slice()
            && one.body != other.body
        {
            self.fault(format!("{path}: message {} sent twice was answered differently", message.sequence));
        }
        if !accepted.is_empty() {
            count(&self.counters.acknowledged);
            return Ok(Outcome::Accepted);
        }
        match first.status {
            404 | 409 => {
                count(&self.counters.early);
                Ok(Outcome::Early)
            }
            422 => {
                count(&self.counters.refused);
                Ok(Outcome::Refused)
            }
            status => {
                let body = String::from_utf8_lossy(&first.body).into_owned();
                self.fault(format!("{method} {path}: message {} was answered {status}: {body}", message.sequence));
                Ok(Outcome::Refused)
            }
        }
    }
}

/// Whether an answer says no more than "not now".
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

fn micros(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)
}
