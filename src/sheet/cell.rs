//! From a cell as offices fill it to a typed value: full-width forms, stray spaces, numbers for codes, names for
//! codes, dates in every usual spelling. What is repaired silently has one meaning only; where a digit had to be
//! supplied there is a warning; where two readings are possible there is a fault. Invariant: a value that comes out
//! passed the strict parser of its type.

use unicode_normalization::UnicodeNormalization;

use super::fault::{Hint, WarningCode};
use super::grid::{Cell, Epoch};
use super::workbook::serial_day;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, CustomsRegistration, HsCode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::purpose::Purpose;
use crate::domain::quantity::Quantity;
use crate::domain::validity::LegalDay;

/// Why a cell has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: FaultCode,
    pub(super) hint: Option<Hint>,
}

impl From<FaultCode> for Wrong {
    fn from(code: FaultCode) -> Self {
        Self { code, hint: None }
    }
}

/// A value, with what a person should look at.
pub(super) type Reading<T> = Result<(T, Option<WarningCode>), Wrong>;

/// Tells a cell in which nothing visible stands.
pub(super) fn is_blank(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(text) if text.chars().all(|c| c.is_whitespace() || is_invisible(c)))
}

/// Tells a cell in which an office says that there is nothing: a dash, a slash, 无.
pub(super) fn says_nothing(cell: &Cell) -> bool {
    let Cell::Text(text) = cell else { return false };
    let text = code(text);
    text.chars().all(|c| matches!(c, '-' | '/' | '\\' | '_')) || ["无", "N/A", "不适用"].contains(&text.as_str())
}

/// Reads a text for people of at most so many characters.
pub(super) fn text(cell: &Cell, longest: usize) -> Reading<String> {
    let text = tidy(&content(cell)?);
    if text.chars().any(char::is_control) {
        return Err(FaultCode::TextNotPrintable.into());
    }
    if text.chars().count() > longest {
        return Err(FaultCode::TextTooLong.into());
    }
    plain(text)
}

pub(super) fn uscc(cell: &Cell) -> Reading<Uscc> {
    let text = code(&content(cell)?);
    if matches!(cell, Cell::Number(number) if number.len() > 15) {
        // Even a code that passes its check may have been rounded to it.
        return Err(Wrong { code: FaultCode::UsccCheckDigit, hint: Some(Hint::NumberLosesDigits) });
    }
    plain(Uscc::parse(&text)?)
}

pub(super) fn customs_registration(cell: &Cell) -> Reading<CustomsRegistration> {
    plain(CustomsRegistration::parse(&code(&content(cell)?))?)
}

pub(super) fn cas(cell: &Cell) -> Reading<Cas> {
    plain(Cas::parse(&code(&content(cell)?))?)
}

pub(super) fn listing(cell: &Cell) -> Reading<ListingNumber> {
    plain(ListingNumber::parse(&code(&content(cell)?))?)
}

/// Reads an HS code. A number of nine digits lost its leading zero for certain; a text of nine digits may also be
/// mistyped.
pub(super) fn hs_code(cell: &Cell) -> Reading<HsCode> {
    let (text, warning) = digits(cell, 10, 1)?;
    let text = if matches!(cell, Cell::Number(_)) { text } else { text.replace('.', "") };
    if text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FaultCode::HsCodeLostZero.into());
    }
    Ok((HsCode::parse(&text)?, warning))
}

pub(super) fn ciq_code(cell: &Cell) -> Reading<CiqCode> {
    let (text, warning) = digits(cell, 3, 2)?;
    Ok((CiqCode::parse(&text)?, warning))
}

/// Reads a unit by its code or its name.
pub(super) fn unit(cell: &Cell) -> Reading<UnitCode> {
    let (text, warning) = digits(cell, 3, 2)?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((UnitCode::parse(&text)?, warning));
    }
    plain(UnitCode::from_name(&tidy(&folded(&content(cell)?))).ok_or(FaultCode::UnitUnknown)?)
}

pub(super) fn purpose(cell: &Cell) -> Reading<Purpose> {
    plain(Purpose::parse(&tidy(&folded(&content(cell)?)))?)
}

/// Reads customs offices, several of them apart by comma, semicolon, enumeration comma or space.
pub(super) fn customs_offices(cell: &Cell) -> Reading<Vec<CustomsOffice>> {
    if matches!(cell, Cell::Number(_)) {
        let (text, warning) = digits(cell, 4, 1)?;
        return Ok((vec![CustomsOffice::parse(&text)?], warning));
    }
    let text = folded(&content(cell)?);
    let parts =
        text.split(|c: char| c.is_whitespace() || matches!(c, '、' | ',' | ';')).filter(|part| !part.is_empty());
    let mut offices = Vec::new();
    for part in parts {
        let office = CustomsOffice::parse(part)?;
        if !offices.contains(&office) {
            offices.push(office);
        }
    }
    plain(offices)
}

