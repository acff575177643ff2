#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tests of weft copy and weft verify; in the guest, as root:
#   files_guest.sh
# The last line is "files: N passed, N failed, N skipped"; the status is 1 if one
# failed.
set -u

MODULE=/weft.ko
WORK=$(mktemp -d)
passed=0 failed=0
export NO_COLOR=1

ok() {
	echo "ok - $1"
	passed=$((passed + 1))
}

not_ok() {
	echo "not ok - $1"
	sed 's/^/# /' "$WORK/out"
	failed=$((failed + 1))
}

# try NAME STATUS PATTERN COMMAND...: how it ends, and what a line of it is; an empty
# pattern is for no matter what, or nothing.
try() {
	name=$1 status=$2 pattern=$3
	shift 3
	"$@" >"$WORK/out" 2>&1 </dev/null
	got=$?
	if [ "$got" -ne "$status" ]; then
		echo "# ended with $got, not $status" >>"$WORK/out"
		not_ok "$name"
	elif [ -n "$pattern" ] && ! grep -qE -e "$pattern" "$WORK/out"; then
		echo "# no line is like $pattern" >>"$WORK/out"
		not_ok "$name"
	else
		ok "$name"
	fi
}

absent() {
	for f; do
		[ ! -e "$f" ] || return 1
	done
}

ended_with() {
	wait "$1"
}

same_tree() {
	diff -r "$1" "$2"
}

mode_of() {
	stat -c %a "$1"
}

# 200 files of many sizes, in a tree with what a tree may have.
make_tree() {
	mkdir -p "$1/a/b/c" "$1/empty"
	i=0
	while [ $i -lt 200 ]; do
		dd if=/dev/urandom of="$1/a/f$i" bs=$((i * 331 + 1)) count=1 2>/dev/null
		i=$((i + 1))
	done
	dd if=/dev/urandom of="$1/a/b/large" bs=1M count=5 2>/dev/null
	: >"$1/a/b/c/none"
	dd if=/dev/zero of="$1/a/b/sparse" bs=1 count=1 seek=3000000 2>/dev/null
	ln -s ../f1 "$1/a/b/link"
	ln -s nowhere "$1/a/dangling"
	printf x >"$1/a/back\\slash"
	printf x >"$1/a/new
line"
	printf x >"$1/a/closed"
	chmod 0640 "$1/a/closed"
	chmod 0550 "$1/a/b/c"
}

copying() {
	tree=$WORK/tree
	make_tree "$tree"
	for engine in async threads; do
		to=$WORK/$engine
		try "copy a tree on $engine" 0 '^20[0-9] files copied, ' \
			weft copy -r --engine $engine --jobs 16 "$tree" "$to"
		try "the copy is the same" 0 '' same_tree "$tree" "$to"
		try "permissions are kept" 0 '^640$' mode_of "$to/a/closed"
		try "those of directories as well" 0 '^550$' mode_of "$to/a/b/c"
	done
	try "a tree goes over what is there" 0 '' weft copy -r "$tree/." "$WORK/async"
	try "and is the same then" 0 '' same_tree "$tree" "$WORK/async"
	try "with three descriptors a file at a time" 0 '^20[0-9] files copied' \
		sh -c "ulimit -n 12; weft copy -r $tree $WORK/few"
	try "is the same as well" 0 '' same_tree "$tree" "$WORK/few"
	mkdir "$WORK/into"
	try "files go into a directory" 0 '^2 files copied, ' \
		weft copy "$tree/a/f1" "$tree/a/f2" "$WORK/into"
	try "under their own names" 0 '' cmp "$tree/a/f2" "$WORK/into/f2"
	try "one document" 0 '"to": ".*/into/f3"' \
		weft copy --json "$tree/a/f3" "$WORK/into"
	try "quiet says nothing" 1 '' sh -c "weft copy -q $tree/a/f3 $WORK/into | grep ."
	echo longer than what comes over it >"$WORK/into/f0"
	try "a file is written over" 0 '^1 file copied, 1 B' \
		weft copy "$tree/a/f0" "$WORK/into/f0"
	try "as a whole" 0 '' cmp "$tree/a/f0" "$WORK/into/f0"
	try "files of proc are copied to their end" 0 '^1 file copied' \
		weft copy /proc/cpuinfo "$WORK/cpuinfo"
	try "with all that is in them" 0 'processor' cat "$WORK/cpuinfo"
}

