#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the VM, as root: guest.sh ARGUMENTS-OF-THE-HAMMER
# Loads the module, lets the storms loose, unloads it, and looks for what is left.
status=0
leaks=/sys/kernel/debug/kmemleak

fail() {
	echo "FAILED $*"
	status=1
}

# Two scans: the first one sees objects that are on their way.
check_leaks() {
	[ -w "$leaks" ] || return 0
	# Younger objects are not reported.
	sleep 6
	echo scan >"$leaks"
	echo scan >"$leaks"
	echo "figure leak_scans 12 2 2"
	if [ -s "$leaks" ] && grep . "$leaks"; then
		# The kernel takes no more than a line at once.
		while IFS= read -r line; do
			echo "$line" >/dev/kmsg
		done <"$leaks"
		fail "memory leaks"
	fi
}

# A failure of one fault point is not to be found by a scan beside it, nor a leak
# that was there before.
if [ -w "$leaks" ]; then
	echo scan=off >"$leaks"
	echo clear >"$leaks"
fi
# A report ends the run there and then, with the round that caused it in the log.
echo 1 >/proc/sys/kernel/panic_on_oops
for file in panic_on_warn softlockup_panic; do
	[ -z "${SOAK_PANIC:-}" ] || [ ! -e /proc/sys/kernel/$file ] ||
		echo 1 >/proc/sys/kernel/$file
done
echo 'weft-test: start' >/dev/kmsg
insmod /weft.ko || fail "insmod weft.ko"
/soak "$@" || fail "the storms (status $?)"
# Nobody has the device or one of its files open any more.
rmmod weft || fail "rmmod weft"
if cat /proc/[0-9]*/comm 2>/dev/null | grep -q '^weft/'; then
	fail "kernel threads are left"
fi
check_leaks
exit "$status"
