// SPDX-License-Identifier: GPL-2.0-only
/* The same scripts on both engines, and what only threads have. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mock.h"

static const enum weft_engine engines[] = { WEFT_ASYNC, WEFT_THREADS };

static void engine_name(const enum weft_engine *engine, char *name)
{
	strscpy(name, *engine == WEFT_ASYNC ? "async" : "threads",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engine, engines, engine_name);

static int thread_init(struct kunit *test)
{
	const enum weft_engine *engine = test->param_value;

	test->priv = mock_bed_live(test, 1, engine ? *engine : WEFT_THREADS, 4);
	return 0;
}

static void thread_exit(struct kunit *test)
{
	mock_bed_free(test->priv);
}

static void wake_it(struct mock *m)
{
	weft_wake(&m->task);
}

static void expect(struct kunit *test, struct mock *m, s64 result, u32 polls,
		   u32 wakes)
{
	mock_wait(test->priv);
	KUNIT_EXPECT_EQ(test, 1U, m->released);
	KUNIT_EXPECT_EQ(test, result, m->task.result);
	KUNIT_EXPECT_EQ(test, polls, m->task.polls);
	KUNIT_EXPECT_EQ(test, wakes, m->task.wakes);
}

static struct mock *start(struct kunit *test, const struct mock_step *steps)
{
	mock_expect(test->priv, 1);
	return mock_spawn(test->priv, 'a', steps);
}

static void ready_task_ends(struct kunit *test)
{
	expect(test, start(test, STEPS({ MOCK_READY, 9 })), 9, 1, 0);
}

static void yielding_task_goes_on(struct kunit *test)
{
	expect(test, start(test, STEPS({ MOCK_YIELD }, { MOCK_YIELD },
				       { MOCK_READY })), 0, 3, 0);
}

/* One that comes too late does not wait: how many there were. */
static unsigned int nr_late;

static bool sleeps_until(struct kunit *test, u64 moment)
{
	u64 until = ktime_get_ns() + moment;
	struct mock *m = start(test, STEPS({ MOCK_SLEEP, until },
					   { MOCK_READY }));

	mock_wait(test->priv);
	KUNIT_EXPECT_GE(test, ktime_get_ns(), until);
	if (m->task.polls == 1) {
		nr_late++;
		return false;
	}
	KUNIT_EXPECT_EQ(test, 2U, m->task.polls);
	KUNIT_EXPECT_EQ(test, 1U, m->task.wakes);
	return true;
}

static void sleep_is_over_in_time(struct kunit *test)
{
	nr_late = 0;
	mock_in_time(test, sleeps_until);
}

static void wake_goes_on(struct kunit *test)
{
	struct mock *m = start(test, STEPS({ MOCK_WAIT }, { MOCK_READY }));

	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	expect(test, m, 0, 2, 1);
}

static void wake_during_the_poll_is_not_lost(struct kunit *test)
{
	expect(test, start(test, STEPS({ MOCK_WAIT, .after = wake_it },
				       { MOCK_READY })), 0, 2, 1);
}

static void wake_of_a_sleeper_leaves_it_asleep(struct kunit *test)
{
	struct mock *m = start(test, STEPS({ MOCK_SLEEP, KTIME_MAX },
					   { MOCK_READY }));

	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	while (READ_ONCE(m->task.polls) < 2)
		schedule_timeout_idle(1);
	mock_wait_state(m, WEFT_STATE_PENDING);
	weft_cancel(&m->task);
	expect(test, m, -ECANCELED, 3, 2);
}

static void cancel_ends_a_waiting_task(struct kunit *test)
{
	struct mock *m = start(test, STEPS({ MOCK_WAIT }));

	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	expect(test, m, -ECANCELED, 2, 1);
	KUNIT_EXPECT_EQ(test, 1U, m->cancels);
}

static void pending_cancel_is_called_again(struct kunit *test)
{
	struct mock *m = start(test, STEPS({ MOCK_WAIT }));

	m->cancel_pends = 1;
	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	while (!READ_ONCE(m->cancels))
		schedule_timeout_idle(1);
	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	expect(test, m, -ECANCELED, 3, 2);
	KUNIT_EXPECT_EQ(test, 2U, m->cancels);
}

