/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM weft

#if !defined(WEFT_CORE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define WEFT_CORE_TRACE_H

#include <linux/tracepoint.h>
#include <linux/weft.h>

/* The name of an op in a trace record, with its end. */
#define WEFT_TRACE_NAME	16

TRACE_EVENT(weft_poll_begin,
	TP_PROTO(const struct weft_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, op, WEFT_TRACE_NAME)
		__field(u32, polls)
	),
	TP_fast_assign(
		__entry->id = task->id;
		strscpy(__entry->op, task->ops->name, WEFT_TRACE_NAME);
		__entry->polls = task->polls;
	),
	TP_printk("id=%llu op=%s polls=%u", __entry->id, __entry->op,
		  __entry->polls)
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
	),
	TP_fast_assign(
		__entry->id = task->id;
		strscpy(__entry->op, task->ops->name, WEFT_TRACE_NAME);
		__entry->ready = ret == WEFT_READY;
		__entry->wait = ret == WEFT_READY ? WEFT_WAIT_NONE :
				cx->wait & ~WEFT_WAIT_HELD;
		__entry->result = ret == WEFT_READY ? task->result : 0;
	),
	TP_printk("id=%llu op=%s %s wait=%s result=%lld",
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
		  __entry->result)
);

TRACE_EVENT(weft_graph_node,
	TP_PROTO(u64 graph, u32 node, const struct weft_task *task, bool skipped),
	TP_ARGS(graph, node, task, skipped),
	TP_STRUCT__entry(
		__field(u64, graph)
		__field(u64, id)
		__array(char, op, WEFT_TRACE_NAME)
		__field(u32, node)
		__field(u8, skipped)
	),
	TP_fast_assign(
		__entry->graph = graph;
		__entry->id = task->id;
		strscpy(__entry->op, task->ops->name, WEFT_TRACE_NAME);
		__entry->node = node;
		__entry->skipped = skipped;
	),
	TP_printk("graph=%llu node=%u id=%llu op=%s %s", __entry->graph,
		  __entry->node, __entry->id, __entry->op,
		  __entry->skipped ? "skipped" : "started")
);

TRACE_EVENT(weft_graph_end,
	TP_PROTO(u64 graph, s64 result),
	TP_ARGS(graph, result),
	TP_STRUCT__entry(
		__field(u64, graph)
		__field(s64, result)
	),
	TP_fast_assign(
		__entry->graph = graph;
		__entry->result = result;
	),
	TP_printk("graph=%llu result=%lld", __entry->graph, __entry->result)
);

#endif /* WEFT_CORE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
