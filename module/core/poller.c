// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rcupdate.h>

#include "executor.h"
#include "poller.h"

/**
 * weft_poller_init() - nothing polled yet
 * @p: to be initialised
 * @ex: the executor
 * @hrtimer: for its timers, or NULL, see weft_timers_init()
 * @witness: of a worker, or NULL
 * @worker: which worker it is, or WEFT_RECORD_NO_WORKER
 */
void weft_poller_init(struct weft_poller *p, struct weft_executor *ex,
		      struct hrtimer *hrtimer, struct weft_witness *witness,
		      u8 worker)
{
	weft_timers_init(&p->timers, hrtimer, ex->clock, ex->clock_arg);
	p->cx.timers = &p->timers;
	p->cx.may_block = !witness;
	p->timing = ex->timing;
	p->offences = &ex->offences;
	p->witness = witness;
	p->budget_ns = witness && ex->budget_ns ? ex->budget_ns : U64_MAX;
	p->recorder = &ex->recorder;
	p->worker = worker;
	/* Between two polls of a thread others may run: each is recorded. */
	if (!ex->recorder.size)
		p->brief_ns = U64_MAX;
	else if (worker != WEFT_RECORD_NO_WORKER)
		p->brief_ns = ex->brief_ns;
	seqcount_init(&p->seq);
	/* No thread has so many: the first poll is no coop switch. */
	p->switches = U32_MAX;
}

/**
 * weft_poller_record_brief() - record polls that yielded soon
 * @p: who polled; it has such polls that were not recorded
 * @until: when the last of them ended
 */
void weft_poller_record_brief(struct weft_poller *p, u64 until)
{
	const struct weft_record record = {
		.ns = p->brief_from,
		.took = until > p->brief_from ? until - p->brief_from : 0,
		.value = p->brief,
		.kind = WEFT_RECORD_BRIEF,
		.worker = p->worker,
	};

	weft_recorder_add(p->recorder, &record);
	p->brief = 0;
	p->brief_from = until;
}

/**
 * weft_poller_record() - record a poll
 * @p: who polled
 * @task: what was polled; the caller has the turn
 * @took: how long it took, until just now
 * @detail: enum weft_wait_source, or WEFT_RECORD_READY
 *
 * The recorder was on a moment ago. Calls nothing, so it costs no more than it must.
 */
void weft_poller_record(struct weft_poller *p, const struct weft_task *task,
			u64 took, u8 detail)
{
	struct weft_recorder *rec = p->recorder;
	u64 begin = p->now - took;
	struct weft_record *r;
	u32 seq;

	p->brief_from = p->now;
	r = weft_recorder_get(rec, &seq);
	r->ns = begin;
	r->id = task->id;
	r->value = task->result;
	r->took = took;
	r->waited = p->wake_ns;
	r->client = task->group->number;
	r->pid = p->pid;
	r->kind = WEFT_RECORD_POLL;
	r->op = task->ops->number;
	r->worker = p->worker;
	r->detail = task->polls ? detail : detail | WEFT_RECORD_FIRST;
	weft_recorder_put(r, seq);
}

/**
 * weft_poller_record_long() - record a poll that yielded, but not soon
 * @p: who polled
 * @task: what was polled; the caller has the turn
 */
void weft_poller_record_long(struct weft_poller *p, const struct weft_task *task)
{
	weft_poller_record_poll(p, task, p->poll_ns, WEFT_WAIT_YIELD);
}

/**
 * weft_poller_judge() - was the task slow
 * @p: who polled
 * @task: has ended; the caller has the turn
 */
void weft_poller_judge(struct weft_poller *p, const struct weft_task *task)
{
	if (task->queued_ns + task->run_ns + task->blocked_ns >
	    READ_ONCE(p->recorder->slow_ns))
		weft_recorder_slow(p->recorder, task);
}

/**
 * weft_poller_record_park() - record that there is nothing to poll
 * @p: who polls
 * @task: the task whose thread it is; NULL for a worker
 *
 * The task may be woken by now, but it cannot run elsewhere.
 */
void weft_poller_record_park(struct weft_poller *p, const struct weft_task *task)
{
	struct weft_record record = {
		.kind = WEFT_RECORD_PARK,
		.worker = p->worker,
	};

	if (!p->timing || !weft_recorder_on(p->recorder))
		return;
	record.ns = weft_timers_now(&p->timers);
	if (p->brief)
		weft_poller_record_brief(p, p->now ? p->now : record.ns);
	if (task) {
		record.id = task->id;
		record.client = task->group->number;
		record.op = task->ops->number;
	}
	weft_recorder_add(p->recorder, &record);
}

/**
 * weft_poller_pend() - a task was pending after its poll
 * @p: who polled
 * @task: the task
 * @held: what it waits for cannot be given up
 *
 * Return: see &enum weft_pend.
 */
