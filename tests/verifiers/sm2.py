"""Verifies what the service signs with SM2, by openssl 3 alone: a receipt in general JSON serialization, or a signed head of the log.

Usage: sm2.py receipt RECEIPT-FILE JWKS-FILE | sm2.py head CHECKPOINT-FILE JWKS-FILE"""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

kind, signed, keys = sys.argv[1], *(pathlib.Path(name).read_text() for name in sys.argv[2:4])
# A point of the curve 1.2.156.10197.1.301, written whole, as SubjectPublicKeyInfo.
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def plain(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return b"\x04" + plain(key["x"]) + plain(key["y"])


def number(half):
    digits = half.lstrip(b"\0")
    digits = b"\0" + digits if digits[:1] >= b"\x80" else digits
    return b"\x02" + bytes([len(digits)]) + digits


def verify(key, message, signature):
    with tempfile.TemporaryDirectory() as work:
        files = {"key": SPKI + point(key), "message": message, "signature": signature}
        for name, content in files.items():
            pathlib.Path(work, name).write_bytes(content)
        options = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-in", "message",
                   "-sigfile", "signature", *options]
        if subprocess.run(command, cwd=work, capture_output=True).returncode:
            sys.exit("REJECTED: the signature does not hold")


national = {key["kid"]: key for key in json.loads(keys)["keys"] if key["alg"] == "SM2SM3"}
if kind == "receipt":
    receipt = json.loads(signed)
    found = [(json.loads(plain(each["protected"])), each) for each in receipt["signatures"]]
    found = [(header["kid"], each) for header, each in found if header["alg"] == "SM2SM3"]
    if not found:
        sys.exit("REJECTED: not signed with SM2")
    kid, each = found[0]
    if kid not in national or national[kid]["purpose"] != "answers":
        sys.exit("REJECTED: signed by another key")
    # r and s, 32 bytes each; openssl wants them as GM/T 0009 writes them.
    pair = plain(each["signature"])
    pair = number(pair[:32]) + number(pair[32:])
    verify(national[kid], f"{each['protected']}.{receipt['payload']}".encode(), b"\x30" + bytes([len(pair)]) + pair)
    print(f"openssl: the receipt {json.loads(plain(receipt['payload']))['jti']} is signed with SM2 by {kid}")
else:
    text, lines = signed.split("\n\n", 1)
    name = text.split("\n")[0]
    for key in (key for key in national.values() if key["purpose"] == "heads"):
        key_id = hashlib.sha256(f"{name}\n".encode() + b"\xffsm2sig_sm3" + point(key)).digest()[:4]
        for line in lines.splitlines():
            by = base64.b64decode(line.split(" ")[-1])
            if line.startswith(f"\u2014 {name} ") and by[:4] == key_id:
                verify(key, f"{text}\n".encode(), by[4:])
                print(f"openssl: the head of {text.split(chr(10))[1]} entries is signed with SM2 by {key['kid']}")
                sys.exit()
    sys.exit("REJECTED: not signed with SM2 by a key of the set")
