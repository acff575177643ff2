#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the guest: modules.sh A.ko B.ko
# Loads them from /modules, runs /cmd, unloads in reverse, runs /after, and scans
# for leaks if there is /kmemleak.
# Every step notes its failure and goes on, so that rmmod always runs.
leaks=/sys/kernel/debug/kmemleak
loaded='' status=0

fail() {
	echo "weft-test: $* failed" >/dev/kmsg
	echo "weft: $* failed: look for the reason in the kernel log"
	status=1
}

# A test that fails allocations means also those that may wait.
faults=/sys/kernel/debug/failslab
[ ! -d $faults ] || { echo N >$faults/ignore-gfp-wait; echo 0 >$faults/verbose; }

[ ! -e /kmemleak ] || echo clear >$leaks
echo 'weft-test: start' >/dev/kmsg
for m; do
	if insmod "/modules/$m"; then
		loaded="${m%.ko} $loaded"
	else
		fail "insmod $m"
	fi
done
[ ! -s /cmd ] || sh /cmd || fail "the command (status $?)"
for m in $loaded; do
	rmmod "$m" || fail "rmmod $m"
done
[ ! -s /after ] || sh /after || fail "the command after rmmod (status $?)"
if [ -e /kmemleak ]; then
	# Younger objects are not reported, and the first scan may see stale pointers.
	sleep 5.5
	echo scan >$leaks
	echo scan >$leaks
	# The kernel takes no more than a line at once.
	while IFS= read -r line; do
		echo "$line" >/dev/kmsg
	done <$leaks
fi
echo 'weft-test: end' >/dev/kmsg
exit $status
