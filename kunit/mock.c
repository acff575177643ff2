// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "mock.h"

u64 mock_now;

u64 mock_clock(void *arg)
{
	return mock_now;
}

/* Long enough on any machine; virtual time makes it short. */
#define MOCK_PATIENCE	(60 * HZ)

/* More polls than any test has: a task that goes round and round fails. */
#define MOCK_MAX_POLLS	1000000

static enum weft_poll mock_wait_wake(struct mock *m, struct weft_cx *cx)
{
	if (!m->wait.task)
		weft_waker_set(&m->wait, cx);
	return WEFT_PENDING;
}

static void mock_drop(struct mock *m)
{
	if (m->wait.task)
		weft_waker_drop(&m->wait);
}

static enum weft_poll mock_act(struct mock *m, const struct mock_step *s,
			       struct weft_cx *cx)
{
	switch (s->act) {
	case MOCK_WAIT:
		return mock_wait_wake(m, cx);
	case MOCK_YIELD:
		return weft_yield(cx);
	case MOCK_SELF:
		weft_wake(&m->task);
		return WEFT_PENDING;
	case MOCK_LOSE:
		mock_drop(m);
		return WEFT_PENDING;
	case MOCK_WAKER:
		weft_waker_set(&m->waker, cx);
		return WEFT_PENDING;
	case MOCK_OVER:
		KUNIT_FAIL(m->bed->test, "task %c is polled once too often",
			   m->name);
		return WEFT_READY;
	default:
		mock_drop(m);
		m->task.result = s->arg;
		return WEFT_READY;
	}
}

/* Return: true if the sleep is over. */
static bool mock_slept(struct mock *m, const struct mock_step *s,
		       struct weft_cx *cx)
{
	if (!m->sleeps)
		weft_sleep_until(&m->sleep, s->arg, s->slack);
	m->sleeps = weft_sleep_poll(&m->sleep, cx) == WEFT_PENDING;
	return !m->sleeps;
}

static enum weft_poll mock_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct mock *m = container_of(task, struct mock, task);
	const struct mock_step *s = &m->steps[m->step];
	unsigned int nth = atomic_fetch_inc(&m->bed->polls);
	enum weft_poll ret;

	if (nth < MOCK_LOG)
		m->bed->log[nth] = m->name;
	if (s->before)
		s->before(m);
	while (s->act == MOCK_SLEEP) {
		if (!mock_slept(m, s, cx))
			return WEFT_PENDING;
		s = &m->steps[++m->step];
	}
	m->step++;
	ret = mock_act(m, s, cx);
	if (s->after)
		s->after(m);
	return ret;
}

static enum weft_poll mock_cancel(struct weft_task *task, struct weft_cx *cx)
{
	struct mock *m = container_of(task, struct mock, task);

	m->cancels++;
	weft_sleep_stop(&m->sleep, cx);
	if (!m->cancel_pends) {
		mock_drop(m);
		return WEFT_READY;
	}
	m->cancel_pends--;
	return mock_wait_wake(m, cx);
}

static void mock_release(struct weft_task *task)
{
	struct mock *m = container_of(task, struct mock, task);
	struct mock_bed *bed = m->bed;

	m->released++;
	if (atomic_inc_return(&bed->released) == bed->expected)
		complete(&bed->all_released);
}

const struct weft_task_ops mock_ops = {
	.name = "mock",
	.poll = mock_poll,
	.cancel = mock_cancel,
	.release = mock_release,
};

/* On an executor of any kind. */
struct mock_bed *mock_bed_new(struct kunit *test,
			      const struct weft_executor_config *config,
			      enum weft_engine engine)
{
	struct mock_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	bed->test = test;
	init_completion(&bed->all_released);
	bed->ex = weft_executor_create(config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->ex));
	KUNIT_ASSERT_EQ(test, 0, weft_group_init(&bed->group, bed->ex, engine));
	return bed;
}

/* Driven by mock_step() and mock_run(); the time is mock_now. */
struct mock_bed *mock_bed_manual(struct kunit *test, unsigned int workers)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = workers,
		.max_threads = 1,
		.timing = true,
		.manual = true,
		.clock = mock_clock,
	};

	mock_now = 1000;
	return mock_bed_new(test, &config, WEFT_ASYNC);
}

