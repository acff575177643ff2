// SPDX-License-Identifier: GPL-2.0-only
/* Arguments for every call that are right, or nearly so. */
#include <poll.h>
#include "fuzz.h"

/* Those of the calls, one as often as the other. */
static const unsigned long numbers[] = {
	WEFT_IOC_QUERY, WEFT_IOC_SETUP, WEFT_IOC_SUBMIT, WEFT_IOC_WAIT, WEFT_IOC_CANCEL,
	WEFT_IOC_STATS, WEFT_IOC_RESTRICT, WEFT_IOC_BUFFER, WEFT_IOC_PROGRESS,
	WEFT_IOC_GRAPH, WEFT_IOC_GRAPH_RESULT, WEFT_IOC_TEMPLATE, WEFT_IOC_RUN,
	WEFT_IOC_STEP,
};

static const __u64 edges[] = {
	0, 1, 2, 3, 4, 31, 32, 33, 63, 64, 255, 4096, 65535, 65536, 65537, 1048576, 1048577,
	(1ULL << 31) - 1, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32, (1ULL << 63) - 1,
	1ULL << 63, ~0ULL - 1, ~0ULL,
};

__u64 fuzz_edge(struct rng *rng)
{
	if (rng_once_in(rng, 4))
		return rng_next(rng);
	return edges[rng_below(rng, ARRAY_SIZE(edges))];
}

/* Zero, but now and then not. */
static __u64 mostly_zero(struct rng *rng)
{
	return rng_once_in(rng, 24) ? fuzz_edge(rng) : 0;
}

/* Below @n, but now and then not. */
static __u64 mostly_below(struct rng *rng, __u64 n)
{
	return rng_once_in(rng, 16) ? fuzz_edge(rng) : rng_below(rng, n);
}

/* An open file, one that is no longer, or a client. */
static int any_target(struct fuzzer *f)
{
	unsigned int n = rng_below(&f->rng, NR_TARGETS + 2);

	if (n < NR_TARGETS)
		return f->targets[n];
	return n == NR_TARGETS ? f->victims[0].fd : (int)fuzz_edge(&f->rng);
}

static __u64 any_offset(struct rng *rng)
{
	return rng_once_in(rng, 2) ? WEFT_OFFSET_CURRENT : mostly_below(rng, 1 << 12);
}

/* Most are short: what is done with the bytes is the same, however many there are. */
static __u64 any_length(struct rng *rng)
{
	return mostly_below(rng, rng_once_in(rng, 16) ? 1 << 13 : 1 << 10);
}

static __u64 any_id(struct fuzzer *f)
{
	return rng_once_in(&f->rng, 8) ? fuzz_edge(&f->rng) :
					 f->last_ids[rng_below(&f->rng, MAX_JOBS)];
}

static void fill_copy(struct fuzzer *f, struct weft_job *job)
{
	job->copy.in = any_target(f);
	job->copy.out = any_target(f);
	job->copy.in_offset = any_offset(&f->rng);
	job->copy.out_offset = any_offset(&f->rng);
	job->copy.len = any_length(&f->rng);
	job->copy.flags = mostly_zero(&f->rng);
}

static void fill_verify(struct fuzzer *f, struct weft_job *job)
{
	job->verify.fd = any_target(f);
	job->verify.algorithm = rng_below(&f->rng, 4);
	job->verify.offset = mostly_below(&f->rng, 1 << 12);
	job->verify.len = any_length(&f->rng);
	job->verify.flags = rng_below(&f->rng, 4);
	if (job->verify.flags) {
		job->verify.start = mostly_below(&f->rng, 4096);
		job->verify.buffer = mostly_below(&f->rng, 4);
	}
}

static void fill_rw(struct fuzzer *f, struct weft_job *job)
{
	job->rw.fd = any_target(f);
	job->rw.buffer = mostly_below(&f->rng, 4);
	job->rw.offset = any_offset(&f->rng);
	job->rw.start = mostly_below(&f->rng, 8192);
	job->rw.len = any_length(&f->rng);
	job->rw.flags = mostly_zero(&f->rng);
}

/* With a file, or another job. Some wait for ever, and use nothing. */
static struct weft_job file_job(struct fuzzer *f, __u64 cookie)
{
	struct weft_job job = {
		.op = WEFT_OP_READ + rng_below(&f->rng, WEFT_OP_VERIFY + 1 - WEFT_OP_READ),
		.user_data = cookie,
	};

