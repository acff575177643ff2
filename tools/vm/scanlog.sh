#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fails when a kernel log holds a report of a bug: scanlog.sh FILE
# What came before the line "weft-test: start" is the kernel's own and not judged.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -r "$1" ]; then
	echo "usage: ${0##*/} FILE (a readable kernel log)" >&2
	exit 2
fi

# The letter in front of BUG keeps DEBUG: out.
patterns=(
	'(^|[^A-Z_])(BUG|WARNING|UBSAN|KCSAN|KASAN|KFENCE|ODEBUG|Oops): '
	'Oops\b.*SMP|kernel BUG at |\[ cut here \]|Kernel panic'
	'general protection fault|invalid opcode:|divide error:|stack segment:'
	'[Uu]nable to handle (kernel|page)|kernel NULL pointer dereference'
	'stack-protector:|stack guard page|corrupted stack|double fault'
	'(circular|recursive) locking|irq lock inversion|lock order'
	'inconsistent lock state|(bad|locking) unlock balance|held lock freed'
	'lock(s)? (still )?held|still has locks held|Invalid wait context'
	'suspicious RCU usage|DEBUG_LOCKS_WARN_ON|INFO: lockdep is turned off'
	'INFO: trying to register non-static key|MAX_LOCK(DEP|_DEPTH)'
	'(scheduling|sleeping function called|voluntary context switch) .*(atomic|invalid context|RCU)'
	'scheduling while atomic|preempt_count.* (imbalance|leak|mismatch)'
	'hung.task: |blocked for more than|([Ss]oft|[Hh]ard) (lockup|LOCKUP)|workqueue lockup'
	'rcu.*(self-detected stall|detected stalls|kthread starved|stall ended)'
	'refcount_t: |(list_add|list_del|list) corruption|slab-use-after-free'
	'unreferenced object 0x'
	'Bad page (state|map)|bad: scheduling|double-free|Objects remaining in'
	'[Pp]oison overwritten|Redzone|Object already free|Freepointer corrupt'
	'leaked lock or atomic'
)

regex=$(IFS='|' && printf '%s' "${patterns[*]}")
judged=$(mktemp)
trap 'rm -f "$judged"' EXIT

# Line numbers are those of the whole log.
first=$(grep -anm1 'weft-test: start' "$1" | cut -d: -f1 || true)
first=${first:-1}
# A test may be named after what it provokes: result lines are blanked.
tail -n "+$first" "$1" | tr -d '\r' | awk -f "${0%/*}/ours.awk" |
	sed -E 's/^(\[[ 0-9.]*\] )? *((not )?ok [0-9]+|# Subtest:) .*//' >"$judged"
hits=$(grep -aEc "$regex" "$judged" || true)
[ "$hits" -gt 0 ] || exit 0

echo "$1: $hits suspicious lines (log line $first is line 1 here); mend what they report:"
grep -aEn -B 2 -A 12 "$regex" "$judged" | head -n 120
exit 1
