//! What a pack says about itself, in Chinese and English: what its members are and how anybody checks them.

/// Writes the instructions in Chinese.
#[must_use]
pub fn zh(kind: &str, id: &str, origin: &str) -> String {
    format!(
        "证据包：{kind} {id}
日志：{origin}

本包可离线核验，不需要本服务、数据库或网络。用本服务的程序：
    whitelist evidence verify 本文件.zip --vkey 公钥
日志公钥（vkey）请从别处取得并与包内的比对：包内自带的公钥只能证明本包自相一致。

各成员：
manifest        成员清单及其 SHA-256（JWS，EdDSA 或 ES256），由答复签名密钥签名；该密钥由本包内一条日志记录（answer_key）载明。任何字节改动都会被发现。
                extent：whole 为全部内容；enterprise、customs 为企业或海关可见部分，withheld 为未提供的记录数。left_out 为因数量过多而未列入的申报或答复。
checkpoint      日志的签名检查点（C2SP tlog-checkpoint）；一切证明都归于它。
vkey            日志公钥（C2SP signed-note）。
entries/N.json  日志第 N 条记录（从 0 起）的原始字节。叶散列为 SHA-256(0x00 ‖ 字节)。
proofs/N.txt    该记录在检查点之下的证明（C2SP tlog-proof，RFC 6962 审计路径）。
facts/N.json    该记录所承诺的内容：values 按路径列出各值及其盐；row 为变更后的整行及其盐；withheld 为不向读者提供的路径；erased 为已依法删除的路径。
answers/        海关得到的答复记录（规范化 JSON）；*.seal.json 为封存证明：由叶散列归于 answers.sealed 记录所载的根。
timeline.*.txt  各记录的文字说明，仅供阅读；行首为修订号（N+1）。

手工核验一条记录：按 docs/verify.zh-CN.md 第 4 节的做法，用 openssl 和 shell 验证 checkpoint 的签名和 entries/N.json、proofs/N.txt。
手工核验一项承诺：HMAC-SHA-256(盐, \"wl-commit/v1\\n\" ‖ 值的规范 JSON（RFC 8785））应等于记录 changes 中该路径的 c；整行的承诺为记录的 after。
同一事物的记录由 prev（前一条记录的叶散列）相连；whole 包内不缺中间任何一条。
row 没有盐，表示其个人信息已依法删除：剩余内容由包内 erasure 记录的 rows 承诺。
文件内容不在包内，只有散列（document 的 sha256）。检查点之后的变更不在包内。
"
    )
}

/// Writes the instructions in English.
#[must_use]
pub fn en(kind: &str, id: &str, origin: &str) -> String {
    format!(
        "Evidence pack: {kind} {id}
Log: {origin}

It is checked offline: no service, no database, no network. With the service's own program:
    whitelist evidence verify THIS-FILE.zip --vkey KEY
Take the key of the log (vkey) from elsewhere and compare: the one in the pack only proves that the pack agrees with itself.

Members:
manifest        the members with their SHA-256 (JWS, EdDSA or ES256), signed by the key that signs answers; an entry of the log in this pack
                (answer_key) states that key. Any changed byte is found. extent: `whole` is everything, `enterprise` and `customs` what these
                may see, withheld the number of entries that are not here; left_out declarations or answers that were too many.
checkpoint      the signed head of the log (C2SP tlog-checkpoint) that everything is proved under.
vkey            the public key of the log (C2SP signed-note).
entries/N.json  the very bytes of entry N of the log, from 0. Leaf hash: SHA-256(0x00 || bytes).
proofs/N.txt    that it is under the checkpoint (C2SP tlog-proof, an RFC 6962 audit path).
facts/N.json    what the entry commits to: values by path, each with its salt; row, the whole row after the change, with its salt; withheld,
                paths that are not for the reader; erased, paths whose values were erased by law.
answers/        what customs was told, as recorded (canonical JSON); *.seal.json leads from its leaf hash to the root that an entry
                answers.sealed states.
timeline.*.txt  each entry in a sentence, to be read only; each line begins with its revision (N + 1).

One entry by hand: as section 4 of docs/verify.md, openssl and a shell check the signature of checkpoint, entries/N.json and proofs/N.txt.
One commitment by hand: HMAC-SHA-256(salt, \"wl-commit/v1\\n\" || canonical JSON of the value (RFC 8785)) must be the `c` of that path in the
changes of the entry; that of the whole row must be its `after`.
Entries about one thing are chained by prev, the leaf hash of the one before; in a whole pack none between them is missing.
A row without a salt has had its personal values erased: what is left of it, `rows` of an erasure in the pack commits to.
Documents are here by their hashes only (sha256 of a document). What happened after the checkpoint is not here.
"
    )
}
