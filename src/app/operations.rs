//! How the service is, for operators: signs of health with what to do about them, and the figures behind.
//!
//! What must turn a node away from requests is readiness, which is asked elsewhere; everything here stays green for a load
//! balancer and is for people. Invariant: every sign that is not good names its remedy.

use super::surroundings::Surroundings;
use super::{App, AppError};
use crate::domain::sign::{Level, Sign};
use crate::domain::stop::StopStage;
use crate::domain::validity::Instant;
use crate::store::StoreError;
use crate::store::keep::backups::{self, BackupRow};
use serde::Serialize;
use std::sync::atomic::{AtomicI64, Ordering};

/// How old a backup may be before somebody should look: a day and two hours.
const BACKUP_AGE: i64 = 26 * 3_600;

/// How long the whole log may go unread: it is read every hour.
const CHECK_AGE: i64 = 3 * 3_600;

/// The running service as operators see it.
#[derive(Debug, Serialize)]
pub struct Operations {
    /// Version of the program.
    pub version: &'static str,
    /// When this process started.
    pub started_at: Instant,
    /// Demo or production.
    pub environment: &'static str,
    /// Kind of database.
    pub database: &'static str,
    /// The worst of the signs.
    pub level: Level,
    /// What was looked at.
    pub signs: Vec<Sign>,
    /// Figures, by name.
    pub figures: Figures,
    /// What stands around the node.
    #[serde(flatten)]
    pub around: Surroundings,
}

/// Figures of the running service.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named as the contract names them")]
pub struct Figures {
    pub revision: i64,
    pub listings: usize,
    pub head_age_seconds: Option<f64>,
    pub commands_committed: u64,
    pub largest_group: u64,
    pub letters_waiting: i64,
    pub letters_set_aside: i64,
    pub answers_unrecorded: u64,
    pub accesses_unrecorded: u64,
    pub draw_messages_unrecorded: u64,
    pub reservations_open: i64,
    pub last_backup_at: Option<Instant>,
    pub last_backup_entries: Option<i64>,
    pub log_checked_at: Option<Instant>,
    pub log_checked_entries: i64,
    pub rebuilt_at: Option<Instant>,
}

fn read(figure: &AtomicI64) -> i64 {
    figure.load(Ordering::Relaxed)
}

/// An instant from seconds since 1970; 0 is none.
fn instant(seconds: i64) -> Option<Instant> {
    (seconds > 0).then(|| Instant::from_micros(seconds.saturating_mul(1_000_000)))
}

impl App {
    /// Finds the last backup that was noted.
    ///
    /// # Errors
    /// The store's failure.
    pub fn last_backup(&self) -> Result<Option<BackupRow>, AppError> {
        Ok(self.store.read(backups::last)?)
    }

    /// Shows how the service is.
    ///
    /// # Errors
    /// The store's failure: a database that is away is readiness's to tell.
    pub fn operations(&self) -> Result<Operations, AppError> {
        let (waiting, set_aside) = self.letters()?;
        let backup = self.last_backup()?;
        let around = self.surroundings()?;
        let mut signs = self.attention();
        signs.extend(around.signs());
        signs.push(letters(waiting, set_aside));
        signs.push(self.backup_sign(backup.as_ref()));
        let counts = self.store.counts();
        let snapshot = self.index.snapshot();
        let figures = Figures {
            revision: snapshot.revision().0,
            listings: snapshot.listings(),
            head_age_seconds: self.index.age(self.clock.uptime()).map(|age| age.as_secs_f64()),
            commands_committed: counts.commands.load(Ordering::Relaxed),
            largest_group: counts.largest.load(Ordering::Relaxed),
            letters_waiting: waiting,
            letters_set_aside: set_aside,
            answers_unrecorded: self.recorder.dropped(),
            accesses_unrecorded: self.accesses.dropped(),
            draw_messages_unrecorded: self.messages.dropped(),
            reservations_open: read(&self.swept.open),
            last_backup_at: backup.as_ref().map(|row| Instant::from_micros(row.made_at)),
            last_backup_entries: backup.as_ref().map(|row| row.log_size),
            log_checked_at: instant(read(&self.checked.at)),
            log_checked_entries: read(&self.checked.entries),
            rebuilt_at: instant(read(&self.swept.rebuilt_at)),
        };
        Ok(Operations {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            environment: self.installation.environment.as_str(),
            database: self.store.url().kind(),
            level: crate::domain::sign::worst(&signs),
            signs,
            figures,
            around,
        })
    }

