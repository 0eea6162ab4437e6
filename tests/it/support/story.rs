//! Long random stories of a list, as plain data: what to propose, on which day, and how it must end.
//!
//! A story keeps a small picture of the list, only as fine as it needs to know what a rule will say. It sends nothing and
//! asks no clock. Invariant: the same seed and the same answers make the same story.

mod made_up;

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use self::made_up::{Random, cas, listing_number, uscc};

const HS_CODES: [&str; 5] = ["2941500000", "2937500000", "2932999099", "3002150090", "3822190090"];
const UNITS: [&str; 4] = ["035", "036", "095", "096"];
const PURPOSES: [&str; 3] = ["preclinical_item", "process_material", "excipient"];
const DISTRICTS: [&str; 4] = ["110302", "110108", "110114", "110115"];

/// How a proposal must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is accepted; another person confirms it.
    Confirm,
    /// It is accepted; another person rejects it.
    Reject,
    /// It is accepted; its proposer withdraws it.
    Withdraw,
    /// It is answered 422 with this rule.
    Refused(&'static str),
    /// It is answered 400.
    Faulty,
}

/// One proposal and its end.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// The legal day on which it is proposed and decided.
    pub day: Date,
    /// The body of `POST /v1/adjustments`.
    pub body: Value,
    pub fate: Fate,
    effects: Vec<Effect>,
}

/// Something that got its name at confirmation, which the story needs to go on.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// The number of the listing that this enterprise holds of the item with this Chinese name.
    Listing { enterprise: &'a str, name_zh: &'a str },
    /// The id of the last stop of this class.
    Stop { class: &'a Value },
}

/// A story that goes on for as long as it is asked.
pub struct Story {
    random: Random,
    scheme: String,
    day: Date,
    serial: u32,
    enterprises: Vec<Enterprise>,
    listings: Vec<Listing>,
    stops: Vec<String>,
    stopped: HashSet<String>,
    /// What this chapter has already changed: one change for each thing, so that none depends on another.
    touched: HashSet<String>,
}

#[derive(Debug, Clone)]
struct Enterprise {
    uscc: String,
    suspended: bool,
    barred: bool,
}

#[derive(Debug, Clone)]
struct Listing {
    number: String,
    /// The change that added it.
    add: Value,
    quantity: u64,
    valid_to: Date,
    suspended_from: Option<Date>,
    removed: bool,
}

#[derive(Debug, Clone)]
enum Effect {
    Registered(String),
    EnterpriseSuspended(String, bool),
    Barred(String, bool),
    Added { add: Value, quantity: u64, valid_to: Date },
    Granted(String, u64),
    Extended(String, Date),
    Suspended(String, Option<Date>),
    Removed(String),
    Stopped(Value),
    Lifted(String),
    Nothing,
}

/// A change, and what it does to the picture of the list.
type Move = (Value, Effect);

impl Story {
    /// Begins a story under a scheme on a day.
    pub fn new(seed: u64, scheme: &str, day: Date) -> Self {
        Self {
            random: Random(seed),
            scheme: scheme.to_owned(),
            day,
            serial: 0,
            enterprises: Vec::new(),
            listings: Vec::new(),
            stops: Vec::new(),
            stopped: HashSet::new(),
            touched: HashSet::new(),
        }
    }

    /// Writes the next chapter; days pass between two of them.
    pub fn tell(&mut self) -> Chapter {
        self.day = self.later(0, 3);
        self.touched.clear();
        let mut scheme = self.scheme.clone();
        let mut moves: Vec<Move> = (0..=self.random.below(3)).map(|_| self.change()).collect();
        let mut fate = match self.random.below(20) {
            0 => Fate::Reject,
            1 => Fate::Withdraw,
            _ => Fate::Confirm,
        };
        match self.random.below(10) {
            0 | 1 => {
                if let Some((rule, change)) = self.refused() {
                    fate = Fate::Refused(rule);
                    moves.push((change, Effect::Nothing));
                }
            }
            2 if self.random.below(5) == 0 => {
                fate = Fate::Refused("scheme_unknown");
                scheme = "nowhere-1999".to_owned();
            }
            _ => {}
        }
        let (changes, effects): (Vec<Value>, Vec<Effect>) = moves.into_iter().unzip();
        let mut body = json!({ "scheme": scheme, "changes": changes });
        if self.random.below(3) == 0 {
            body["note"] = json!(format!("第{}次调整", self.serial()));
        }
        if self.random.below(10) == 0 {
            fate = Fate::Faulty;
            self.spoil(&mut body);
        }
        Chapter { day: self.day, body, fate, effects }
    }

