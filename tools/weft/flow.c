// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "util.h"

#define REAP_AT_ONCE	1024
#define TICK_NS		(100 * NSEC_PER_MSEC)

/* With no job under way nothing of ours makes room: so often we ask again. */
#define PATIENCE	500
#define PATIENCE_MS	10

/**
 * flow_prepare() - get what a flow needs in userspace
 * @f: with what is marked "in" set, and the rest zero
 *
 * Return: 0 or -ENOMEM; after 0 the caller calls flow_close().
 */
int flow_prepare(struct flow *f)
{
	f->fd = -1;
	if (!f->batch)
		f->batch = FLOW_BATCH;
	f->jobs = malloc(f->batch * sizeof(*f->jobs));
	f->completions = malloc(REAP_AT_ONCE * sizeof(*f->completions));
	if (!f->jobs || !f->completions) {
		flow_close(f);
		return -ENOMEM;
	}
	/* Pages that come later would look like the kernel's, to who measures. */
	memset(f->jobs, 1, f->batch * sizeof(*f->jobs));
	memset(f->completions, 1, REAP_AT_ONCE * sizeof(*f->completions));
	return 0;
}

/**
 * flow_open() - open and set up a client
 * @f: prepared
 * @engine: WEFT_ENGINE_*
 *
 * Return: 0 or a negative errno.
 */
int flow_open(struct flow *f, unsigned int engine)
{
	f->fd = weft_client_start(engine, &f->credits);
	return f->fd < 0 ? f->fd : 0;
}

void flow_close(struct flow *f)
{
	weft_client_close(f->fd);
	free(f->jobs);
	free(f->completions);
	f->fd = -1;
	f->jobs = NULL;
	f->completions = NULL;
}

/**
 * flow_submit() - submit jobs until one is refused
 * @f: the flow; @f->error says why one was refused
 * @job: what they are like
 * @count: how many
 *
 * Return: how many were accepted.
 */
uint64_t flow_submit(struct flow *f, const struct weft_job *job, uint64_t count)
{
	uint64_t before = f->accepted, left;
	unsigned int n, i;
	int ret;

	f->error = 0;
	if (!f->began_ns)
		f->began_ns = now_ns();
	while (!f->error && !interrupted()) {
		left = count - (f->accepted - before);
		if (!left)
			break;
		n = left < f->batch ? left : f->batch;
		for (i = 0; i < n; i++) {
			f->jobs[i] = *job;
			f->jobs[i].user_data = f->accepted + i;
		}
		ret = weft_client_submit(f->fd, f->jobs, n, NULL, &f->error);
		if (ret > 0)
			f->accepted += ret;
	}
	if (f->accepted > before)
		f->submitted_ns = now_ns();
	return f->accepted - before;
}

static void flow_account(struct flow *f, const struct weft_completion *c)
{
	if (c->result >= 0)
		f->ok++;
	else if (c->result == -ECANCELED)
		f->cancelled++;
	else if (c->result == -ETIME)
		f->expired++;
	f->reaped++;
	if (f->each)
		f->each(f->arg, c);
}

static int flow_wait(struct flow *f, unsigned int min)
{
	int ret, i;

	ret = weft_client_wait(f->fd, f->completions, REAP_AT_ONCE, min,
			       now_ns() + TICK_NS);
	for (i = 0; i < ret; i++)
		flow_account(f, &f->completions[i]);
	if (ret > 0)
		f->ended_ns = now_ns();
	return ret == -ETIME || ret == -EINTR ? 0 : ret;
}

/**
 * flow_reap() - reap what is there, and wait for it a little
 * @f: the flow
 *
 * Return: how many were reaped, or a negative errno.
 */
int flow_reap(struct flow *f)
{
	return flow_wait(f, 1);
}

/**
 * flow_drain() - reap until no job is left
 * @f: the flow
 *
 * A Ctrl-C cancels the jobs.
 *
 * Return: 0 or a negative errno.
 */
int flow_drain(struct flow *f)
{
	bool cancelled = false;
	uint64_t left;
	int ret = 0;

	while (ret >= 0 && (left = f->accepted - f->reaped)) {
		if (interrupted() && !cancelled) {
			flow_cancel(f);
			cancelled = true;
		}
		ret = flow_wait(f, left < REAP_AT_ONCE ? left : REAP_AT_ONCE);
		if (f->tick)
			f->tick(f->arg);
	}
	return ret < 0 ? ret : 0;
}

int flow_cancel(struct flow *f)
{
	return weft_client_cancel_all(f->fd, NULL, NULL);
}

/* Return: false if it makes no sense to ask the kernel again. */
static bool flow_make_room(struct flow *f, unsigned int *tries, int *ret)
{
	if (f->error != EAGAIN && f->error != ENOMEM)
		return false;
	if (f->accepted > f->reaped) {
		*tries = 0;
		*ret = flow_reap(f);
		return *ret >= 0;
	}
	if (++*tries > PATIENCE)
		return false;
	nap_ms(PATIENCE_MS);
	return true;
}

/**
 * flow_run() - run jobs, however few credits there are
 * @f: the flow; afterwards @f->error is set if not all were accepted
 * @job: what they are like
 * @count: how many
 *
 * A Ctrl-C cancels what is under way and submits no more.
 *
 * Return: 0 or a negative errno.
 */
int flow_run(struct flow *f, const struct weft_job *job, uint64_t count)
{
	unsigned int tries = 0;
	int ret = 0, drained;

	while (ret >= 0 && f->accepted < count && !interrupted()) {
		if (flow_submit(f, job, count - f->accepted))
			tries = 0;
		if (f->error && !flow_make_room(f, &tries, &ret))
			break;
		if (f->tick)
			f->tick(f->arg);
	}
	drained = flow_drain(f);
	if (!f->ended_ns)
		f->ended_ns = now_ns();
	return ret < 0 ? ret : drained;
}
