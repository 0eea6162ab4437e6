//! What the service needs of others: issuers of tokens, the scanner, the mail server; and the running service itself.

use crate::cli::Failure;
use crate::cli::health::{ask, here};
use crate::config::issuers::KeySource;
use crate::config::mail::MailSettings;
use crate::config::{Scanner, Settings};
use crate::domain::sign::{Level, Sign};
use crate::outbound::documents::clamd;
use crate::outbound::fetch;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;
use url::Url;

/// How long a neighbour may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks at the neighbours that the settings name; without settings at the service alone.
pub fn look(settings: Option<&Settings>) -> Vec<Sign> {
    let mut signs = Vec::new();
    if let Some(settings) = settings {
        signs.extend(issuers(settings));
        signs.push(scanner(settings.scanner.as_ref()));
        signs.extend(settings.mail.as_ref().map(mail));
    }
    signs.push(service());
    signs
}

/// Waits for what is asked of others.
fn wait<T>(asked: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    Some(runtime.block_on(asked))
}

fn issuers(settings: &Settings) -> Vec<Sign> {
    let sign = |issuer: &crate::config::issuers::IssuerSettings| {
        let KeySource::Jwks { url } = &issuer.keys else { return None };
        let found = wait(fetch::text(url.as_str())).unwrap_or_else(|| Err("no runtime".to_owned()));
        let keys = found.and_then(|text| {
            let set: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            set.get("keys").and_then(|keys| keys.as_array()).map(Vec::len).ok_or_else(|| "not a key set".to_owned())
        });
        Some(match keys {
            Ok(count) => Sign::good(
                "issuer",
                format!("{}：{count} 个密钥", issuer.issuer),
                format!("{}: {count} keys", issuer.issuer),
            ),
            Err(why) => Sign::bad(
                "issuer",
                Level::Alarm,
                format!("{}：取不到密钥：{why}", issuer.issuer),
                format!("{}: its keys cannot be read: {why}", issuer.issuer),
                (
                    "检查网络、证书（SSL_CERT_FILE）和 WHITELIST_ISSUERS 中的 jwks_url。",
                    "See to the network, certificates (SSL_CERT_FILE) and jwks_url in WHITELIST_ISSUERS.",
                ),
            ),
        })
    };
    settings.issuers.iter().filter_map(sign).collect()
}

fn scanner(scanner: Option<&Scanner>) -> Sign {
    let Some(scanner) = scanner else {
        return Sign::bad(
            "scanner",
            Level::Attention,
            "没有病毒扫描，上传的材料标为未扫描",
            "There is no virus scanner: documents stay unscanned",
            ("设置 WHITELIST_CLAMD。", "Set WHITELIST_CLAMD."),
        );
    };
    if wait(clamd::answers(scanner)) == Some(true) {
        return Sign::good("scanner", "病毒扫描可用", "The virus scanner answers");
    }
    Sign::bad(
        "scanner",
        Level::Alarm,
        "病毒扫描没有应答",
        "The virus scanner does not answer",
        ("检查 clamd 及 WHITELIST_CLAMD 所指的地址。", "See to clamd and to the address in WHITELIST_CLAMD."),
    )
}

fn mail(settings: &MailSettings) -> Sign {
    let address = Url::parse(&settings.url).ok().and_then(|url| {
        let port = url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 25 });
        (url.host_str()?, port).to_socket_addrs().ok()?.next()
    });
    let reached = address.is_some_and(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok());
    if reached {
        return Sign::good("mail", "邮件服务器可连接", "The mail server accepts connections");
    }
    Sign::bad(
        "mail",
        Level::Attention,
        "邮件服务器无法连接，通知只在列表中显示",
        "The mail server cannot be reached: notices stand in their lists only",
        ("检查 WHITELIST_SMTP_URL 与防火墙。", "See to WHITELIST_SMTP_URL and the firewall."),
    )
}

/// What the running service says of itself.
fn service() -> Sign {
    let url = here();
    match ask(&url) {
        Ok(text) => {
            let ready: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let named = ready.get("attention").and_then(|named| named.as_array()).cloned().unwrap_or_default();
            let named: Vec<&str> = named.iter().filter_map(|name| name.as_str()).collect();
            if named.is_empty() {
                return Sign::good("service", format!("{url} 已就绪"), format!("{url} is ready"));
            }
            let list = named.join(", ");
            let level = if named.contains(&"log") || named.contains(&"rebuild") || named.contains(&"answers") {
                Level::Alarm
            } else {
                Level::Attention
            };
            let remedy = (
                "在“运行状态”页或 GET /v1/operations 查看各项的处理办法。",
                "See the page Operations, or GET /v1/operations, for what to do about each.",
            );
            Sign::bad(
                "service",
                level,
                format!("{url} 需关注：{list}"),
                format!("{url} needs attention: {list}"),
                remedy,
            )
        }
        Err(Failure::Unreachable(why) | Failure::Refused(why) | Failure::Usage(why)) => Sign::bad(
            "service",
            Level::Attention,
            format!("服务未就绪或未运行：{why}"),
            format!("The service is not ready, or does not run: {why}"),
            ("启动 whitelist serve，并查看其日志。", "Start whitelist serve and read its log."),
        ),
    }
}