    /// Takes note of a confirmed chapter. `find` looks up what was named at confirmation; what it does not find is left
    /// out of the rest of the story.
    pub fn confirmed(&mut self, chapter: Chapter, mut find: impl FnMut(Wanted<'_>) -> Option<String>) {
        for effect in chapter.effects {
            match effect {
                Effect::Registered(uscc) => self.enterprises.push(Enterprise { uscc, suspended: false, barred: false }),
                Effect::EnterpriseSuspended(uscc, now) => self.enterprise(&uscc).suspended = now,
                Effect::Barred(uscc, now) => self.enterprise(&uscc).barred = now,
                Effect::Added { add, quantity, valid_to } => {
                    let wanted = Wanted::Listing {
                        enterprise: text(&add["enterprise"]),
                        name_zh: text(&add["item"]["name_zh"]),
                    };
                    if let Some(number) = find(wanted) {
                        self.listings.push(Listing {
                            number,
                            add,
                            quantity,
                            valid_to,
                            suspended_from: None,
                            removed: false,
                        });
                    }
                }
                Effect::Granted(number, quantity) => self.listing(&number).quantity = quantity,
                Effect::Extended(number, valid_to) => self.listing(&number).valid_to = valid_to,
                Effect::Suspended(number, from) => self.listing(&number).suspended_from = from,
                Effect::Removed(number) => self.listing(&number).removed = true,
                Effect::Stopped(class) => {
                    self.stopped.insert(class.to_string());
                    self.stops.extend(find(Wanted::Stop { class: &class }));
                }
                Effect::Lifted(stop) => self.stops.retain(|known| *known != stop),
                Effect::Nothing => {}
            }
        }
    }

    /// A change that the rules allow.
    fn change(&mut self) -> Move {
        let day = self.day;
        let chosen = match self.random.below(14) {
            0 => None,
            1 | 2 => self.add(),
            3 => self.free_enterprise(|_| true).map(|it| self.rename(&it)),
            4 => self.free_enterprise(|_| true).map(|it| {
                let kind = if it.suspended { "reinstate_enterprise" } else { "suspend_enterprise" };
                let change = json!({ "kind": kind, "enterprise": it.uscc, "effective_on": day, "reason": { "code": "usage_return_overdue" } });
                (change, Effect::EnterpriseSuspended(it.uscc, !it.suspended))
            }),
            5 => self.free_enterprise(|_| true).map(|it| {
                let mut change = json!({ "kind": "lift_bar", "enterprise": it.uscc, "effective_on": day, "reason": { "code": "other", "basis": "复议决定" } });
                if !it.barred {
                    change["kind"] = json!("bar_enterprise");
                    change["until"] = json!(day.saturating_add(60.years()));
                }
                (change, Effect::Barred(it.uscc, !it.barred))
            }),
            6 => self.stop(),
            7 => self.lift(),
            8 | 9 => self.free_listing(|it| it.is_live(day)).map(|it| self.vary(&it)),
            10 => self.free_listing(|it| it.is_live(day)).map(|it| {
                let valid_to = it.valid_to.saturating_add(i64::from(1 + self.random.below(90)).days());
                let mut change = json!({ "kind": "extend", "listing": it.number, "valid_to": valid_to, "reason": { "code": "enterprise_request" } });
                if self.random.below(2) == 0 {
                    change["effective_on"] = json!(day);
                }
                (change, Effect::Extended(it.number, valid_to))
            }),
            11 => self.free_listing(|it| it.is_live(day) && it.suspended_from.is_none()).map(|it| {
                let from = self.later(0, 6).min(it.valid_to);
                (on_listing("suspend", &it, from), Effect::Suspended(it.number, Some(from)))
            }),
            12 => self.free_listing(|it| !it.removed && it.is_suspended(day)).map(|it| (on_listing("reinstate", &it, day), Effect::Suspended(it.number, None))),
            _ => self.free_listing(|it| !it.removed).map(|it| (on_listing("remove", &it, day), Effect::Removed(it.number))),
        };
        chosen.unwrap_or_else(|| self.register())
    }

    fn register(&mut self) -> Move {
        let serial = self.serial();
        let district = self.random.pick(&DISTRICTS);
        let uscc = uscc(district, serial);
        self.touched.insert(uscc.clone());
        let change = json!({
            "kind": "register_enterprise", "uscc": uscc, "name_zh": format!("故事企业{serial}（合成）"), "district": district,
            "customs_registration": format!("1111{}6{:04}", serial % 10, serial % 10_000), "reason": { "code": "joint_recognition" }
        });
        (change, Effect::Registered(uscc))
    }

    fn rename(&mut self, enterprise: &Enterprise) -> Move {
        let serial = self.serial();
        let change = json!({
            "kind": "register_enterprise", "uscc": enterprise.uscc, "name_zh": format!("更名企业{serial}（合成）"),
            "name_en": format!("Renamed {serial} (synthetic)"), "district": self.random.pick(&DISTRICTS), "effective_on": self.day,
            "reason": { "code": "enterprise_request" }
        });
        (change, Effect::Nothing)
    }

    fn add(&mut self) -> Option<Move> {
        let uscc = self.free_enterprise(|it| !it.barred)?.uscc;
        let serial = self.serial();
        let quantity = u64::from(1 + self.random.below(500));
        let (valid_from, valid_to) = (self.later(0, 5), self.later(10, 350));
        let mut change = json!({
            "kind": "add", "enterprise": uscc,
            "item": { "name_zh": format!("研发用试剂{serial}"), "cas": cas(serial), "hs_code": self.random.pick(&HS_CODES), "purpose": self.random.pick(&PURPOSES) },
            "quantity": quantity.to_string(), "unit": self.random.pick(&UNITS), "valid_from": valid_from, "valid_to": valid_to,
            "reason": { "code": "joint_recognition", "basis": "联合认定会议纪要" }
        });
        if self.random.below(3) == 0 {
            change["customs_offices"] = json!(["0101", "0105"]);
            change["consignment_cap"] = json!("0.5");
        }
        if self.random.below(4) == 0 {
            change["used"] = json!("0.00001");
            change["batch"] = json!(format!("2026-{:02}", serial % 100));
        }
        Some((change.clone(), Effect::Added { add: change, quantity, valid_to }))
    }

    fn vary(&mut self, listing: &Listing) -> Move {
        let serial = self.serial();
        let mut change = on_listing("vary", listing, self.later(0, 3).min(listing.valid_to));
        match self.random.below(4) {
            0 => {
                let quantity = listing.quantity + 1;
                change["set"] = json!({ "quantity": quantity.to_string(), "unit": listing.add["unit"] });
                return (change, Effect::Granted(listing.number.clone(), quantity));
            }
            1 => {
                change["set"] =
                    json!({ "specification": format!("{serial} mg/支"), "manufacturer": format!("Maker {serial}") })
            }
            2 => {
                // A past day is allowed where a slip of the pen is mended.
                change["effective_on"] = json!(self.day.saturating_sub(2.days()));
                change["reason"] = json!({ "code": "clerical_error" });
                change["set"] = json!({ "note": format!("更正{serial}") });
            }
            _ => change["set"] = json!({ "note": format!("备注{serial}") }),
        }
        (change, Effect::Nothing)
    }

    fn stop(&mut self) -> Option<Move> {
        let class = match self.random.below(3) {
            0 => json!({ "kind": "hs_prefix", "value": self.random.pick(&HS_CODES)[..6] }),
            1 => json!({ "kind": "purpose", "value": self.random.pick(&PURPOSES) }),
            _ => json!({ "kind": "cas", "value": self.free_listing(|_| true)?.add["item"]["cas"] }),
        };
        if self.stopped.contains(&class.to_string()) || !self.touched.insert(class.to_string()) {
            return None;
        }
        let change = json!({ "kind": "stop_item_class", "class": class, "effective_on": self.day, "reason": { "code": "risk_found" } });
        Some((change, Effect::Stopped(class)))
    }

    fn lift(&mut self) -> Option<Move> {
        let stops: Vec<_> = self.stops.iter().filter(|stop| !self.touched.contains(*stop)).cloned().collect();
        let stop = self.random.choose(&stops)?.clone();
        self.touched.insert(stop.clone());
        let change =
            json!({ "kind": "lift_stop", "stop": stop, "effective_on": self.day, "reason": { "code": "rectified" } });
        Some((change, Effect::Lifted(stop)))
    }

    /// A change that one rule refuses, whatever else is proposed with it.
    fn refused(&mut self) -> Option<(&'static str, Value)> {
        let day = self.day;
        let live = |it: &Listing| it.is_live(day);
        Some(match self.random.below(14) {
            0 => (
                "enterprise_unknown",
                json!({ "kind": "suspend_enterprise", "enterprise": uscc("110108", self.serial()), "effective_on": day, "reason": { "code": "breach" } }),
            ),
            1 => {
                let unknown = json!({ "kind": "remove", "listing": listing_number(self.serial()), "effective_on": day, "reason": { "code": "breach" } });
                ("listing_unknown", unknown)
            }
            2 => ("past_date", on_listing("suspend", &self.free_listing(live)?, day.saturating_sub(1.days()))),
            3 => (
                "already_suspended",
                on_listing("suspend", &self.free_listing(|it| live(it) && it.is_suspended(day))?, day),
            ),
            4 => (
                "not_suspended",
                on_listing("reinstate", &self.free_listing(|it| !it.removed && !it.is_suspended(day))?, day),
            ),
            5 => ("listing_removed", on_listing("suspend", &self.free_listing(|it| it.removed)?, day)),
            6 => (
                "listing_expired",
                on_listing("suspend", &self.free_listing(|it| !it.removed && it.valid_to < day)?, day),
            ),
            7 => {
                let listing = self.free_listing(live)?;
                (
                    "not_later",
                    json!({ "kind": "extend", "listing": listing.number, "valid_to": listing.valid_to, "reason": { "code": "enterprise_request" } }),
                )
            }
            8 => {
                let mut change = on_listing("vary", &self.free_listing(live)?, day);
                change["set"] = json!({ "quantity": "1", "unit": "142" });
                ("unit_fixed", change)
            }
            9 => {
                let mut change = on_listing("remove", &self.free_listing(|it| !it.removed)?, day);
                change["reason"] = json!({ "code": "other" });
                ("basis_required", change)
            }
            10 => {
                let listing = self.free_listing(live)?;
                let uscc = text(&listing.add["enterprise"]).to_owned();
                let barred = self.enterprise(&uscc).barred;
                if !self.touched.insert(uscc) {
                    return None;
                }
                let mut change = listing.add;
                change["valid_from"] = json!(day.max(listing.valid_to));
                change["valid_to"] = json!(listing.valid_to.saturating_add(30.days()));
                (if barred { "barred" } else { "already_listed" }, change)
            }
            11 => {
                let it = self.free_enterprise(|_| true)?;
                let kind = if it.suspended { "suspend_enterprise" } else { "reinstate_enterprise" };
                (
                    "enterprise_unchanged",
                    json!({ "kind": kind, "enterprise": it.uscc, "effective_on": day, "reason": { "code": "rectified" } }),
                )
            }
            12 => {
                let stop = format!("stp_{:032x}", self.random.next());
                (
                    "stop_unknown",
                    json!({ "kind": "lift_stop", "stop": stop, "effective_on": day, "reason": { "code": "rectified" } }),
                )
            }
            _ => {
                let (mut change, _) = self.add()?;
                change["used"] = json!("1000");
                ("below_used", change)
            }
        })
    }

    /// Makes a body faulty in its form.
    fn spoil(&mut self, body: &mut Value) {
        let last = body["changes"].as_array().map_or(0, |changes| changes.len() - 1);
        let kind = self.random.below(8);
        let change = &mut body["changes"][last];
        match kind {
            0 => change["surprise"] = json!(1),
            1 => change["kind"] = json!("abolish"),
            2 => change["reason"] = json!({ "code": "because" }),
            3 => change["effective_on"] = json!("2026-02-30"),
            4 => {
                change["kind"] = json!("suspend_enterprise");
                change["enterprise"] = json!("91110302XFXTR00331");
            }
            5 => {
                *change = json!({ "kind": "suspend", "listing": "BJ-2026-000123-4", "effective_on": self.day, "reason": { "code": "breach" } })
            }
            6 => body["scheme"] = Value::Null,
            _ => body["surprise"] = json!({}),
        }
    }

    fn later(&mut self, least: u32, most: u32) -> Date {
        self.day.saturating_add(i64::from(least + self.random.below(most - least + 1)).days())
    }

    fn serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// Chooses an enterprise that this chapter has not touched yet.
    fn free_enterprise(&mut self, fits: impl Fn(&Enterprise) -> bool) -> Option<Enterprise> {
        let free: Vec<_> = self.enterprises.iter().filter(|it| fits(it) && !self.touched.contains(&it.uscc)).collect();
        let chosen = (*self.random.choose(&free)?).clone();
        self.touched.insert(chosen.uscc.clone());
        Some(chosen)
    }

    /// Chooses a listing that this chapter has not touched yet.
    fn free_listing(&mut self, fits: impl Fn(&Listing) -> bool) -> Option<Listing> {
        let free: Vec<_> = self.listings.iter().filter(|it| fits(it) && !self.touched.contains(&it.number)).collect();
        let chosen = (*self.random.choose(&free)?).clone();
        self.touched.insert(chosen.number.clone());
        Some(chosen)
    }

    fn enterprise(&mut self, uscc: &str) -> &mut Enterprise {
        self.enterprises.iter_mut().find(|it| it.uscc == uscc).expect("only known enterprises change")
    }

    fn listing(&mut self, number: &str) -> &mut Listing {
        self.listings.iter_mut().find(|it| it.number == number).expect("only known listings change")
    }
}

impl Listing {
    fn is_live(&self, day: Date) -> bool {
        !self.removed && self.valid_to >= day
    }

