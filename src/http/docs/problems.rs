//! What each problem type means and what to do about it, in both languages, and the pages that say so.
//!
//! It does not build problem responses. Invariant: the table holds every slug of the contract once, each with the
//! one status it is answered with.

use std::fmt::Write as _;

use super::render::{escape, frame, prose};
use crate::domain::lang::Lang;

/// A fixed text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Words {
    /// Returns the text in one language.
    #[must_use]
    pub fn text(self, lang: Lang) -> &'static str {
        lang.pick(self.zh, self.en)
    }
}

/// A problem type (RFC 9457): `type` is `/problems/` and the slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// Last part of `type`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The kind in a few words; the `title` of a response.
    pub title: Words,
    /// What has happened.
    pub meaning: Words,
    /// What the caller can do.
    pub what_to_do: Words,
}

const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}

/// Every problem type, by status.
pub static PROBLEMS: [ProblemKind; 24] = [
    ProblemKind {
        slug: "invalid-request",
        status: 400,
        title: words("请求有误", "The request is faulty"),
        meaning: words(
            "请求的语法有误，或含有未知的成员或参数、不正确的代码、过多或重复的行。`faults` 一次列出全部错误，并以 JSON 指针指明位置。",
            "Its syntax is wrong, or it has an unknown member or parameter, a faulty code, too many lines or doubled ones. `faults` names all of them at once, each with a JSON pointer.",
        ),
        what_to_do: words(
            "按 `faults` 逐项改正后重新发送；原样重发没有用。",
            "Correct every fault named and send the request again. Sending it unchanged does not help.",
        ),
    },
    ProblemKind {
        slug: "unauthenticated",
        status: 401,
        title: words("需要有效的令牌", "A valid token is needed"),
        meaning: words(
            "请求没有令牌，或令牌无效：过期、签名不符、签发方未登记、受众不符等。出于安全，无论哪一种都给出同样的答复。",
            "There is no token, or it is not valid: expired, badly signed, from an unknown issuer, for another audience. For safety the answer is the same in every case.",
        ),
        what_to_do: words(
            "向已登记的签发方取得新令牌后再发送。若仍被拒绝，请核对时钟、受众 `aud` 与签名算法。",
            "Fetch a new token from a configured issuer and send the request again. If it is still refused, check the clock, the audience `aud` and the algorithm.",
        ),
    },
    ProblemKind {
        slug: "forbidden",
        status: 403,
        title: words("您的角色无权进行此操作", "Your role does not allow this"),
        meaning: words(
            "令牌有效，但不含此操作所需的角色，或请求超出了本单位的范围。",
            "The token is valid but has none of the roles of this operation, or the request reaches beyond the caller's own organisation.",
        ),
        what_to_do: words(
            "查看接口说明中该操作所需的角色，向本单位管理员申请。",
            "See which roles the operation names and ask your administrator for one of them.",
        ),
    },
    ProblemKind {
        slug: "not-found",
        status: 404,
        title: words("没有找到", "Nothing is found here"),
        meaning: words(
            "此地址下没有您可以查看的内容：不存在，或属于其他单位。",
            "There is nothing under this address that you may see: it does not exist, or it belongs to another organisation.",
        ),
        what_to_do: words(
            "核对编号与地址。刚刚作出的核验答复可能尚在写入，请稍后再查。",
            "Check the number and the address. An answer given a moment ago may still be on its way into the record; ask again shortly.",
        ),
    },
    ProblemKind {
        slug: "method-not-allowed",
        status: 405,
        title: words("此地址不支持该方法", "This address does not know the method"),
        meaning: words("地址存在，但不支持所用的 HTTP 方法。", "The address exists, but not with this HTTP method."),
        what_to_do: words("使用响应头 `Allow` 列出的方法。", "Use one of the methods in the header `Allow`."),
    },
    ProblemKind {
        slug: "not-acceptable",
        status: 406,
        title: words("无法提供所要求的格式", "None of the accepted forms can be made"),
        meaning: words(
            "`Accept` 没有包含此操作能够提供的任何媒体类型。",
            "`Accept` leaves out every media type of this operation.",
        ),
        what_to_do: words(
            "改用接口说明列出的媒体类型，或不发送 `Accept`。",
            "Accept one of the media types that the contract names, or leave `Accept` out.",
        ),
    },
    ProblemKind {
        slug: "request-timeout",
        status: 408,
        title: words("请求传送过慢", "The request came too slowly"),
        meaning: words(
            "请求内容没有在时限内传送完毕，服务没有处理它。",
            "The body did not arrive within its time limit. Nothing was done.",
        ),
        what_to_do: words(
            "检查网络后重新发送；改变数据的请求请使用同一个 `Idempotency-Key`。",
            "Check the connection and send it again, a change with the same `Idempotency-Key`.",
        ),
    },
    ProblemKind {
        slug: "conflict",
        status: 409,
        title: words("当前状态不允许此操作", "The state does not allow this"),
        meaning: words(
            "对象的当前状态不允许此操作，例如调整已经确认、退回或撤回。",
            "The present state does not allow the verb, such as confirming what is already confirmed, rejected or withdrawn.",
        ),
        what_to_do: words("重新读取对象，根据其现状决定下一步。", "Read it again and decide by how it stands now."),
    },
    ProblemKind {
        slug: "other-log",
        status: 409,
        title: words("日志已更换", "The log has been replaced"),
        meaning: words(
            "您持有的版本号属于另一份日志：服务曾从备份恢复，或丢失了末尾的记录。两份日志的版本号不能比较。",
            "The revisions you hold belong to another log: the service was restored from a backup or lost its last entries. Revisions of two logs cannot be compared.",
        ),
        what_to_do: words(
            "丢弃所持的版本号与 `Whitelist-Log`，不带这些请求头重新读取，再以新值继续。",
            "Forget the revisions and the `Whitelist-Log` you hold, read again without these headers, and go on with the new values.",
        ),
    },
    ProblemKind {
        slug: "stale-version",
        status: 412,
        title: words("读取之后已有变化", "It has changed since you read it"),
        meaning: words(
            "`If-Match` 中的版本不是最新的：在您读取之后有人改变了它。",
            "`If-Match` is stale: someone changed it after you read it.",
        ),
        what_to_do: words(
            "查看 `changes` 所列变化，重新读取，再决定是否继续。",
            "Look at what changed in `changes`, read it again, then decide anew.",
        ),
    },
    ProblemKind {
        slug: "payload-too-large",
        status: 413,
        title: words("内容过大", "The body is too large"),
        meaning: words(
            "请求内容超过此操作的上限：JSON 1 MiB，电子表格 10 MiB（标准设置）。",
            "The body passes the limit of the operation: 1 MiB of JSON, 10 MiB of spreadsheet (standard settings).",
        ),
        what_to_do: words(
            "拆分成几次发送，或删除无关内容。",
            "Send it in parts, or remove what does not belong there.",
        ),
    },
    ProblemKind {
        slug: "unsupported-media-type",
        status: 415,
        title: words("不支持该媒体类型", "The media type is not supported"),
        meaning: words("`Content-Type` 不是此操作接受的类型。", "`Content-Type` is not one that the operation takes."),
        what_to_do: words(
            "按接口说明设置 `Content-Type`，通常为 `application/json`。",
            "Set the `Content-Type` that the contract names, usually `application/json`.",
        ),
    },
    ProblemKind {
        slug: "rule-refused",
        status: 422,
        title: words("规则不允许", "A rule does not allow this"),
        meaning: words(
            "请求没有错误，但业务规则不允许：例如提出人与确认人是同一人、企业在限制申请期内、计量单位不能变更。`rule` 是规则代码。",
            "The request is well formed but a rule says no: proposer and approver are one person, the enterprise is barred, a unit cannot change. `rule` is the code of the rule.",
        ),
        what_to_do: words(
            "按 `detail` 与 `faults` 的说明修改，或由有权的人办理；原样重发没有用。",
            "Change what `detail` and `faults` name, or have the right person do it. Sending it unchanged does not help.",
        ),
    },
    ProblemKind {
        slug: "import-faults",
        status: 422,
        title: words("电子表格有误", "The spreadsheet has faults"),
        meaning: words(
            "文件中有错误，整份名单都没有导入。`faults` 按工作表、行、列列出每一处错误，以及正确的写法。",
            "The file has faults and none of it was imported. `faults` names every one by sheet, row and column, and says what would be right.",
        ),
        what_to_do: words(
            "在原文件中逐处改正后重新上传；可先用 `dry_run=true` 试读。",
            "Correct each of them in the file and send it again; try it with `dry_run=true` first.",
        ),
    },
    ProblemKind {
        slug: "idempotency-mismatch",
        status: 422,
        title: words("幂等键已用于另一请求", "The idempotency key belongs to another request"),
        meaning: words(
            "这个 `Idempotency-Key` 在七天之内已用于内容不同的请求。",
            "This `Idempotency-Key` was used for a request with another body within the last seven days.",
        ),
        what_to_do: words(
            "重试请原样发送；新的请求请换用新的键。",
            "To repeat a request, send it unchanged; for a new one take a new key.",
        ),
    },
    ProblemKind {
        slug: "precondition-required",
        status: 428,
        title: words("需要 If-Match", "If-Match is needed"),
        meaning: words(
            "此操作要求以 `If-Match` 说明您所依据的版本，以免覆盖他人的改动。",
            "The operation asks which version you act on, so that nobody's change is overrun.",
        ),
        what_to_do: words(
            "读取对象，把响应的 `ETag` 放入 `If-Match`。",
            "Read the object and send its `ETag` as `If-Match`.",
        ),
    },
    ProblemKind {
        slug: "rate-limited",
        status: 429,
        title: words("请求过于频繁", "Too many requests"),
        meaning: words("超过了此角色或此地址的请求频率。", "The rate allowed for this role or address is used up."),
        what_to_do: words(
            "等待 `Retry-After` 所示秒数，之后放慢发送。",
            "Wait for the seconds in `Retry-After`, then go on more slowly.",
        ),
    },
    ProblemKind {
        slug: "internal",
        status: 500,
        title: words("服务内部出错", "Something went wrong inside"),
        meaning: words(
            "服务未能处理此请求，这是服务的缺陷。",
            "The service failed to handle the request. This is a fault of the service.",
        ),
        what_to_do: words(
            "读取可以重发；改变数据的请求请用同一个 `Idempotency-Key` 重发。若持续出现，请把 `request_id` 告知运维人员。",
            "A read may be sent again, a change with the same `Idempotency-Key`. If it stays, give `request_id` to the operators.",
        ),
    },
    ProblemKind {
        slug: "stale-node",
        status: 503,
        title: words("节点无法确认数据是最新的", "The node cannot be sure of being current"),
        meaning: words(
            "此节点没有在规定时间内确认最新版本，因此不作答复，以免依据已撤销的名单放行。",
            "The node has not confirmed the newest revision within the bound, so it does not answer: nothing may pass on a listing that was revoked meanwhile.",
        ),
        what_to_do: words(
            "等待 `Retry-After` 后重发，或改发其他节点。没有答复不等于 `allowed`。",
            "Wait for `Retry-After` and ask again, or ask another node. No answer is not `allowed`.",
        ),
    },
    ProblemKind {
        slug: "not-yet-current",
        status: 503,
        title: words("节点尚未达到所要求的版本", "The node has not reached the revision"),
        meaning: words(
            "节点等待了两秒，仍未达到 `Whitelist-Min-Revision` 或 `as_of_revision` 所要求的版本。",
            "The node waited two seconds and has still not reached the revision in `Whitelist-Min-Revision` or `as_of_revision`.",
        ),
        what_to_do: words(
            "等待 `Retry-After` 后重发，或改发其他节点；请核对版本号是否正确。",
            "Wait for `Retry-After` and ask again, or ask another node. Check that the revision is right.",
        ),
    },
    ProblemKind {
        slug: "busy",
        status: 503,
        title: words("同类请求过多", "Too much of this kind is under way"),
        meaning: words(
            "同类请求（如导出、下载、页面）正在处理的已达上限，本次请求没有执行；口岸核验不受影响。",
            "As many requests of this kind (exports, downloads, pages) as may run at once are under way; this one was not carried out. Lookups are not touched.",
        ),
        what_to_do: words(
            "等待 `Retry-After` 所示秒数后重发；批量任务请减少并发。",
            "Wait for the seconds in `Retry-After` and send it again; let jobs ask for less at once.",
        ),
    },
    ProblemKind {
        slug: "paused",
        status: 503,
        title: words("暂停受理变更", "Changes are paused"),
        meaning: words(
            "管理员已暂停受理变更，原因见 detail；查询、口岸核验和紧急停用照常。",
            "An administrator paused changes, for the reason in `detail`. Reads, lookups and emergency stops go on.",
        ),
        what_to_do: words(
            "等待恢复后用同一个 `Idempotency-Key` 或 `sequence` 重发；海关系统先保存报文，恢复后连同 `occurred_at` 补发。",
            "Send it again with the same `Idempotency-Key` or `sequence` when the pause is over; customs systems keep their messages and send them then with `occurred_at`.",
        ),
    },
    ProblemKind {
        slug: "no-font",
        status: 503,
        title: words("服务器没有可用的中文字体", "The server has no Chinese font"),
        meaning: words(
            "签名凭证文件须嵌入中文字体，而 `WHITELIST_PDF_FONT` 所指或系统常见位置的字体不存在、无法读取或不允许嵌入。没有签发任何文件；网页凭证不受影响。",
            "A signed certificate embeds a Chinese font. The one that `WHITELIST_PDF_FONT` names, or those usually installed, are not there, cannot be read or may not be embedded. Nothing was signed; the certificate as a page is not touched.",
        ),
        what_to_do: words(
            "请管理员安装 fonts-noto-cjk 或 fonts-wqy-microhei，或以 `WHITELIST_PDF_FONT` 指明字体文件；`whitelist doctor` 会说明结果。无须重启即可重试。",
            "Ask the operator to install fonts-noto-cjk or fonts-wqy-microhei, or to name a font file with `WHITELIST_PDF_FONT`; `whitelist doctor` says whether it is found. An installed font is taken without a restart.",
        ),
    },
    ProblemKind {
        slug: "unavailable",
        status: 503,
        title: words("服务暂不可用", "The service is not available now"),
        meaning: words(
            "数据库无法访问、磁盘已满或处理超时。没有作出任何决定；若发送时连接中断，结果可能未知。",
            "The database is away, the disk is full or the deadline has passed. Nothing was decided; if the connection broke while sending, the outcome may be unknown.",
        ),
        what_to_do: words(
            "等待 `Retry-After` 后原样重发；改变数据的请求使用同一个 `Idempotency-Key`，不会重复生效。",
            "Wait for `Retry-After` and send the same request again, a change with the same `Idempotency-Key`: it takes effect once.",
        ),
    },
];

