// SPDX-License-Identifier: GPL-2.0-only
/* The arguments of the nodes of a plan, and what is bound to them. */
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plan_read.h"
#include "util.h"
#include "weft.h"

/* What an argument is. */
enum arg_kind {
	ARG_COUNT,
	ARG_COUNT32,
	ARG_TIME,
	ARG_UNTIL,
	ARG_FD,
	ARG_OUT_FD,		/* it is written to */
	ARG_BUFFER,
	ARG_BYTES,
	ARG_LEN32,
	ARG_LEN,		/* "all" */
	ARG_OFFSET,		/* "current" */
	ARG_EVENTS,
	ARG_ALGORITHM,
	ARG_DIGEST,		/* "store" or "compare" */
	ARG_DATA,
	ARG_NODE,		/* whose id it is */
};

#define AT(_field)	offsetof(struct weft_job, _field)

static const struct arg {
	unsigned int op;
	const char *name;
	size_t at;
	enum arg_kind kind;
} args[] = {
	{ WEFT_OP_YIELD, "count", AT(yield.count), ARG_COUNT },
	{ WEFT_OP_SPIN, "ns", AT(spin.ns), ARG_TIME },
	{ WEFT_OP_SLEEP, "ns", AT(sleep.ns), ARG_TIME },
	{ WEFT_OP_SLEEP, "until", AT(sleep.ns), ARG_UNTIL },
	{ WEFT_OP_WORK, "work_ns", AT(work.work_ns), ARG_TIME },
	{ WEFT_OP_WORK, "wait_ns", AT(work.wait_ns), ARG_TIME },
	{ WEFT_OP_WORK, "rounds", AT(work.rounds), ARG_COUNT32 },
	{ WEFT_OP_READ, "fd", AT(rw.fd), ARG_FD },
	{ WEFT_OP_READ, "buffer", AT(rw.buffer), ARG_BUFFER },
	{ WEFT_OP_READ, "offset", AT(rw.offset), ARG_OFFSET },
	{ WEFT_OP_READ, "start", AT(rw.start), ARG_BYTES },
	{ WEFT_OP_READ, "len", AT(rw.len), ARG_LEN32 },
	{ WEFT_OP_WRITE, "fd", AT(rw.fd), ARG_OUT_FD },
	{ WEFT_OP_WRITE, "buffer", AT(rw.buffer), ARG_BUFFER },
	{ WEFT_OP_WRITE, "offset", AT(rw.offset), ARG_OFFSET },
	{ WEFT_OP_WRITE, "start", AT(rw.start), ARG_BYTES },
	{ WEFT_OP_WRITE, "len", AT(rw.len), ARG_LEN32 },
	{ WEFT_OP_FSYNC, "fd", AT(fsync.fd), ARG_FD },
	{ WEFT_OP_FSYNC, "data", AT(fsync.flags), ARG_DATA },
	{ WEFT_OP_COPY, "in", AT(copy.in), ARG_FD },
	{ WEFT_OP_COPY, "out", AT(copy.out), ARG_OUT_FD },
	{ WEFT_OP_COPY, "in_offset", AT(copy.in_offset), ARG_OFFSET },
	{ WEFT_OP_COPY, "out_offset", AT(copy.out_offset), ARG_OFFSET },
	{ WEFT_OP_COPY, "len", AT(copy.len), ARG_LEN },
	{ WEFT_OP_POLL, "fd", AT(poll.fd), ARG_FD },
	{ WEFT_OP_POLL, "events", AT(poll.events), ARG_EVENTS },
	{ WEFT_OP_EVENTFD, "fd", AT(eventfd.fd), ARG_FD },
	{ WEFT_OP_EVENTFD, "value", AT(eventfd.value), ARG_COUNT },
	{ WEFT_OP_NOTIFY, "id", AT(notify.id), ARG_NODE },
	{ WEFT_OP_NOTIFY, "value", AT(notify.value), ARG_COUNT },
	{ WEFT_OP_AWAIT, "count", AT(await.count), ARG_COUNT },
	{ WEFT_OP_VERIFY, "fd", AT(verify.fd), ARG_FD },
	{ WEFT_OP_VERIFY, "algorithm", AT(verify.algorithm), ARG_ALGORITHM },
	{ WEFT_OP_VERIFY, "offset", AT(verify.offset), ARG_BYTES },
	{ WEFT_OP_VERIFY, "len", AT(verify.len), ARG_LEN },
	{ WEFT_OP_VERIFY, "start", AT(verify.start), ARG_BYTES },
	{ WEFT_OP_VERIFY, "buffer", AT(verify.buffer), ARG_BUFFER },
	{ WEFT_OP_VERIFY, "digest", AT(verify.flags), ARG_DIGEST },
};

