// SPDX-License-Identifier: GPL-2.0-only
/* One poll at a time, of a client that has workers of its own. */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "../core/executor.h"
#include "../core/gfp.h"
#include "../core/task.h"
#include "client.h"
#include "runtime.h"
#include "step.h"

/*
 * Virtual time stands still between two polls. Within one it goes on by each look,
 * or a job that computes until some time has passed would do so for ever.
 */
static u64 weft_stepper_clock(void *arg)
{
	struct weft_stepper *s = arg;
	u64 now = READ_ONCE(s->now);

	if (READ_ONCE(s->poller) != current)
		return now;
	now += WEFT_STEP_TICK_NS;
	WRITE_ONCE(s->now, now);
	return now;
}

/**
 * weft_stepper_create() - make what a stepped client needs
 * @rt: the runtime of the client
 * @workers: how many workers, 1 to WEFT_STEP_MAX_WORKERS
 * @is_virtual: the clock is stepped as well
 * @credits: of the client, up to WEFT_STEP_MAX_CREDITS
 *
 * Context: may sleep. Memory is charged to the caller's cgroup.
 * Return: the caller's until weft_stepper_destroy(); or ERR_PTR(-ENOMEM).
 */
struct weft_stepper *
weft_stepper_create(const struct weft_runtime *rt, unsigned int workers,
		    bool is_virtual, unsigned int credits)
{
	struct weft_executor_config config = {
		.name = "step",
		.workers = workers,
		.timing = weft_runtime_timed(rt),
		.manual = true,
	};
	struct weft_stepper *s = kzalloc(sizeof(*s), WEFT_GFP_USER);

	if (!s)
		return ERR_PTR(-ENOMEM);
	if (is_virtual) {
		config.clock = weft_stepper_clock;
		config.clock_arg = s;
	}
	s->jobs = kvcalloc(credits, sizeof(*s->jobs), WEFT_GFP_USER);
	s->executor = s->jobs ? weft_executor_create(&config) : ERR_PTR(-ENOMEM);
	if (IS_ERR(s->executor)) {
		kvfree(s->jobs);
		kfree(s);
		return ERR_PTR(-ENOMEM);
	}
	s->workers = workers;
	s->credits = credits;
	s->is_virtual = is_virtual;
	mutex_init(&s->lock);
	return s;
}

/**
 * weft_stepper_destroy() - undo weft_stepper_create()
 * @s: the client's jobs have ended, and its group is gone; may be NULL
 *
 * Context: may sleep.
 */
void weft_stepper_destroy(struct weft_stepper *s)
{
	if (!s)
		return;
	weft_executor_destroy(s->executor);
	kvfree(s->jobs);
	kfree(s);
}

/**
 * weft_stepper_bytes() - memory of a stepper
 * @s: the stepper; may be NULL
 *
 * Return: bytes.
 */
size_t weft_stepper_bytes(const struct weft_stepper *s)
{
	if (!s)
		return 0;
	return sizeof(*s) + weft_executor_bytes(s->executor) +
	       s->credits * sizeof(*s->jobs);
}

static struct weft_slot *weft_task_slot(struct weft_task *task)
{
	return weft_slot_of(&task->node);
}

/* When the next timer of any worker is due; 0 if there is none. */
static u64 weft_stepper_due(struct weft_stepper *s)
{
	u64 due = 0;
	unsigned int i;

	for (i = 0; i < s->workers; i++) {
		struct weft_worker *w = weft_executor_worker(s->executor, i);
		struct weft_sleep *first = weft_timers_first(&w->poller.timers);

		if (first && (!due || first->deadline < due))
			due = first->deadline;
	}
	return due;
}

/* All workers look at their timers and inboxes. Return: one has something to do. */
static bool weft_stepper_look(struct weft_stepper *s)
{
	bool runnable = false;
	unsigned int i;

	for (i = 0; i < s->workers; i++)
		if (weft_worker_next(weft_executor_worker(s->executor, i)))
			runnable = true;
	return runnable;
}

/* The worker that is to poll; NULL if it has, or all have, nothing to do. */
static struct weft_worker *weft_stepper_pick(struct weft_stepper *s, u32 wanted)
{
	struct weft_worker *worker;
	unsigned int i;

	if (wanted != WEFT_STEP_ANY) {
		worker = weft_executor_worker(s->executor, wanted);
		return weft_worker_next(worker) ? worker : NULL;
	}
	for (i = 0; i < s->workers; i++) {
		worker = weft_executor_worker(s->executor,
					      (s->turn + i) % s->workers);
		if (!weft_worker_next(worker))
			continue;
		s->turn = (worker->index + 1) % s->workers;
		return worker;
	}
	return NULL;
}

static void weft_stepper_poll(struct weft_stepper *s, struct weft_worker *worker,
			      struct weft_step *step)
{
	const struct weft_counters *c = &worker->poller.counters;
	u64 ends = c->ends, yields = c->yields;

	step->worker = worker->index;
	/* After the poll it may be gone. */
	step->id = weft_worker_next(worker)->id;
	WRITE_ONCE(s->poller, current);
	weft_worker_poll_next(worker);
	WRITE_ONCE(s->poller, NULL);
	if (c->ends != ends)
		step->outcome = WEFT_STEP_ENDED;
	else
		step->outcome = c->yields != yields ? WEFT_STEP_YIELDED :
						      WEFT_STEP_PENDING;
}

/**
 * weft_client_step() - poll one job
 * @client: a stepped client
 * @step: what the user asks for; receives what was done, but for the counts
 *
 * Context: may sleep; the stepper's lock is held.
 * Return: 0, or -EINVAL (no such worker; time that cannot go on, or not so far).
 */
