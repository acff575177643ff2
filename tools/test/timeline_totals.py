#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What timeline_guest.sh left: totals in pictures are those of debugfs, and who may not
look is told why.

    timeline_totals.py DIR
"""
import json
import os
import sys


def read(name):
    with open(os.path.join(sys.argv[1], name)) as f:
        return f.read()


def numbers(name, column):
    return {row["engine"]: int(row[column]) for row in json.loads(read(name))["engines"]}


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def same(self, what, expected, got):
        ok = expected == got
        print(f"{'ok' if ok else 'not ok'} - {what}")
        if not ok:
            print(f"#   expected {expected}, got {got}")
        self.passed += ok
        self.failed += not ok


def film(checks, name):
    stories = json.loads(read(f"{name}.json"))["otherData"]["weft"]
    checks.same(f"{name}: nothing was lost", [0, 0], [s["lost"] for s in stories])
    # From top to bottom.
    for engine, story in zip(("threads", "async"), stories):
        for column, key in (("polls", "polls"), ("wakes", "wakes"), ("done", "ended"),
                            ("punts", "punts")):
            more = (numbers(f"{name}.after", column)[engine] -
                    numbers(f"{name}.before", column)[engine])
            checks.same(f"{name}: {column} on {engine} are those of debugfs", more,
                        story[key])
        if story["exact"]:
            more = (numbers(f"{name}.after", "coop_switches")[engine] -
                    numbers(f"{name}.before", "coop_switches")[engine])
            checks.same(f"{name}: coop switches on {engine} are those of debugfs", more,
                        story["coop_switches"])


def pool(checks, name):
    """Steps in the blocking pool: as many as debugfs counted, and they are drawn."""
    doc = json.loads(read(f"{name}.json"))
    more = (numbers(f"{name}.after", "punts")["async"] -
            numbers(f"{name}.before", "punts")["async"])
    checks.same(f"{name}: there were steps in the pool", True, more > 0)
    checks.same(f"{name}: punts are those of debugfs", more,
                doc["otherData"]["weft"][0]["punts"])
    drawn = sum(e["ph"] == "b" and e["name"] == "in the pool" for e in doc["traceEvents"])
    # One that is over before its poll is has no time to be drawn.
    checks.same(f"{name}: tasks are in the pool", True, 0 < drawn <= more)


def refusal(checks, name, status, *words):
    said = read(f"{name}.err")
    checks.same(f"{name}: the status tells", str(status), read(f"{name}.status").strip())
    checks.same(f"{name}: it says why", [True] * len(words), [w in said for w in words])


def main():
    checks = Checks()
    for name in "sleep", "work", "nop":
        film(checks, name)
    pool(checks, "copy")
    refusal(checks, "nobody", 3, "may not be", "run as root")
    refusal(checks, "off", 4, "recorder is off", "echo on")
    refusal(checks, "frozen", 4, "recorder is frozen", "echo on")
    refusal(checks, "gone", 3, "load the module")
    slow = json.loads(read("slow.json"))["otherData"]["weft"][0]
    checks.same("slow: the job that froze it is the last", 1, min(slow["ended"], 1))
    print(f"totals: {checks.passed} passed, {checks.failed} failed, 0 skipped")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
