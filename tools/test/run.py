#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs tests of the weft command, of the named files:
    run.py NAME...
The last line is "tools: N passed, N failed, N skipped"."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    sys.path.insert(0, HERE)
    suite = unittest.TestLoader().loadTestsFromNames(sys.argv[1:])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"tools: {result.testsRun - failed - skipped} passed, {failed} failed,"
          f" {skipped} skipped")
    return 1 if failed else 0


sys.exit(main())
