//! Files of an installation: rights of folders and keys, space on the disk.

use crate::app::certificate_files::font::FontPlace;
use crate::app::keys::DataFolder;
use crate::domain::sign::{Level, Sign};
use rustix::fs::statvfs;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Bytes below which the disk is full soon: a gibibyte.
const LITTLE: u64 = 1 << 30;

/// Bytes below which it is full.
const FULL: u64 = 128 << 20;

/// Looks at the data folder.
pub fn look(data: &Path) -> Vec<Sign> {
    if !data.is_dir() {
        return vec![Sign::bad(
            "data",
            Level::Alarm,
            format!("数据目录 {} 不存在", data.display()),
            format!("The data folder {} is not there", data.display()),
            (
                "以 --data 或 WHITELIST_DATA 指明；新的安装先运行 whitelist migrate。",
                "Name it with --data or WHITELIST_DATA; a new installation begins with whitelist migrate.",
            ),
        )];
    }
    vec![rights(&DataFolder(data.to_path_buf())), space(data)]
}

/// Whether others than the owner may read what is private.
fn rights(folder: &DataFolder) -> Sign {
    let keys = fs::read_dir(folder.keys()).into_iter().flatten().flatten().map(|entry| entry.path());
    let private = keys.chain([folder.keys(), folder.0.join("whitelist.db")]);
    let open =
        |path: &std::path::PathBuf| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    let open: Vec<String> = private.filter(open).map(|path| path.display().to_string()).collect();
    if open.is_empty() {
        return Sign::good("rights", "密钥和数据库仅本用户可读", "Keys and database are readable by their owner alone");
    }
    Sign::bad(
        "rights",
        Level::Alarm,
        format!("他人可读：{}", open.join(" ")),
        format!("Readable by others: {}", open.join(" ")),
        (
            "chmod 700 keys 目录，chmod 600 其中文件和数据库；如密钥可能外泄，更换密钥。",
            "chmod 700 the folder keys, 600 its files and the database; change keys that may have been read.",
        ),
    )
}

/// Whether there is a font that signed certificates can be set in.
pub fn font(place: FontPlace) -> Sign {
    match place.read() {
        Ok(found) => {
            let path = found.path().display();
            Sign::good("font", format!("签名凭证的字体：{path}"), format!("Signed certificates are set in {path}"))
        }
        Err(why) => Sign::bad(
            "font",
            Level::Attention,
            format!("没有可用的中文字体，不能签发凭证文件（PDF）：{why}"),
            format!("There is no Chinese font, so that certificates cannot be signed as PDF: {why}"),
            (
                "安装 fonts-noto-cjk 或 fonts-wqy-microhei，或以 WHITELIST_PDF_FONT 指明字体文件。",
                "Install fonts-noto-cjk or fonts-wqy-microhei, or name a font file with WHITELIST_PDF_FONT.",
            ),
        ),
    }
}

fn space(data: &Path) -> Sign {
    let Ok(found) = statvfs(data) else {
        return Sign::bad(
            "space",
            Level::Attention,
            "无法得知磁盘空间",
            "The space on the disk cannot be told",
            ("检查数据目录所在的文件系统。", "See to the file system of the data folder."),
        );
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let mib = free >> 20;
    let (zh, en) = (format!("磁盘剩余 {mib} MiB"), format!("{mib} MiB are free on the disk"));
    let remedy = (
        "清理或扩容；磁盘写满后变更会被拒绝，核验照常。",
        "Make room: when it is full, changes are refused and lookups go on.",
    );
    if free < FULL {
        return Sign::bad("space", Level::Alarm, zh, en, remedy);
    }
    if free < LITTLE {
        return Sign::bad("space", Level::Attention, zh, en, remedy);
    }
    Sign::good("space", zh, en)
}
