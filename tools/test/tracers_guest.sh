#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The trace events as others see them: perf, trace-cmd and bpftrace, as Debian has
# them, on a kernel that has no type information of our module. In the guest, as root.
# The last line is "tracers: N passed, N failed, N skipped".
set -u

WORK=$(mktemp -d)
passed=0 failed=0
EVENTS="weft_cancel weft_complete weft_graph_end weft_graph_node weft_park weft_poll_begin
	weft_poll_end weft_punt weft_submit weft_wake"

# run COMMAND...: its output and its status are looked at by what follows.
run() {
	"$@" >"$WORK/out" 2>&1 </dev/null
	echo "status $?" >>"$WORK/out"
}

# same WHAT EXPECTED GOT
same() {
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1"
		echo "#   expected $2, got $3"
		tail -n 20 "$WORK/out" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

# lines PATTERN: how many there are of these.
lines() {
	grep -cE -e "$1" "$WORK/out"
}

# counted EVENT: what perf stat -x, says.
counted() {
	sed -n "s/^\([0-9]*\),,weft:$1,.*/\1/p" "$WORK/out"
}

names() {
	echo "$EVENTS" | tr -s ' \t\n' '\n'
}

sees_perf() {
	run perf list 'weft:*'
	same "perf: knows all events" "$(names)" \
		"$(sed -n 's/^ *weft:\([a-z_]*\) .*/\1/p' "$WORK/out" | sort)"

	run perf stat -a -x, -e 'weft:*' -- weft run sleep --for 1ms --count 100 --quiet
	same "perf stat: ends well" 1 "$(lines '^status 0$')"
	for event in submit wake complete; do
		same "perf stat: $event of 100 jobs" 100 "$(counted weft_$event)"
	done
	for event in poll_begin poll_end; do
		same "perf stat: $event of 100 jobs" 200 "$(counted weft_$event)"
	done

	dd if=/dev/zero of="$WORK/file" bs=64k count=4 2>/dev/null
	before=$(weft stat --json engines | tr ',' '\n' | sed -n 's/.*"punts": *\([0-9]*\).*/\1/p' | head -n 1)
	run perf stat -a -x, -e weft:weft_punt -- weft copy --quiet "$WORK/file" "$WORK/copy"
	after=$(weft stat --json engines | tr ',' '\n' | sed -n 's/.*"punts": *\([0-9]*\).*/\1/p' | head -n 1)
	same "perf stat: as many steps in the pool as are counted" $((after - before)) \
		"$(counted weft_punt)"
	same "perf stat: there are some" 1 $((after > before))

	run perf record -q -a -o "$WORK/perf" -e weft:weft_complete -- \
		weft run nop --count 20 --quiet
	run perf script -i "$WORK/perf"
	same "perf script: fields of all jobs" 20 \
		"$(lines 'weft:weft_complete: id=[0-9]+ op=nop client=[0-9]+ worker=[0-9]+ result=0 polls=1$')"
}

sees_trace_cmd() {
	run trace-cmd record -q -o "$WORK/trace.dat" -e weft -e sched:sched_switch \
		weft run sleep --for 1ms --count 50 --quiet
	same "trace-cmd record: ends well" 1 "$(lines '^status 0$')"
	run trace-cmd report -i "$WORK/trace.dat"
	same "trace-cmd report: fields of all jobs" 50 \
		"$(lines 'weft_complete: +id=[0-9]+ op=sleep client=[0-9]+ worker=[0-9]+ result=[0-9]+ polls=2$')"
	same "trace-cmd report: who woke them, in words" 50 \
		"$(lines 'weft_wake: +id=[0-9]+ op=sleep .* by=timer$')"
	same "trace-cmd report: what they waited for, in words" 50 \
		"$(lines 'weft_poll_end: +id=[0-9]+ op=sleep pending wait=timer ')"
	same "trace-cmd report: the switches of the worker beside it" 1 \
		"$(($(lines 'sched_switch: .*weft/[0-9]') > 0))"
}

sees_bpftrace() {
	run bpftrace -l 'tracepoint:weft:*'
	same "bpftrace: knows all events" "$(names)" \
		"$(sed -n 's/^tracepoint:weft://p' "$WORK/out" | sort)"

	run bpftrace -e 'tracepoint:weft:weft_wake { @[args->by] = count(); }' \
		-c '/bin/weft run sleep --for 1ms --count 30 --quiet'
	same "bpftrace: wakes by whom" 1 "$(lines '^@\[0\]: 30$')"

	run bpftrace -e 'tracepoint:weft:weft_complete /args->result < 0/ {
		@[args->op, args->client > 0] = sum(args->polls); }' \
		-c '/bin/weft run sleep --for 1h --count 10 --deadline 10ms --quiet'
	same "bpftrace: polls of jobs that failed, by op" 1 "$(lines '^@\[sleep, 1\]: 20$')"
}

insmod /weft.ko || exit 1
sees_perf
sees_trace_cmd
sees_bpftrace
rmmod weft
rm -rf "$WORK"
echo "tracers: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