/// Reads a quantity, zero included.
pub(super) fn quantity(cell: &Cell) -> Reading<Quantity> {
    match cell {
        Cell::Number(number) => plain(Quantity::parse(number)?),
        Cell::Text(text) => plain(Quantity::parse(&without_thousands_marks(folded(text).trim())?)?),
        Cell::Date(_) | Cell::Bool(_) => Err(FaultCode::QuantityFormat.into()),
        Cell::Formula(_) | Cell::Error(_) => content(cell).and(Err(FaultCode::QuantityFormat.into())),
    }
}

/// Reads a quantity above zero.
pub(super) fn positive_quantity(cell: &Cell) -> Reading<Quantity> {
    let (value, warning) = quantity(cell)?;
    if value > Quantity::ZERO { Ok((value, warning)) } else { Err(FaultCode::QuantityNotPositive.into()) }
}

/// Reads a legal day: a date cell, a serial number, or year, month and day in Chinese or apart by `-`, `/`, `.`.
pub(super) fn day(cell: &Cell, epoch: Epoch) -> Reading<LegalDay> {
    let serial = |number: &str| serial_day(number, epoch).ok_or(FaultCode::DateFormat);
    let written = match cell {
        Cell::Date(date) => date.clone(),
        Cell::Number(number) => serial(number)?,
        Cell::Text(_) | Cell::Bool(_) | Cell::Formula(_) | Cell::Error(_) => {
            let text = code(&content(cell)?);
            let five_digits = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
            if five_digits { serial(&text)? } else { spelled_day(&text).ok_or(FaultCode::DateFormat)? }
        }
    };
    plain(LegalDay::parse(&written)?)
}

fn plain<T>(value: T) -> Reading<T> {
    Ok((value, None))
}

/// Returns what stands in a cell, which must not be computed or an error.
fn content(cell: &Cell) -> Result<String, Wrong> {
    match cell {
        Cell::Formula(_) => Err(FaultCode::CellFormula.into()),
        Cell::Error(_) => Err(FaultCode::CellError.into()),
        Cell::Text(_) | Cell::Number(_) | Cell::Date(_) | Cell::Bool(_) => Ok(cell.shown()),
    }
}

/// Reads a code of a fixed width and puts back up to `lost` leading zeros that it lost by being stored as a number.
fn digits(cell: &Cell, width: usize, lost: usize) -> Reading<String> {
    let text = code(&content(cell)?);
    let is_whole_number = matches!(cell, Cell::Number(_)) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole_number && text.len() < width && text.len().saturating_add(lost) >= width {
        return Ok((format!("{text:0>width$}"), Some(WarningCode::LeadingZeroRestored)));
    }
    plain(text)
}

/// Takes out the marks of well-formed thousands: `1,000.5`, never `10,00`.
fn without_thousands_marks(text: &str) -> Result<String, FaultCode> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    if rest.peek().is_none() && !decimals.contains(',') {
        return Ok(text.to_owned());
    }
    let well_formed = (1..=3).contains(&first.len()) && rest.all(|group| group.len() == 3) && !decimals.contains(',');
    if well_formed { Ok(text.replace(',', "")) } else { Err(FaultCode::QuantityFormat) }
}

/// Rewrites `2026年3月1日`, `2026/3/1`, `2026.03.01` and `2026-3-1` as `2026-03-01`.
fn spelled_day(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = match separator {
        '年' => {
            let (year, rest) = text.strip_suffix('日')?.split_once('年')?;
            let (month, day) = rest.split_once('月')?;
            vec![year, month, day]
        }
        '-' | '/' | '.' => text.split(separator).collect(),
        _ => return None,
    };
    let [year, month, day] = parts.as_slice() else { return None };
    let short = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && short(month) && short(day)).then(|| format!("{year}-{month:0>2}-{day:0>2}"))
}

/// Characters that are not seen and mean nothing: joiners, marks of direction and of byte order.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}')
}

/// Folds full-width and other compatibility forms, and the many dashes, to plain characters.
fn folded(text: &str) -> String {
    text.nfkc()
        .filter(|&c| !is_invisible(c))
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            _ => c,
        })
        .collect()
}

