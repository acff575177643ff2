// SPDX-License-Identifier: GPL-2.0-only
/* Workers that run by themselves. */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/ktime.h>

#include "mock.h"

static void executor_may_end_before_its_workers_have_run(struct kunit *test)
{
	mock_bed_free(mock_bed_live(test, WEFT_MAX_WORKERS, WEFT_ASYNC, 1));
}

/* Executors that run by themselves. */
static void get_stats(struct mock_bed *bed, struct weft_engine_stats *stats)
{
	weft_executor_engine_stats(bed->ex, WEFT_ASYNC, stats);
}

/* Such a worker has done all that it counts. */
static bool sleeps(struct mock_bed *bed, unsigned int index)
{
	const struct weft_worker *worker = weft_executor_worker(bed->ex, index);

	return READ_ONCE(worker->parked) && !weft_on_cpu(worker->thread) &&
	       !weft_task_is_runnable(worker->thread);
}

static void idle_executor_does_nothing(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 2, WEFT_ASYNC, 1);
	struct weft_engine_stats before, after;
	unsigned long until = jiffies + 60 * HZ;
	u64 now = ktime_get_ns();
	struct mock *m;
	int i;

	/* One has slept, one was cancelled in its sleep: both timers are off. */
	mock_expect(bed, 2);
	mock_spawn(bed, 'a', STEPS({ MOCK_SLEEP, now + NSEC_PER_MSEC },
				   { MOCK_READY }));
	m = mock_spawn(bed, 'b', STEPS({ MOCK_SLEEP, now + 3600 * NSEC_PER_SEC },
				       { MOCK_READY }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	weft_cancel(&m->task);
	mock_wait(bed);

	/* The workers may still be on their way to sleep. */
	while (!(sleeps(bed, 0) && sleeps(bed, 1)) && time_before(jiffies, until))
		schedule_timeout_idle(1);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(test, hrtimer_active(&weft_executor_worker(bed->ex,
									      i)->hrtimer));
	get_stats(bed, &before);
	/* Nothing is waited for here: the time is the test. */
	msleep(10000);
	get_stats(bed, &after);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &after, sizeof(after)));
	mock_bed_free(bed);
}

static void wake_other(struct mock *m)
{
	KUNIT_EXPECT_TRUE(m->bed->test, weft_wake(&m->other->task));
}

static void poll_may_wake_a_task_of_its_worker(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_YIELD,
						    .before = wake_other },
						  { MOCK_READY }));

	mock_expect(bed, 2);
	m->other = mock_spawn(bed, 'w', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_wait_state(m->other, WEFT_STATE_PENDING);
	weft_spawn(&m->task);
	mock_wait(bed);
	/* It was runnable before its waker yielded. */
	mock_expect_log(bed, 0, "wawa");
	KUNIT_EXPECT_EQ(test, 1U, m->other->task.wakes);
	mock_bed_free(bed);
}

static void poll_may_wake_a_task_of_another_worker(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 2, WEFT_ASYNC, 1);
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY,
						    .before = wake_other }));

	mock_expect(bed, 2);
	m->other = mock_spawn(bed, 'w', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_wait_state(m->other, WEFT_STATE_PENDING);
	weft_spawn(&m->task);
	mock_wait(bed);
	KUNIT_EXPECT_PTR_NE(test, m->task.worker, m->other->task.worker);
	mock_bed_free(bed);
}

static void count_running(struct mock *m)
{
	m->task.result = weft_group_running(&m->bed->group);
}

static void running_tasks_are_counted(struct kunit *test,
				      enum weft_engine engine)
{
	struct mock_bed *bed = mock_bed_live(test, 2, engine, 1);
	unsigned long until = jiffies + 60 * HZ;
	struct mock *m;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT, .before = count_running },
				       { MOCK_READY }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	KUNIT_EXPECT_EQ(test, 1LL, m->task.result);
	/* Let it go to sleep. */
	while (weft_group_running(&bed->group) && time_before(jiffies, until))
		schedule_timeout_idle(1);
	KUNIT_EXPECT_EQ(test, 0U, weft_group_running(&bed->group));
	weft_wake(&m->task);
	mock_wait(bed);
	mock_bed_free(bed);
}

static void running_task_is_counted(struct kunit *test)
{
	running_tasks_are_counted(test, WEFT_ASYNC);
}

static void running_thread_is_counted(struct kunit *test)
{
	running_tasks_are_counted(test, WEFT_THREADS);
}

/* A poll that uses up its slice, so that its worker looks for help. */
struct hog {
	struct weft_task task;
	struct mock_bed *bed;
	struct weft_sleep sleep;
	bool pinned;
	struct weft_worker *home;
	const struct mock *until;	/* it ends when this one has */
	const bool *start;	/* no slice counts before */
	unsigned int slices;
};

static enum weft_poll hog_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct hog *hog = container_of(task, struct hog, task);

	if (hog->pinned && !hog->task.pins) {
		weft_sleep_until(&hog->sleep, KTIME_MAX, 0);
		weft_sleep_poll(&hog->sleep, cx);
		hog->home = task->worker;
	}
	if (hog->pinned)
		KUNIT_EXPECT_PTR_EQ(hog->bed->test, hog->home, task->worker);
	KUNIT_EXPECT_PTR_EQ(hog->bed->test, current, task->worker->thread);
	while (!weft_slice_spent(cx))
		cpu_relax();
	if (!(hog->until && READ_ONCE(hog->until->released)) &&
	    ((hog->start && !READ_ONCE(*hog->start)) || hog->slices--))
		return weft_yield(cx);
	weft_sleep_stop(&hog->sleep, cx);
	return WEFT_READY;
}