int weft_client_step(struct weft_client *client, struct weft_step *step)
{
	struct weft_stepper *s = client->stepper;
	u32 wanted = step->worker;
	struct weft_worker *worker = NULL;

	lockdep_assert_held(&s->lock);
	if ((wanted != WEFT_STEP_ANY && wanted >= s->workers) ||
	    ((step->advance_ns || step->flags & WEFT_STEP_SKIP) && !s->is_virtual) ||
	    step->advance_ns > KTIME_MAX - s->now)
		return -EINVAL;

	WRITE_ONCE(s->now, s->now + step->advance_ns);
	if (!weft_stepper_look(s) && step->flags & WEFT_STEP_SKIP) {
		WRITE_ONCE(s->now, max(s->now, weft_stepper_due(s)));
		weft_stepper_look(s);
	}
	step->id = 0;
	step->worker = WEFT_STEP_ANY;
	step->outcome = WEFT_STEP_IDLE;
	if (!(step->flags & WEFT_STEP_LOOK))
		worker = weft_stepper_pick(s, wanted);
	if (worker)
		weft_stepper_poll(s, worker, step);
	/* Whom the poll woke is in a run queue as well. */
	weft_stepper_look(s);
	step->now_ns = weft_executor_now(s->executor);
	step->next_ns = weft_stepper_due(s);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_step);

static bool weft_step_job_fill(const struct weft_slot *slot,
			       struct weft_step_job *job)
{
	static const u8 waits[] = {
		[WEFT_WAIT_YIELD] = WEFT_STEP_FOR_TURN,
		[WEFT_WAIT_TIMER] = WEFT_STEP_FOR_TIMER,
		[WEFT_WAIT_WAKER] = WEFT_STEP_FOR_WAKER,
		[WEFT_WAIT_FD] = WEFT_STEP_FOR_FD,
		[WEFT_WAIT_IO] = WEFT_STEP_FOR_IO,
		[WEFT_WAIT_PUNT] = WEFT_STEP_FOR_PUNT,
		[WEFT_WAIT_JOB] = WEFT_STEP_FOR_JOB,
	};
	struct weft_task_look look;
	bool waiting;

	*job = (struct weft_step_job){};
	if (slot->phase != WEFT_JOB_LIVE)
		return false;
	weft_task_look(&slot->op_task.task, &look);
	waiting = look.state == WEFT_STATE_PENDING;
	*job = (struct weft_step_job){
		.id = slot->id,
		.user_data = slot->user_data,
		.polls = look.polls,
		.wakes = look.wakes,
		.worker = look.worker,
		.op = slot->op,
		.state = waiting ? WEFT_STEP_JOB_WAITING : WEFT_STEP_JOB_QUEUED,
		.waits = waiting ? waits[look.wait] : WEFT_STEP_FOR_TURN,
	};
	return true;
}

/* Where the jobs are written down, and how many of a worker were. */
struct weft_step_list {
	struct weft_step_job *jobs;
	u32 place;
};

static struct weft_step_job *weft_step_job_of(struct weft_step_list *list,
					      struct weft_task *task)
{
	return &list->jobs[weft_task_slot(task)->id & (WEFT_MAX_CREDITS - 1)];
}

static void weft_step_place(struct weft_task *task, void *arg)
{
	struct weft_step_list *list = arg;

	weft_step_job_of(list, task)->place = ++list->place;
}

/* A job may have two: what it waits for, and its deadline. */
static void weft_step_due(struct weft_sleep *sleep, void *arg)
{
	struct weft_step_job *job = weft_step_job_of(arg, sleep->task);

	if (!job->due_ns || sleep->deadline < job->due_ns)
		job->due_ns = sleep->deadline;
}

/**
 * weft_client_step_jobs() - write down the jobs that have not ended
 * @client: a stepped client
 *
 * Context: may sleep; the stepper's lock is held.
 * Return: how many there are in the stepper's @jobs.
 */
unsigned int weft_client_step_jobs(struct weft_client *client)
{
	struct weft_stepper *s = client->stepper;
	struct weft_step_list list = { .jobs = s->jobs };
	unsigned int i, slots, count = 0;

	lockdep_assert_held(&s->lock);
	spin_lock(&client->lock);
	slots = client->nr_slots;
	for (i = 0; i < slots; i++)
		weft_step_job_fill(weft_client_slot(client, i), &s->jobs[i]);
	spin_unlock(&client->lock);

	/* What is in the queues stays there, and LIVE, while nobody steps. */
	for (i = 0; i < s->workers; i++) {
		struct weft_worker *w = weft_executor_worker(s->executor, i);

		list.place = 0;
		weft_worker_each(w, weft_step_place, &list);
		weft_timers_each(&w->poller.timers, weft_step_due, &list);
	}
	for (i = 0; i < slots; i++)
		if (s->jobs[i].state)
			s->jobs[count++] = s->jobs[i];
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_step_jobs);

/**
 * weft_client_step_out() - step until all jobs have ended
 * @client: a stepped client; its jobs are cancelled, and nobody else uses it
 *
 * A job whose cancel waits for something else is looked at again and again.
 *
 * Context: may sleep.
 */
void weft_client_step_out(struct weft_client *client)
{
	struct weft_stepper *s = client->stepper;
	bool polled;
	unsigned int i;

	/* All timers are due. */
	WRITE_ONCE(s->now, KTIME_MAX);
	WRITE_ONCE(s->poller, current);
	while (!try_wait_for_completion(&client->drained)) {
		polled = false;
		for (i = 0; i < s->workers; i++)
			if (weft_worker_step(weft_executor_worker(s->executor, i)))
				polled = true;
		if (!polled)
			schedule_timeout_uninterruptible(1);
		cond_resched();
	}
}
