//! What kind of protected data somebody looked at, and through which endpoints that is done.

use super::words::words;

words! {
    /// Kinds of data whose reading is put on record.
    DataKind {
        /// Registered people: names, telephones, e-mail, accounts.
        People "people" "人员信息" "people";
        /// Whoever an enterprise named.
        Contacts "contacts" "企业联系人" "contacts of an enterprise";
        /// What an application says, with its contact.
        Applications "applications" "申请内容" "contents of applications";
        /// Evidence documents.
        Documents "documents" "证明材料" "documents";
        /// Entries of the log.
        LogEntries "log_entries" "变更日志条目" "entries of the log";
        /// Evidence packs, which hold all of these about one thing.
        Evidence "evidence" "证据包" "evidence packs";
        /// These records.
        AccessRecords "access_records" "查阅记录" "records of access";
    }
}
