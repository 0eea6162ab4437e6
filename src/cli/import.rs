//! `whitelist import`: a spreadsheet becomes a proposed adjustment with its preview, or every fault of it is named.

use super::demo_issuer::DemoIssuer;
use super::open::{Opened, Opening, open};
use super::{Failure, Place, say, tell};
use crate::app::AppError;
use crate::app::adjust::Decision;
use crate::app::plan::Proposed;
use crate::app::repeat::Written;
use crate::domain::actor::{Caller, RoleSet};
use crate::domain::error::Rule;
use crate::domain::id::AdjustmentId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::sheet::{Limits, SheetFault, SheetWarning, read_in_child, template_xlsx};
use crate::store::StoreError;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: proposed (or, with --dry-run, without faults); 1: faults, each named, nothing imported.\n--propose-as and --confirm-as stand for two different people and work on demo data only; elsewhere send the file to POST /v1/adjustments/import.\nExample: whitelist import samples/list-clean.xlsx --propose-as officer-1 --confirm-as approver-1"
)]
pub struct ImportArgs {
    #[command(flatten)]
    place: Place,
    /// The list, .xlsx or .csv
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Scheme of the list
    #[arg(long, default_value = "beijing-2022", value_name = "S")]
    scheme: String,
    /// Only read and judge; nothing is stored
    #[arg(long)]
    dry_run: bool,
    /// Who proposes
    #[arg(long, value_name = "NAME")]
    propose_as: Option<String>,
    /// Who confirms: another person
    #[arg(long, value_name = "NAME", requires = "propose_as")]
    confirm_as: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print in English
    #[arg(long)]
    english: bool,
    /// Write a workbook to fill in, instead of importing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "dry_run", "propose_as", "confirm_as"])]
    template: Option<PathBuf>,
}

/// Imports.
///
/// # Errors
/// [`Failure::Refused`] with every fault of the file.
pub fn run(args: ImportArgs) -> Result<(), Failure> {
    if let Some(file) = &args.template {
        let workbook = template_xlsx().map_err(|error| Failure::Unreachable(error.to_string()))?;
        std::fs::write(file, workbook).map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?;
        say(&format!("{} written", file.display()));
        return Ok(());
    }
    let Some(file) = args.file.clone() else { return Err(Failure::Usage("name the file".to_owned())) };
    if args.propose_as.is_some() && args.propose_as == args.confirm_as {
        return Err(Failure::Refused(Rule::FourEyes.text(Lang::En).to_owned()));
    }
    let opened = open(Opening::of(&args.place)?)?;
    let outcome = import(&args, &file, &opened);
    opened.close();
    outcome
}

fn import(args: &ImportArgs, file: &Path, opened: &Opened) -> Result<(), Failure> {
    let lang = if args.english { Lang::En } else { Lang::Zh };
    let app = &opened.app;
    if !app.is_demo() && !args.dry_run {
        return Err(Failure::Refused(
            "this is not demo data: send the file to POST /v1/adjustments/import as yourself, or use --dry-run"
                .to_owned(),
        ));
    }
    let bytes = std::fs::read(file).map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?;
    let program = std::env::current_exe().map_err(|error| Failure::Unreachable(error.to_string()))?;
    tell(&format!("import: reading {} …", file.display()));
    let read = read_in_child(&program, &bytes, &Limits::STANDARD).map_err(|fault| AppError::Sheet(vec![fault]));
    let imported = match read.and_then(|grid| app.read_list(&grid, &args.scheme, None)) {
        Ok(imported) => imported,
        Err(AppError::Sheet(faults)) => {
            show_faults(&faults, lang, args.json);
            return Err(Failure::Refused(String::new()));
        }
        Err(error) => return Err(error.into()),
    };
    let count = imported.proposal.changes.len();
    tell(&format!("import: {} rows, {count} changes; working out what they do …", imported.rows));
    let preview = if count == 0 {
        None
    } else {
        Some(app.preview_changes(Proposed::default(), &args.scheme, &imported.proposal.changes, lang)?)
    };
    let preview = serde_json::to_value(&preview).map_err(StoreError::damaged)?;
    let (rows, warnings) = (imported.rows, imported.warnings.clone());
    let mut adjustment = None;
    if !args.dry_run && count > 0 {
        let issuer =
            DemoIssuer::load_or_create(&opened.folder.0).map_err(|error| Failure::Unreachable(error.to_string()))?;
        let issuer = issuer.settings().issuer;
        let proposer = args.propose_as.clone().unwrap_or_else(|| "bureau.officer@bj-commerce".to_owned());
        let Written::Now(proposed) = app.propose(&person(&issuer, &proposer), None, imported.proposal, None)? else {
            return Err(Failure::Unreachable("the proposal was answered from elsewhere".to_owned()));
        };
        adjustment = Some(proposed.value.id.clone());
        if let Some(approver) = &args.confirm_as {
            tell("import: confirming …");
            let id = AdjustmentId::parse(&proposed.value.id).map_err(|_| StoreError::damaged("an adjustment id"))?;
            let seen = Revision(proposed.value.revision);
            app.decide(&person(&issuer, approver), None, id, seen, Decision::Confirm, None)?;
        }
    }
    show(args, rows, count, &warnings, adjustment.as_deref(), preview, lang);
    Ok(())
}

