#!/usr/bin/env python3
"""Writes the list of parts of the program (SBOM) as CycloneDX 1.5 JSON on standard output.

It says what `cargo metadata` and Cargo.lock say and no more: each crate that a build of this program for this machine takes in,
with its version, licence, digest and where it comes from. Arguments are handed on to `cargo metadata`, such as `--features s3`.
"""

import json
import subprocess
import sys
import tomllib


def main() -> None:
    host = next(line[6:] for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines() if line.startswith("host: "))
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", host, *sys.argv[1:]]
    metadata = json.loads(subprocess.check_output(command))
    with open("Cargo.lock", "rb") as file:
        locked = {(it["name"], it["version"]): it.get("checksum") for it in tomllib.load(file)["package"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]

    def needs(identity: str) -> list[str]:
        # What only tests need is no part of the program; what builds it is.
        return sorted(dep["pkg"] for dep in nodes[identity]["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"]))

    taken, waiting = set(), [root]
    while waiting:
        identity = waiting.pop()
        if identity not in taken:
            taken.add(identity)
            waiting.extend(needs(identity))

    def purl(package: dict) -> str:
        return f"pkg:cargo/{package['name']}@{package['version']}"

    def component(package: dict, kind: str) -> dict:
        found = {"type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"], "purl": purl(package)}
        if package.get("license"):
            found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        digest = locked.get((package["name"], package["version"]))
        if digest:
            found["hashes"] = [{"alg": "SHA-256", "content": digest}]
        if package.get("repository"):
            found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return found

    parts = sorted((packages[identity] for identity in taken if identity != root), key=lambda it: (it["name"], it["version"]))
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(packages[root], "application")},
        "components": [component(package, "library") for package in parts],
        "dependencies": [
            {"ref": purl(packages[identity]), "dependsOn": [purl(packages[dep]) for dep in needs(identity)]} for identity in sorted(taken)
        ],
    }
    json.dump(bom, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
