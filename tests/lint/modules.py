#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Draws the folders of engine/ and who includes whom as docs/modules.md; without --write, checks that the page is true.

Design: an edge is at least one #include from a file of one folder to a header of another, read from the sources. The
graphs show the transitive reduction: an edge that follows from two others is left out. pengine/ (the public headers) is
open to all and is no node. A circle between folders is a finding.
"""
import collections
import re
import sys

import sources

PAGE = sources.ROOT / "docs/modules.md"
BEGIN, END = "<!-- written by tests/lint/modules.py --write: begin -->\n", "<!-- end -->\n"


def edges(depth):
    """folder -> the folders it includes; a folder is the first `depth` parts below engine/."""
    found = collections.defaultdict(set)
    for path in sources.files(sources.C_SUFFIXES, "engine"):
        if path.parts[1] == "include":
            continue
        home = "/".join(path.parts[1:-1][:depth])
        found[home] |= set()
        for name in re.findall(r"^\s*#\s*include\s*<([\w/]+/\w+\.h)>", sources.bare(sources.read(path)), re.MULTILINE):
            if (sources.ROOT / "engine" / name).exists():
                other = "/".join(name.split("/")[:-1][:depth])
                if other != home:
                    found[home].add(other)
                    found[other] |= set()
    return found


def below(graph, node):
    """All that a folder includes, also through others."""
    todo, seen = list(graph[node]), set()
    while todo:
        other = todo.pop()
        if other not in seen:
            seen.add(other)
            todo += graph[other]
    return seen


def circles(graph):
    """The folders that include themselves through others."""
    return [node for node in sorted(graph) if node in below(graph, node)]


def reduced(graph):
    """The edges that do not follow from others; all edges of a graph with a circle, where "follow" means nothing."""
    has_circle = bool(circles(graph))
    return sorted((node, other) for node in graph for other in graph[node]
                  if has_circle or not any(other in below(graph, between) for between in graph[node] - {other}))


def mermaid(nodes, pairs):
    def name(node):
        return node.replace("/", "_") + "_"  # "end" and the like are words of mermaid
    lines = ["```mermaid", "flowchart TD"]
    lines += [f"    {name(node)}[{node}]" for node in sorted(nodes)]
    lines += [f"    {name(node)} --> {name(other)}" for node, other in pairs]
    return "\n".join(lines + ["```"]) + "\n"


def drawn():
    """What stands between the marks of the page."""
    top, deep = edges(1), edges(2)
    inner = {node: {other for other in deep[node] if other.split("/")[0] == node.split("/")[0]} for node in deep}
    parts = ["\n## Stages\n\n", mermaid(top, reduced(top))]
    for stage in sorted(top):
        graph = {node: others for node, others in inner.items() if node.split("/")[0] == stage}
        if len(graph) > 1:
            parts += [f"\n## Inside {stage}\n\n", mermaid(graph, reduced(graph))]
    return "".join(parts) + "\n", circles(top)


def main():
    text, found = drawn()
    findings = [("engine", 1, f"{node}/ includes itself through other folders") for node in found]
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    wanted = head + BEGIN + text + END + tail
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        findings.append(("docs/modules.md", 1, "is not what the includes say: run tests/lint/modules.py --write"))
    sources.finish(findings, len(sources.files(sources.C_SUFFIXES, "engine")))


if __name__ == "__main__":
    main()