fn person(issuer: &str, name: &str) -> Caller {
    Caller {
        issuer: issuer.into(),
        subject: name.into(),
        org: "bj-commerce".into(),
        roles: RoleSet::EMPTY,
        acting_for: None,
    }
}

fn show(
    args: &ImportArgs,
    rows: usize,
    changes: usize,
    warnings: &[SheetWarning],
    adjustment: Option<&str>,
    preview: Value,
    lang: Lang,
) {
    if args.json {
        let shown: Vec<Value> = warnings
            .iter()
            .map(|warning| {
                json!({ "sheet": warning.sheet, "row": warning.row, "column": warning.column, "code": warning.code.as_str(), "text": warning.text(lang) })
            })
            .collect();
        let result = json!({ "adjustment": adjustment, "rows": rows, "changes": changes, "warnings": shown, "preview": preview });
        say(&result.to_string());
        return;
    }
    for warning in warnings {
        let row = warning.row.map(|row| format!(" {row}")).unwrap_or_default();
        tell(&format!("{} {}{row}: {}", lang.pick("提示", "note"), warning.sheet, warning.text(lang)));
    }
    let state = match (adjustment, &args.confirm_as, changes) {
        (_, _, 0) => lang.pick("没有任何变更", "nothing to change").to_owned(),
        (None, _, _) => lang.pick("试读无误，未保存", "dry run without faults; nothing was stored").to_owned(),
        (Some(id), None, _) => {
            format!("{} {id}", lang.pick("已提出，待另一人确认:", "proposed; waits for another person to confirm:"))
        }
        (Some(id), Some(_), _) => format!("{} {id}", lang.pick("已提出并确认:", "proposed and confirmed:")),
    };
    say(&format!("{rows} {}, {changes} {}; {state}", lang.pick("行", "rows"), lang.pick("项变更", "changes")));
    let differing = preview.pointer("/totals/lookups_would_differ").and_then(Value::as_u64).unwrap_or(0);
    if differing > 0 {
        say(&format!(
            "{differing} {}",
            lang.pick("条近 90 天的核验将得到不同答复", "lookups of the last 90 days would be answered otherwise")
        ));
    }
}

fn show_faults(faults: &[SheetFault], lang: Lang, as_json: bool) {
    if as_json {
        let faults: Vec<Value> = faults
            .iter()
            .map(|fault| {
                json!({ "sheet": fault.sheet, "row": fault.row, "column": fault.column, "value": fault.value, "code": fault.code.as_str(), "detail": fault.detail(lang) })
            })
            .collect();
        say(&json!({ "faults": faults }).to_string());
        return;
    }
    for fault in faults {
        let place = [fault.sheet.clone(), fault.row.map(|row| row.to_string()), fault.column.clone()];
        let place: Vec<String> = place.into_iter().flatten().collect();
        let value = fault.value.as_ref().map(|value| format!(" “{value}”")).unwrap_or_default();
        say(&format!("{}{value}: {} [{}]", place.join(" / "), fault.detail(lang), fault.code.as_str()));
    }
    say(&format!("{} {}", faults.len(), lang.pick("处错误，没有导入任何内容。", "faults; nothing was imported.")));
}