static void lost_waker_ends_the_task(struct kunit *test)
{
	expect(test, start(test, STEPS({ MOCK_LOSE })), -EDEADLK, 2, 0);
}

static void release_and_free(struct weft_task *task)
{
	mock_ops.release(task);
	kfree(container_of(task, struct mock, task));
}

static void release_may_free_the_task(struct kunit *test)
{
	struct weft_task_ops ops = mock_ops;
	struct mock_bed *bed = test->priv;
	struct mock *m = kzalloc(sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->bed = bed;
	m->name = 'a';
	m->steps = STEPS({ MOCK_YIELD }, { MOCK_SLEEP, ktime_get_ns() + 1000 },
			 { MOCK_READY });
	ops.release = release_and_free;
	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&m->task, &ops, &bed->group));
	mock_expect(bed, 1);
	weft_spawn(&m->task);
	mock_wait(bed);
}

static void late_wake_changes_nothing(struct kunit *test)
{
	struct mock *m = mock_new(test->priv, 'a', STEPS({ MOCK_READY }));

	mock_expect(test->priv, 1);
	weft_task_get(&m->task);
	weft_spawn(&m->task);
	mock_wait_state(m, WEFT_STATE_DONE);
	/* On threads its thread may be gone by now. */
	weft_group_reap(&m->bed->group);
	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, WEFT_WAS_DONE, weft_cancel(&m->task));
	weft_task_put(&m->task);
	expect(test, m, 0, 1, 0);
}

static void no_more_threads_than_allowed(struct kunit *test)
{
	const struct mock_step *steps = STEPS({ MOCK_WAIT }, { MOCK_READY });
	struct mock_bed *bed = test->priv;
	struct weft_task more;
	struct mock *m[4];
	int i;

	mock_expect(bed, 4);
	for (i = 0; i < 4; i++)
		m[i] = mock_spawn(bed, 'a', steps);
	KUNIT_EXPECT_EQ(test, -EAGAIN, weft_task_init(&more, &mock_ops,
						      &bed->group));
	for (i = 0; i < 4; i++) {
		mock_wait_state(m[i], WEFT_STATE_PENDING);
		weft_wake(&m[i]->task);
	}
	mock_wait(bed);
	weft_group_reap(&bed->group);
	/* A thread in its last steps still counts. */
	while (weft_task_init(&more, &mock_ops, &bed->group) == -EAGAIN)
		schedule_timeout_idle(1);
	weft_task_fini(&more);
}

/* Runs one task after another, each until its thread is gone or as good as. */
static void run_and_leave(struct mock_bed *bed, unsigned int count)
{
	struct mock *m;

	while (count--) {
		mock_expect(bed, 1);
		m = mock_spawn(bed, 'a', STEPS({ MOCK_READY }));
		mock_wait(bed);
		while (READ_ONCE(bed->ex->threads.nr_live))
			schedule_timeout_idle(1);
		KUNIT_EXPECT_EQ(bed->test, 1U, m->released);
	}
}

static void ended_threads_make_room(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct weft_task more;

	run_and_leave(bed, 4);
	KUNIT_EXPECT_EQ(test, 4U, bed->ex->threads.nr_ended);
	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&more, &mock_ops,
						&bed->group));
	KUNIT_EXPECT_EQ(test, 0U, bed->ex->threads.nr_ended);
	weft_task_fini(&more);
}

static void not_many_ended_threads_are_left(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_THREADS, 1000);

	run_and_leave(bed, 70);
	KUNIT_EXPECT_LE(test, bed->ex->threads.nr_ended, 32U);
	weft_group_reap(&bed->group);
	KUNIT_EXPECT_EQ(test, 0U, bed->ex->threads.nr_ended);
	mock_bed_free(bed);
}

static bool slow_release_may_go_on;

/* A thread has things to do after its task was released. */
static void slow_release(struct weft_task *task)
{
	mock_ops.release(task);
	while (!READ_ONCE(slow_release_may_go_on))
		schedule_timeout_idle(1);
	schedule_timeout_idle(HZ / 10);
}

