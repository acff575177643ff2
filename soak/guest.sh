#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the VM, as root: guest.sh ARGUMENTS-OF-THE-HAMMER
# Loads the module, lets the storms loose, unloads it, and looks for what is left.
status=0
leaks=/sys/kernel/debug/kmemleak
slabs=/sys/kernel/slab
# Of these there are as many afterwards as there were before. soak/run.sh has the
# kernel count them one by one.
counted='filp files_cache eventpoll_epi eventpoll_pwq sock_inode_cache'

fail() {
	echo "FAILED $*"
	status=1
}

# One that shares its memory with others, a link, counts theirs, too. To shrink it
# ends what is kept back in the quarantine of KASAN. A file that was closed goes a grace
# period later: so this waits, and starts nothing and closes next to nothing meanwhile.
count_objects() {
	for slab in $counted; do
		if [ ! -w $slabs/"$slab"/shrink ] || [ -L $slabs/"$slab" ]; then
			continue
		fi
		exec 7>$slabs/"$slab"/shrink
		least=''
		for _ in 1 2 3; do
			# shellcheck disable=SC3045 # the shell of busybox has it
			read -r -t 1 _ <&9
			echo 1 >&7
			read -r count _ <$slabs/"$slab"/objects
			[ "${least:-$count}" -lt "$count" ] || least=$count
		done
		exec 7>&-
		echo "$slab $least"
	done
}

check_objects() {
	count_objects >/tmp/objects
	n=0
	while read -r slab count; do
		after=$(sed -n "s/^$slab //p" /tmp/objects)
		# What a storm that failed leaves behind has been told.
		[ "$after" = "$count" ] || [ "$status" -ne 0 ] || fail "$slab: $count objects before, $after after"
		n=$((n + 1))
	done </tmp/baseline
	echo "figure same_slabs 12 $n $n"
	for slab in "$slabs"/weft*; do
		[ ! -e "$slab" ] || fail "$slab is left"
	done
}

# Two scans: the first one sees objects that are on their way.
check_leaks() {
	[ -w "$leaks" ] || return 0
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
mkdir -p /tmp
# Nobody writes to this.
mkfifo /tmp/quiet
exec 9<>/tmp/quiet
count_objects >/tmp/baseline
echo 'weft-test: start' >/dev/kmsg
insmod /weft.ko || fail "insmod weft.ko"
/soak "$@" || fail "the storms (status $?)"
# Nobody has the device or one of its files open any more.
rmmod weft || fail "rmmod weft"
if cat /proc/[0-9]*/comm 2>/dev/null | grep -q '^weft/'; then
	fail "kernel threads are left"
fi
# Younger objects are not reported as leaks, and files end a moment after close().
sleep 6
check_objects
check_leaks
exit "$status"