static const struct arg *find_arg(unsigned int op, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(args); i++)
		if (args[i].op == op && !strcmp(args[i].name, name))
			return &args[i];
	return NULL;
}

bool plan_has_arg(unsigned int op, const char *name)
{
	return find_arg(op, name);
}

static int add_bind(const struct plan *plan, const struct j_value *v,
		    struct weft_node *node, unsigned int what, size_t at)
{
	unsigned int n = 0;
	int from = plan_find_node(plan, v);

	if (from < 0)
		return from;
	while (n < WEFT_NODE_BINDS && node->bind[n].what)
		n++;
	if (n == WEFT_NODE_BINDS)
		return plan_wrong_key(plan, v, "at most %u arguments of a node can be bound",
				      WEFT_NODE_BINDS);
	node->bind[n] = (struct weft_bind){
		.node = from,
		.what = what,
		.arg = at - offsetof(struct weft_job, arg),
	};
	return 0;
}

int plan_get_binds(const struct plan *plan, const struct j_value *v,
		   struct weft_node *node)
{
	const struct j_value *m;
	const struct arg *arg;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object of arguments and nodes was expected");
	for (m = v->first; m; m = m->next) {
		arg = find_arg(node->job.op, m->key);
		if (!arg)
			return plan_wrong_key(plan, m, "the op %s has no '%s'",
					      weft_op_name(node->job.op), m->key);
		if (add_bind(plan, m, node, WEFT_BIND_RESULT, arg->at))
			return -1;
	}
	return 0;
}

/* One of several words, or -1. */
static int word_number(const struct j_value *v, const char *const *words, int count)
{
	int i;

	for (i = 0; v->type == J_STRING && i < count; i++)
		if (!strcmp(v->text, words[i]))
			return i;
	return -1;
}

static int get_events(const struct plan *plan, const struct j_value *v, uint64_t *out)
{
	static const char *const names[] = { "in", "pri", "out", "err", "hup", "rdhup" };
	static const int bits[] = { POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLRDHUP };
	const struct j_value *item = v->type == J_ARRAY ? v->first : v;
	int n;

	for (; item; item = v->type == J_ARRAY ? item->next : NULL) {
		n = word_number(item, names, ARRAY_SIZE(names));
		if (n < 0)
			return plan_wrong(plan, item, "an event was expected: in, pri, out, err, hup or rdhup");
		*out |= bits[n];
	}
	return 0;
}

static int get_algorithm(const struct plan *plan, const struct j_value *v, uint64_t *out)
{
	int n = v->type == J_STRING ? weft_algorithm_number(v->text) : -1;

	if (n < 0)
		return plan_wrong(plan, v, "\"crc32c\", \"xxh64\" or \"sha256\" was expected");
	*out = n;
	return 0;
}

static int get_digest(const struct plan *plan, const struct j_value *v, uint64_t *out)
{
	static const char *const names[] = { "store", "compare" };
	int n = word_number(v, names, ARRAY_SIZE(names));

	if (n < 0)
		return plan_wrong(plan, v, "\"store\" or \"compare\" was expected");
	*out = n ? WEFT_VERIFY_COMPARE : WEFT_VERIFY_STORE;
	return 0;
}

