/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM weft

#if !defined(WEFT_CORE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define WEFT_CORE_TRACE_H

#include <linux/tracepoint.h>
#include <linux/weft.h>

#include "task.h"

/* The name of an op in a trace record, with its end. */
#define WEFT_TRACE_NAME	16

/* What all events of a task say first. */
#define WEFT_TRACE_TASK \
		__field(u64, id) \
		__array(char, op, WEFT_TRACE_NAME) \
		__field(u32, client) \
		__field(s32, worker)

#define WEFT_TRACE_ASSIGN(task) \
		do { \
			__entry->id = (task)->id; \
			strscpy(__entry->op, (task)->ops->name, WEFT_TRACE_NAME); \
			__entry->client = (task)->group->number; \
			__entry->worker = weft_task_worker(task); \
		} while (0)

TRACE_EVENT(weft_submit,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		WEFT_TRACE_TASK
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
	),
	TP_printk("id=%llu op=%s client=%u worker=%d", __entry->id,
		  __entry->op, __entry->client, __entry->worker)
);

TRACE_EVENT(weft_wake,
	TP_PROTO(const struct weft_task *task, enum weft_by by),
	TP_ARGS(task, by),
	TP_STRUCT__entry(
		WEFT_TRACE_TASK
		__field(u8, by)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->by = by;
	),
	TP_printk("id=%llu op=%s client=%u worker=%d by=%s", __entry->id,
		  __entry->op, __entry->client, __entry->worker,
		  __print_symbolic(__entry->by,
				   { 0, "timer" },
				   { 1, "waker" },
				   { 2, "call" },
				   { 3, "cancel" },
				   { 4, "drop" },
				   { 5, "early" }))
);

TRACE_EVENT(weft_cancel,
	TP_PROTO(const struct weft_task *task, enum weft_verdict verdict),
	TP_ARGS(task, verdict),
	TP_STRUCT__entry(
		WEFT_TRACE_TASK
		__field(u8, verdict)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->verdict = verdict;
	),
	TP_printk("id=%llu op=%s client=%u worker=%d verdict=%s", __entry->id,
		  __entry->op, __entry->client, __entry->worker,
		  __print_symbolic(__entry->verdict,
				   { 1, "will" },
				   { 2, "done" },
				   { 3, "running" }))
);

TRACE_EVENT(weft_complete,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		WEFT_TRACE_TASK
		__field(s64, result)
		__field(u32, polls)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->result = task->result;
		/* The last one is counted a moment later. */
		__entry->polls = task->polls + 1;
	),
	TP_printk("id=%llu op=%s client=%u worker=%d result=%lld polls=%u",
		  __entry->id, __entry->op, __entry->client, __entry->worker,
		  __entry->result, __entry->polls)
);

TRACE_EVENT(weft_punt,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		WEFT_TRACE_TASK
		__field(u32, punts)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->punts = task->punts;
	),
	TP_printk("id=%llu op=%s client=%u worker=%d punts=%u", __entry->id,
		  __entry->op, __entry->client, __entry->worker, __entry->punts)
);

TRACE_EVENT(weft_park,
	TP_PROTO(int worker, const struct weft_task *task),
	TP_ARGS(worker, task),
	TP_STRUCT__entry(
		__field(s32, worker)
		__field(u64, id)
	),
	TP_fast_assign(
		__entry->worker = worker;
		__entry->id = task ? task->id : 0;
	),
	TP_printk("worker=%d id=%llu", __entry->worker, __entry->id)
);

TRACE_EVENT(weft_poll_begin,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, op, WEFT_TRACE_NAME)
		__field(u32, polls)
		__field(u32, client)
		__field(s32, worker)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->polls = task->polls;
	),
	TP_printk("id=%llu op=%s polls=%u client=%u worker=%d", __entry->id,
		  __entry->op, __entry->polls, __entry->client, __entry->worker)
);

TRACE_EVENT(weft_poll_end,
	TP_PROTO(const struct weft_task *task, const struct weft_cx *cx,
		 enum weft_poll ret),
	TP_ARGS(task, cx, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, op, WEFT_TRACE_NAME)
		__field(u8, ready)
		__field(u8, wait)
		__field(s64, result)
		__field(u32, client)
		__field(s32, worker)
	),
	TP_fast_assign(
		WEFT_TRACE_ASSIGN(task);
		__entry->ready = ret == WEFT_READY;
		__entry->wait = ret == WEFT_READY ? WEFT_WAIT_NONE :
				cx->wait & ~WEFT_WAIT_HELD;
		__entry->result = ret == WEFT_READY ? task->result : 0;
	),
	TP_printk("id=%llu op=%s %s wait=%s result=%lld client=%u worker=%d",
		  __entry->id, __entry->op,
		  __entry->ready ? "ready" : "pending",
		  __print_symbolic(__entry->wait,
				   { 0, "none" },
				   { 1, "yield" },
				   { 2, "timer" },
				   { 3, "waker" },
				   { 4, "fd" },
				   { 5, "io" },
				   { 6, "punt" },
				   { 7, "job" }),
		  __entry->result, __entry->client, __entry->worker)
);

TRACE_EVENT(weft_graph_node,
	TP_PROTO(u64 graph, u32 node, const struct weft_task *task, bool skipped),
	TP_ARGS(graph, node, task, skipped),
	TP_STRUCT__entry(
		__field(u64, graph)
		__field(u64, id)
		__array(char, op, WEFT_TRACE_NAME)
		__field(u32, node)
		__field(u32, client)
		__field(u8, skipped)
	),
	TP_fast_assign(
		__entry->graph = graph;
		__entry->id = task->id;
		strscpy(__entry->op, task->ops->name, WEFT_TRACE_NAME);
		__entry->node = node;
		__entry->client = task->group->number;
		__entry->skipped = skipped;
	),
	TP_printk("graph=%llu node=%u id=%llu op=%s %s client=%u", __entry->graph,
		  __entry->node, __entry->id, __entry->op,
		  __entry->skipped ? "skipped" : "started", __entry->client)
);

TRACE_EVENT(weft_graph_end,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, graph)
		__field(s64, result)
		__field(u32, client)
	),
	TP_fast_assign(
		__entry->graph = task->id;
		__entry->result = task->result;
		__entry->client = task->group->number;
	),
	TP_printk("graph=%llu result=%lld client=%u", __entry->graph,
		  __entry->result, __entry->client)
);

#endif /* WEFT_CORE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