    /// Gathers the signs that this process knows without asking the database.
    #[must_use]
    pub fn attention(&self) -> Vec<Sign> {
        vec![
            self.head_sign(),
            self.changes_sign(),
            self.log_sign(),
            self.drill_sign(),
            self.replay_sign(),
            self.records_sign(),
            self.calendar_sign(),
            self.stuck_sign(),
            self.neighbours_sign(),
        ]
    }

    fn head_sign(&self) -> Sign {
        if self.fresh().is_ok() {
            return Sign::good("head", "名单与数据库一致", "The list is level with the database");
        }
        Sign::bad(
            "head",
            Level::Alarm,
            "本节点无法确认名单是最新的，已停止答复核验",
            "This node cannot confirm that its list is current, and answers no lookups",
            (
                "检查数据库与网络；恢复后自动继续。",
                "See to the database and the network; it goes on by itself when they are back.",
            ),
        )
    }

    fn changes_sign(&self) -> Sign {
        if let Some(why) = self.store.frozen() {
            return Sign::bad(
                "changes",
                Level::Alarm,
                format!("数据库落后于已公布的日志，变更已被拒绝：{why}"),
                format!("The database is behind the published log, and changes are refused: {why}"),
                (
                    "查明原因；确认数据库是恢复的备份后运行 whitelist log reshard，再重新启动。",
                    "Find out why; when the database is a restored backup, run whitelist log reshard and start again.",
                ),
            );
        }
        match self.index.load().pause() {
            None => Sign::good("changes", "变更照常受理", "Changes are taken"),
            Some(pause) => Sign::bad(
                "changes",
                Level::Attention,
                format!("已暂停受理变更：{}", pause.reason.zh),
                format!("Changes are paused: {}", pause.reason.en),
                ("维护结束后恢复受理。", "Resume when the work is done."),
            ),
        }
    }

    fn log_sign(&self) -> Sign {
        let (problems, at) = (read(&self.checked.problems), read(&self.checked.at));
        if problems > 0 {
            return Sign::bad(
                "log",
                Level::Alarm,
                format!("日志自检发现 {problems} 个问题"),
                format!("The last check of the log found {problems} problems"),
                (
                    "不要修改数据；保全现场，运行 whitelist log verify，并与备份和见证人的检查点比对。",
                    "Change nothing; keep everything as it is, run whitelist log verify, and compare with backups and witnesses.",
                ),
            );
        }
        let now = self.clock.now().micros() / 1_000_000;
        if at > 0 && now.saturating_sub(at) > CHECK_AGE {
            return Sign::bad(
                "log",
                Level::Attention,
                "日志已超过三小时没有自检",
                "The log has not been read again for more than three hours",
                (
                    "查看服务日志中的 log could not be checked。",
                    "Look for `log could not be checked` in the service's own log.",
                ),
            );
        }
        Sign::good("log", "日志自检无误", "The log holds, as far as it was read since the start")
    }

    fn drill_sign(&self) -> Sign {
        match read(&self.swept.rebuilt_differing) {
            0 => Sign::good(
                "rebuild",
                "由日志重建名单的演练无差异",
                "The drill of rebuilding the list found no difference",
            ),
            count => Sign::bad(
                "rebuild",
                Level::Alarm,
                format!("由日志重建名单的演练未通过（{count}）"),
                format!("The drill of rebuilding the list from the log did not pass ({count})"),
                (
                    "运行 whitelist rebuild --check，它指明有差异的表。",
                    "Run whitelist rebuild --check: it names the tables that differ.",
                ),
            ),
        }
    }

    fn replay_sign(&self) -> Sign {
        match read(&self.replayed.otherwise) {
            0 => Sign::good("answers", "抽样复核的答复一致", "Sampled answers are judged the same again"),
            count => Sign::bad(
                "answers",
                Level::Alarm,
                format!("抽样复核有 {count} 个答复不一致"),
                format!("{count} sampled answers are judged otherwise at their own revision"),
                (
                    "停止升级，保全数据库，逐一比对服务日志中列出的答复。",
                    "Hold upgrades, keep the database, compare the answers that the service's log names.",
                ),
            ),
        }
    }

