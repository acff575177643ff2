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

# ok NAME COMMAND...: it exits with 0, and all that it is to say is in its output.
ok() {
	name=$1
	shift
	"$@" >/tmp/out 2>&1
	result $? "$name"
}

# says NAME STATUS PATTERN COMMAND...
says() {
	name=$1 status=$2 pattern=$3
	shift 3
	"$@" >/tmp/out 2>&1
	[ $? -eq "$status" ] && grep -q -e "$pattern" /tmp/out
	result $? "$name"
}

# Files of many sizes, in several directories.
make_tree() {
	mkdir -p "$1/a/b" "$1/c"
	i=0
	while [ $i -lt 60 ]; do
		dd if=/dev/urandom of="$1/a/b/$i" bs=$((i * i * 31 + 1)) count=1 2>/dev/null
		dd if=/dev/urandom of="$1/c/$i" bs=$((i * 100 + 1)) count=1 2>/dev/null
		i=$((i + 1))
	done
	ln -s ../c/1 "$1/a/link"
}

# Copy a tree, and compare; verify it, with one byte of one file damaged.
tree() {
	copy=/tmp/copy-$1
	ok "a tree is copied on $1" weft copy -r --engine "$1" /tmp/tree "$copy"
	ok "the copy on $1 is the same" diff -r /tmp/tree "$copy"
	(cd "$copy" && weft verify -r --engine "$1" . >/tmp/list)
	ok "a tree is verified on $1" sh -c "cd $copy && weft verify -e $1 --check /tmp/list"
	printf '\377' | dd of="$copy/a/b/40" bs=1 seek=20000 conv=notrunc 2>/dev/null
	cmp -s /tmp/tree/a/b/40 "$copy/a/b/40" &&
		printf '\376' | dd of="$copy/a/b/40" bs=1 seek=20000 conv=notrunc 2>/dev/null
	says "the damaged file is found on $1" 1 '^./a/b/40: FAILED$' \
		sh -c "cd $copy && weft verify -e $1 --check /tmp/list"
	says "and no other on $1" 1 '^1$' \
		sh -c "cd $copy && weft verify -q -e $1 --check /tmp/list 2>/dev/null | wc -l; exit 1"
	rm -r "$copy"
}

make_tree /tmp/tree
tree async
tree threads

# 100 files, written and synced, with a fan-in that signals an eventfd.
for engine in async threads; do
	mkdir -p /tmp/synced
	says "100 files are synced on $engine" 0 '^100 files are synced$' \
		synced $engine /tmp/synced
	says "and there on $engine" 0 '^409600$' sh -c 'cat /tmp/synced/file-* | wc -c'
	rm -r /tmp/synced
done

graph files write=ended sync=ended read=ended put=ended copy=ended digest=ended same=ended \
	short=ended
ok "one file twice" sh -c 'cat /tmp/weft-one /tmp/weft-one | cmp - /tmp/weft-both'
graph race-pipe ready=ended minute=failed hour=failed say=ended first=ended hear=ended
graph race-timer soon=ended ready=failed hour=failed first=ended hear=skipped
graph await told=ended signal=ended take=ended
says "the sum of three was told" 0 '^told .* ended *12 ' weft graph "$DIR/await.json"
graph race fast=ended slow=failed won=ended
graph guard try=failed go-on=skipped instead=ended timed-out=ended not-at-all=skipped \
	as-late-again=ended clean-up=ended
graph fan-in sleep-0=ended sleep-49=ended ten=ended all=ended

refused 2:14 2 '{ "nodes": {\n"a": { "op": "slep" }}}'
refused 3:6 2 '{ "nodes": {\n"a": { "op": "nop"\n     "b": 1 }}}'
refused 3:6 4 '{ "nodes": {\n"a": { "op": "nop" },\n"b": { "op": "nop", "after_end": "b" }}}'
refused 2:34 2 '{ "nodes": {\n"a": { "op": "nop", "after_end": "b" }}}'

# Files, buffers and names of both.
refused 2:39 2 '{ "nodes": {\n"a": { "op": "fsync", "fd": { "path": "/no/such" }}}}'
refused 2:31 2 '{ "nodes": {\n"a": { "op": "fsync", "fd": { "pat": "/no/such" }}}}'
refused 1:49 2 '{ "files": { "one": { "path": "/tmp/x", "mode": "reed" }}}'
refused 2:39 2 '{ "files": { "one": { "path": "/tmp/x" }},\n"nodes": {"a": { "op": "fsync", "fd": "ome"}}}'
refused 2:38 2 '{ "pipes": ["p"],\n"nodes": {"a": { "op": "poll", "fd": "p"}}}'
refused 1:20 2 '{ "buffers": {"b": "4kB"}, "nodes": {"a": { "op": "nop" }}}'
refused 2:6 2 '{ "nodes": {\n"a": { "op": "read", "fd": { "path": "/tmp/x" }}}}'
refused 2:6 4 '{ "pipes": ["p"], "nodes": {\n"a": { "op": "verify", "fd": "p.read", "bind": { "fd": "b" }, "after_end": "b" }, "b": { "op": "nop" }}}'
echo "examples: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
