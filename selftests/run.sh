#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the selftests in the guest, as root, each one with both word sizes:
#   run.sh
#   RUN_SH="abi_test job_test" run.sh    only these
#   RUN_SH_BITS=64 run.sh                only this word size
#   WEFT_SLOW=10 run.sh                  on a kernel that is so much slower
#   WEFT_ALARM_MS=10 run.sh              with a signal every 1 to 10 ms, all the time
# A test also fails if the kernel log has a warning after it. The last line is
# "selftests: N passed, N failed, N skipped"; the status is 1 if one failed.
set -u

DIR=$(cd "$(dirname "$0")" && pwd)
MODULE=/weft.ko
LIMIT=${RUN_SH_LIMIT:-$((300 * ${WEFT_SLOW:-1}))}
WORK=$(mktemp -d)
BAD='WARNING|BUG|Oops|general protection|KASAN|KCSAN|UBSAN|ODEBUG|refcount_t'
BAD="$BAD|INFO: possible|INFO: suspicious|possible circular|suspicious RCU"
BAD="$BAD|inconsistent lock state|bad unlock balance|held lock freed"
BAD="$BAD|INFO: task .* blocked for more than|hung task|soft lockup|hard LOCKUP"
BAD="$BAD|detected stalls|list_(add|del) corruption|Call Trace"
BAD="$BAD|unreferenced object 0x|Kernel panic|Out of memory"
passed=0 failed=0 skipped=0 runs=0

pass() {
	echo "ok - $*"
	passed=$((passed + 1))
}

fail() {
	echo "not ok - $*"
	failed=$((failed + 1))
}

# From here on the kernel log belongs to $1.
mark() {
	runs=$((runs + 1))
	echo "weft-selftests: $runs $1" >/dev/kmsg
}

# The whole log if the mark has already been overwritten.
new_log() {
	dmesg | awk -f "$DIR/ours.awk" >"$WORK/log"
	if grep -q "weft-selftests: $runs " "$WORK/log"; then
		sed "1,/weft-selftests: $runs /d" "$WORK/log"
	else
		cat "$WORK/log"
	fi
}

check_log() {
	new_log | grep -E "$BAD" >"$WORK/bad"
	if [ -s "$WORK/bad" ]; then
		new_log | sed 's/^/# /'
		fail "kernel log after $1"
	fi
}

count() {
	grep -cE "$1" "$WORK/tap"
}

# Adds up the TAP of $1, which ended with status $2.
add_up() {
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$WORK/tap")
	skips=$(count '^ok [0-9]+ # SKIP')
	oks=$(($(count '^ok ') - skips))
	bads=$(count '^not ok ')
	passed=$((passed + oks))
	failed=$((failed + bads))
	skipped=$((skipped + skips))
	if [ "$2" -eq 4 ] && [ "$plan" = 0 ]; then
		skipped=$((skipped + 1))
	elif [ "$2" -gt 1 ]; then
		fail "$1 ended with status $2"
	elif [ "$plan" != $((oks + bads + skips)) ]; then
		fail "$1 planned ${plan:-nothing} and ran $((oks + bads + skips))"
	elif [ "$2" -eq 1 ] && [ "$bads" -eq 0 ]; then
		fail "$1 failed without a failed test"
	fi
}

run_test() {
	echo "# selftests: $1"
	mark "$1"
	start=$(date +%s)
	timeout -k 10 "$LIMIT" "$DIR/$1" >"$WORK/tap" 2>&1
	status=$?
	cat "$WORK/tap"
	echo "# $1 took $(($(date +%s) - start)) s"
	add_up "$1" "$status"
	check_log "$1"
}

# Where there are no tests, "*_test" is what is not there.
run_all() {
	for bits in ${RUN_SH_BITS:-64 32}; do
		for test in ${RUN_SH:-$(cd "$DIR" && echo "$bits"/*_test)}; do
			test=$bits/${test#*/}
			if [ -x "$DIR/$test" ]; then
				run_test "$test"
			else
				fail "$test is not there"
			fi
		done
	done
}

# Objects younger than five seconds are not reported. What kfree_rcu() shall free lies
# for as long where kmemleak does not look, and would be reported. Two scans: the
# first one sees objects that are on their way.
check_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -w "$leaks" ] || return 0
	sleep 6
	echo scan >"$leaks"
	echo scan >"$leaks"
	# What the kernel counts in its log is after one scan: what is listed now counts.
	if [ -s "$leaks" ] && grep . "$leaks"; then
		# It takes no more than a line at once.
		while IFS= read -r line; do
			echo "$line" >/dev/kmsg
		done <"$leaks"
		fail "memory leaks"
	else
		pass "no memory leaks"
	fi
}

finish() {
	rm -rf "$WORK"
	echo "selftests: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

mark insmod
if ! lsmod | grep -q '^weft ' && ! insmod "$MODULE"; then
	fail "insmod $MODULE"
	finish
fi
run_all
mark rmmod
if rmmod weft; then
	pass "rmmod weft"
else
	fail "rmmod weft"
fi
check_leaks
check_log rmmod
finish
