#!/usr/bin/env bash
# Verifies one entry with openssl and the shell alone: its audit path, and the signature of the head.
# Usage: entry.sh VKEY-FILE LEAF-FILE PROOF-FILE
set -euo pipefail
vkey=$1 leaf=$2 proof=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
reject() { echo "REJECTED: $*" >&2; exit 1; }
unhex() { sed 's/../\\x&/g' | xargs -0 printf '%b'; }
sha256() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }
node() { printf '01%s%s' "$1" "$2" | unhex | sha256; }

# The head: the text up to the empty line, and the signature of the log under it.
sed -n '/^$/,$p' "$proof" | tail -n +2 >"$work/note"
sed '/^$/,$d' "$work/note" >"$work/text"
mapfile -t head <"$work/text"
name=$(cut -d + -f 1 "$vkey") id=$(cut -d + -f 2 "$vkey")
[[ ${head[0]} == "$name" ]] || reject "a head of another log"
cut -d + -f 3- "$vkey" | base64 -d | tail -c +2 >"$work/public"
{ printf '302a300506032b6570032100' | unhex; cat "$work/public"; } >"$work/key.der"
line=$(grep -F -- "— $name " "$work/note" | head -n 1) || reject "the log did not sign"
printf '%s' "${line##* }" | base64 -d >"$work/signed"
[[ $(head -c 4 "$work/signed" | od -An -tx1 | tr -d ' \n') == "$id" ]] || reject "signed by another key"
tail -c +5 "$work/signed" >"$work/signature"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/text" -sigfile "$work/signature" \
    >/dev/null 2>&1 || reject "the signature does not hold"

# The audit path (RFC 9162, section 2.1.3.2).
mapfile -t lines < <(sed '/^$/,$d' "$proof")
[[ ${lines[0]} == c2sp.org/tlog-proof@v1 ]] || reject "not a proof"
index=${lines[1]#index }
at=$index last=$((head[1] - 1))
((at <= last)) || reject "beyond the head"
hash=$({ printf '\0'; cat "$leaf"; } | sha256)
for path in "${lines[@]:2}"; do
    ((last > 0)) || reject "the path is too long"
    path=$(printf '%s' "$path" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    if ((at % 2 == 1 || at == last)); then
        hash=$(node "$path" "$hash")
        while ((at % 2 == 0 && at > 0)); do at=$((at / 2)) last=$((last / 2)); done
    else
        hash=$(node "$hash" "$path")
    fi
    at=$((at / 2)) last=$((last / 2))
done
((last == 0)) || reject "the path is too short"
root=$(printf '%s' "${head[2]}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
[[ $hash == "$root" ]] || reject "the path does not lead to the signed root"
echo "openssl: entry $index is under the signed root $root"
