#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One boot of the stock kernel on one CPU with instruction counting: prints a
# table and writes build/bench.json. build/stock must be built.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../tools/vm/lib.sh
. "$(dirname "$0")/../tools/vm/lib.sh"
cd "$WEFT_TREE"

# What each figure is, and the figure to reach: at most, or with >= at least (- for
# none).
TABLE='kthread_switch    -    one of two kernel threads to the other
queue_work        -    a work item, queued to done, in a batch of 20,000
coop_switch       80   the yield poll of one task to the next, of 1,000
coop_switch_timed 160  the same, with the time taken of each poll
coop_switch_recorded 160  the same, with the flight recorder on
coop_switch_recorded_all -  the same, with every poll recorded
task_spawn        400  a ready task, spawned to released, in a batch
task_spawn_timed  -    the same, with the time taken of each poll
task_spawn_recorded -  the same, with the flight recorder on
job_nop           900  a nop job, submitted to reaped, in batches of 256
job_nop_unrecorded -  the same, module loaded with recorder=0
job_nop_untimed   -    the same, module loaded with timing=N
job_sleep         1800 one of 1,000 sleeps of 10 ms, beyond the wait
job_sleep_unrecorded - the same, module loaded with recorder=0
job_sleep_untimed -    the same, module loaded with timing=N
job_sleep_busy    -    the same, all CPU time, also during the wait
job_sleep_busy_unrecorded - the same, module loaded with recorder=0
job_sleep_busy_untimed -  the same, module loaded with timing=N
graph_10          -    a graph of ten nops in a line, submitted to reaped
graph_10_steps    -    the same, each submitted by userspace when the one before is reaped
ring_jobs         2500 a token passed on by a graph of two jobs that waits for it, a hop
ring_jobs_all     -    the same, with the graphs submitted and reaped
ring_threads      -    the same by 64 threads of a process
ring_epoll        -    the same by one thread with epoll
verify_jobs       -    xxh64 of one of 1,000 cached files of 16 KiB, by verify jobs
verify_pread      -    the same by pread() and libxxhash, one after the other
verify_uring      -    the same by io_uring, 64 reads at once, and libxxhash
bytes_per_job     384  memory of one of 100,000 sleeping jobs, all counted
fair_polls_yields >=40 of all polls, those of a yield job beside 1,000 of another client
fair_polls_spins  >=40 the same beside 1,000 spin jobs
fair_p99_yields   1000 p99 of a nop job beside 1,000 yield jobs, in percent of alone
fair_p99_spins    1000 the same beside 1,000 spin jobs'

gcc -O2 -Wall -Wextra -Werror -static -Iinclude/uapi \
	bench/job_bench.c -o build/job_bench
gcc -O2 -Wall -Wextra -Werror -static -pthread -Iinclude/uapi \
	bench/file_bench.c -o build/file_bench -luring -lxxhash
xxhash=$(find "$(kernel_dir stock)/" -name xxhash_generic.ko -print -quit)
results=$(tools/vm/run.sh --icount --mem 1024 --log build/vm/bench.log \
	--file build/stock/weft.ko:/weft.ko \
	--file build/stock/weft_bench.ko:/weft_bench.ko \
	--file build/job_bench:/job_bench \
	--file build/file_bench:/file_bench \
	--file "$xxhash:/xxhash.ko" \
	--file bench/guest.sh:/bench.sh -- 'sh /bench.sh')
tools/vm/scanlog.sh build/vm/bench.log

printf '%-24s %8s %8s  %s\n' figure measured 'to reach' 'what it is'
while read -r name goal what; do
	value=$(sed -n "s/^$name //p" <<<"$results")
	[ -n "$value" ] || {
		echo "weft: the benchmark $name gave no result: see build/vm/bench.log" >&2
		exit 1
	}
	case $goal in
	-) ;;
	'>='*) goal=">= ${goal#>=}" ;;
	*) goal="<= $goal" ;;
	esac
	printf '%-24s %8s %8s  %s\n' "$name" "$value" "$goal" "$what"
done <<<"$TABLE"
echo
echo "Guest instructions a piece (bytes_per_job: bytes, fair_: percent), the same on"
echo "every run."
echo "Not modelled: caches, TLBs, what a context switch really costs a CPU."

python3 - "$results" <<'PYTHON'
import json, sys
metrics = {n: int(v) for n, v in (l.split() for l in sys.argv[1].splitlines())}
with open("build/bench.json", "w") as out:
    json.dump({"metrics": metrics}, out, indent=2)
    out.write("\n")
PYTHON
