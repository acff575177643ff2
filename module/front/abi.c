// SPDX-License-Identifier: GPL-2.0-only
/* The layout of the interface, fixed for all architectures. */
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <uapi/linux/weft.h>

#define WEFT_AT(type, field, at) \
	static_assert(offsetof(struct type, field) == (at))

static_assert(sizeof(struct weft_job) == 64);
WEFT_AT(weft_job, op, 0);
WEFT_AT(weft_job, flags, 2);
WEFT_AT(weft_job, tag, 4);
WEFT_AT(weft_job, user_data, 8);
WEFT_AT(weft_job, deadline_ns, 16);
WEFT_AT(weft_job, arg, 24);
WEFT_AT(weft_job, yield.count, 24);
WEFT_AT(weft_job, spin.ns, 24);
WEFT_AT(weft_job, sleep.ns, 24);
WEFT_AT(weft_job, sleep.flags, 32);
WEFT_AT(weft_job, sleep.__reserved, 36);
WEFT_AT(weft_job, work.work_ns, 24);
WEFT_AT(weft_job, work.wait_ns, 32);
WEFT_AT(weft_job, work.rounds, 40);
WEFT_AT(weft_job, work.__reserved, 44);
WEFT_AT(weft_job, rw.fd, 24);
WEFT_AT(weft_job, rw.buffer, 28);
WEFT_AT(weft_job, rw.offset, 32);
WEFT_AT(weft_job, rw.start, 40);
WEFT_AT(weft_job, rw.len, 48);
WEFT_AT(weft_job, rw.flags, 52);
WEFT_AT(weft_job, fsync.fd, 24);
WEFT_AT(weft_job, fsync.flags, 28);
WEFT_AT(weft_job, copy.in, 24);
WEFT_AT(weft_job, copy.out, 28);
WEFT_AT(weft_job, copy.in_offset, 32);
WEFT_AT(weft_job, copy.out_offset, 40);
WEFT_AT(weft_job, copy.len, 48);
WEFT_AT(weft_job, copy.flags, 56);
WEFT_AT(weft_job, copy.__reserved, 60);
WEFT_AT(weft_job, poll.fd, 24);
WEFT_AT(weft_job, poll.events, 28);
WEFT_AT(weft_job, eventfd.fd, 24);
WEFT_AT(weft_job, eventfd.__reserved, 28);
WEFT_AT(weft_job, eventfd.value, 32);
WEFT_AT(weft_job, notify.id, 24);
WEFT_AT(weft_job, notify.value, 32);
WEFT_AT(weft_job, await.count, 24);
WEFT_AT(weft_job, verify.fd, 24);
WEFT_AT(weft_job, verify.algorithm, 28);
WEFT_AT(weft_job, verify.offset, 32);
WEFT_AT(weft_job, verify.len, 40);
WEFT_AT(weft_job, verify.start, 48);
WEFT_AT(weft_job, verify.buffer, 56);
WEFT_AT(weft_job, verify.flags, 60);

static_assert(sizeof(struct weft_receipt) == 40);
WEFT_AT(weft_receipt, queued_ns, 0);
WEFT_AT(weft_receipt, run_ns, 8);
WEFT_AT(weft_receipt, blocked_ns, 16);
WEFT_AT(weft_receipt, polls, 24);
WEFT_AT(weft_receipt, wakes, 28);
WEFT_AT(weft_receipt, moves, 32);
WEFT_AT(weft_receipt, punts, 36);

static_assert(sizeof(struct weft_completion) == 72);
WEFT_AT(weft_completion, id, 0);
WEFT_AT(weft_completion, user_data, 8);
WEFT_AT(weft_completion, result, 16);
WEFT_AT(weft_completion, op, 24);
WEFT_AT(weft_completion, flags, 26);
WEFT_AT(weft_completion, __reserved, 28);
WEFT_AT(weft_completion, receipt, 32);

static_assert(sizeof(struct weft_query) == 56);
WEFT_AT(weft_query, size, 0);
WEFT_AT(weft_query, abi_version, 4);
WEFT_AT(weft_query, ops, 8);
WEFT_AT(weft_query, engines, 16);
WEFT_AT(weft_query, features, 20);
WEFT_AT(weft_query, max_credits, 24);
WEFT_AT(weft_query, default_credits, 28);
WEFT_AT(weft_query, max_batch, 32);
WEFT_AT(weft_query, max_threads, 36);
WEFT_AT(weft_query, workers, 40);
WEFT_AT(weft_query, job_size, 44);
WEFT_AT(weft_query, completion_size, 48);
WEFT_AT(weft_query, job_bytes, 52);