/* Runs by itself, in real time. */
struct mock_bed *mock_bed_live(struct kunit *test, unsigned int workers,
			       enum weft_engine engine,
			       unsigned int max_threads)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = workers,
		.max_threads = max_threads,
	};

	return mock_bed_new(test, &config, engine);
}

/* The same, and it takes the time of each poll. */
struct mock_bed *mock_bed_timed(struct kunit *test, unsigned int workers,
				enum weft_engine engine,
				unsigned int max_threads)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = workers,
		.max_threads = max_threads,
		.timing = true,
	};

	return mock_bed_new(test, &config, engine);
}

void mock_bed_free(struct mock_bed *bed)
{
	weft_group_fini(&bed->group);
	weft_executor_destroy(bed->ex);
}

/* A task that is not spawned yet. */
struct mock *mock_new(struct mock_bed *bed, char name,
		      const struct mock_step *steps)
{
	struct mock *m = kunit_kzalloc(bed->test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, m);
	m->bed = bed;
	m->name = name;
	m->steps = steps;
	KUNIT_ASSERT_EQ(bed->test, 0,
			weft_task_init(&m->task, &mock_ops, &bed->group));
	return m;
}

struct mock *mock_spawn(struct mock_bed *bed, char name,
			const struct mock_step *steps)
{
	struct mock *m = mock_new(bed, name, steps);

	weft_spawn(&m->task);
	return m;
}

/* One poll by worker 0. Return: false if no task was runnable. */
bool mock_step(struct mock_bed *bed)
{
	return weft_worker_step(weft_executor_worker(bed->ex, 0));
}

/* Polls until no task is runnable. Return: how many polls. */
unsigned int mock_run(struct mock_bed *bed)
{
	unsigned int polls = 0;

	while (polls < MOCK_MAX_POLLS && mock_step(bed))
		polls++;
	KUNIT_ASSERT_LT(bed->test, polls, MOCK_MAX_POLLS);
	return polls;
}

/* mock_wait() is to wait for so many tasks. */
void mock_expect(struct mock_bed *bed, int count)
{
	reinit_completion(&bed->all_released);
	atomic_set(&bed->released, 0);
	bed->expected = count;
}

void mock_wait(struct mock_bed *bed)
{
	KUNIT_ASSERT_GT(bed->test,
			wait_for_completion_timeout(&bed->all_released,
						    MOCK_PATIENCE), 0UL);
}

/* @names are those of the tasks that were polled, without the first @from. */
void mock_expect_log(struct mock_bed *bed, unsigned int from,
		     const char *names)
{
	bed->log[min(atomic_read(&bed->polls), MOCK_LOG - 1)] = '\0';
	KUNIT_EXPECT_STREQ(bed->test, names, bed->log + from);
}

/* Waits until a task that runs by itself is in the state. */
void mock_wait_state(struct mock *m, enum weft_state state)
{
	unsigned long until = jiffies + MOCK_PATIENCE;

	while (mock_state(m) != state && time_before(jiffies, until))
		schedule_timeout_idle(1);
	KUNIT_ASSERT_EQ(m->bed->test, (int)state, mock_state(m));
}

/* Waits until a task that sleeps does so, or has ended, for it was too late. */
void mock_wait_polled(struct mock *m)
{
	unsigned long until = jiffies + MOCK_PATIENCE;

	while (mock_state(m) != WEFT_STATE_PENDING &&
	       mock_state(m) != WEFT_STATE_DONE && time_before(jiffies, until))
		schedule_timeout_idle(1);
	KUNIT_ASSERT_TRUE(m->bed->test, time_before(jiffies, until));
}

/*
 * For a test that must be somewhere before a time has come: it is called with more
 * and more time for that, in ns, until it says that it was. A CPU may stand still
 * for any time, but not each time for twice as long.
 */
void mock_in_time(struct kunit *test,
		  bool (*in_time)(struct kunit *test, u64 moment))
{
	u64 moment = MOCK_MOMENT;

	while (!in_time(test, moment)) {
		moment *= 2;
		KUNIT_ASSERT_LT(test, moment, MOCK_LONGEST);
	}
}

int mock_state(const struct mock *m)
{
	return atomic_read(&m->task.state) & WEFT_STATE_MASK;
}

/*
 * How often this thread was switched out. Where a test drives a bed by hand, its
 * own switches are in what is counted.
 */
unsigned long mock_switches(void)
{
	return current->nvcsw + current->nivcsw;
}