    fn records_sign(&self) -> Sign {
        let lost = [self.recorder.dropped(), self.accesses.dropped(), self.messages.dropped()];
        match lost.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)) {
            0 => Sign::good("records", "答复、报文和查阅均已留存", "Answers, messages and accesses are on record"),
            count => Sign::bad(
                "records",
                Level::Attention,
                format!("启动以来有 {count} 条记录未能留存"),
                format!("{count} records could not be kept since the start"),
                (
                    "检查磁盘与数据库速度；如不得遗漏，设置 WHITELIST_ANSWERS_FULL=refuse。",
                    "See to the speed of disk and database; where none may be missing, set WHITELIST_ANSWERS_FULL=refuse.",
                ),
            ),
        }
    }

    fn calendar_sign(&self) -> Sign {
        match self.calendar_missing() {
            None => Sign::good("calendar", "工作日历齐全", "The working days are known"),
            Some(year) => Sign::bad(
                "calendar",
                Level::Attention,
                format!("缺少 {year} 年的节假日安排"),
                format!("The holidays of {year} are missing"),
                ("运行 whitelist calendar import。", "Run whitelist calendar import."),
            ),
        }
    }

    /// What waits too long for people: nothing is broken, but somebody at the border or in an office waits.
    fn stuck_sign(&self) -> Sign {
        let snapshot = self.index.load();
        let stops = snapshot.stops().iter().filter(|stop| stop.stage() == Some(StopStage::Emergency)).count();
        let waiting = [
            ("超期案件", "cases overdue", read(&self.swept.cases_overdue)),
            ("逾期未核销的核注", "reservations overdue", read(&self.swept.due)),
            ("待审核的人工放行", "manual releases to review", read(&self.swept.unreviewed)),
            ("待确认的紧急停用", "emergency stops to confirm", i64::try_from(stops).unwrap_or(i64::MAX)),
        ];
        let named: Vec<_> = waiting.into_iter().filter(|(.., count)| *count > 0).collect();
        if named.is_empty() {
            return Sign::good("waiting", "没有久候的业务", "Nothing waits too long");
        }
        let zh: Vec<String> = named.iter().map(|(zh, _, count)| format!("{zh} {count}")).collect();
        let en: Vec<String> = named.iter().map(|(_, en, count)| format!("{count} {en}")).collect();
        Sign::bad(
            "waiting",
            Level::Attention,
            zh.join("，"),
            en.join(", "),
            (
                "请业务人员在监管看板和工作清单中办理。",
                "Have the offices see to them on the board and their work lists.",
            ),
        )
    }

    fn backup_sign(&self, last: Option<&BackupRow>) -> Sign {
        let remedy = (
            "每天运行 whitelist backup --to …；PostgreSQL 在其工具完成后运行 whitelist backup --noted。",
            "Run whitelist backup --to … every day; on PostgreSQL whitelist backup --noted after its own tools.",
        );
        let Some(last) = last else {
            return Sign::bad("backup", Level::Attention, "没有备份记录", "No backup is on record", remedy);
        };
        let at = Instant::from_micros(last.made_at);
        let age = self.clock.now().micros().saturating_sub(last.made_at) / 1_000_000;
        if age > BACKUP_AGE {
            return Sign::bad(
                "backup",
                Level::Attention,
                format!("上次备份：{at}"),
                format!("The last backup is of {at}"),
                remedy,
            );
        }
        Sign::good("backup", format!("上次备份：{at}"), format!("The last backup is of {at}"))
    }
}

fn letters(waiting: i64, set_aside: i64) -> Sign {
    if set_aside > 0 {
        return Sign::bad(
            "letters",
            Level::Attention,
            format!("{waiting} 封邮件待发，{set_aside} 封已放弃"),
            format!("{waiting} letters wait, {set_aside} were given up"),
            (
                "检查 WHITELIST_SMTP_URL 与收件地址；通知在各人的列表中仍可查看。",
                "See to WHITELIST_SMTP_URL and the addresses; the notices stand in everybody's list.",
            ),
        );
    }
    Sign::good("letters", format!("{waiting} 封邮件待发"), format!("{waiting} letters wait"))
}

/// Reads the last backup of a database that no service holds open.
///
/// # Errors
/// The database's failure.
pub fn last_backup_of(conn: &mut crate::store::AnyConnection) -> Result<Option<BackupRow>, StoreError> {
    backups::last(conn)
}
