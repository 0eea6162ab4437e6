//! What an entry of the log can say that happened: the closed list of event types, each with its words for people.
//!
//! A fact whose event has no words here is refused by the store, so that no entry can come into being that nobody can
//! read. Invariant: every event type that the program writes stands here once.

use super::application::event::EventKind;
use super::words::words;

words! {
    /// What happened, in the past tense, as the log names it; its name is the verb of the sentence.
    Happening {
        /// The log began.
        LogCreated "log.created" "建立了" "created";
        /// The log went on after a restored backup.
        LogRestored "log.restored" "恢复了" "restored";
        /// The checkpoint key was changed.
        KeyRotated "key.rotated" "更换密钥于" "changed the key of";
        /// Recorded answers were sealed.
        AnswersSealed "answers.sealed" "封存了" "sealed";
        /// A key that signs answers was introduced.
        AnswerKeyIntroduced "answer_key.introduced" "启用了" "introduced";
        /// A key that signs answers was retired.
        AnswerKeyRetired "answer_key.retired" "停用了" "retired";
        /// An SM2 key was introduced.
        NationalKeyIntroduced "national_key.introduced" "启用了" "introduced";
        /// An SM2 key was retired.
        NationalKeyRetired "national_key.retired" "停用了" "retired";
        /// A key that signs files was introduced.
        DocumentKeyIntroduced "document_key.introduced" "启用了" "introduced";
        /// A key that signs files was retired.
        DocumentKeyRetired "document_key.retired" "停用了" "retired";
        /// A file of a certificate was signed.
        CertificateFileSigned "certificate_file.signed" "签发了" "signed";
        /// To erase somebody's personal data was proposed.
        PrivacyErasureProposed "privacy.erasure_proposed" "提议删除个人信息：" "proposed to erase personal data by";
        /// It was refused.
        PrivacyErasureRefused "privacy.erasure_refused" "不同意删除个人信息：" "refused to erase personal data by";
        /// Private values were erased.
        PrivacyErased "privacy.erased" "删除了个人信息：" "erased personal data by";
        /// Records of access were sealed.
        AccessesSealed "accesses.sealed" "封存了" "sealed";
        /// A change of the rules was proposed.
        RulesProposed "rules.proposed" "提出了" "proposed";
        /// It was confirmed.
        RulesConfirmed "rules.confirmed" "确认了" "confirmed";
        /// It was sent back.
        RulesRejected "rules.rejected" "退回了" "rejected";
        /// It was taken back.
        RulesWithdrawn "rules.withdrawn" "撤回了" "withdrew";
        /// A version of a scheme was adopted.
        SchemeAdopted "scheme.adopted" "采用了" "adopted";
        /// A row of the tariff table was recorded.
        TariffRecorded "tariff.recorded" "记录了" "recorded";
        /// A year of the calendar was recorded.
        CalendarRecorded "calendar_year.recorded" "记录了" "recorded";
        /// A listing was added.
        ListingAdded "listing.added" "列入了" "added";
        /// A listing was varied.
        ListingVaried "listing.varied" "变更了" "varied";
        /// A listing was extended.
        ListingExtended "listing.extended" "延续了" "extended";
        /// A listing was suspended.
        ListingSuspended "listing.suspended" "暂停了" "suspended";
        /// A listing was reinstated.
        ListingReinstated "listing.reinstated" "恢复了" "reinstated";
        /// A listing was removed.
        ListingRemoved "listing.removed" "移出了" "removed";
        /// An earlier change was carried into a later state.
        ListingCarried "listing.carried" "将此前变更带入了" "carried an earlier change into";
        /// An enterprise was registered.
        EnterpriseRegistered "enterprise.registered" "登记了" "registered";
        /// An enterprise stated something else about itself.
        EnterpriseChanged "enterprise.changed" "变更了" "changed";
        /// An enterprise was suspended.
        EnterpriseSuspended "enterprise.suspended" "暂停了" "suspended";
        /// An enterprise was reinstated.
        EnterpriseReinstated "enterprise.reinstated" "恢复了" "reinstated";
        /// An enterprise was barred.
        EnterpriseBarred "enterprise.barred" "限制申请：" "barred";
        /// A bar was lifted.
        EnterpriseBarLifted "enterprise.bar_lifted" "解除限制：" "lifted the bar of";
        /// An earlier change of an enterprise was carried into a later state.
        EnterpriseCarried "enterprise.carried" "将此前变更带入了" "carried an earlier change into";
        /// A stop was made.
        StopMade "stop.made" "实施了" "made";
        /// A stop was confirmed.
        StopConfirmed "stop.confirmed" "确认了" "confirmed";
        /// A stop was lifted.
        StopLifted "stop.lifted" "解除了" "lifted";
        /// A stop lapsed.
        StopLapsed "stop.lapsed" "因逾期未确认解除了" "let lapse, for want of confirmation,";
        /// An adjustment was proposed.
        AdjustmentProposed "adjustment.proposed" "提出了" "proposed";
        /// An adjustment was confirmed.
        AdjustmentConfirmed "adjustment.confirmed" "批准了" "confirmed";
        /// An adjustment was rejected.
        AdjustmentRejected "adjustment.rejected" "否决了" "rejected";
        /// An adjustment was withdrawn.
        AdjustmentWithdrawn "adjustment.withdrawn" "撤回了" "withdrew";
        /// An adjustment lapsed.
        AdjustmentLapsed "adjustment.lapsed" "因逾期未决终止了" "let lapse, undecided,";
        /// An entry of a screening list was made.
        ScreeningEntered "screening.entered" "录入了" "entered";
        /// An entry of a screening list was ended.
        ScreeningEnded "screening.ended" "终止了" "ended";
        /// An enterprise was reminded of a return.
        ReturnReminded "usage_return.reminded" "提醒报送" "sent a reminder of";
        /// An enterprise was warned of a missing return.
        ReturnWarned "usage_return.warned" "警示未报送" "warned of the missing";
        /// A suspension was proposed for a missing return.
        ReturnSuspensionProposed "usage_return.suspension_proposed" "因未报送拟予暂停：" "proposed a suspension for the missing";
        /// A listing was suspended for a missing return.
        ReturnSuspended "usage_return.suspended" "因未报送予以暂停：" "suspended the listing for the missing";
        /// A return was handed in.
        ReturnHandedIn "usage_return.handed_in" "报送了" "handed in";
        /// A return was corrected.
        ReturnCorrected "usage_return.corrected" "更正了" "corrected";
        /// A finding was recorded.
        FindingRecorded "finding.recorded" "记录了" "recorded";
        /// A finding was closed.
        FindingClosed "finding.closed" "办结了" "closed";
        /// A declaration reserved quantity.
        DeclarationReserved "declaration.reserved" "核注了" "reserved quantity for";
        /// A reservation was replaced.
        DeclarationReplaced "declaration.replaced" "改为核注" "replaced the reservation of";
        /// A declaration was released.
        DeclarationReleased "declaration.released" "核销了" "released";
        /// A declaration was cancelled.
        DeclarationCancelled "declaration.cancelled" "返还了" "cancelled";
        /// A release was corrected.
        DeclarationCorrected "declaration.corrected" "更正了" "corrected";
        /// A reservation lapsed.
        DeclarationLapsed "declaration.lapsed" "因逾期返还了" "let lapse";
        /// A declaration was released by hand.
        DeclarationManuallyReleased "declaration.manually_released" "人工放行了" "released by hand";
        /// A manual release was made.
        ManualReleaseMade "manual_release.made" "作出了" "made";
        /// A manual release was accepted.
        ManualReleaseAccepted "manual_release.accepted" "认可了" "accepted";
        /// A manual release was objected to.
        ManualReleaseObjected "manual_release.objected" "提出异议：" "objected to";
        /// Books were compared with customs.
        ReconciliationCompared "reconciliation.compared" "比对了" "compared";
        /// A comparison was confirmed.
        ReconciliationConfirmed "reconciliation.confirmed" "确认了" "confirmed";
        /// An item was added to a library.
        ItemAdded "item.added" "添加了" "added";
        /// An item of a library was changed.
        ItemChanged "item.changed" "修改了" "changed";
        /// An item of a library was archived.
        ItemArchived "item.archived" "归档了" "archived";
        /// An item of a library was restored.
        ItemRestored "item.restored" "恢复了" "restored";
        /// A document was uploaded.
        DocumentUploaded "document.uploaded" "上传了" "uploaded";
        /// A document was removed.
        DocumentRemoved "document.removed" "移除了" "removed";
        /// A document was scanned.
        DocumentScanned "document.scanned" "扫描了" "scanned";
        /// An opinion was given.
        OpinionGiven "opinion.given" "出具了" "gave";
        /// The content of an application was frozen.
        ContentFrozen "application.content_frozen" "冻结了" "froze";
        /// A decision was proposed.
        DecisionProposed "decision.proposed" "拟定了" "proposed";
        /// A decision was taken.
        DecisionTaken "decision.taken" "作出了" "took";
        /// A proposed decision was sent back.
        DecisionSentBack "decision.sent_back" "退回了" "sent back";
        /// A decision was taken up again.
        DecisionReopened "decision.reopened" "重新审议了" "reopened";
        /// A decision was overturned.
        DecisionOverturned "decision.overturned" "撤销了" "overturned";
        /// A decision was published.
        DecisionPublished "decision.published" "公布了" "published";
        /// An appeal was lodged.
        AppealLodged "appeal.lodged" "提起了" "lodged";
        /// A refusal was upheld.
        AppealUpheld "appeal.upheld" "维持原决定，驳回了" "upheld the refusal in";
        /// A refusal was overturned.
        AppealOverturned "appeal.overturned" "撤销原决定，支持了" "overturned the refusal in";
        /// A batch was collected.
        BatchCollected "batch.collected" "汇集了" "collected";
        /// A batch was published.
        BatchPublished "batch.published" "公布了" "published";
        /// A batch was discarded.
        BatchDiscarded "batch.discarded" "放弃了" "discarded";
        /// A person was named as responsible.
        ResponsiblePersonNamed "responsible_person.named" "指定了" "named";
        /// A mandate was given.
        MandateGiven "mandate.given" "委托了" "gave";
        /// A mandate was ended.
        MandateEnded "mandate.ended" "终止了" "ended";
        /// The service was paused.
        ServicePaused "service.paused" "开始了" "began";
        /// The service was resumed.
        ServiceResumed "service.resumed" "结束了" "ended";
        /// A broadcast was published.
        BroadcastPublished "broadcast.published" "发布了" "published";
        /// A broadcast was revised.
        BroadcastRevised "broadcast.revised" "修订了" "revised";
        /// A broadcast was retracted.
        BroadcastRetracted "broadcast.retracted" "撤回了" "retracted";
        /// An organisation was registered.
        OrganisationRegistered "organisation.registered" "登记了" "registered";
        /// An organisation was changed.
        OrganisationChanged "organisation.changed" "变更了" "changed";
        /// A person was registered.
        PersonRegistered "person.registered" "登记了" "registered";
        /// A person was changed.
        PersonChanged "person.changed" "变更了" "changed";
        /// A person joined.
        PersonJoined "person.joined" "加入了" "let join";
        /// A person was deactivated.
        PersonDeactivated "person.deactivated" "停用了" "deactivated";
        /// A person was reactivated.
        PersonReactivated "person.reactivated" "重新启用了" "reactivated";
        /// Work was handed over.
        PersonHandedOver "person.handed_over" "移交了工作：" "handed over the work of";
        /// An account was joined to a person.
        AccountJoined "account.joined" "关联了" "joined";
        /// A grant was given.
        GrantGiven "grant.given" "授予了" "gave";
        /// A grant was proposed.
        GrantProposed "grant.proposed" "拟授予" "proposed";
        /// A grant was confirmed.
        GrantConfirmed "grant.confirmed" "批准了" "confirmed";
        /// A grant was refused.
        GrantRefused "grant.refused" "拒绝了" "refused";
        /// A grant was ended.
        GrantEnded "grant.ended" "终止了" "ended";
        /// A role of an organisation's own was made.
        CustomRoleDefined "custom_role.defined" "设立了" "made";
        /// A role of an organisation's own was changed.
        CustomRoleChanged "custom_role.changed" "修改了" "changed";
        /// A role of an organisation's own was retired.
        CustomRoleRetired "custom_role.retired" "停用了" "retired";
        /// A webhook was made.
        WebhookMade "webhook.made" "设立了" "made";
        /// A webhook was changed.
        WebhookChanged "webhook.changed" "变更了" "changed";
        /// A webhook was paused.
        WebhookPaused "webhook.paused" "暂停了" "paused";
        /// A webhook was resumed.
        WebhookResumed "webhook.resumed" "恢复了" "resumed";
        /// The key of a webhook was changed.
        WebhookRotated "webhook.rotated" "更换密钥于" "changed the key of";
        /// A webhook was removed.
        WebhookRemoved "webhook.removed" "移除了" "removed";
    }
}

/// Whether the program has words for an event: those above, and the steps of applications.
#[must_use]
pub fn is_known(event: &str) -> bool {
    let step = event.strip_prefix("application.").or_else(|| event.strip_prefix("case."));
    Happening::parse(event).is_ok() || step.is_some_and(|kind| EventKind::parse(kind).is_some())
}
