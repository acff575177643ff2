#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Judges the KUnit results in a kernel log: kunit.sh FILE
# The last line counts them. Exit status: 0 when tests ran and none failed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ $# -ne 1 ] || [ ! -r "$1" ]; then
	die "usage: ${0##*/} FILE (a readable kernel log)"
fi
log=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The parser wants one head line and plan; the suites of a module come without in
# 6.1, and with their own in newer kernels.
extract_ktap() {
	sed -n '/weft-test: start/,$p' "$log" | sed 's/^\[ *[0-9.]*\] //' |
		grep -vE '^(KTAP version 1|1\.\.[0-9]+)$' >"$work/lines"
	echo 'KTAP version 1'
	echo "1..$(grep -c '^    # Subtest: ' "$work/lines")"
	awk '/^(not )?ok [0-9]+ / { sub(/ok [0-9]+/, "ok " ++n) } { print }' "$work/lines"
}

count_of() { sed -n "s/.*[ ,]$1: \([0-9]*\).*/\1/p" <<<"$summary" | grep . || echo 0; }

summary=''
extract_ktap >"$work/ktap"
if grep -q '# Subtest: ' "$work/ktap"; then
	python3 "$(source_dir)/tools/testing/kunit/kunit.py" parse "$work/ktap" \
		>"$work/report" 2>&1 || true
	cat "$work/report"
	summary=$(grep 'Testing complete' "$work/report" || true)
fi
passed=$(count_of passed)
failed=$(($(count_of failed) + $(count_of crashed) + $(count_of errors)))
skipped=$(count_of skipped)
verdict=0
[ "$failed" -eq 0 ] || verdict=1
if [ $((passed + skipped)) -eq 0 ]; then
	say "no KUnit test ran: load a test module"
	verdict=1
fi
echo "kunit: $passed passed, $failed failed, $skipped skipped"
exit "$verdict"