	switch (job.op) {
	case WEFT_OP_FSYNC:
		job.fsync.fd = any_target(f);
		job.fsync.flags = rng_below(&f->rng, 2);
		break;
	case WEFT_OP_COPY:
		fill_copy(f, &job);
		break;
	case WEFT_OP_POLL:
		job.poll.fd = any_target(f);
		job.poll.events = mostly_below(&f->rng, POLLIN | POLLOUT | POLLPRI);
		break;
	case WEFT_OP_EVENTFD:
		job.eventfd.fd = any_target(f);
		job.eventfd.value = mostly_below(&f->rng, WEFT_EVENTFD_MAX);
		break;
	case WEFT_OP_NOTIFY:
		job.notify.id = any_id(f);
		job.notify.value = fuzz_edge(&f->rng);
		break;
	case WEFT_OP_AWAIT:
		job.await.count = mostly_below(&f->rng, 4);
		break;
	case WEFT_OP_VERIFY:
		fill_verify(f, &job);
		break;
	default:
		fill_rw(f, &job);
	}
	return job;
}

/* Wrong in one place, if at all. Few take a CPU to themselves until they are ended. */
static struct weft_job fuzz_job(struct fuzzer *f)
{
	struct rng *rng = &f->rng;
	struct weft_job job;

	if (rng_once_in(rng, 2048))
		job = endless_job(rng, rng_next(rng));
	else if (rng_once_in(rng, 16))
		job = sleep_job(rng_next(rng), HOUR);
	else if (rng_once_in(rng, 4))
		job = file_job(f, rng_next(rng));
	else
		job = any_job(rng, rng_next(rng));

	if (!rng_once_in(rng, 12))
		return job;
	switch (rng_below(rng, 6)) {
	case 0:
		job.op = fuzz_edge(rng);
		break;
	case 1:
		job.flags = fuzz_edge(rng);
		break;
	case 2:
		job.tag = fuzz_edge(rng);
		break;
	case 3:
		job.deadline_ns = fuzz_edge(rng);
		break;
	case 4:
		/* The first one may be a time to use the CPU for. */
		job.arg[!rng_once_in(rng, 32)] = fuzz_edge(rng);
		break;
	default:
		job.arg[1 + rng_below(rng, ARRAY_SIZE(job.arg) - 1)] = fuzz_edge(rng);
	}
	return job;
}

/* @good, or a bad address; @end is where the memory of @good ends. */
__u64 fuzz_address(struct fuzzer *f, void *good, void *end)
{
	size_t size = (char *)end - (char *)good;

	switch (rng_below(&f->rng, 48)) {
	case 0:
		return 0;
	case 1:
		return (uintptr_t)end;
	case 2:
		return (uintptr_t)end - rng_below(&f->rng, size);
	case 3:
		return (uintptr_t)f->read_only;
	case 4:
		return fuzz_edge(&f->rng);
	case 5:
		return 0xffff888000000000ULL + rng_below(&f->rng, 1 << 20);
	default:
		return (uintptr_t)good;
	}
}

static size_t fill_submit(struct fuzzer *f, struct weft_submit *s)
{
	/* Most of the calls are to be about something else than running jobs. */
	unsigned int i, count = rng_below(&f->rng, rng_once_in(&f->rng, 16) ? MAX_JOBS + 1 : 3);

	for (i = 0; i < count; i++)
		f->jobs[i] = fuzz_job(f);
	s->flags = mostly_zero(&f->rng);
	s->count = rng_once_in(&f->rng, 32) ? fuzz_edge(&f->rng) : count;
	s->jobs = fuzz_address(f, f->jobs, f->jobs + MAX_JOBS);
	s->ids = rng_once_in(&f->rng, 4) ? 0 : fuzz_address(f, f->ids, f->ids + MAX_JOBS);
	s->accepted = fuzz_edge(&f->rng);
	s->error = fuzz_edge(&f->rng);
	s->__reserved = mostly_zero(&f->rng);
	return sizeof(*s);
}

static size_t fill_wait(struct fuzzer *f, struct weft_wait *w)
{
	w->flags = mostly_zero(&f->rng);
	w->capacity = rng_once_in(&f->rng, 16) ? fuzz_edge(&f->rng) :
						 rng_below(&f->rng, MAX_JOBS + 1);
	/* A job that never ends would be waited for: there is a limit to that. */
	w->timeout_ns = !rng_once_in(&f->rng, 16) ? 0 : in_ns(rng_below(&f->rng, 200 * USEC));
	w->min = rng_once_in(&f->rng, 16) ? fuzz_edge(&f->rng) : rng_below(&f->rng, 4);
	w->completions = fuzz_address(f, f->completions, f->completions + MAX_JOBS);
	w->count = fuzz_edge(&f->rng);
	w->__reserved = mostly_zero(&f->rng);
	return sizeof(*w);
}

