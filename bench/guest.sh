#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the VM: prints "name value" lines.
set -e

# The kernel's own late work must be over before anything is counted.
sleep 5

insmod /xxhash.ko
insmod /weft.ko
/job_bench bytes_per_job job_nop job_sleep job_sleep_busy graph_10 graph_10_steps
/file_bench ring_jobs ring_jobs_all ring_threads ring_epoll
/file_bench verify_jobs verify_pread verify_uring
/job_bench fair_polls_yields fair_polls_spins fair_p99_yields fair_p99_spins
rmmod weft

insmod /weft.ko recorder=0
/job_bench job_nop job_sleep job_sleep_busy | sed 's/ /_unrecorded /'
rmmod weft

insmod /weft.ko timing=N
/job_bench job_nop job_sleep job_sleep_busy | sed 's/ /_untimed /'
insmod /weft_bench.ko
for result in /sys/module/weft_bench/parameters/*; do
	echo "${result##*/} $(cat "$result")"
done
rmmod weft_bench
rmmod weft
