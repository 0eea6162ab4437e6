"""One entry against a signed head, by the code with which sigstore verifies entries of Rekor.

Usage: entry.py VKEY-FILE LEAF-FILE PROOF-FILE"""
import base64
import pathlib
import sys
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

vkey, leaf, proof = (pathlib.Path(name) for name in sys.argv[1:4])
name, key_id, key = vkey.read_text().strip().split("+", 2)
path, note = proof.read_text().split("\n\n", 1)
form, index, *hashes = path.split("\n")
try:
    if form != "c2sp.org/tlog-proof@v1":
        raise VerificationError("not a proof")
    head = SignedCheckpoint.from_text(note).checkpoint
    if head.origin != name:
        raise VerificationError("a head of another log")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keyring = Keyring([PublicKey(raw_bytes=base64.b64encode(der), key_details=PublicKeyDetails.PKIX_ED25519)])
    entry = SimpleNamespace(_inner=SimpleNamespace(
        canonicalized_body=leaf.read_bytes(),
        log_id=SimpleNamespace(key_id=bytes.fromhex(key_id)),
        inclusion_proof=SimpleNamespace(
            log_index=int(index.removeprefix("index ")),
            tree_size=head.log_size,
            root_hash=bytes.fromhex(head.log_hash),
            hashes=[base64.b64decode(line, validate=True) for line in hashes],
            checkpoint=SimpleNamespace(envelope=note),
        ),
    ))
    verify_checkpoint(keyring, entry)
    verify_merkle_inclusion(entry)
except (VerificationError, ValueError) as error:
    sys.exit(f"REJECTED: {error}")
print(f"sigstore: entry {index.removeprefix('index ')} is under the signed root {head.log_hash}")