static_assert(sizeof(struct weft_setup) == 24);
WEFT_AT(weft_setup, size, 0);
WEFT_AT(weft_setup, flags, 4);
WEFT_AT(weft_setup, engine, 8);
WEFT_AT(weft_setup, credits, 12);
WEFT_AT(weft_setup, workers, 16);
WEFT_AT(weft_setup, __reserved, 20);

static_assert(sizeof(struct weft_submit) == 40);
WEFT_AT(weft_submit, size, 0);
WEFT_AT(weft_submit, flags, 4);
WEFT_AT(weft_submit, jobs, 8);
WEFT_AT(weft_submit, ids, 16);
WEFT_AT(weft_submit, count, 24);
WEFT_AT(weft_submit, accepted, 28);
WEFT_AT(weft_submit, error, 32);
WEFT_AT(weft_submit, __reserved, 36);

static_assert(sizeof(struct weft_wait) == 40);
WEFT_AT(weft_wait, size, 0);
WEFT_AT(weft_wait, flags, 4);
WEFT_AT(weft_wait, completions, 8);
WEFT_AT(weft_wait, timeout_ns, 16);
WEFT_AT(weft_wait, capacity, 24);
WEFT_AT(weft_wait, min, 28);
WEFT_AT(weft_wait, count, 32);
WEFT_AT(weft_wait, __reserved, 36);

static_assert(sizeof(struct weft_cancel) == 32);
WEFT_AT(weft_cancel, size, 0);
WEFT_AT(weft_cancel, flags, 4);
WEFT_AT(weft_cancel, id, 8);
WEFT_AT(weft_cancel, verdict, 16);
WEFT_AT(weft_cancel, cancelled, 20);
WEFT_AT(weft_cancel, stopping, 24);
WEFT_AT(weft_cancel, tag, 28);

static_assert(sizeof(struct weft_stats) == 160);
WEFT_AT(weft_stats, size, 0);
WEFT_AT(weft_stats, flags, 4);
WEFT_AT(weft_stats, accepted, 8);
WEFT_AT(weft_stats, refused, 16);
WEFT_AT(weft_stats, done, 24);
WEFT_AT(weft_stats, failed, 32);
WEFT_AT(weft_stats, cancelled, 40);
WEFT_AT(weft_stats, reaped, 48);
WEFT_AT(weft_stats, queued, 56);
WEFT_AT(weft_stats, running, 64);
WEFT_AT(weft_stats, waiting, 72);
WEFT_AT(weft_stats, polls, 80);
WEFT_AT(weft_stats, wakes, 88);
WEFT_AT(weft_stats, moves, 96);
WEFT_AT(weft_stats, punts, 104);
WEFT_AT(weft_stats, queued_ns, 112);
WEFT_AT(weft_stats, run_ns, 120);
WEFT_AT(weft_stats, blocked_ns, 128);
WEFT_AT(weft_stats, bytes, 136);
WEFT_AT(weft_stats, credits, 144);
WEFT_AT(weft_stats, credits_free, 148);
WEFT_AT(weft_stats, expired, 152);

static_assert(sizeof(struct weft_restrict) == 16);
WEFT_AT(weft_restrict, size, 0);
WEFT_AT(weft_restrict, flags, 4);
WEFT_AT(weft_restrict, ops, 8);

static_assert(sizeof(struct weft_step_job) == 48);
WEFT_AT(weft_step_job, id, 0);
WEFT_AT(weft_step_job, user_data, 8);
WEFT_AT(weft_step_job, due_ns, 16);
WEFT_AT(weft_step_job, polls, 24);
WEFT_AT(weft_step_job, wakes, 28);
WEFT_AT(weft_step_job, worker, 32);
WEFT_AT(weft_step_job, place, 36);
WEFT_AT(weft_step_job, op, 40);
WEFT_AT(weft_step_job, state, 42);
WEFT_AT(weft_step_job, waits, 44);
WEFT_AT(weft_step_job, __reserved, 46);

static_assert(sizeof(struct weft_step) == 72);
WEFT_AT(weft_step, size, 0);
WEFT_AT(weft_step, flags, 4);
WEFT_AT(weft_step, jobs, 8);
WEFT_AT(weft_step, capacity, 16);
WEFT_AT(weft_step, listed, 20);
WEFT_AT(weft_step, worker, 24);
WEFT_AT(weft_step, outcome, 28);
WEFT_AT(weft_step, advance_ns, 32);
WEFT_AT(weft_step, id, 40);
WEFT_AT(weft_step, now_ns, 48);
WEFT_AT(weft_step, next_ns, 56);
WEFT_AT(weft_step, queued, 64);
WEFT_AT(weft_step, waiting, 68);

