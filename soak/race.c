// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ends of a job at the same moment: its own, its deadline, a cancel, the close
 * of its client. A cell is a pair of these and an op; each round is one cell's.
 */
#include "soak.h"

enum end {
	END_CANCEL = 1,
	END_OWN = 2,
	END_DEADLINE = 4,
	END_CLOSE = 8,
};

static const unsigned int pairs[] = {
	END_CANCEL | END_OWN, END_CANCEL | END_DEADLINE, END_OWN | END_DEADLINE,
	END_CANCEL | END_CLOSE, END_OWN | END_CLOSE, END_DEADLINE | END_CLOSE,
};

static const __u16 ops[] = { WEFT_OP_YIELD, WEFT_OP_SPIN, WEFT_OP_SLEEP, WEFT_OP_WORK };

#define CELLS	(ARRAY_SIZE(pairs) * ARRAY_SIZE(ops))
#define BATCH	64
#define RACES	512		/* of a round */
#define RACES_THREADS	64

struct race {
	struct rng *rng;
	int fd;
	__u32 engine;
	unsigned int ends;
	__u16 op;
	unsigned int count;
	__u64 lead_ns;		/* from before the submit to the ends: what it took last */
	__u64 when;
	__u64 ids[BATCH];
	int verdicts[BATCH];
};

/* Its own end comes at about @when, or never. */
static struct weft_job race_job(struct race *r, __u64 cookie)
{
	__u64 when = r->when + rng_below(r->rng, 100 * USEC);
	bool ends = r->ends & END_OWN;

	switch (r->op) {
	case WEFT_OP_YIELD:
		return yield_job(cookie, ends ? rng_below(r->rng, 16) : ~0ULL);
	case WEFT_OP_SPIN:
		return spin_job(cookie, ends ? rng_below(r->rng, 50 * USEC) : HOUR);
	case WEFT_OP_SLEEP:
		return ends ? sleep_until_job(cookie, when) : sleep_job(cookie, HOUR);
	default:
		return ends ? work_job(cookie, 2, rng_below(r->rng, 2 * USEC),
				       rng_below(r->rng, 2 * r->lead_ns)) :
			      work_job(cookie, ~0U, USEC, rng_below(r->rng, 20 * USEC));
	}
}

static unsigned int submit_race(struct race *r)
{
	struct weft_job jobs[BATCH];
	unsigned int i;
	__u64 begin = now_ns();
	__u32 error;
	int ret;

	r->when = begin + r->lead_ns + rng_below(r->rng, 1 + r->lead_ns / 2);
	for (i = 0; i < r->count; i++) {
		jobs[i] = race_job(r, i);
		if (r->ends & END_DEADLINE)
			jobs[i].deadline_ns = r->when + rng_below(r->rng, 100 * USEC);
	}
	ret = submit_batch(r->fd, jobs, r->ids, r->count, &error);
	if (ret < 0 || (error && error != EAGAIN))
		fail("a submit: %s", strerror(ret < 0 ? -ret : (int)error));
	r->lead_ns = now_ns() - begin;
	return ret;
}

static void cancel_race(struct race *r, unsigned int n)
{
	struct weft_cancel cancel;
	unsigned int i;
	int ret = 0;

	memset(r->verdicts, 0, sizeof(r->verdicts));
	switch (rng_below(r->rng, 4)) {
	case 0:
		ret = cancel_all(r->fd, &cancel);
		break;
	case 1:
		ret = cancel_tag(r->fd, 0, &cancel);
		break;
	default:
		for (i = 0; ret >= 0 && i < n; i++) {
			ret = cancel_job(r->fd, r->ids[i]);
			r->verdicts[i] = ret;
		}
	}
	if (ret < 0)
		fail("a cancel: %s", strerror(-ret));
}

/* What a job may say of its end, and what its cancel promised. */
static void check_end(const struct race *r, const struct weft_completion *c)
{
	int verdict = r->verdicts[c->user_data];

	if (!((c->result >= 0 && r->ends & END_OWN) ||
	      (c->result == -ECANCELED && r->ends & END_CANCEL) ||
	      (c->result == -ETIME && r->ends & END_DEADLINE)))
		fail("op %u with ends %#x ended with %lld", c->op, r->ends, c->result);
	if (verdict == WEFT_CANCELLED && c->result != -ECANCELED)
		fail("op %u was cancelled, and ended with %lld", c->op, c->result);
	if (verdict == WEFT_ALREADY_DONE && c->result == -ECANCELED)
		fail("op %u had ended, and was cancelled", c->op);
	if (c->id != r->ids[c->user_data])
		fail("job %llu came back as %llu", r->ids[c->user_data], c->id);
}

static void reap_race(struct race *r, unsigned int n)
{
	struct weft_completion c[BATCH];
	unsigned int i;

	reap_exactly(r->fd, c, n);
	if (!exactly_once(c, n))
		fail("a job completed twice");
	for (i = 0; i < n; i++)
		check_end(r, &c[i]);
}

/* Return: how many jobs raced. */
static unsigned int run_race(struct race *r)
{
	unsigned int n;

	if (r->fd < 0)
		r->fd = must_open(r->engine, BATCH);
	n = submit_race(r);
	memset(r->verdicts, 0, sizeof(r->verdicts));
	if (r->ends & (END_CANCEL | END_CLOSE))
		while (now_ns() < r->when)
			;
	if (r->ends & END_CANCEL)
		cancel_race(r, n);
	if (r->ends & END_CLOSE) {
		close(r->fd);
		r->fd = -1;
	} else {
		reap_race(r, n);
	}
	return n;
}

static void round_races(struct round *round)
{
	unsigned int cell = round->seed % CELLS, raced = 0, races = RACES;
	struct race r = {
		.rng = &round->rng,
		.fd = -1,
		.engine = round->storm->engine,
		.ends = pairs[cell % ARRAY_SIZE(pairs)],
		.op = ops[cell / ARRAY_SIZE(pairs)],
		.count = BATCH,
		.lead_ns = 100 * USEC,
	};

	/* Each of these takes a CPU to itself, or a thread: that takes long to make. */
	if (r.engine == WEFT_ENGINE_THREADS) {
		r.count = 4;
		races = RACES_THREADS;
	} else if (r.op == WEFT_OP_SPIN) {
		r.count = 16;
	}
	start_some_alarms(&round->rng);
	while (raced < races)
		raced += run_race(&r);
	if (r.fd >= 0)
		close(r.fd);
	must_be_idle(PATIENCE);
	reach_cell(cell, CELLS, raced);
}

const struct storm storm_races_async = {
	.name = "races_async",
	.share = 100,
	.figures = { { "races_async", 2, 30000 } },
	.round = round_races,
	.engine = WEFT_ENGINE_ASYNC,
};

const struct storm storm_races_threads = {
	.name = "races_threads",
	.share = 100,
	/* A thread for each takes too long for more. */
	.figures = { { "races_threads", 2, 500 } },
	.round = round_races,
	.engine = WEFT_ENGINE_THREADS,
};