    fn is_suspended(&self, day: Date) -> bool {
        self.suspended_from.is_some_and(|from| from <= day)
    }
}

fn on_listing(kind: &str, listing: &Listing, day: Date) -> Value {
    json!({ "kind": kind, "listing": listing.number, "effective_on": day, "reason": { "code": "risk_found" } })
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[cfg(test)]
mod tests {
    use super::super::contract::{Contract, Exchange};
    use super::*;
    use jiff::civil::date;

    /// Plays a story in which everything is answered as the story says.
    fn play(seed: u64, chapters: usize) -> Vec<Chapter> {
        let mut story = Story::new(seed, "beijing-2022", date(2026, 8, 1));
        let mut named = 0;
        (0..chapters)
            .map(|_| {
                let chapter = story.tell();
                if chapter.fate == Fate::Confirm {
                    story.confirmed(chapter.clone(), |wanted| {
                        named += 1;
                        Some(match wanted {
                            Wanted::Listing { enterprise, name_zh } => {
                                assert!(!enterprise.is_empty() && !name_zh.is_empty());
                                listing_number(named * 40)
                            }
                            Wanted::Stop { class } => {
                                assert!(class["kind"].is_string());
                                format!("stp_{named:032x}")
                            }
                        })
                    });
                }
                chapter
            })
            .collect()
    }

    fn is_valid(body: &Value) -> bool {
        let body = body.to_string();
        let exchange = Exchange {
            method: "POST",
            path_and_query: "/v1/adjustments",
            request_content_type: Some("application/json"),
            request_body: body.as_bytes(),
            status: 201,
            headers: &[],
            response_body: b"",
        };
        let faults = Contract::get().check(&exchange).unwrap_err();
        !faults.iter().any(|fault| fault.contains("request body"))
    }

    #[test]
    fn the_same_seed_makes_the_same_story() {
        let told = |seed| {
            play(seed, 50).into_iter().map(|chapter| (chapter.day, chapter.body, chapter.fate)).collect::<Vec<_>>()
        };
        assert_eq!(told(7), told(7));
        assert_ne!(told(7), told(8));
    }

    #[test]
    fn a_long_story_tells_everything_and_is_well_formed_unless_faulty() {
        let (mut kinds, mut rules, mut faulty) = (HashSet::new(), HashSet::new(), 0);
        for chapter in play(1, 3000) {
            match chapter.fate {
                Fate::Faulty => faulty += 1,
                Fate::Refused(rule) => drop(rules.insert(rule)),
                Fate::Confirm | Fate::Reject | Fate::Withdraw => {
                    kinds.extend(
                        chapter.body["changes"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|change| text(&change["kind"]).to_owned()),
                    );
                }
            }
            assert!(chapter.fate == Fate::Faulty || is_valid(&chapter.body), "{chapter:#?}");
        }
        assert_eq!(kinds.len(), 13, "{kinds:?}");
        assert_eq!(rules.len(), 16, "{rules:?}");
        assert!((100..600).contains(&faulty), "{faulty}");
    }
}
