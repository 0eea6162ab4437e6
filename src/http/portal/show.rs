//! How days, times and numbers are shown to people.

use crate::domain::code::UnitCode;
use crate::domain::lang::Lang;
use crate::domain::validity::{Instant, LegalDay};

/// Says a legal day; what is no day is shown as it is.
#[must_use]
pub fn day(lang: Lang, text: &str) -> String {
    LegalDay::parse(text).map_or_else(|_| text.to_owned(), |day| day.said(lang))
}

/// Says an instant to the minute, in Beijing time; what is none is shown as it is.
#[must_use]
pub fn moment(lang: Lang, text: &str) -> String {
    Instant::parse(text).map_or_else(|_| text.to_owned(), |instant| instant.said(lang))
}

/// Says a month such as `2026-08`; what is none is shown as it is.
#[must_use]
pub fn month(lang: Lang, text: &str) -> String {
    let Ok(first) = LegalDay::parse(&format!("{text}-01")) else { return text.to_owned() };
    let day = first.said(lang);
    lang.pick(day.strip_suffix("1日"), day.strip_prefix("1 ")).unwrap_or(text).to_owned()
}

/// Says an instant of ours.
#[must_use]
pub fn instant(lang: Lang, at: Instant) -> String {
    at.said(lang)
}

/// Shows a number of seconds to the hundredth; what is none is shown as it is.
#[must_use]
pub fn seconds(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |seconds| number(&format!("{seconds:.2}")))
}

/// Parts a decimal number's whole digits by threes.
#[must_use]
pub fn number(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if whole.is_empty() || !whole.bytes().all(|digit| digit.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut shown = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// Says a quantity with its unit; empty where there is none.
#[must_use]
pub fn quantity(lang: Lang, quantity: &str, unit: &str) -> String {
    if quantity.is_empty() {
        return String::new();
    }
    let unit = UnitCode::parse(unit).map_or_else(|_| unit.to_owned(), |unit| unit.of(lang, quantity));
    format!("{} {unit}", number(quantity))
}

/// Says a number of bytes.
#[must_use]
pub fn size(text: &str) -> String {
    match text.parse::<u64>() {
        Ok(bytes) if bytes >= 1024 * 1024 => {
            format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576)
        }
        Ok(bytes) if bytes >= 1024 => format!("{} KB", bytes / 1024),
        Ok(bytes) => format!("{bytes} B"),
        Err(_) => text.to_owned(),
    }
}

/// Names browser and system as a browser states them; what states neither is another program.
#[must_use]
pub fn browser(lang: Lang, agent: &str) -> String {
    let named =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Every browser states that it is like others: the one that says more stands first.
    let program = named(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => lang.pick("其他程序", "another program").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_those_of_beijing() {
        assert_eq!(day(Lang::Zh, "2026-11-22"), "2026年11月22日");
        assert_eq!(day(Lang::En, "2026-11-02"), "2 Nov 2026");
        assert_eq!(moment(Lang::Zh, "2026-11-21T16:30:00.000000Z"), "2026年11月22日 00:30");
        assert_eq!(moment(Lang::En, "2026-11-21T16:30:00Z"), "22 Nov 2026 00:30");
        assert_eq!(day(Lang::En, "soon"), "soon");
        assert_eq!((month(Lang::Zh, "2026-11"), month(Lang::En, "2026-11")), ("2026年11月".into(), "Nov 2026".into()));
        assert_eq!(month(Lang::Zh, "昌平区"), "昌平区");
    }

    #[test]
    fn browsers_are_named_by_what_they_say_more_than_others() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(browser(Lang::Zh, chrome), "Chrome · Linux");
        assert_eq!(browser(Lang::Zh, &format!("{chrome} Edg/156.0.0.0")), "Edge · Linux");
        assert_eq!((browser(Lang::Zh, "curl/8"), browser(Lang::En, "")), ("其他程序".into(), "another program".into()));
    }

    #[test]
    fn numbers_are_parted_by_threes() {
        for (given, shown) in
            [("18500.125", "18,500.125"), ("999", "999"), ("1000", "1,000"), ("-1234567", "-1,234,567"), ("", "")]
        {
            assert_eq!(number(given), shown);
        }
        for (given, shown) in [("0.025405439", "0.03"), ("1234", "1,234.00"), ("never", "never")] {
            assert_eq!(seconds(given), shown);
        }
        assert_eq!((size("512"), size("2048"), size("1572864")), ("512 B".into(), "2 KB".into(), "1.5 MB".into()));
    }
}
