#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The hammer, on a kernel of the test bed: soak/run.sh KERNEL. Prints a table, and
# writes build/soak.json. What it runs must be built.
#   MINUTES=n    how long, all in all; 10 by default
#   STORM=name   only this storm
#   SEED=n       with STORM: of its first round; without: of all
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/vm/lib.sh
. "$(dirname "$0")/../tools/vm/lib.sh"
cd "$WEFT_TREE"

kernel=$1 minutes=${MINUTES:-10} seed=${SEED:-} storm=${STORM:-}
log=build/vm/soak-$kernel.log out=build/soak.out

need_number MINUTES "$minutes"
[ "$minutes" -gt 0 ] || die "MINUTES must be at least 1"

# Boot and the search for leaks are not for the storms. kmemleak looks at all
# memory, so there is not much of it.
reserve=30 slow=1 panic='' mem=512
case $kernel in
kasan) reserve=75 slow=3 panic=1 ;;
kcsan) reserve=45 slow=3 ;;
stock | uml) panic=1 ;;
esac
seconds=$((minutes * 60 > 2 * reserve ? minutes * 60 - reserve : minutes * 30))

arguments=(--seconds "$seconds")
[ -z "$seed" ] || arguments+=(--seed "$seed")
[ -z "$storm" ] || arguments+=(--storm "$storm")
quoted=$(printf '%q ' "${arguments[@]}")

# Caches that look at each object have none in reserve, which would be counted.
counted=$(sed -n "s/^counted='\(.*\)'$/\1/p" soak/guest.sh | tr ' ' ',')

# UML has a script of its own, one CPU, and is not emulated.
vm() {
	if [ "$kernel" = uml ]; then
		tools/vm/uml.sh --no-kunit --cmd "$command" "$@"
	else
		tools/vm/run.sh --kernel "$kernel" --append "slub_debug=F,$counted" \
			"$@" -- "$command"
	fi
}

status=0
command="WEFT_SLOW=$slow SOAK_KERNEL=$kernel SOAK_PANIC=$panic sh /guest.sh $quoted"
vm --mem "$mem" --timeout $((minutes * 60 + 300)) --log "$log" \
	--file "build/$kernel/weft.ko:/weft.ko" \
	--file "build/$kernel/weft_soak.ko:/weft_soak.ko" \
	--file build/soak/soak:/soak \
	--file soak/guest.sh:/guest.sh |
	sed -u 's/\r$//' | tee "$out" | grep --line-buffered -v -e '^figure ' -e '^missing ' ||
	status=$?

# What was under way when the kernel ended, or when a report came.
if ! tools/vm/scanlog.sh "$log" || { [ "$status" -ne 0 ] && ! grep -q '^FAILED' "$out"; }; then
	status=1
	round=$(sed -n 's/.*weft-soak: round \(STORM=.*\)$/\1/p' "$log" | tail -n 1)
	echo "FAILED the kernel; the last round was, with nothing but what came before it:"
	echo "replay with: make soak DEBUG=$kernel $round"
fi
soak/report.py "$out" build/soak.json "$kernel" "$minutes" "$status"
exit "$status"