static void hog_release(struct weft_task *task)
{
	struct hog *hog = container_of(task, struct hog, task);

	if (atomic_inc_return(&hog->bed->released) == hog->bed->expected)
		complete(&hog->bed->all_released);
}

static const struct weft_task_ops hog_ops = {
	.name = "hog",
	.poll = hog_poll,
	.release = hog_release,
};

#define HOGS	6

/* Return: how many moves there were of hogs that begin on one worker of two. */
static unsigned int run_hogs(struct kunit *test, unsigned int count,
			     bool pinned)
{
	struct mock_bed *bed = mock_bed_live(test, 2, WEFT_ASYNC, 1);
	struct weft_engine_stats stats;
	unsigned int i, moves = 0;
	bool all_there = false;
	struct hog *hogs;

	hogs = kunit_kcalloc(test, count, sizeof(*hogs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hogs);
	mock_expect(bed, count);
	while (hweight_long(READ_ONCE(bed->ex->parked)) < 2)
		schedule_timeout_idle(1);
	for (i = 0; i < count; i++) {
		hogs[i].bed = bed;
		hogs[i].pinned = pinned;
		hogs[i].slices = 50;
		hogs[i].start = &all_there;
		weft_sleep_until(&hogs[i].sleep, 0, 0);
		KUNIT_ASSERT_EQ(test, 0, weft_task_init(&hogs[i].task, &hog_ops,
							&bed->group));
		/* Every second spawn goes to the other worker: undo that. */
		atomic_set(&bed->ex->next, 1);
		weft_spawn(&hogs[i].task);
	}
	WRITE_ONCE(all_there, true);
	mock_wait(bed);
	for (i = 0; i < count; i++)
		moves += hogs[i].task.moves;
	get_stats(bed, &stats);
	KUNIT_EXPECT_EQ(test, (u64)moves, stats.counters.moves);
	mock_bed_free(bed);
	return moves;
}

static void worker_without_tasks_is_given_some(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, run_hogs(test, HOGS, false), 0U);
}

static void lone_task_is_not_moved(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0U, run_hogs(test, 1, false));
}

static void task_with_a_timer_does_not_move(struct kunit *test)
{
	/* Each hog looks where it is polled; until its first poll it may move. */
	run_hogs(test, HOGS, true);
}

/* Half a minute at the least, and more than any test waits. */
#define MANY_SLICES	(300 * 1000)

/* To look for a task to give away must not cost the one its turn that cannot be. */
static void task_with_a_timer_has_its_turn_beside_a_hog(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 2, WEFT_ASYNC, 1);
	struct hog *hog = kunit_kzalloc(test, sizeof(*hog), GFP_KERNEL);
	unsigned long until = jiffies + 60 * HZ;
	struct mock *m;

	KUNIT_ASSERT_NOT_NULL(test, hog);
	mock_expect(bed, 2);
	atomic_set(&bed->ex->next, 1);
	m = mock_spawn(bed, 's', STEPS({ MOCK_SLEEP, KTIME_MAX }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	while (hweight_long(READ_ONCE(bed->ex->parked)) < 2 &&
	       time_before(jiffies, until))
		schedule_timeout_idle(1);

	hog->bed = bed;
	hog->until = m;
	hog->slices = MANY_SLICES;
	weft_sleep_until(&hog->sleep, 0, 0);
	KUNIT_ASSERT_EQ(test, 0,
			weft_task_init(&hog->task, &hog_ops, &bed->group));
	atomic_set(&bed->ex->next, 1);
	weft_spawn(&hog->task);
	while (!READ_ONCE(hog->task.polls) && time_before(jiffies, until))
		schedule_timeout_idle(1);
	weft_cancel(&m->task);
	mock_wait(bed);
	KUNIT_EXPECT_PTR_EQ(test, hog->task.worker, m->task.worker);
	/* It wraps if the hog went on to its end. */
	KUNIT_EXPECT_LE(test, hog->slices, (unsigned int)MANY_SLICES);
	mock_bed_free(bed);
}

static struct kunit_case worker_cases[] = {
	KUNIT_CASE(executor_may_end_before_its_workers_have_run),
	KUNIT_CASE(idle_executor_does_nothing),
	KUNIT_CASE(poll_may_wake_a_task_of_its_worker),
	KUNIT_CASE(poll_may_wake_a_task_of_another_worker),
	KUNIT_CASE(running_task_is_counted),
	KUNIT_CASE(running_thread_is_counted),
	KUNIT_CASE(worker_without_tasks_is_given_some),
	KUNIT_CASE(lone_task_is_not_moved),
	KUNIT_CASE(task_with_a_timer_does_not_move),
	KUNIT_CASE(task_with_a_timer_has_its_turn_beside_a_hog),
	{}
};

static struct kunit_suite worker_suite = {
	.name = "weft_worker",
	.test_cases = worker_cases,
};

kunit_test_suite(worker_suite);