enum weft_pend weft_poller_pend(struct weft_poller *p, struct weft_task *task,
				bool held)
{
	struct weft_group *group = task->group;
	enum weft_pend pend;

	/* First, for a waker counts it down as soon as the turn is gone. */
	atomic_inc(&group->waiting);
	pend = weft_state_pend(task, held);
	if (likely(pend == WEFT_PEND_GONE))
		return pend;
	atomic_dec(&group->waiting);
	if (pend == WEFT_PEND_AGAIN) {
		task->woken = WEFT_WOKEN_WAKE;
		trace_weft_wake(task, WEFT_BY_EARLY);
		if (weft_poller_timed(p) && weft_recorder_on(p->recorder))
			weft_recorder_task(p->recorder, task, WEFT_RECORD_WAKE,
					   p->now, p->worker, WEFT_BY_EARLY);
	}
	return pend;
}

/**
 * weft_poller_end() - what is done in place of a poll of a task that is to end
 * @p: who polls
 * @task: the task; the state is RUNNING
 * @result: of the task
 *
 * Return: as a poll.
 */
enum weft_poll weft_poller_end(struct weft_poller *p, struct weft_task *task,
			       s64 result)
{
	task->result = result;
	p->cx.wait = WEFT_WAIT_NONE;
	return task->ops->cancel ? task->ops->cancel(task, &p->cx) : WEFT_READY;
}

/**
 * weft_poller_lost() - end a task that nothing can wake
 * @p: who polls
 * @task: the task; the state is RUNNING
 *
 * Return: as a poll, but never pending with nothing to wake it again.
 */
enum weft_poll weft_poller_lost(struct weft_poller *p, struct weft_task *task)
{
	enum weft_poll ret;

	weft_offences_add(p->offences, task->ops->name, WEFT_LOST, NULL);
	/* A cancel() that loses its waker as well is not called for ever. */
	ret = task->result == -EDEADLK ? WEFT_READY :
					 weft_poller_end(p, task, -EDEADLK);
	return ret;
}

/**
 * weft_poller_long() - a poll took too long
 * @p: who polled
 * @task: what was polled
 *
 * If others had the CPU meanwhile that may be why: such a poll is let off, and one
 * that slept has another name for it.
 */
void weft_poller_long(struct weft_poller *p, const struct weft_task *task)
{
	if (p->nivcsw != current->nivcsw || p->nvcsw != current->nvcsw)
		return;
	weft_offences_add(p->offences, task->ops->name, WEFT_LONG,
			  weft_witness_busy(p->witness));
}

/**
 * weft_poller_slept() - this thread slept in a poll
 * @p: who polled
 * @name: of the op
 */
void weft_poller_slept(struct weft_poller *p, const char *name)
{
	struct weft_witness *w = p->witness;

	if (w) {
		weft_offences_add(p->offences, name, WEFT_SLEPT,
				  weft_witness_slept(w));
		w->slept.nr = 0;
	}
	/* To tell of it may have meant to sleep once more. */
	p->nvcsw = current->nvcsw;
}

/* Names what the poll left behind, and cleans it up as far as can be. */
static void weft_poller_leaks(struct weft_poller *p, const char *name)
{
	if (unlikely(preempt_count())) {
		/* Before anything that may want to sleep or be preempted. */
		preempt_count_set(0);
		weft_offences_add(p->offences, name, WEFT_PREEMPT, NULL);
	}
	if (unlikely(weft_rcu_depth())) {
		while (weft_rcu_depth() > 0) {
			/* The poll did, but sparse did not see it. */
			__acquire(RCU);
			rcu_read_unlock();
		}
		weft_offences_add(p->offences, name, WEFT_RCU, NULL);
	}
	if (unlikely(weft_poller_locks(p))) {
		weft_offences_add(p->offences, name, WEFT_LOCK, NULL);
		debug_show_held_locks(current);
		p->locks = lockdep_depth(current);
	}
}

/**
 * weft_poller_count_rare() - count what is special about a poll
 * @p: who polled
 * @task: what was polled
 * @outcome: the one of @p->counters that says what came of it
 */
void weft_poller_count_rare(struct weft_poller *p, struct weft_task *task,
			    u64 *outcome)
{
	bool wake = task->woken && task->polls;
	u32 switches;

	weft_poller_leaks(p, task->ops->name);
	if (unlikely(p->nvcsw != current->nvcsw))
		weft_poller_slept(p, task->ops->name);
	p->nivcsw = current->nivcsw;
	/* Ends the burst. */
	if (need_resched() && !p->cx.slice_end)
		p->cx.slice_end = 1;

	switches = current->nvcsw + current->nivcsw;
	raw_write_seqcount_begin(&p->seq);
	p->counters.resumes += p->last == task || p->switches != switches;
	p->counters.wakes += wake;
	(*outcome)++;
	raw_write_seqcount_end(&p->seq);
	p->switches = switches;
	p->was_woken |= !!task->woken;
	task->wakes += wake;
	task->woken = WEFT_WOKEN_NOT;
}