static void destroy_waits_for_last_steps(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_THREADS, 1);
	struct weft_task_ops ops = mock_ops;
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY }));
	unsigned long begin;

	ops.release = slow_release;
	m->task.ops = &ops;
	slow_release_may_go_on = false;
	mock_expect(bed, 1);
	weft_spawn(&m->task);
	mock_wait(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed->ex->threads.nr_live);
	begin = jiffies;
	WRITE_ONCE(slow_release_may_go_on, true);
	mock_bed_free(bed);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, begin + HZ / 10));
}

static void task_that_is_not_spawned_leaves_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct weft_engine_stats stats;
	struct weft_task task;

	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&task, &mock_ops, &bed->group));
	weft_threads_stats(&bed->ex->threads, &stats);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.threads);
	weft_task_fini(&task);
	weft_threads_stats(&bed->ex->threads, &stats);
	KUNIT_EXPECT_EQ(test, 0ULL, stats.threads);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.threads_created);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.threads_peak);
}

static void threads_count_what_they_do(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct weft_engine_stats before, stats;

	ready_task_ends(test);
	yielding_task_goes_on(test);
	sleep_is_over_in_time(test);
	while (READ_ONCE(bed->ex->threads.nr_live))
		schedule_timeout_idle(1);
	weft_threads_stats(&bed->ex->threads, &before);
	weft_threads_fini(&bed->ex->threads);
	weft_threads_stats(&bed->ex->threads, &stats);
	/* That they are reaped changes nothing. */
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before.counters, &stats.counters,
					sizeof(before.counters)));
	KUNIT_EXPECT_EQ(test, 0ULL, stats.threads);
	KUNIT_EXPECT_EQ(test, 3ULL + nr_late, stats.threads_created);
	KUNIT_EXPECT_EQ(test, 6ULL + nr_late,
			weft_counters_polls(&stats.counters));
	KUNIT_EXPECT_EQ(test, 2ULL, stats.counters.yields);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.counters.wakes);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.counters.parks);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.counters.timer_interrupts);
	KUNIT_EXPECT_EQ(test, 0ULL,
			weft_counters_coop_switches(&stats.counters));
	/* At the very least, the sleep was a context switch. */
	KUNIT_EXPECT_GE(test, stats.voluntary, 1ULL);
}

static struct kunit_case thread_cases[] = {
	KUNIT_CASE_PARAM(ready_task_ends, engine_gen_params),
	KUNIT_CASE_PARAM(yielding_task_goes_on, engine_gen_params),
	KUNIT_CASE_PARAM(sleep_is_over_in_time, engine_gen_params),
	KUNIT_CASE_PARAM(wake_goes_on, engine_gen_params),
	KUNIT_CASE_PARAM(wake_during_the_poll_is_not_lost, engine_gen_params),
	KUNIT_CASE_PARAM(wake_of_a_sleeper_leaves_it_asleep,
			 engine_gen_params),
	KUNIT_CASE_PARAM(cancel_ends_a_waiting_task, engine_gen_params),
	KUNIT_CASE_PARAM(pending_cancel_is_called_again, engine_gen_params),
	KUNIT_CASE_PARAM(lost_waker_ends_the_task, engine_gen_params),
	KUNIT_CASE_PARAM(release_may_free_the_task, engine_gen_params),
	KUNIT_CASE_PARAM(late_wake_changes_nothing, engine_gen_params),
	KUNIT_CASE(no_more_threads_than_allowed),
	KUNIT_CASE(ended_threads_make_room),
	KUNIT_CASE(not_many_ended_threads_are_left),
	KUNIT_CASE(destroy_waits_for_last_steps),
	KUNIT_CASE(task_that_is_not_spawned_leaves_nothing),
	KUNIT_CASE(threads_count_what_they_do),
	{}
};

static struct kunit_suite thread_suite = {
	.name = "weft_thread",
	.init = thread_init,
	.exit = thread_exit,
	.test_cases = thread_cases,
};

kunit_test_suite(thread_suite);