/* Bytes, or a word that stands for a number. */
static int get_bytes_or(const struct plan *plan, const struct j_value *v,
			const char *word, uint64_t value, uint64_t *out)
{
	if (v->type == J_STRING && !strcmp(v->text, word)) {
		*out = value;
		return 0;
	}
	return plan_get_bytes(plan, v, INT64_MAX, out);
}

static int get_data(const struct plan *plan, const struct j_value *v, uint64_t *out)
{
	bool data = false;
	int ret = plan_get_bool(plan, v, &data);

	*out = data ? WEFT_FSYNC_DATA : 0;
	return ret;
}

static int get_number(const struct plan *plan, const struct arg *arg,
		      const struct j_value *v, uint64_t *n)
{
	switch (arg->kind) {
	case ARG_COUNT32:
		return plan_get_count(plan, v, UINT32_MAX, n);
	case ARG_TIME:
	case ARG_UNTIL:
		return plan_get_time(plan, v, n);
	case ARG_BYTES:
		return plan_get_bytes(plan, v, INT64_MAX, n);
	case ARG_LEN32:
		return plan_get_bytes(plan, v, UINT32_MAX, n);
	case ARG_LEN:
		return get_bytes_or(plan, v, "all", UINT64_MAX, n);
	case ARG_OFFSET:
		return get_bytes_or(plan, v, "current", WEFT_OFFSET_CURRENT, n);
	case ARG_EVENTS:
		return get_events(plan, v, n);
	case ARG_ALGORITHM:
		return get_algorithm(plan, v, n);
	case ARG_DIGEST:
		return get_digest(plan, v, n);
	case ARG_DATA:
		return get_data(plan, v, n);
	default:
		return plan_get_count(plan, v, UINT64_MAX, n);
	}
}

static bool is_word32(enum arg_kind kind)
{
	switch (kind) {
	case ARG_COUNT32:
	case ARG_LEN32:
	case ARG_EVENTS:
	case ARG_ALGORITHM:
	case ARG_DIGEST:
	case ARG_DATA:
		return true;
	default:
		return false;
	}
}

static int set_number(struct plan *plan, unsigned int i, const struct arg *arg,
		      const struct j_value *v)
{
	struct weft_job *job = &plan->nodes[i].job;
	uint64_t n = 0;

	if (get_number(plan, arg, v, &n))
		return -1;
	if (is_word32(arg->kind))
		memcpy((char *)job + arg->at, &(__u32){ n }, sizeof(__u32));
	else
		memcpy((char *)job + arg->at, &(__u64){ n }, sizeof(__u64));
	if (arg->kind == ARG_LEN32)
		plan->has[i] |= PLAN_HAS_LEN;
	if (arg->kind == ARG_UNTIL) {
		job->sleep.flags = WEFT_SLEEP_ABS;
		plan->until[i] = true;
	}
	return 0;
}

int plan_get_arg(struct plan *plan, unsigned int i, const struct j_value *v)
{
	const struct arg *arg = find_arg(plan->nodes[i].job.op, v->key);
	bool out = arg->kind == ARG_OUT_FD;

	switch (arg->kind) {
	case ARG_FD:
	case ARG_OUT_FD:
		plan->has[i] |= out && arg->op == WEFT_OP_COPY ? PLAN_HAS_OUT : PLAN_HAS_FD;
		return plan_get_fd(plan, i, arg->at, out, v);
	case ARG_BUFFER:
		plan->has[i] |= PLAN_HAS_BUFFER;
		return plan_get_buffer(plan, i, arg->at, v);
	case ARG_NODE:
		plan->has[i] |= PLAN_HAS_ID;
		return add_bind(plan, v, &plan->nodes[i], WEFT_BIND_ID, arg->at);
	default:
		return set_number(plan, i, arg, v);
	}
}

static bool stands(const struct plan *plan, unsigned int i, const char *name)
{
	const struct j_value *m = plan->values[i]->first;

	while (m && strcmp(m->key, name))
		m = m->next;
	return m;
}