static_assert(sizeof(struct weft_buffer) == 32);
WEFT_AT(weft_buffer, size, 0);
WEFT_AT(weft_buffer, flags, 4);
WEFT_AT(weft_buffer, bytes, 8);
WEFT_AT(weft_buffer, offset, 16);
WEFT_AT(weft_buffer, index, 24);
WEFT_AT(weft_buffer, __reserved, 28);

static_assert(sizeof(struct weft_progress) == 40);
WEFT_AT(weft_progress, size, 0);
WEFT_AT(weft_progress, flags, 4);
WEFT_AT(weft_progress, id, 8);
WEFT_AT(weft_progress, done, 16);
WEFT_AT(weft_progress, total, 24);
WEFT_AT(weft_progress, ended, 32);
WEFT_AT(weft_progress, __reserved, 36);

static_assert(sizeof(struct weft_bind) == 4);
WEFT_AT(weft_bind, node, 0);
WEFT_AT(weft_bind, what, 1);
WEFT_AT(weft_bind, arg, 2);
WEFT_AT(weft_bind, __reserved, 3);

static_assert(sizeof(struct weft_node) == 128);
WEFT_AT(weft_node, job, 0);
WEFT_AT(weft_node, after_success, 64);
WEFT_AT(weft_node, after_end, 72);
WEFT_AT(weft_node, after_failure, 80);
WEFT_AT(weft_node, flags, 88);
WEFT_AT(weft_node, need, 92);
WEFT_AT(weft_node, guard, 94);
WEFT_AT(weft_node, guard_node, 95);
WEFT_AT(weft_node, guard_value, 96);
WEFT_AT(weft_node, bind, 104);
WEFT_AT(weft_node, __reserved, 120);

static_assert(sizeof(struct weft_graph) == 64);
WEFT_AT(weft_graph, size, 0);
WEFT_AT(weft_graph, flags, 4);
WEFT_AT(weft_graph, nodes, 8);
WEFT_AT(weft_graph, count, 16);
WEFT_AT(weft_graph, tag, 20);
WEFT_AT(weft_graph, user_data, 24);
WEFT_AT(weft_graph, deadline_ns, 32);
WEFT_AT(weft_graph, after, 40);
WEFT_AT(weft_graph, id, 48);
WEFT_AT(weft_graph, error, 56);
WEFT_AT(weft_graph, node, 60);

static_assert(sizeof(struct weft_node_result) == 72);
WEFT_AT(weft_node_result, id, 0);
WEFT_AT(weft_node_result, user_data, 8);
WEFT_AT(weft_node_result, result, 16);
WEFT_AT(weft_node_result, op, 24);
WEFT_AT(weft_node_result, flags, 26);
WEFT_AT(weft_node_result, state, 28);
WEFT_AT(weft_node_result, receipt, 32);

static_assert(sizeof(struct weft_graph_result) == 48);
WEFT_AT(weft_graph_result, size, 0);
WEFT_AT(weft_graph_result, flags, 4);
WEFT_AT(weft_graph_result, id, 8);
WEFT_AT(weft_graph_result, results, 16);
WEFT_AT(weft_graph_result, capacity, 24);
WEFT_AT(weft_graph_result, count, 28);
WEFT_AT(weft_graph_result, result, 32);
WEFT_AT(weft_graph_result, state, 40);
WEFT_AT(weft_graph_result, __reserved, 44);

static_assert(sizeof(struct weft_template) == 32);
WEFT_AT(weft_template, size, 0);
WEFT_AT(weft_template, flags, 4);
WEFT_AT(weft_template, nodes, 8);
WEFT_AT(weft_template, count, 16);
WEFT_AT(weft_template, number, 20);
WEFT_AT(weft_template, error, 24);
WEFT_AT(weft_template, node, 28);

static_assert(sizeof(struct weft_change) == 16);
WEFT_AT(weft_change, node, 0);
WEFT_AT(weft_change, what, 4);
WEFT_AT(weft_change, value, 8);

static_assert(sizeof(struct weft_run) == 72);
WEFT_AT(weft_run, size, 0);
WEFT_AT(weft_run, flags, 4);
WEFT_AT(weft_run, changes, 8);
WEFT_AT(weft_run, count, 16);
WEFT_AT(weft_run, number, 20);
WEFT_AT(weft_run, tag, 24);
WEFT_AT(weft_run, __reserved, 28);
WEFT_AT(weft_run, user_data, 32);
WEFT_AT(weft_run, deadline_ns, 40);
WEFT_AT(weft_run, after, 48);
WEFT_AT(weft_run, id, 56);
WEFT_AT(weft_run, error, 64);
WEFT_AT(weft_run, node, 68);