/// Brings a code into its canonical spelling: folded, without spaces, in capitals.
pub(super) fn code(text: &str) -> String {
    folded(text).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Tidies a text for people: no spaces at its ends, none between Chinese characters, line breaks as spaces, one
/// space where there are several. Widths stay, for names of enterprises are registered with full-width brackets.
pub(super) fn tidy(text: &str) -> String {
    let is_chinese = |c: char| c >= '\u{2E80}';
    let mut tidy = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|&c| !is_invisible(c)) {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        let last = tidy.chars().next_back();
        if space && last.is_some_and(|last| !(is_chinese(last) && is_chinese(c))) {
            tidy.push(' ');
        }
        space = false;
        tidy.push(c);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.to_owned())
    }

    fn value<T>(reading: Reading<T>) -> Result<T, FaultCode> {
        reading.map(|(value, _)| value).map_err(|wrong| wrong.code)
    }

    #[test]
    fn codes_are_read_in_every_width_case_and_spacing() {
        assert_eq!(
            value(uscc(&typed(" ９１１１０１１４ｘｆｘｔｒ００５ｘｃ\n"))).unwrap().as_str(),
            "91110114XFXTR005XC"
        );
        assert_eq!(value(cas(&typed("９０４１－08–1"))).unwrap().to_string(), "9041-08-1");
        assert_eq!(value(customs_registration(&typed("1114 369f05"))).unwrap().as_str(), "1114369F05");
        assert_eq!(value(listing(&typed("bj－2026-000123-3"))), value(listing(&typed("BJ-2026-000123-3"))));
        assert_eq!(value(uscc(&typed("91110114XFXTR005X"))), Err(FaultCode::UsccLength));
    }

    #[test]
    fn a_credit_code_stored_as_a_number_is_not_believed() {
        let wrong = uscc(&number("121200004013590820")).unwrap_err();
        assert_eq!(wrong, Wrong { code: FaultCode::UsccCheckDigit, hint: Some(Hint::NumberLosesDigits) });
    }

    #[test]
    fn hs_codes_keep_or_regain_their_zero() {
        for text in ["2941500000", "2941.50.0000", "２９４１．５０．００００", " 2941 500 000 "] {
            assert_eq!(value(hs_code(&typed(text))).unwrap().to_string(), "2941500000", "{text}");
        }
        assert_eq!(hs_code(&number("2941500000")).unwrap().1, None);
        let (code, warning) = hs_code(&number("106901990")).unwrap();
        assert_eq!((code.to_string().as_str(), warning), ("0106901990", Some(WarningCode::LeadingZeroRestored)));
        assert_eq!(value(hs_code(&typed("106901990"))), Err(FaultCode::HsCodeLostZero));
        assert_eq!(value(hs_code(&typed("1069.01.990"))), Err(FaultCode::HsCodeLostZero));
        for wrong in
            [number("2941.5"), number("29415000"), typed("29415000"), typed("2941500000-1"), number("-294150000")]
        {
            assert_eq!(value(hs_code(&wrong)), Err(FaultCode::HsCodeFormat), "{wrong:?}");
        }
        assert_eq!(value(hs_code(&typed("0000000001"))), Err(FaultCode::HsCodeChapter));
    }

    #[test]
    fn quantities_are_exact_or_refused() {
        for (cell, steps) in [
            (number("0.1"), 10_000),
            (number("0.00001"), 1),
            (typed("1,000"), 100_000_000),
            (typed("１，０００．５"), 100_050_000),
            (typed(" 12 "), 1_200_000),
            (typed("1,234,567.00001"), 123_456_700_001),
            (number("0"), 0),
        ] {
            assert_eq!(value(quantity(&cell)), Ok(Quantity::from_steps(steps)), "{cell:?}");
        }
        for text in [
            "1,00",
            "10,00,000",
            ",100",
            "1000,000",
            "1,000,",
            "1.000,5",
            "1 000",
            "500克",
            "-1",
            "+1",
            "1e3",
            "",
            "约5",
        ] {
            assert_eq!(value(quantity(&typed(text))), Err(FaultCode::QuantityFormat), "{text}");
        }
        assert_eq!(value(quantity(&number("0.000001"))), Err(FaultCode::QuantityTooManyDecimals));
        assert_eq!(value(quantity(&number("0.30000000000000004"))), Err(FaultCode::QuantityTooManyDecimals));
        assert_eq!(value(positive_quantity(&number("0"))), Err(FaultCode::QuantityNotPositive));
        assert_eq!(value(quantity(&Cell::Date("2026-03-01".into()))), Err(FaultCode::QuantityFormat));
    }

    #[test]
    fn days_are_read_in_every_usual_spelling() {
        let expected = LegalDay::parse("2026-03-01");
        for text in [
            "2026-03-01",
            "2026/3/1",
            "2026.03.01",
            "2026年3月1日",
            "２０２６年０３月０１日",
            " 2026 - 3 - 1 ",
            "2026–03–01",
            "46082",
        ] {
            assert_eq!(value(day(&typed(text), Epoch::From1900)), expected, "{text}");
        }
        assert_eq!(value(day(&number("46082"), Epoch::From1900)), expected);
        assert_eq!(value(day(&number("44620"), Epoch::From1904)), expected);
        assert_eq!(value(day(&Cell::Date("2026-03-01".into()), Epoch::From1900)), expected);
        for text in [
            "3/1/2026",
            "2026-3",
            "2026-02-30",
            "26-03-01",
            "2026年3月",
            "2026-03/01",
            "2026-03-01T00:00",
            "长期",
            "2026--1",
        ] {
            assert_eq!(value(day(&typed(text), Epoch::From1900)), Err(FaultCode::DateFormat), "{text}");
        }
        for cell in [
            number("46082.5"),
            number("20260301"),
            number("0"),
            Cell::Date("2026-03-01 08:00:00".into()),
            Cell::Bool(true),
        ] {
            assert_eq!(value(day(&cell, Epoch::From1900)), Err(FaultCode::DateFormat), "{cell:?}");
        }
        assert_eq!(value(day(&typed("2300-01-01"), Epoch::From1900)), Err(FaultCode::DateOutOfRange));
    }

    #[test]
    fn units_purposes_and_offices_are_read_by_code_or_name() {
        for cell in [typed("036"), typed("克"), typed("Ｇ"), typed(" g "), number("36")] {
            assert_eq!(value(unit(&cell)), Ok(UnitCode::GRAM), "{cell:?}");
        }
        assert_eq!(unit(&number("36")).unwrap().1, Some(WarningCode::LeadingZeroRestored));
        assert_eq!(value(unit(&typed("㎏"))), Ok(UnitCode::KILOGRAM));
        assert_eq!(value(unit(&typed("36"))), Err(FaultCode::UnitFormat));
        assert_eq!(value(unit(&typed("mg"))), Err(FaultCode::UnitUnknown));
        assert_eq!(value(purpose(&typed("临床前\n研究"))), Ok(Purpose::PreclinicalItem));
        assert_eq!(value(purpose(&typed("Process  material"))), Ok(Purpose::ProcessMaterial));
        let offices = value(customs_offices(&typed("0101、0102，0103；0104 0105\n0101"))).unwrap();
        assert_eq!(
            offices.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["0101", "0102", "0103", "0104", "0105"]
        );
        let (offices, warning) = customs_offices(&number("101")).unwrap();
        assert_eq!((offices[0].to_string().as_str(), warning), ("0101", Some(WarningCode::LeadingZeroRestored)));
        assert_eq!(value(customs_offices(&typed("101"))), Err(FaultCode::CustomsOfficeFormat));
        assert_eq!(value(ciq_code(&number("7"))).unwrap().to_string(), "007");
    }

    #[test]
    fn texts_are_tidied_and_keep_their_width() {
        assert_eq!(tidy(" 北京样例戊\n细胞治疗 有限公司（合成） "), "北京样例戊细胞治疗有限公司（合成）");
        assert_eq!(tidy("DMEM\u{a0} 高糖  培养基\u{200b}"), "DMEM 高糖培养基");
        assert_eq!(tidy("Heparin\r\nsodium"), "Heparin sodium");
        assert_eq!(value(text(&typed("a\u{1}b"), 9)), Err(FaultCode::TextNotPrintable));
        assert_eq!(value(text(&typed("长长长"), 2)), Err(FaultCode::TextTooLong));
    }

    #[test]
    fn computed_and_broken_cells_are_faults_in_every_column() {
        for (cell, code) in
            [(Cell::Formula("A1".into()), FaultCode::CellFormula), (Cell::Error("#N/A".into()), FaultCode::CellError)]
        {
            assert_eq!(value(text(&cell, 9)), Err(code));
            assert_eq!(value(hs_code(&cell)), Err(code));
            assert_eq!(value(quantity(&cell)), Err(code));
            assert_eq!(value(day(&cell, Epoch::From1900)), Err(code));
            assert_eq!(value(unit(&cell)), Err(code));
            assert_eq!(value(customs_offices(&cell)), Err(code));
        }
    }

    #[test]
    fn blanks_and_signs_for_nothing_are_told_from_values() {
        assert!(is_blank(&typed("\u{200b} \u{3000}")) && !is_blank(&typed("-")));
        for text in ["/", "—", "－", "无", "n/a"] {
            assert!(says_nothing(&typed(text)), "{text}");
        }
        assert!(!says_nothing(&typed("无水乙醇")) && !says_nothing(&number("0")));
    }
}