static bool is_bound(const struct weft_node *node, size_t at)
{
	unsigned int i;

	for (i = 0; i < WEFT_NODE_BINDS; i++)
		if (node->bind[i].what &&
		    node->bind[i].arg == at - offsetof(struct weft_job, arg))
			return true;
	return false;
}

/* All that there is room for, unless a result says how much. */
static void set_len(struct plan *plan, unsigned int i)
{
	struct weft_job *job = &plan->nodes[i].job;
	unsigned int r;
	uint64_t room;

	if ((plan->has[i] & PLAN_HAS_LEN) || is_bound(&plan->nodes[i], AT(rw.len)))
		return;
	for (r = 0; r < plan->nr_refs; r++) {
		const struct plan_ref *ref = &plan->refs[r];

		if (ref->node != i || !ref->buffer)
			continue;
		room = plan->buffers[ref->index].bytes;
		room = job->rw.start < room ? room - job->rw.start : 0;
		job->rw.len = room < UINT32_MAX ? room : UINT32_MAX;
	}
}

static int end_verify(struct plan *plan, unsigned int i)
{
	struct weft_job *job = &plan->nodes[i].job;
	bool buffer = plan->has[i] & PLAN_HAS_BUFFER;

	if (!stands(plan, i, "len"))
		job->verify.len = UINT64_MAX;
	if (!stands(plan, i, "algorithm"))
		job->verify.algorithm = WEFT_VERIFY_SHA256;
	if (buffer != !!job->verify.flags)
		return plan_wrong(plan, plan->values[i], "a digest wants a buffer, and a buffer a digest: \"store\" or \"compare\"");
	return 0;
}

/* What stands in the file is known: what does not, and what must. */
int plan_end_args(struct plan *plan, unsigned int i)
{
	static const unsigned int must[WEFT_LIB_OPS] = {
		[WEFT_OP_READ] = PLAN_HAS_FD | PLAN_HAS_BUFFER,
		[WEFT_OP_WRITE] = PLAN_HAS_FD | PLAN_HAS_BUFFER,
		[WEFT_OP_FSYNC] = PLAN_HAS_FD,
		[WEFT_OP_COPY] = PLAN_HAS_FD | PLAN_HAS_OUT,
		[WEFT_OP_POLL] = PLAN_HAS_FD,
		[WEFT_OP_EVENTFD] = PLAN_HAS_FD,
		[WEFT_OP_NOTIFY] = PLAN_HAS_ID,
		[WEFT_OP_VERIFY] = PLAN_HAS_FD,
	};
	struct weft_job *job = &plan->nodes[i].job;
	unsigned int missing = must[job->op] & ~plan->has[i];

	if (missing)
		return plan_wrong(plan, plan->values[i], "the node '%s' wants '%s'",
				  plan_name(plan, i),
				  missing & PLAN_HAS_ID ? "id" :
				  missing & PLAN_HAS_OUT ? "out" :
				  missing & PLAN_HAS_BUFFER ? "buffer" :
				  job->op == WEFT_OP_COPY ? "in" : "fd");
	switch (job->op) {
	case WEFT_OP_READ:
	case WEFT_OP_WRITE:
		if (!stands(plan, i, "offset"))
			job->rw.offset = WEFT_OFFSET_CURRENT;
		set_len(plan, i);
		break;
	case WEFT_OP_COPY:
		if (!stands(plan, i, "in_offset"))
			job->copy.in_offset = WEFT_OFFSET_CURRENT;
		if (!stands(plan, i, "out_offset"))
			job->copy.out_offset = WEFT_OFFSET_CURRENT;
		if (!stands(plan, i, "len"))
			job->copy.len = UINT64_MAX;
		break;
	case WEFT_OP_POLL:
		if (!stands(plan, i, "events"))
			job->poll.events = POLLIN;
		break;
	case WEFT_OP_EVENTFD:
		if (!stands(plan, i, "value"))
			job->eventfd.value = 1;
		break;
	case WEFT_OP_AWAIT:
		if (!stands(plan, i, "count"))
			job->await.count = 1;
		break;
	case WEFT_OP_VERIFY:
		return end_verify(plan, i);
	}
	return 0;
}
