//! Rows of a screening list, from the cells of a file: the same cells, the same report of every fault as for the list.
//!
//! It does not know who is listed already. Invariant: rows without any fault, or every fault.

use super::fault::SheetFault;
use super::grid::{Cell, Grid, GridRow, GridSheet};
use crate::domain::code::Uscc;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::screening::{Screened, ScreeningList};
use crate::domain::validity::LegalDay;
use std::collections::HashSet;

/// Rows in which the header is looked for.
const HEADER_ROWS: usize = 30;

/// Longest text of a cell in characters.
const TEXT: usize = 500;

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreeningLine {
    /// Which list, who, from when, until when.
    pub screened: Screened,
    /// Name as the list writes it.
    pub name: Option<String>,
    /// Why.
    pub ground: String,
    /// Where it was published.
    pub source: String,
}

/// A column: its name in the contract, its headers, whether it must be there.
struct Column {
    name: &'static str,
    headers: [&'static str; 2],
    required: bool,
}

const COLUMNS: [Column; 7] = [
    Column { name: "list", headers: ["名单", "名单类别"], required: true },
    Column { name: "uscc", headers: ["统一社会信用代码", "信用代码"], required: true },
    Column { name: "name", headers: ["企业名称", "名称"], required: false },
    Column { name: "ground", headers: ["事由", "列入事由"], required: true },
    Column { name: "source", headers: ["来源", "依据文件"], required: true },
    Column { name: "valid_from", headers: ["起始日期", "列入日期"], required: true },
    Column { name: "valid_to", headers: ["截止日期", "移出日期"], required: false },
];

/// Reads every row of every sheet.
///
/// # Errors
/// Every fault of the file.
pub fn screening_rows(grid: &Grid) -> Result<Vec<ScreeningLine>, Vec<SheetFault>> {
    let (mut lines, mut faults, mut headed) = (Vec::new(), Vec::new(), false);
    for sheet in &grid.sheets {
        let Some((place, columns)) = header(sheet) else { continue };
        headed = true;
        let missing = COLUMNS.iter().zip(&columns).filter(|(column, found)| column.required && found.is_none());
        let missing: Vec<SheetFault> = missing
            .map(|(column, _)| SheetFault::from(FaultCode::ColumnMissing).in_sheet(&sheet.name).in_column(column.name))
            .collect();
        if !missing.is_empty() {
            faults.extend(missing);
            continue;
        }
        for row in sheet.rows.iter().skip(place.saturating_add(1)) {
            let mut reader = RowReader { sheet, row, columns: &columns, faults: &mut faults };
            if reader.text(1).is_some() {
                lines.extend(reader.line());
            }
        }
    }
    if !headed {
        faults.push(FaultCode::HeaderMissing.into());
    }
    let mut seen = HashSet::new();
    for line in &lines {
        let Screened { list, enterprise, from, to } = line.screened.clone();
        if !seen.insert((list, enterprise, from, to)) {
            let fault = SheetFault::from(FaultCode::DoubledInFile).in_column("uscc");
            faults.push(fault.with_value(line.screened.enterprise.as_str()));
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// Finds the header row: the place among the rows, and of each column where it stands.
fn header(sheet: &GridSheet) -> Option<(usize, Vec<Option<u16>>)> {
    sheet.rows.iter().take(HEADER_ROWS).enumerate().find_map(|(place, row)| {
        let find = |column: &Column| {
            let named = |cell: &Cell| {
                let text = cell.shown().trim().to_lowercase();
                text == column.name || column.headers.contains(&text.as_str())
            };
            row.cells.iter().find(|(_, cell)| named(cell)).map(|(at, _)| *at)
        };
        let columns: Vec<Option<u16>> = COLUMNS.iter().map(find).collect();
        let found = columns.get(1).copied().flatten();
        found.map(|_| (place, columns))
    })
}

struct RowReader<'r> {
    sheet: &'r GridSheet,
    row: &'r GridRow,
    columns: &'r [Option<u16>],
    faults: &'r mut Vec<SheetFault>,
}

impl RowReader<'_> {
    fn text(&self, column: usize) -> Option<String> {
        let at = self.columns.get(column).copied().flatten()?;
        let text = self.row.cell(at)?.shown().trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn fault(&mut self, column: usize, code: FaultCode, value: &str) {
        let name = COLUMNS.get(column).map_or("", |column| column.name);
        let fault = SheetFault::from(code).in_sheet(&self.sheet.name).in_row(self.row.number).in_column(name);
        self.faults.push(fault.with_value(value));
    }

    fn optional<T>(&mut self, column: usize, parse: impl Fn(&str) -> Result<T, FaultCode>) -> Option<T> {
        let at = self.columns.get(column).copied().flatten()?;
        let text = self.text(column)?;
        let parsed = match self.row.cell(at) {
            Some(Cell::Formula(_)) => Err(FaultCode::CellFormula),
            Some(Cell::Error(_)) => Err(FaultCode::CellError),
            Some(Cell::Text(_) | Cell::Number(_) | Cell::Date(_) | Cell::Bool(_)) | None => parse(&text),
        };
        parsed.map_err(|code| self.fault(column, code, &text)).ok()
    }

    fn required<T>(&mut self, column: usize, parse: impl Fn(&str) -> Result<T, FaultCode>) -> Option<T> {
        if self.text(column).is_none() {
            self.fault(column, FaultCode::Required, "");
        }
        self.optional(column, parse)
    }

    fn line(&mut self) -> Option<ScreeningLine> {
        let list = self.required(0, list);
        let enterprise = self.required(1, Uscc::parse);
        let name = self.optional(2, words);
        let ground = self.required(3, words);
        let source = self.required(4, words);
        let from = self.required(5, LegalDay::parse);
        let to = self.optional(6, LegalDay::parse);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.fault(6, FaultCode::PeriodReversed, &to.map(|day| day.to_string()).unwrap_or_default());
        }
        let screened = Screened { list: list?, enterprise: enterprise?, from: from?, to };
        Some(ScreeningLine { screened, name, ground: ground?, source: source? })
    }
}

/// Reads a list by its word or by its name.
fn list(text: &str) -> Result<ScreeningList, FaultCode> {
    let named = ScreeningList::ALL.iter().find(|list| list.name(Lang::Zh) == text);
    named.map_or_else(|| ScreeningList::parse(text), |list| Ok(*list))
}

fn words(text: &str) -> Result<String, FaultCode> {
    if text.chars().any(char::is_control) {
        Err(FaultCode::TextNotPrintable)
    } else if text.chars().count() > TEXT {
        Err(FaultCode::TextTooLong)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Limits, read_here};

    fn read(csv: &str) -> Result<Vec<ScreeningLine>, Vec<SheetFault>> {
        screening_rows(&read_here(csv.as_bytes(), &Limits::STANDARD).unwrap())
    }

    #[test]
    fn rows_are_read_under_either_header_or_every_fault_is_named() {
        let good = "关于失信企业的通报\n名单,统一社会信用代码,企业名称,事由,来源,起始日期,截止日期\n海关失信企业名单,91110302XFXTR00172,甲,走私,海关公告2026-7,2026-03-01,\nserious_dishonesty,91110108XFXTR00259,乙,欠税,法院,2026-03-01,2026-09-01\n";
        let lines = read(good).unwrap();
        assert_eq!(
            (lines.len(), lines[0].screened.list, lines[1].screened.to.is_some()),
            (2, ScreeningList::Customs, true)
        );
        let faulty = "list,uscc,ground,source,valid_from,valid_to\nnone,91110302XFXTR00173,,x,2026-3-1,2026-01-01\ncustoms,91110108XFXTR00259,a,b,2026-03-01,2026-01-01\n";
        let codes: Vec<(Option<u32>, FaultCode)> =
            read(faulty).unwrap_err().iter().map(|fault| (fault.row, fault.code)).collect();
        assert_eq!(
            codes,
            [
                (Some(2), FaultCode::ValueUnknown),
                (Some(2), FaultCode::UsccCheckDigit),
                (Some(2), FaultCode::Required),
                (Some(2), FaultCode::DateFormat),
                (Some(3), FaultCode::PeriodReversed),
            ]
        );
        assert_eq!(read("a,b\n1,2\n").unwrap_err()[0].code, FaultCode::HeaderMissing);
        assert_eq!(read("uscc,list\n1,2\n").unwrap_err().len(), 3);
    }
}
