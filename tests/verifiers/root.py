"""The root of an exported log, computed from its entries by pymerkle, against its signed head.

Usage: root.py FOLDER [KIND TYPE [ID]]   also finds the entries of that type about things of that kind, and proves each."""
import base64
import json
import pathlib
import sys

from pymerkle import InmemoryTree, verify_inclusion

folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
_, size, root = folder.joinpath("checkpoint").read_text().split("\n")[:3]
size, root = int(size), base64.b64decode(root, validate=True)


def path(number):
    digits = str(number).zfill((len(str(number)) + 2) // 3 * 3)
    groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


entries = []
for number in range((size + 255) // 256):
    width = min(256, size - number * 256)
    suffix = "" if width == 256 else f".p/{width}"
    file = folder.joinpath("tile/entries", path(number) + suffix)
    if not file.exists():
        sys.exit(f"REJECTED: {file} is missing")
    bundle = file.read_bytes()
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2:2 + length])
        bundle = bundle[2 + length:]

tree = InmemoryTree(algorithm="sha256")
tree.append_entries(entries)
if tree.get_size() != size or tree.get_root() != root:
    sys.exit("REJECTED: the entries do not have the signed root")
print(f"pymerkle: {size} entries have the signed root {root.hex()}")
for index, entry in enumerate(entries):
    says = json.loads(entry)
    if wanted and wanted == [says["entity"]["kind"], says["type"], says["entity"]["id"]][:len(wanted)]:
        # pymerkle counts leaves from 1.
        verify_inclusion(tree.get_leaf(index + 1), root, tree.prove_inclusion(index + 1))
        print(f"entry {index}: {entry.decode()}")