static size_t fill_cancel(struct fuzzer *f, struct weft_cancel *c)
{
	unsigned int kind = rng_below(&f->rng, 4);

	if (kind == 0)
		c->flags = WEFT_CANCEL_ALL;
	else if (kind == 1)
		c->flags = WEFT_CANCEL_TAG;
	else
		c->id = any_id(f);
	if (kind == 1)
		c->tag = rng_below(&f->rng, 8);
	if (rng_once_in(&f->rng, 16))
		c->flags |= fuzz_edge(&f->rng);
	c->tag |= mostly_zero(&f->rng);
	return sizeof(*c);
}

static size_t fill_setup(struct fuzzer *f, struct weft_setup *s)
{
	s->flags = rng_once_in(&f->rng, 16) ? mostly_below(&f->rng, 4) : 0;
	s->workers = s->flags ? 1 + mostly_below(&f->rng, 3) : mostly_zero(&f->rng);
	s->engine = rng_once_in(&f->rng, 16) ? fuzz_edge(&f->rng) : 0;
	s->credits = rng_once_in(&f->rng, 16) ? fuzz_edge(&f->rng) : 1 + rng_below(&f->rng, 64);
	return sizeof(*s);
}

static size_t fill_restrict(struct fuzzer *f, struct weft_restrict *r)
{
	r->flags = mostly_zero(&f->rng);
	r->ops = rng_once_in(&f->rng, 64) ? fuzz_edge(&f->rng) : ~0ULL;
	return sizeof(*r);
}

static size_t fill_buffer(struct fuzzer *f, struct weft_buffer *b)
{
	b->flags = rng_once_in(&f->rng, 3) ? WEFT_BUFFER_FREE : mostly_zero(&f->rng);
	if (b->flags & WEFT_BUFFER_FREE)
		b->index = mostly_below(&f->rng, 4);
	else
		b->bytes = mostly_below(&f->rng, 1 << 15);
	b->index |= mostly_zero(&f->rng);
	b->__reserved = mostly_zero(&f->rng);
	return sizeof(*b);
}

static size_t fill_progress(struct fuzzer *f, struct weft_progress *p)
{
	p->flags = mostly_zero(&f->rng);
	p->id = any_id(f);
	p->__reserved = mostly_zero(&f->rng);
	return sizeof(*p);
}

static __u64 some_before(struct rng *rng, unsigned int node)
{
	return rng_next(rng) & rng_next(rng) & ((1ULL << node) - 1);
}

/* After some of those before it, so that most graphs have no cycle. */
static void fill_node(struct fuzzer *f, unsigned int i)
{
	struct weft_node *node = &f->nodes[i];
	struct rng *rng = &f->rng;

	memset(node, 0, sizeof(*node));
	node->job = fuzz_job(f);
	node->after_success = some_before(rng, i);
	node->after_end = some_before(rng, i) & ~node->after_success;
	node->after_failure = some_before(rng, i) &
			      ~(node->after_success | node->after_end);
	if (rng_once_in(rng, 8))
		node->need = mostly_below(rng, 3);
	if (rng_once_in(rng, 8))
		node->flags = mostly_below(rng, 8);
	if (i && rng_once_in(rng, 8)) {
		node->guard = mostly_below(rng, 4);
		node->guard_node = rng_below(rng, i);
		node->guard_value = rng_below(rng, 4);
	}
	if (i && rng_once_in(rng, 8)) {
		node->bind[0].what = mostly_below(rng, 3);
		node->bind[0].node = rng_below(rng, i);
		node->bind[0].arg = 8 * rng_below(rng, 5);
	}
	switch (rng_below(rng, 256)) {
	case 0:
		node->after_end |= fuzz_edge(rng);
		break;
	case 1:
		node->__reserved = fuzz_edge(rng);
		break;
	case 2:
		node->bind[1].node = fuzz_edge(rng);
		node->bind[1].arg = fuzz_edge(rng);
		break;
	}
}

/* Return: how many nodes there are, if one believes the call. */
static __u32 fill_nodes(struct fuzzer *f)
{
	unsigned int i, n = 1 + rng_below(&f->rng, rng_once_in(&f->rng, 8) ? MAX_NODES : 3);

	for (i = 0; i < n; i++)
		fill_node(f, i);
	return rng_once_in(&f->rng, 32) ? fuzz_edge(&f->rng) : n;
}

static size_t fill_graph(struct fuzzer *f, struct weft_graph *g)
{
	g->count = fill_nodes(f);
	g->nodes = fuzz_address(f, f->nodes, f->nodes + MAX_NODES);
	g->flags = mostly_below(&f->rng, 4);
	g->tag = rng_below(&f->rng, 8);
	g->user_data = rng_next(&f->rng);
	g->deadline_ns = rng_once_in(&f->rng, 8) ? in_ns(rng_below(&f->rng, MSEC)) :
						   mostly_zero(&f->rng);
	g->after = rng_once_in(&f->rng, 4) ? any_id(f) : 0;
	return sizeof(*g);
}

