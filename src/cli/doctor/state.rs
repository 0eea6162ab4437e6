//! What is stored: the database and its schema, the log against the published head, the key, the clock, the last backup.

use crate::app::keys::DataFolder;
use crate::app::operations::last_backup_of;
use crate::clock::Clock;
use crate::domain::sign::{Level, Sign};
use crate::domain::validity::Instant;
use crate::store::backup::server_facts;
use crate::store::checkpoints::read_head_file;
use crate::store::conn::migrations_pending;
use crate::store::{AnyConnection, DatabaseUrl, Installation, StoreError, installation, log};
use std::path::Path;

/// Microseconds by which two clocks may differ: a second.
const SKEW: u64 = 1_000_000;

/// How old a backup may be: a day and two hours, in microseconds.
const BACKUP_AGE: i64 = 26 * 3_600 * 1_000_000;

/// Looks at the database and what lies beside it.
pub fn look(data: &Path, url: &str) -> Vec<Sign> {
    let away = |why: &str| {
        vec![Sign::bad(
            "database",
            Level::Alarm,
            format!("数据库无法打开：{why}"),
            format!("The database cannot be opened: {why}"),
            (
                "检查 WHITELIST_DATABASE_URL、网络和口令；新的安装先运行 whitelist migrate。",
                "See to WHITELIST_DATABASE_URL, the network and the password; a new installation begins with whitelist migrate.",
            ),
        )]
    };
    let database = match DatabaseUrl::parse(url) {
        Ok(database) => database,
        Err(why) => return away(&why),
    };
    // Opening would make it.
    if let DatabaseUrl::Sqlite(path) = &database
        && !path.exists()
    {
        return away(&path.display().to_string());
    }
    let mut conn = match database.open() {
        Ok(conn) => conn,
        Err(error) => return away(&error.to_string()),
    };
    match of_database(&mut conn, &DataFolder(data.to_path_buf())) {
        Ok(signs) => signs,
        Err(error) => away(&error.to_string()),
    }
}

fn of_database(conn: &mut AnyConnection, folder: &DataFolder) -> Result<Vec<Sign>, StoreError> {
    let migrate = ("运行 whitelist migrate。", "Run whitelist migrate.");
    if migrations_pending(conn)? {
        let (zh, en) = ("数据库结构落后于本程序", "The database is behind this program");
        return Ok(vec![Sign::bad("schema", Level::Alarm, zh, en, migrate)]);
    }
    let Some(known) = installation::find(conn)? else {
        return Ok(vec![Sign::bad("schema", Level::Alarm, "数据库是空的", "The database is empty", migrate)]);
    };
    let mut signs = vec![Sign::good("schema", "数据库可用，结构为最新", "The database is there and up to date")];
    signs.push(head(conn, folder, &known)?);
    signs.push(clock(conn)?);
    signs.push(backup(conn)?);
    Ok(signs)
}

/// The key is here, and the database is not behind what was published.
fn head(conn: &mut AnyConnection, folder: &DataFolder, known: &Installation) -> Result<Sign, StoreError> {
    let key = match folder.checkpoint_key_named(&known.origin) {
        Ok(Some(key)) => key,
        Ok(None) => {
            return Ok(Sign::bad(
                "key",
                Level::Alarm,
                format!("数据目录中没有日志 {} 的签名密钥", known.origin),
                format!("The key that signs {} is not in the data folder", known.origin),
                (
                    "从保管处取回 keys 目录；不要让服务另造密钥。",
                    "Bring the folder keys back from where it is kept; do not let the service make another.",
                ),
            ));
        }
        Err(error) => {
            let remedy = ("恢复该文件或其权限（600）。", "Restore the file, or its rights (600).");
            return Ok(Sign::bad("key", Level::Alarm, error.to_string(), error.to_string(), remedy));
        }
    };
    let size = log::size(conn)?;
    let remedy = (
        "查明原因：数据库由旧备份恢复，或签名密钥已更换；确认后运行 whitelist log reshard。",
        "Find out why: the database was restored from an old backup, or the key is another; then run whitelist log reshard.",
    );
    Ok(match read_head_file(&folder.head_file(), &key.vkey()) {
        Err(error) => Sign::bad("head", Level::Alarm, error.to_string(), error.to_string(), remedy),
        Ok(Some((published, _))) if published > size => Sign::bad(
            "head",
            Level::Alarm,
            format!("数据库有 {size} 条日志，落后于已公布的 {published} 条"),
            format!("The database has {size} entries, and {published} were published"),
            remedy,
        ),
        Ok(Some((published, _))) => Sign::good(
            "head",
            format!("日志 {size} 条，已公布 {published} 条"),
            format!("The log has {size} entries, {published} are published"),
        ),
        Ok(None) => Sign::good(
            "head",
            format!("日志 {size} 条，尚未公布"),
            format!("The log has {size} entries, none published yet"),
        ),
    })
}

fn clock(conn: &mut AnyConnection) -> Result<Sign, StoreError> {
    let now = Clock::system().now().micros();
    let Some(facts) = server_facts(conn)? else {
        return Ok(Sign::good("clock", "数据库使用本机时钟", "The database has this machine's clock"));
    };
    let skew = now.abs_diff(facts.clock);
    let millis = skew / 1_000;
    let (zh, en) = (
        format!("与数据库服务器的时钟相差 {millis} 毫秒"),
        format!("The database server's clock differs by {millis} ms"),
    );
    if skew <= SKEW {
        return Ok(Sign::good("clock", zh, en));
    }
    let remedy = ("在各机器上启用时间同步（chrony）。", "Keep the machines in time (chrony).");
    Ok(Sign::bad("clock", Level::Attention, zh, en, remedy))
}

fn backup(conn: &mut AnyConnection) -> Result<Sign, StoreError> {
    let last = last_backup_of(conn)?;
    let now = Clock::system().now().micros();
    let remedy = (
        "每天备份：whitelist backup --to …；PostgreSQL 的工具完成后运行 whitelist backup --noted。",
        "Make one every day: whitelist backup --to …; on PostgreSQL whitelist backup --noted after its own tools.",
    );
    Ok(match last {
        None => Sign::bad("backup", Level::Attention, "没有备份记录", "No backup is on record", remedy),
        Some(row) => {
            let at = Instant::from_micros(row.made_at);
            let (zh, en) = (format!("上次备份：{at}"), format!("The last backup is of {at}"));
            if now.saturating_sub(row.made_at) > BACKUP_AGE {
                Sign::bad("backup", Level::Attention, zh, en, remedy)
            } else {
                Sign::good("backup", zh, en)
            }
        }
    })
}