/// Finds a problem type by its slug.
#[must_use]
pub fn problem(slug: &str) -> Option<&'static ProblemKind> {
    PROBLEMS.iter().find(|kind| kind.slug == slug)
}

/// Renders the page of one problem type, Chinese and English; `None` for an unknown slug.
#[must_use]
pub fn problem_page(slug: &str) -> Option<String> {
    let kind = problem(slug)?;
    let mut body = format!(
        "<main><p class=\"quiet\"><a href=\"/problems\">问题类型 · Problem types</a> · <code>{}</code> · {}</p>",
        escape(kind.slug),
        kind.status
    );
    for (lang, code) in [(Lang::Zh, "zh-CN"), (Lang::En, "en")] {
        let _ = write!(
            body,
            "<section lang=\"{code}\"><h1>{}</h1><h2>{}</h2>{}<h2>{}</h2>{}</section>",
            escape(kind.title.text(lang)),
            lang.pick("含义", "What it means"),
            prose(kind.meaning.text(lang)),
            lang.pick("如何处理", "What to do"),
            prose(kind.what_to_do.text(lang)),
        );
    }
    body.push_str("</main>");
    Some(frame("zh-CN", &format!("{} · {}", kind.title.zh, kind.title.en), &body))
}

/// Renders the page that lists every problem type, Chinese and English.
#[must_use]
pub fn problems_page() -> String {
    let title = "问题类型 · Problem types";
    let mut body = format!("<main><h1>{title}</h1><p class=\"quiet\"><a href=\"/docs\">API</a></p><dl>");
    for kind in &PROBLEMS {
        let _ = write!(
            body,
            "<dt>{0} <a href=\"/problems/{1}\"><code>{1}</code></a></dt><dd><p>{2}</p><p lang=\"en\">{3}</p></dd>",
            kind.status,
            escape(kind.slug),
            escape(kind.title.zh),
            escape(kind.title.en),
        );
    }
    body.push_str("</dl></main>");
    frame("zh-CN", title, &body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn contract() -> Value {
        serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).unwrap()
    }

    #[test]
    fn the_table_and_the_contract_name_the_same_problems() {
        let openapi = contract();
        let types = openapi.pointer("/components/schemas/Problem/properties/type/enum").unwrap().as_array().unwrap();
        let import = openapi.pointer("/components/schemas/ImportProblem/properties/type/const").unwrap();
        let named: BTreeSet<&str> = types
            .iter()
            .chain([import])
            .map(|kind| kind.as_str().unwrap().strip_prefix("/problems/").unwrap())
            .collect();
        let known: BTreeSet<&str> = PROBLEMS.iter().map(|kind| kind.slug).collect();
        assert_eq!(named, known);
        assert_eq!(known.len(), PROBLEMS.len(), "a slug stands twice");
    }

    #[test]
    fn the_examples_of_the_contract_carry_our_status_and_title() {
        let openapi = contract();
        for (name, response) in openapi.pointer("/components/responses").unwrap().as_object().unwrap() {
            let example = response.pointer("/content/application~1problem+json/example").unwrap();
            let kind = problem(example["type"].as_str().unwrap().strip_prefix("/problems/").unwrap()).unwrap();
            assert_eq!(example["status"], kind.status, "{name}");
            assert_eq!(example["title"], kind.title.en, "{name}");
        }
    }

    #[test]
    fn every_problem_has_a_page_in_both_languages() {
        let list = problems_page();
        for kind in &PROBLEMS {
            let page = problem_page(kind.slug).unwrap();
            for text in [kind.title, kind.meaning, kind.what_to_do] {
                assert!(!text.zh.is_ascii() && text.en.is_ascii(), "{}", kind.slug);
                assert_eq!(
                    (text.zh.matches('`').count() % 2, text.en.matches('`').count() % 2),
                    (0, 0),
                    "{}",
                    kind.slug
                );
                assert!(page.contains(&prose(text.zh)) || page.contains(&escape(text.zh)));
                assert!(page.contains(&prose(text.en)) || page.contains(&escape(text.en)));
            }
            assert!(list.contains(&format!("href=\"/problems/{}\"", kind.slug)));
            assert!(!page.contains("<script") && !page.contains(" style="));
        }
        assert_eq!(problem_page("no-such-problem"), None);
    }
}