static size_t fill_result(struct fuzzer *f, struct weft_graph_result *r)
{
	r->flags = mostly_below(&f->rng, 2);
	r->id = any_id(f);
	r->capacity = mostly_below(&f->rng, MAX_RESULTS + 1);
	r->results = fuzz_address(f, f->results, f->results + MAX_RESULTS);
	r->__reserved = mostly_zero(&f->rng);
	return sizeof(*r);
}

static size_t fill_template(struct fuzzer *f, struct weft_template *t)
{
	if (rng_once_in(&f->rng, 4)) {
		t->flags = WEFT_TEMPLATE_FREE;
		t->number = mostly_below(&f->rng, 8);
		t->count = mostly_zero(&f->rng);
		return sizeof(*t);
	}
	t->flags = mostly_zero(&f->rng);
	t->count = fill_nodes(f);
	t->nodes = fuzz_address(f, f->nodes, f->nodes + MAX_NODES);
	return sizeof(*t);
}

static size_t fill_run(struct fuzzer *f, struct weft_run *r)
{
	unsigned int i, n = rng_below(&f->rng, MAX_CHANGES + 1);

	for (i = 0; i < n; i++)
		f->changes[i] = (struct weft_change){
			.node = mostly_below(&f->rng, 4),
			.what = mostly_below(&f->rng, 7),
			.value = rng_once_in(&f->rng, 4) ? fuzz_edge(&f->rng) :
							   rng_below(&f->rng, 4096),
		};
	r->flags = mostly_below(&f->rng, 4);
	r->count = rng_once_in(&f->rng, 32) ? fuzz_edge(&f->rng) : n;
	r->changes = fuzz_address(f, f->changes, f->changes + MAX_CHANGES);
	r->number = mostly_below(&f->rng, 8);
	r->tag = rng_below(&f->rng, 8);
	r->__reserved = mostly_zero(&f->rng);
	r->user_data = rng_next(&f->rng);
	r->after = rng_once_in(&f->rng, 4) ? any_id(f) : 0;
	return sizeof(*r);
}

static size_t fill_step(struct fuzzer *f, struct weft_step *s)
{
	s->flags = mostly_below(&f->rng, 3);
	s->capacity = mostly_below(&f->rng, MAX_STEPPED + 1);
	s->jobs = fuzz_address(f, f->stepped, f->stepped + MAX_STEPPED);
	s->worker = rng_once_in(&f->rng, 4) ? mostly_below(&f->rng, 3) : WEFT_STEP_ANY;
	s->advance_ns = rng_once_in(&f->rng, 8) ? mostly_below(&f->rng, MSEC) : 0;
	return sizeof(*s);
}

/* Mostly one of ours, and of those the one that submits. */
unsigned long fuzz_number(struct rng *rng)
{
	unsigned long nr;

	if (rng_once_in(rng, 4))
		return WEFT_IOC_SUBMIT;
	if (!rng_once_in(rng, 64))
		return numbers[rng_below(rng, ARRAY_SIZE(numbers))];
	/* What is in the argument is not meant for these. */
	nr = rng_once_in(rng, 2) ? fuzz_edge(rng) & 0xffffffff :
				   WEFT_IOC_QUERY + rng_below(rng, 256);
	return nr >= WEFT_IOC_QUERY && nr <= WEFT_IOC_STEP ? WEFT_IOC_STEP + 1 : nr;
}

/* Return: how large the struct is. */
size_t fuzz_fill(struct fuzzer *f, unsigned long nr, union argument *a)
{
	switch (nr) {
	case WEFT_IOC_SETUP:
		return fill_setup(f, &a->setup);
	case WEFT_IOC_SUBMIT:
		return fill_submit(f, &a->submit);
	case WEFT_IOC_WAIT:
		return fill_wait(f, &a->wait);
	case WEFT_IOC_CANCEL:
		return fill_cancel(f, &a->cancel);
	case WEFT_IOC_RESTRICT:
		return fill_restrict(f, &a->narrow);
	case WEFT_IOC_STATS:
		a->stats.flags = mostly_zero(&f->rng);
		return sizeof(a->stats);
	case WEFT_IOC_BUFFER:
		return fill_buffer(f, &a->buffer);
	case WEFT_IOC_PROGRESS:
		return fill_progress(f, &a->progress);
	case WEFT_IOC_GRAPH:
		return fill_graph(f, &a->graph);
	case WEFT_IOC_GRAPH_RESULT:
		return fill_result(f, &a->result);
	case WEFT_IOC_TEMPLATE:
		return fill_template(f, &a->template);
	case WEFT_IOC_RUN:
		return fill_run(f, &a->run);
	case WEFT_IOC_STEP:
		return fill_step(f, &a->step);
	default:
		return sizeof(a->query);
	}
}
