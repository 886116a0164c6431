#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The packages of the build are named alike wherever they are named, and so is the version.

quickstart's run_packages are what the build needs: packaging/debian/control builds with them, CONTRIBUTING.md lists them, the Containerfile
installs them.
"""
import re

import sources

EVERYWHERE = {"build-essential"}  # Debian builds every package with it
AT_RUN_TIME = {"openmpi-bin"}


def main():
    findings = []
    quickstart = sources.read("quickstart")
    needed = set(re.search(r'^run_packages="([^"]*)"', quickstart, re.MULTILINE)[1].split())
    tests = set(re.search(r'^test_packages="([^"]*)"', quickstart, re.MULTILINE)[1].split())
    build = re.search(r"^Build-Depends:\n((?: .*\n)+)", sources.read("packaging/debian/control"), re.MULTILINE)[1]
    debian = {line.split()[0].rstrip(",") for line in build.splitlines()}
    for package in sorted(needed - debian - EVERYWHERE - AT_RUN_TIME):
        findings.append(("packaging/debian/control", 1, f"does not build with {package}, which quickstart installs"))
    for package in sorted(needed - set(re.findall(r"[\w.+-]+", sources.read("packaging/Containerfile")))):
        findings.append(("packaging/Containerfile", 1, f"does not install {package}, which quickstart installs"))
    contributing = set(re.findall(r"[\w.+-]+", sources.read("CONTRIBUTING.md")))
    for package in sorted((needed | tests) - contributing):
        findings.append(("CONTRIBUTING.md", 1, f"does not name {package}, which quickstart installs"))
    version = re.search(r"project\(pengine VERSION ([\d.]+)", sources.read("CMakeLists.txt"))[1]
    for path, pattern in (("CITATION.cff", r"^version: (.*)$"), ("packaging/debian/changelog", r"\A\w+ \(([\d.]+)-"),
                          ("CHANGELOG.md", r"^## ([\d.]+)"), ("packaging/spack/package.py", r'version\("([\d.]+)"'),
                          ("python/pyproject.toml", r'^version = "([\d.]+)"'),
                          ("python/build_backend.py", r'"pengine", "([\d.]+)"')):
        found = re.search(pattern, sources.read(path), re.MULTILINE)
        if not found or found[1] != version:
            findings.append((path, 1, f"is not of version {version}"))
    sources.finish(findings, 8)


if __name__ == "__main__":
    main()