copying_wrongly() {
	tree=$WORK/tree
	try "what is not there" 1 'none: No such file or directory; check the name' \
		weft copy "$WORK/none" "$tree/a/f1" "$WORK/into"
	try "the others go on" 0 '' cmp "$tree/a/f1" "$WORK/into/f1"
	try "a directory needs -r" 1 'tree: Is a directory; use -r' \
		weft copy "$tree" "$WORK/other"
	try "a place that is not there" 1 "$WORK/no/f1: No such file or directory" \
		weft copy "$tree/a/f1" "$WORK/no/f1"
	try "several into a file" 2 'no directory: make it first' \
		weft copy "$tree/a/f1" "$tree/a/f2" "$WORK/cpuinfo"
	try "a file onto itself" 1 'f1: File exists; .* is itself what is copied' \
		weft copy "$tree/a/f1" "$tree/a/f1"
	try "it is as it was" 0 '' cmp "$tree/a/f1" "$WORK/into/f1"
	mkdir "$WORK/self"
	echo in >"$WORK/self/file"
	try "a tree into itself" 1 'would be copied into itself' \
		weft copy -r "$WORK/self" "$WORK/self"
	try "once" 0 '' cmp "$WORK/self/file" "$WORK/self/self/file"
	try "and no more" 0 '' absent "$WORK/self/self/self"
	mkfifo "$WORK/self/pipe"
	try "a pipe in a tree is told" 1 'pipe: neither a file nor' \
		weft copy -r "$WORK/self" "$WORK/other"
	try "a device" 1 '/dev/null: Invalid argument; jobs read and write regular' \
		weft copy /dev/null "$WORK/device"
	try "it leaves nothing" 0 '' absent "$WORK/device"
	try "weft's own file" 1 '/dev/weft: Bad file descriptor; .* no job may have' \
		weft copy "$tree/a/f1" /dev/weft
	mkdir "$WORK/small"
	mount -t tmpfs -o size=64k none "$WORK/small"
	try "no space" 1 'No space left on device; free some space' \
		weft copy "$tree/a/b/large" "$WORK/small/large"
	try "half a copy is removed" 0 '' absent "$WORK/small/large"
	umount "$WORK/small"
	try "the limit of a file" 1 'limited: File too large; it is more than ulimit -f' \
		sh -c "ulimit -f 100; exec weft copy $tree/a/b/large $WORK/limited"
	try "no destination" 2 'where to[?]' weft copy "$tree"
	try "an engine that is not there" 2 "did you mean 'threads'" \
		weft copy --engine thread a b
}

# What sha256sum itself makes of them.
listing() {
	tree=$WORK/tree
	cd "$tree/a" || return
	for engine in async threads; do
		weft verify --engine $engine f* closed b/large b/c/none >"$WORK/list"
		sha256sum f* closed b/large b/c/none >"$WORK/expected"
		try "digests on $engine are those of sha256sum" 0 '' \
			cmp "$WORK/list" "$WORK/expected"
		try "in a tree" 0 '' sh -c "weft verify -r --engine $engine . >$WORK/all"
		try "all of them are right" 0 '^./b/large: OK$' \
			weft verify --check "$WORK/all" --engine $engine
		try "as many as there are files" 0 "^$(find . -type f -exec echo x ';' | wc -l)\$" \
			sh -c "wc -l <$WORK/all"
	done
	try "names are escaped" 0 '^\\[0-9a-f]{64}  ./back\\\\slash$' cat "$WORK/all"
	try "newlines, too" 0 '^\\[0-9a-f]{64}  ./new\\nline$' cat "$WORK/all"
	try "and read" 0 '^\\./new\\nline: OK$' weft verify --check "$WORK/all"
	printf 123456789 >"$WORK/check"
	try "crc32c" 0 '^e3069283  ' weft verify -a crc32c "$WORK/check"
	try "sha256" 0 '^15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225  ' \
		weft verify "$WORK/check"
	if weft verify -a xxh64 "$WORK/check" 2>&1 | grep -q 'no such algorithm'; then
		echo "# this kernel has no xxh64"
	else
		try "xxh64" 0 '^8cb841db40e6ae83  ' weft verify -a xxh64 "$WORK/check"
	fi
	weft verify -a crc32c "$WORK/check" >"$WORK/short"
	try "a list says its algorithm" 0 'check: OK' weft verify --check "$WORK/short"
	try "one document" 0 '"digest": "e3069283"' \
		weft verify --json -a crc32c "$WORK/check"
	cd /
}

