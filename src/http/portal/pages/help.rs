//! Help: what the words mean, what each role does, how to get on; and what the pages do for everybody's eyes and hands.

use super::super::frame::Frame;
use super::super::visit::{Answer, Visit};
use askama::Template;

/// A word of the field: Chinese, English, what it means in both.
type Term = (&'static str, &'static str, &'static str, &'static str);

const WORDS: [Term; 14] = [
    (
        "白名单",
        "white list",
        "经认定可免于提交指定进口许可证件的“企业—物品”清单。",
        "The enterprise-item pairs that were recognised and need no further import document of the kind named.",
    ),
    (
        "名单（条目）",
        "listing",
        "一家企业的一种物品，有编号、数量、有效期和条件。",
        "One item of one enterprise, with number, quantity, period and conditions.",
    ),
    ("认定", "recognise", "联合机制同意把物品列入名单。", "The joint mechanism agrees to list an item."),
    (
        "核验",
        "look-up",
        "海关在口岸询问能否放行；答复为放行、不放行、不适用或人工核查。",
        "Customs asks at the border; the answer is allowed, denied, not applicable, or check by hand.",
    ),
    ("核注", "reserve", "报关单接受时按名单扣留数量。", "Quantity is held when a declaration is accepted."),
    (
        "核销",
        "release",
        "货物放行时把扣留的数量计为已用。",
        "What was held is counted as used when the goods are released.",
    ),
    ("返还", "give back", "撤销报关单时数量退回名单。", "Quantity returns when a declaration is cancelled."),
    ("暂停", "suspend", "名单暂不放行，可以恢复。", "A listing is denied for a time and can be reinstated."),
    ("移出", "remove", "名单终止，只能重新申请。", "A listing ends and can only be applied for anew."),
    (
        "紧急停用",
        "emergency stop",
        "立即停止放行，须由另一人在时限内确认。",
        "Release stops at once; another person has to confirm it in time.",
    ),
    (
        "补正",
        "correction",
        "企业按一次性告知的内容补充或改正申请。",
        "The enterprise puts right what it was asked to, all at once.",
    ),
    ("会审", "joint review", "各成员单位逐项出具意见。", "The member agencies give opinions item by item."),
    (
        "修订号",
        "revision",
        "日志条目的序号；名单在每个修订号上是什么样，随时可查。",
        "Number of an entry of the log; how the list stood at each can be asked at any time.",
    ),
    (
        "人工放行",
        "manual release",
        "海关关员在核验不放行时凭理由放行，事后由市局审核。",
        "An officer releases against the answer, with a reason; the bureau reviews it.",
    ),
];

struct Word {
    word: &'static str,
    other: &'static str,
    meaning: &'static str,
}

#[derive(Template)]
#[template(path = "portal/help.html")]
struct Help {
    f: Frame,
    words: Vec<Word>,
}

/// Shows the help.
///
/// # Errors
/// As rendering.
pub async fn show(visit: &Visit) -> Answer {
    let word = |(zh, en, zh_meaning, en_meaning): &Term| Word {
        word: visit.t(zh, en),
        other: visit.lang.pick(en, zh),
        meaning: visit.t(zh_meaning, en_meaning),
    };
    visit.render(&Help {
        f: Frame::new(visit, visit.t("帮助与词汇", "Help and words")),
        words: WORDS.iter().map(word).collect(),
    })
}

#[derive(Template)]
#[template(path = "portal/accessibility.html")]
struct Accessibility {
    f: Frame,
}

/// Shows the statement of accessibility.
///
/// # Errors
/// As rendering.
pub async fn accessibility(visit: &Visit) -> Answer {
    visit.render(&Accessibility { f: Frame::new(visit, visit.t("无障碍声明", "Accessibility")) })
}
