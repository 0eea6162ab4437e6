//! What stands on the signed file of a certificate, in words: the same as on its page, and where it can be checked.

use crate::app::certificate_files::Wanted;
use crate::app::certificates::Certificate;
use crate::domain::lang::Lang;
use crate::domain::validity::Instant;
use crate::http::portal::show;
use crate::http::portal::words::word;
use crate::pdf::{Part, Sheet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Says the facts of a certificate; `site` is where people reach the service, `at` when the file is made.
#[must_use]
pub fn sheet(wanted: &Wanted, lang: Lang, site: &str, at: Instant) -> Sheet {
    let checked = &wanted.checked;
    let Certificate(row) = &checked.certificate;
    let (then, terms) = (&checked.then, &checked.then.terms);
    let t = |zh: &'static str, en: &'static str| lang.pick(zh, en).to_owned();
    let beijing = lang.pick("（北京时间）", " (Beijing time)");
    let mut status = word(lang, "listing", terms.status.as_str()).to_string();
    if checked.held_back {
        status.push_str(lang.pick("；口岸暂不放行", "; held back at the border"));
    }
    let item = match &terms.item.name_en {
        Some(en) => format!("{} / {en}", terms.item.name_zh),
        None => terms.item.name_zh.clone(),
    };
    let day = |day: crate::domain::validity::LegalDay| show::day(lang, &day.to_string());
    let quantity = show::quantity(lang, &terms.approved.quantity.to_string(), &terms.approved.unit.to_string());
    let issued = show::instant(lang, Instant::from_micros(row.issued_at));
    let check = format!("{site}/check?number={}&code={}", row.listing, row.code);
    let head = &wanted.head;
    let facts = vec![
        (t("名单编号", "Listing"), row.listing.clone()),
        (t("状态", "Status"), status),
        (t("企业", "Enterprise"), format!("{} {}", then.enterprise_name.zh, then.enterprise)),
        (t("物品", "Item"), item),
        (t("商品编码", "HS code"), terms.item.hs_code.to_string()),
        (t("批准数量", "Granted"), quantity),
        (t("有效期", "Valid"), format!("{} – {}", day(terms.valid_from), day(terms.valid_to))),
        (t("附加条件", "Conditions"), terms.conditions.clone().unwrap_or_else(|| t("无", "none"))),
        (t("出具时间", "Issued"), format!("{issued}{beijing} · {} {}", lang.pick("修订号", "revision"), row.revision)),
        (t("核对码", "Code"), row.code.clone()),
        (
            t("签发时的变更日志", "Log when signed"),
            format!(
                "{}\n{} {}\n{} {}",
                head.origin,
                lang.pick("条数", "size"),
                head.size,
                lang.pick("根散列", "root"),
                STANDARD.encode(head.root.0)
            ),
        ),
    ];
    let caption = lang.pick(
        "扫码，或在下列网址输入名单编号与核对码，可查出具时与现在的状态：",
        "Scan it, or enter number and code at this address, to see how it stood and stands:",
    );
    let signed = lang.pick(
        "本文件带有电子签名，签名证书公布于",
        "This file is signed electronically; the certificate of the key is published at",
    );
    Sheet {
        lang,
        title: t("生物医药研发用物品进口白名单凭证", "Certificate of listing"),
        author: head.origin.split('/').next().unwrap_or_default().to_owned(),
        foot: format!("{} · {}", row.listing, row.code),
        reason: t("证明名单在所示修订号的状态", "States how the listing stood at the revision shown"),
        parts: vec![
            Part::Facts(facts),
            Part::Code {
                address: check,
                alt: t("核对此凭证的二维码", "Code that leads to the check of this certificate"),
                caption: format!("{caption}\n{site}/check"),
            },
            Part::Note(format!("{signed} {site}/.well-known/document-keys.pem")),
            Part::Note(t(
                "本凭证只说明出具时的状态；放行以口岸核验为准。文件是否由本系统签发、所载内容现在是否有效，可凭本文件的 SHA-256 在公众核对页查询。",
                "It says how the listing stood at that time; a look-up at the border decides on release. Whether this file was issued here, and whether what it says still holds, is told by its SHA-256 on the public check page.",
            )),
        ],
        at: at.micros().div_euclid(1_000_000),
    }
}
