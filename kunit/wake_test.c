// SPDX-License-Identifier: GPL-2.0-only
/* Wakes and spawns from interrupts and other threads. */
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>

#include "../module/compat.h"
#include "mock.h"

struct irq_waker {
	struct hrtimer timer;
	struct mock *m;
	bool in_interrupt;
};

static enum hrtimer_restart wake_from_interrupt(struct hrtimer *timer)
{
	struct irq_waker *waker = container_of(timer, struct irq_waker, timer);

	waker->in_interrupt = in_hardirq();
	weft_wake(&waker->m->task);
	return HRTIMER_NORESTART;
}

static void interrupt_may_wake(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct irq_waker *waker = kunit_kzalloc(test, sizeof(*waker),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, waker);
	mock_expect(bed, 1);
	weft_hrtimer_setup(&waker->timer, wake_from_interrupt, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL);
	waker->m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_wait_state(waker->m, WEFT_STATE_PENDING);
	hrtimer_start(&waker->timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	mock_wait(bed);
	hrtimer_cancel(&waker->timer);
	KUNIT_EXPECT_TRUE(test, waker->in_interrupt);
	KUNIT_EXPECT_EQ(test, 1U, waker->m->task.wakes);
	mock_bed_free(bed);
}

/* A timer interrupt that wakes all tasks again and again. */
#define STORMED	50

struct storm {
	struct hrtimer timer;
	struct mock *m[STORMED];
	bool over;
};

static enum hrtimer_restart storm_fires(struct hrtimer *timer)
{
	struct storm *storm = container_of(timer, struct storm, timer);
	ktime_t begin = ktime_get(), now;
	unsigned int i;

	for (i = 0; i < STORMED; i++)
		weft_wake(&storm->m[i]->task);
	/* Also where this takes long, the tasks have time to run. */
	now = ktime_get();
	hrtimer_set_expires(timer, ktime_add_ns(ktime_add(now, ktime_sub(now, begin)),
						20 * NSEC_PER_USEC));
	return storm->over ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static void storm_of_wakes(struct kunit *test, enum weft_engine engine)
{
	struct mock_bed *bed = mock_bed_live(test, 2, engine, STORMED);
	const struct mock_step *steps = STEPS({ MOCK_WAIT }, { MOCK_WAIT },
					      { MOCK_YIELD }, { MOCK_WAIT },
					      { MOCK_READY });
	struct weft_engine_stats stats;
	struct storm *storm;
	unsigned int i;

	storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm);
	mock_expect(bed, STORMED);
	for (i = 0; i < STORMED; i++) {
		storm->m[i] = mock_new(bed, 'a', steps);
		/* The timer wakes those that have ended, too. */
		weft_task_get(&storm->m[i]->task);
	}
	weft_hrtimer_setup(&storm->timer, storm_fires, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL);
	hrtimer_start(&storm->timer, 0, HRTIMER_MODE_REL);
	for (i = 0; i < STORMED; i++)
		weft_spawn(&storm->m[i]->task);
	for (i = 0; i < STORMED; i++)
		mock_wait_state(storm->m[i], WEFT_STATE_DONE);
	storm->over = true;
	hrtimer_cancel(&storm->timer);

	for (i = 0; i < STORMED; i++) {
		/* A wake in a poll that yields may be one with it. */
		KUNIT_EXPECT_EQ(test, 5U, storm->m[i]->task.polls);
		KUNIT_EXPECT_EQ(test, 3U, storm->m[i]->task.wakes);
		weft_task_put(&storm->m[i]->task);
	}
	mock_wait(bed);
	weft_executor_engine_stats(bed->ex, engine, &stats);
	KUNIT_EXPECT_EQ(test, 5ULL * STORMED,
			weft_counters_polls(&stats.counters));
	KUNIT_EXPECT_EQ(test, 3ULL * STORMED, stats.counters.wakes);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->group.waiting));
	mock_bed_free(bed);
}

static void storm_of_interrupts_wakes_tasks(struct kunit *test)
{
	storm_of_wakes(test, WEFT_ASYNC);
}

static void storm_of_interrupts_wakes_threads(struct kunit *test)
{
	storm_of_wakes(test, WEFT_THREADS);
}

/* Threads that spawn at the same time. */
#define SPAWNERS	8
#define SPAWNS		200

struct spawner {
	struct mock *m[SPAWNS];
	struct completion done;
};

static int spawn_all(void *data)
{
	struct spawner *s = data;
	unsigned int i;

	for (i = 0; i < SPAWNS; i++) {
		weft_spawn(&s->m[i]->task);
		if (i % 7 == 0)
			schedule_timeout_idle(1);
	}
	complete(&s->done);
	return 0;
}

static void start_spawner(struct kunit *test, struct mock_bed *bed,
			  struct spawner *s)
{
	static const struct mock_step steps[] = {
		{ MOCK_YIELD }, { MOCK_READY }, { MOCK_OVER }
	};
	struct task_struct *thread;
	unsigned int i;

	init_completion(&s->done);
	for (i = 0; i < SPAWNS; i++)
		s->m[i] = mock_new(bed, 'a', steps);
	thread = kthread_run(spawn_all, s, "spawner");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
}

static void many_may_spawn_at_once(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 4, WEFT_ASYNC, 1);
	struct weft_engine_stats stats;
	struct spawner *s;
	unsigned int i, j;

	s = kunit_kcalloc(test, SPAWNERS, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	mock_expect(bed, SPAWNERS * SPAWNS);
	for (i = 0; i < SPAWNERS; i++)
		start_spawner(test, bed, &s[i]);
	mock_wait(bed);
	for (i = 0; i < SPAWNERS; i++) {
		wait_for_completion(&s[i].done);
		for (j = 0; j < SPAWNS; j++)
			KUNIT_EXPECT_EQ(test, 1U, s[i].m[j]->released);
	}
	weft_executor_engine_stats(bed->ex, WEFT_ASYNC, &stats);
	KUNIT_EXPECT_EQ(test, (u64)SPAWNERS * SPAWNS, stats.counters.ends);
	KUNIT_EXPECT_EQ(test, (u64)SPAWNERS * SPAWNS, stats.counters.yields);
	KUNIT_EXPECT_EQ(test, 0ULL, stats.counters.wakes);
	mock_bed_free(bed);
}

static struct kunit_case wake_cases[] = {
	KUNIT_CASE(interrupt_may_wake),
	KUNIT_CASE(storm_of_interrupts_wakes_tasks),
	KUNIT_CASE(storm_of_interrupts_wakes_threads),
	KUNIT_CASE(many_may_spawn_at_once),
	{}
};

static struct kunit_suite wake_suite = {
	.name = "weft_wake",
	.test_cases = wake_cases,
};

kunit_test_suite(wake_suite);
