#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the VM: pictures of real jobs, for timeline_totals.py to compare with what
# debugfs counted, and what users see who may not look. Leaves all in /out.
set -eu

insmod /weft.ko recorder=65536
echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd

# film NAME ARGS: the counts before and after, and what the recorder saw.
film() {
	weft stat --json engines >"/out/$1.before"
	weft timeline --run "$2" --both -o "/out/$1.json"
	weft stat --json engines >"/out/$1.after"
}

# refused NAME COMMAND...: it must fail, with what it says kept.
refused() {
	name=$1
	shift
	if "$@" >"/out/$name.out" 2>"/out/$name.err"; then
		echo 0 >"/out/$name.status"
	else
		echo $? >"/out/$name.status"
	fi
}

# Nothing has happened before.
dd if=/dev/zero of=/tmp/file bs=64k count=4 2>/dev/null
weft stat --json engines >/out/copy.before
weft copy --quiet /tmp/file /tmp/copy
weft timeline --last 1h --format json >/out/copy.json
weft stat --json engines >/out/copy.after

film sleep 'sleep --for 5ms --count 200'
film work 'work --count 5 --rounds 3 --work 2ms --wait 3ms'
film nop 'nop --count 500'
refused nobody su nobody -c 'weft timeline'
echo off >/sys/kernel/debug/weft/recorder/state
refused off weft timeline --run 'nop'
echo on >/sys/kernel/debug/weft/recorder/state
echo 4000000 >/sys/kernel/debug/weft/recorder/slow_ns
weft run sleep --for 20ms --quiet
refused frozen weft timeline --run 'nop'
weft timeline --last 1s --format json >/out/slow.json
rmmod weft
refused gone weft timeline
