//! Lists against which an enterprise is screened before it may be listed: bars elsewhere, serious dishonesty, lists of
//! customs; and the register of business entities, which says who it is. Rows are dated; an entry that ended stays on record.

use super::code::Uscc;
use super::item_name::normalise_name;
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
        /// The register of business entities (经营主体登记): it speaks against nobody who stands on it.
        BusinessRegister "business_register" "经营主体登记" "register of business entities";
    }
}

impl ScreeningList {
    /// Whether standing on the list speaks against an enterprise.
    #[must_use]
    pub const fn speaks_against(self) -> bool {
        match self {
            Self::BarElsewhere | Self::SeriousDishonesty | Self::Customs => true,
            Self::BusinessRegister => false,
        }
    }
}

words! {
    /// How an enterprise stands in the register of business entities.
    Registration {
        /// Under the name that it states.
        Agrees "agrees" "登记在册，名称一致" "registered under this name";
        /// Under another name.
        OtherName "other_name" "登记在册，名称不一致" "registered under another name";
        /// Its registration has ended: 注销 or 吊销.
        Ended "ended" "登记已终止（注销或吊销）" "its registration has ended";
        /// Nobody is registered under the code.
        Unknown "unknown" "登记信息中查无此代码" "nobody is registered under this code";
        /// No extract of the register was loaded, so that nothing is known.
        NotLoaded "not_loaded" "登记信息尚未载入" "no extract of the register has been loaded";
    }
}

impl Registration {
    /// Judges by the entries of the register about one enterprise, each with its name, what the enterprise says of itself;
    /// names are compared as people read them, in whatever width and case.
    #[must_use]
    pub fn of(entries: &[(Screened, Option<String>)], loaded: bool, stated: Option<&str>, day: LegalDay) -> Self {
        let mut holding = entries.iter().filter(|(entry, _)| entry.holds(day)).peekable();
        if holding.peek().is_some() {
            let same = |name: &Option<String>| match (name, stated) {
                (Some(name), Some(stated)) => normalise_name(name) == normalise_name(stated),
                (None, _) | (_, None) => true,
            };
            if holding.any(|(_, name)| same(name)) { Self::Agrees } else { Self::OtherName }
        } else if entries.iter().any(|(entry, _)| entry.from <= day) {
            Self::Ended
        } else if loaded {
            Self::Unknown
        } else {
            Self::NotLoaded
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn doubtful(self) -> bool {
        match self {
            Self::OtherName | Self::Ended | Self::Unknown => true,
            Self::Agrees | Self::NotLoaded => false,
        }
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
    let speaks = |entry: &Screened| entry.list.speaks_against() && entry.enterprise == enterprise && entry.holds(day);
    entries.iter().filter(|entry| speaks(screened(entry))).collect()
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

    #[test]
    fn who_an_enterprise_is_the_register_says() {
        let enterprise = Uscc::parse("91110302XFXTR00172").unwrap();
        let day = |text: &str| LegalDay::parse(text).unwrap();
        let entry = |from, to: Option<&str>, name: &str| {
            let list = ScreeningList::BusinessRegister;
            (Screened { list, enterprise, from: day(from), to: to.map(day) }, Some(name.to_owned()))
        };
        let renamed = [
            entry("2020-01-01", Some("2025-12-31"), "甲公司"),
            entry("2026-01-01", Some("2026-06-30"), "甲（北京）公司"),
        ];
        let of = |entries: &[_], stated, text| Registration::of(entries, true, Some(stated), day(text));
        assert_eq!(of(&renamed, "甲(北京)公司", "2026-03-01"), Registration::Agrees);
        assert_eq!(of(&renamed, "甲公司", "2026-03-01"), Registration::OtherName);
        assert_eq!(of(&renamed, "甲公司", "2025-03-01"), Registration::Agrees);
        assert_eq!(of(&renamed, "甲(北京)公司", "2026-07-01"), Registration::Ended);
        assert_eq!(of(&renamed, "甲公司", "2019-07-01"), Registration::Unknown);
        assert_eq!(of(&[], "甲公司", "2026-03-01"), Registration::Unknown);
        assert_eq!(Registration::of(&[], false, Some("甲公司"), day("2026-03-01")), Registration::NotLoaded);
        assert!(hits(&renamed, |(entry, _)| entry, enterprise, day("2026-03-01")).is_empty());
    }
}
