#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sums up what gcovr counted: coverage.py COUNTS.json SOURCES OUT

COUNTS.json is the output of gcovr --json, for files below the folder SOURCES.
OUT gets summary.txt, coverage.json and uncovered.txt. The status is 1 if there
is less than to reach.
"""
import json
import sys
from pathlib import Path

# Percent to reach, of all files together. docs/testing.md says what is counted.
TO_REACH = {"lines": 90, "branches": 80}

KINDS = ("lines", "branches", "functions")


def executed(items, key):
    return [item[key] > 0 for item in items]


def counts(entry):
    """For each kind a list: was this one reached?"""
    lines = code_lines(entry)
    return {
        "lines": executed(lines, "count"),
        "branches": [b for line in lines for b in executed(line["branches"], "count")],
        "functions": executed(entry["functions"], "execution_count"),
    }


def code_lines(entry):
    return [line for line in entry["lines"] if not line.get("gcovr/noncode")]


def percent(reached):
    # Down, so that nothing is 100 that is not.
    return int(1000 * sum(reached) / len(reached)) / 10 if reached else None


def percents(counted):
    return {f"{kind}_percent": percent(counted[kind]) for kind in KINDS}


def summary_row(name, counted):
    row = f"{name:<26}"
    for kind in KINDS:
        value = percent(counted[kind])
        ratio = f"{sum(counted[kind])}/{len(counted[kind])}"
        row += f"{ratio:>11}" + (f"{value:>6.1f}" if value is not None else f"{'-':>6}")
    return row


def summary(files, total):
    head = f"{'reached, %':<26}" + "".join(f"{kind:>17}" for kind in KINDS)
    rows = [summary_row(name, counted) for name, counted in files.items()]
    return "\n".join([head, *rows, summary_row("total", total)]) + "\n"


def uncovered(entry, sources):
    """What gcc says of a line is of its copy that was built."""
    text = (sources / entry["file"]).read_text().splitlines()
    for line in code_lines(entry):
        number = line["line_number"]
        if not line["count"]:
            yield f"{entry['file']}:{number}: {text[number - 1].strip()}\n"


def main(counted_json, sources, out):
    entries = sorted(json.loads(Path(counted_json).read_text())["files"],
                     key=lambda entry: entry["file"])
    files = {entry["file"]: counts(entry) for entry in entries}
    total = {kind: [r for c in files.values() for r in c[kind]] for kind in KINDS}
    out = Path(out)
    text = summary(files, total)
    (out / "summary.txt").write_text(text)
    (out / "uncovered.txt").write_text(
        "".join(u for entry in entries for u in uncovered(entry, Path(sources))))
    (out / "coverage.json").write_text(json.dumps({
        "metrics": percents(total),
        "files": {name: percents(counted) for name, counted in files.items()},
    }, indent=2) + "\n")
    print(text, end="")

    status = 0
    for kind, to_reach in TO_REACH.items():
        if 100 * sum(total[kind]) < to_reach * len(total[kind]) or not total[kind]:
            print(f"weft: the tests reach {percent(total[kind])} % of the {kind}, less than "
                  f"{to_reach} %: add tests for what {out}/uncovered.txt lists",
                  file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