checking() {
	tree=$WORK/tree/a
	cd "$tree" || return
	printf y >>f7
	try "a file that has changed" 1 '^./f7: FAILED$' weft verify --check "$WORK/all"
	try "only that" 1 '^1$' sh -c "weft verify -q --check $WORK/all | wc -l; exit 1"
	try "how many" 1 '1 file differs; copy what differs again' \
		weft verify -q --check "$WORK/all"
	try "from stdin" 1 '^./f7: FAILED$' sh -c "weft verify -c - <$WORK/all"
	try "in one document" 1 '"differs": true' weft verify --json -c "$WORK/all"
	mv f8 f8.away
	try "a file that is gone" 1 '^./f8: FAILED open or read$' \
		weft verify --check "$WORK/all"
	try "is told by its name" 1 './f8: No such file or directory; check the name' \
		weft verify --check "$WORK/all"
	try "and the others go on" 1 '^./f9: OK$' weft verify --check "$WORK/all"
	mv f8.away f8
	{ echo nonsense && cat "$WORK/expected"; } >"$WORK/wrong"
	try "a line that is none" 1 "wrong:1: no line such as 'DIGEST  NAME'" \
		weft verify --check "$WORK/wrong"
	try "a list without digests" 1 'there is no digest in it' \
		weft verify --check "$WORK/check"
	try "a list of another algorithm" 1 'with a digest of that algorithm' \
		weft verify -a crc32c --check "$WORK/all"
	try "a list that is not there" 1 'absent: No such file' weft verify -c "$WORK/absent"
	try "a directory" 1 'b: Is a directory; use -r' weft verify b
	try "a pipe" 1 'Invalid argument; jobs read and write regular files' \
		weft verify "$WORK/self/pipe"
	try "weft's own file" 1 '/dev/weft: Invalid argument|Bad file descriptor' \
		weft verify /dev/weft
	try "an algorithm that is not there" 2 "did you mean 'sha256'" \
		weft verify -a sha265 f1
	try "a list and files" 2 "leave out 'f1'" weft verify -c "$WORK/all" f1
	try "nothing" 2 'which files[?]' weft verify
	cd /
}

# A file that takes long, and Ctrl-C in the middle of it.
interrupting() {
	dd if=/dev/zero of="$WORK/endless" bs=1 count=1 seek=200G 2>/dev/null
	for engine in async threads; do
		weft verify --engine $engine "$WORK/endless" "$WORK/check" >"$WORK/out" 2>&1 &
		pid=$!
		until_busy
		kill -INT $pid
		try "Ctrl-C ends a verify on $engine" 130 '' ended_with $pid
	done
}

# Until there is a job of it.
until_busy() {
	tries=0
	until grep -q ' verify ' /sys/kernel/debug/weft/tasks || [ $tries -eq 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

# It is a module of its own in some kernels.
[ ! -e /xxhash_generic.ko ] || insmod /xxhash_generic.ko
insmod "$MODULE"
copying
copying_wrongly
listing
checking
interrupting
try "module can be removed" 0 '' rmmod weft
chmod -R u+w "$WORK"
rm -rf "$WORK"
echo "files: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
