#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the examples in the VM, on both engines, and looks at what came of them. The
# last line is "examples: N passed, N failed, 0 skipped"; the status is 1 if one failed.
set -u

DIR=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0

result() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok - $2"
	else
		failed=$((failed + 1))
		echo "not ok - $2"
		cat /tmp/out
	fi
}

# Each word is NODE=STATE; it must exit with 0.
graph() {
	name=$1
	shift
	for engine in async threads; do
		sed "1s/{/{ \"engine\": \"$engine\",/" "$DIR/$name.json" >/tmp/graph.json
		weft graph - </tmp/graph.json >/tmp/out 2>&1
		status=$?
		for want in "$@"; do
			grep -q "^${want%=*} .* ${want#*=} " /tmp/out || status=1
		done
		result $status "$name on $engine"
	done
}

# What is wrong is refused where it stands: LINE:COLUMN and the exit status.
refused() {
	printf '%b' "$3" | weft graph - >/tmp/out 2>&1
	[ $? -eq "$2" ] && grep -q "stdin:$1: " /tmp/out
	result $? "refused at $1"
}

graph race fast=ended slow=failed won=ended
graph guard try=failed go-on=skipped instead=ended timed-out=ended not-at-all=skipped \
	as-late-again=ended clean-up=ended
graph fan-in sleep-0=ended sleep-49=ended ten=ended all=ended

refused 2:14 2 '{ "nodes": {\n"a": { "op": "slep" }}}'
refused 3:6 2 '{ "nodes": {\n"a": { "op": "nop"\n     "b": 1 }}}'
refused 3:6 4 '{ "nodes": {\n"a": { "op": "nop" },\n"b": { "op": "nop", "after_end": "b" }}}'
refused 2:34 2 '{ "nodes": {\n"a": { "op": "nop", "after_end": "b" }}}'

echo "examples: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
