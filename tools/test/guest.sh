#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tests of the weft command that need the module; in the guest, as root:
#   guest.sh
# The last line is "guest: N passed, N failed, N skipped"; the status is 1 if one
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

# until_seen NAME PATTERN COMMAND...: again and again, for a minute; then as a test.
until_seen() {
	name=$1 pattern=$2
	shift 2
	tries=0
	until "$@" 2>/dev/null | grep -qE -e "$pattern" || [ $tries -eq 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	try "$name" 0 "$pattern" "$@"
}

# Somebody who is not root.
nobody() {
	su nobody -s /bin/sh -c "$*"
}

without_the_module() {
	try "doctor without the module" 2 'weft is not loaded' weft doctor
	try "top without the module" 3 'load the module' weft top --once
	try "step without the module" 3 'load the module' weft step
	try "card without the module" 3 'load the module' weft card
}

idle() {
	try "doctor finds nothing" 0 '^doctor: well$' weft doctor
	try "doctor checks the interface" 0 'version 1, the same' weft doctor
	try "top of an idle module" 0 '0 clients, 0 jobs' weft top --once
	try "top warns of nothing" 0 '^warnings: none$' weft top --once
}

stepping() {
	try "step ends all" 0 '^All have ended: 4 polls, 3 of them' weft step yield:1 sleep:1ms
	try "step shows who is woken" 0 '^ +woken +B$' weft step yield:1 sleep:1ms
	try "step on several workers" 0 '^ +queue 1 ' weft step --workers 2
	try "step stops at --max" 0 '^Not all have ended: 3 polls' weft step --max 3 yield:9
	try "step by the real clock" 0 '^All have ended' weft step --real sleep:2ms
	try "step of a wrong job" 2 'is no job' weft step sleep:soon
	try "step of too many workers" 2 'from 1 to 8' weft step --workers 9
	weft step --json yield:2 sleep:1ms nop >"$WORK/first"
	weft step --json yield:2 sleep:1ms nop >"$WORK/second"
	try "same jobs take the same steps" 0 '' cmp "$WORK/first" "$WORK/second"
	try "steps are lines of JSON" 0 '^[{]"step":1,"outcome":"yielded","worker":0,"job":"A",' \
		cat "$WORK/first"
	try "stepped clients are gone" 0 '0 clients, 0 jobs' weft top --once
}

watching() {
	weft run sleep --for 1h --count 3 --quiet &
	sleeper=$!
	until_seen "top shows jobs that sleep" ' waiting sleep .* timer ' weft top --once
	try "top counts jobs" 0 ' 1 clients, 3 jobs' weft top --once
	try "top shows the client" 0 ' weft +async +0 +0 +3 +0 +3 +3$' weft top --once --view clients
	client=$(awk 'NR == 2 { print $1 }' /sys/kernel/debug/weft/clients)
	id=$(weft top --once | awk '/ waiting sleep / { print $1; exit }')
	try "top shows all about a job" 0 'a point in time \(timer\)' \
		weft top --task "$client:$id"
	kill -INT "$sleeper"
	wait "$sleeper"
	weft run yield --times 1000000000 --count 8 --quiet &
	yielder=$!
	until_seen "top warns of a job that wakes itself" '^S+Q* +[0-9]+ .* yield ' \
		weft top --once
	try "doctor finds it as well" 1 'S self-waking: [1-8]$' weft doctor
	kill -INT "$yielder"
	wait "$yielder"
}

unprivileged() {
	echo 'root:x:0:0::/:/bin/sh' >/etc/passwd
	echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd
	try "doctor tells which permission is missing" 2 \
		'uid 65534 may not open /dev/weft: read and write permission is' nobody weft doctor
	try "doctor tells that of debugfs" 2 'uid 65534 may not look into /sys/kernel/debug' \
		nobody weft doctor
	try "top tells who may" 3 'run as root' nobody weft top --once
	try "card tells who may" 3 'run as root' nobody weft card
	umount /sys/kernel/debug
	try "doctor tells how to mount debugfs" 2 'run mount -t debugfs none /sys/kernel/debug' \
		weft doctor
	mount -t debugfs none /sys/kernel/debug
}

measuring() {
	try "card measures" 0 '"bytes_async"' weft card --json
	cp "$WORK/out" "$WORK/card.json"
	try "all figures are measured" 1 '' grep '"rounds": *0' "$WORK/card.json"
	try "card is a picture" 0 '^<svg ' weft card --from "$WORK/card.json" --svg
}

mkdir -p /etc
without_the_module
insmod "$MODULE"
idle
stepping
watching
unprivileged
measuring
try "module can be removed" 0 '' rmmod weft
rm -rf "$WORK"
echo "guest: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
