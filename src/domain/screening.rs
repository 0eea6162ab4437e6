//! Lists against which an enterprise is screened before it may be listed: bars elsewhere, serious dishonesty, lists of
//! customs. Rows are dated; an entry that ended stays on record.

use super::code::Uscc;
use super::validity::LegalDay;
use super::words::words;

words! {
    /// Which list an entry belongs to.
    ScreeningList {
        /// Barred by another pilot or department.
        BarElsewhere "bar_elsewhere" "其他试点或部门的限制" "barred elsewhere";
        /// Persons of serious dishonesty (严重失信主体).
        SeriousDishonesty "serious_dishonesty" "严重失信主体名单" "serious dishonesty";
        /// Lists of customs (海关失信企业).
        Customs "customs" "海关失信企业名单" "list of customs";
    }
}

/// An entry as far as screening needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened {
    /// The list.
    pub list: ScreeningList,
    /// Who stands on it.
    pub enterprise: Uscc,
    /// First day.
    pub from: LegalDay,
    /// Last day; none while open.
    pub to: Option<LegalDay>,
}

impl Screened {
    /// Whether the entry holds on a day.
    #[must_use]
    pub fn holds(&self, day: LegalDay) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }
}

/// Returns the entries that speak against an enterprise on a day, in their order.
pub fn hits<E>(entries: &[E], screened: impl Fn(&E) -> &Screened, enterprise: Uscc, day: LegalDay) -> Vec<&E> {
    entries.iter().filter(|entry| screened(entry).enterprise == enterprise && screened(entry).holds(day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_speaks_from_its_first_day_to_its_last() {
        let uscc = Uscc::parse("91110302XFXTR00172").unwrap();
        let other = Uscc::parse("91110108XFXTR00259").unwrap();
        let day = |text: &str| LegalDay::parse(text).unwrap();
        let entry = |enterprise, to: Option<&str>| Screened {
            list: ScreeningList::Customs,
            enterprise,
            from: day("2026-03-01"),
            to: to.map(day),
        };
        let entries = [entry(uscc, Some("2026-03-31")), entry(uscc, None), entry(other, None)];
        let count = |text: &str| hits(&entries, |entry| entry, uscc, day(text)).len();
        assert_eq!((count("2026-02-28"), count("2026-03-01"), count("2026-03-31"), count("2026-04-01")), (0, 2, 2, 1));
    }
}
