#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the hammer reached: report.py OUTPUT JSON KERNEL MINUTES STATUS

Prints a table of the figures in OUTPUT, and writes them to JSON.
"""
import json
import sys


def main():
    output, path, kernel, minutes, status = sys.argv[1:]
    seed, metrics, targets, promises, missing, failures = None, {}, {}, {}, {}, []
    with open(output) as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            if words[0] == "figure":
                metrics[words[1]] = int(words[3])
                targets[words[1]] = int(words[4])
                promises[words[1]] = int(words[2])
            elif words[0] == "missing":
                missing[words[1]] = " ".join(words[2:])
            elif words[0] == "seed":
                seed = words[1]
            elif words[0] == "FAILED":
                failures.append(" ".join(words[1:]))
    if int(status) and not failures:
        failures.append("status " + status)

    print()
    print(f"{'figure':<18} {'promise':>7} {'reached':>10} {'target':>10}")
    for name, reached in metrics.items():
        target = targets[name]
        note = "" if reached >= target else "  below"
        print(f"{name:<18} {promises[name]:>7} {reached:>10,} "
              f"{f'{target:,}' if target else '-':>10}{note}")
    for name, why in missing.items():
        print(f"{name:<18} not here: {why}")
    below = [name for name in metrics if metrics[name] < targets[name]]
    print(f"\nseed {seed}: {len(metrics) - len(below)} of {len(metrics)} targets reached, "
          f"{len(failures)} failures")
    with open(path, "w") as out:
        json.dump({"seed": seed, "minutes": int(minutes), "kernel": kernel,
                   "metrics": metrics, "targets": targets, "missing": missing,
                   "failures": failures}, out, indent=2)
        out.write("\n")


main()
