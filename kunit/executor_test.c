// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>

#include "../module/compat.h"
#include "mock.h"

#define STEPS(...)	((const struct mock_step[]){ __VA_ARGS__ })

static void expect_log(struct kunit *test, struct mock_bed *bed,
		       const char *names)
{
	bed->log[bed->polls] = '\0';
	KUNIT_EXPECT_STREQ(test, names, bed->log);
}

static void expect_refused(struct kunit *test,
			   const struct weft_executor_config *config)
{
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR_OR_ZERO(weft_executor_create(config)));
}

static u64 no_clock(void)
{
	return 0;
}

static void wrong_configuration_is_einval(struct kunit *test)
{
	expect_refused(test, &(struct weft_executor_config){
		.name = "mock", .workers = 0 });
	expect_refused(test, &(struct weft_executor_config){
		.name = "mock", .workers = WEFT_MAX_WORKERS + 1 });
	expect_refused(test, &(struct weft_executor_config){
		.name = "mock", .workers = 1, .clock = no_clock });
}

static void executor_may_end_before_its_workers_have_run(struct kunit *test)
{
	mock_bed_free(mock_bed_live(test, WEFT_MAX_WORKERS, WEFT_ASYNC, 1));
}

static void tasks_are_polled_in_the_order_of_spawn(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	const struct mock_step *once = STEPS({ MOCK_READY });

	mock_spawn(bed, 'a', once);
	mock_spawn(bed, 'b', once);
	mock_spawn(bed, 'c', once);
	KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
	expect_log(test, bed, "abc");
	mock_bed_free(bed);
}

static void yielding_tasks_alternate(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	const struct mock_step *twice = STEPS({ MOCK_YIELD }, { MOCK_YIELD },
					      { MOCK_READY });

	mock_spawn(bed, 'a', twice);
	mock_spawn(bed, 'b', twice);
	mock_run(bed);
	expect_log(test, bed, "ababab");
	mock_bed_free(bed);
}

static void woken_task_goes_behind_those_that_are_runnable(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_spawn(bed, 'w', STEPS({ MOCK_WAIT },
						    { MOCK_READY }));

	mock_run(bed);
	mock_spawn(bed, 'a', STEPS({ MOCK_YIELD }, { MOCK_READY }));
	weft_wake(&m->task);
	mock_run(bed);
	expect_log(test, bed, "wawa");
	mock_bed_free(bed);
}

static void spawned_list_is_spread_evenly(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 4);
	const struct mock_step *once = STEPS({ MOCK_READY });
	struct mock *m[10];
	unsigned int i, polls, all = 0;

	for (i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = mock_new(bed, 'a' + i, once);
		m[i]->task.node.next = NULL;
		if (i)
			m[i - 1]->task.node.next = &m[i]->task.node;
	}
	weft_spawn_list(&bed->group, &m[0]->task.node, ARRAY_SIZE(m));
	for (i = 0; i < 4; i++) {
		polls = 0;
		while (weft_worker_step(weft_executor_worker(bed->ex, i)))
			polls++;
		/* Runs of three, and one that is left. */
		KUNIT_EXPECT_TRUE(test, polls == 3 || polls == 1);
		all += polls;
	}
	KUNIT_EXPECT_EQ(test, 10U, all);
	for (i = 0; i < ARRAY_SIZE(m); i++)
		KUNIT_EXPECT_EQ(test, 1U, m[i]->released);
	mock_bed_free(bed);
}

/* A thousand tasks that never stop against one: it gets every second poll. */
#define FLOOD	1000

static enum weft_poll flood_poll(struct weft_task *task, struct weft_cx *cx)
{
	return weft_yield(cx);
}

static void flood_release(struct weft_task *task)
{
}

static const struct weft_task_ops flood_ops = {
	.name = "flood",
	.poll = flood_poll,
	.release = flood_release,
};

static void flood_takes_no_turn_of_another_group(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_group flood;
	struct weft_task *tasks, victim;
	unsigned int i;

	tasks = kunit_kcalloc(test, FLOOD, sizeof(*tasks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tasks);
	KUNIT_ASSERT_EQ(test, 0, weft_group_init(&flood, bed->ex, WEFT_ASYNC));
	for (i = 0; i < FLOOD; i++) {
		KUNIT_ASSERT_EQ(test, 0, weft_task_init(&tasks[i], &flood_ops,
							&flood));
		weft_spawn(&tasks[i]);
	}
	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&victim, &flood_ops,
						&bed->group));
	weft_spawn(&victim);

	for (i = 0; i < 2000; i++)
		mock_step(bed);
	KUNIT_EXPECT_EQ(test, 1000U, victim.polls);

	weft_cancel(&victim);
	for (i = 0; i < FLOOD; i++)
		weft_cancel(&tasks[i]);
	KUNIT_EXPECT_EQ(test, FLOOD + 1U, mock_run(bed));
	weft_group_fini(&flood);
	mock_bed_free(bed);
}

static void counters_are_exact(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_counters *c =
		&weft_executor_worker(bed->ex, 0)->poller.counters;
	struct mock *m;

	/* a yields twice beside b, which waits; then a alone; then b. */
	mock_spawn(bed, 'a', STEPS({ MOCK_YIELD }, { MOCK_YIELD },
				   { MOCK_READY }));
	m = mock_spawn(bed, 'b', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_run(bed);
	weft_wake(&m->task);
	mock_run(bed);
	expect_log(test, bed, "abaab");

	KUNIT_EXPECT_EQ(test, 5ULL, weft_counters_polls(c));
	KUNIT_EXPECT_EQ(test, 2ULL, c->yields);
	KUNIT_EXPECT_EQ(test, 1ULL, c->pends);
	KUNIT_EXPECT_EQ(test, 2ULL, c->ends);
	KUNIT_EXPECT_EQ(test, 1ULL, c->wakes);
	/* Not coop switches: the first poll, and a after a. */
	KUNIT_EXPECT_EQ(test, 3ULL, weft_counters_coop_switches(c));
	KUNIT_EXPECT_EQ(test, 3U, m->bed->polls - m->task.polls);
	mock_bed_free(bed);
}

static void times_add_up(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_READY }));

	mock_now += 10;
	mock_run(bed);
	mock_now += 200;
	weft_wake(&m->task);
	mock_now += 3000;
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 3010ULL, m->task.queued_ns);
	KUNIT_EXPECT_EQ(test, 200ULL, m->task.blocked_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.run_ns);
	mock_bed_free(bed);
}

static void time_passes_in_a_poll(struct mock *m)
{
	mock_now += 40;
}

static void time_in_polls_is_run_time(struct kunit *test)
{
	const struct mock_step *steps =
		STEPS({ MOCK_YIELD, .before = time_passes_in_a_poll },
		      { MOCK_READY, .before = time_passes_in_a_poll });
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_spawn(bed, 'a', steps);

	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 80ULL, m->task.run_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.queued_ns);
	mock_bed_free(bed);
}

/* Executors that run by themselves. */
static void get_stats(struct mock_bed *bed, struct weft_engine_stats *stats)
{
	weft_executor_engine_stats(bed->ex, WEFT_ASYNC, stats);
}

static void idle_executor_does_nothing(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 2, WEFT_ASYNC, 1);
	struct weft_engine_stats before, after;
	u64 now = ktime_get_ns();
	struct mock *m;

	/* One has slept, one was cancelled in its sleep: both timers are off. */
	mock_expect(bed, 2);
	mock_spawn(bed, 'a', STEPS({ MOCK_SLEEP, now + NSEC_PER_MSEC },
				   { MOCK_READY }));
	m = mock_spawn(bed, 'b', STEPS({ MOCK_SLEEP, now + 2 * NSEC_PER_SEC },
				       { MOCK_READY }));
	while (mock_state(m) != WEFT_STATE_PENDING)
		schedule_timeout_idle(1);
	weft_cancel(&m->task);
	mock_wait(bed);

	/* Nothing is waited for here: the time is the test. */
	msleep(100);
	get_stats(bed, &before);
	msleep(10000);
	get_stats(bed, &after);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &after, sizeof(after)));
	mock_bed_free(bed);
}

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
	while (mock_state(waker->m) != WEFT_STATE_PENDING)
		schedule_timeout_idle(1);
	hrtimer_start(&waker->timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	mock_wait(bed);
	hrtimer_cancel(&waker->timer);
	KUNIT_EXPECT_TRUE(test, waker->in_interrupt);
	KUNIT_EXPECT_EQ(test, 1U, waker->m->task.wakes);
	mock_bed_free(bed);
}

/* A poll that uses up its slice, so that its worker looks for help. */
struct hog {
	struct weft_task task;
	struct mock_bed *bed;
	struct weft_sleep sleep;
	bool pinned;
	struct weft_worker *home;
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
	while (!weft_slice_spent(cx))
		cpu_relax();
	if (hog->slices--)
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
		weft_sleep_until(&hogs[i].sleep, 0, 0);
		KUNIT_ASSERT_EQ(test, 0, weft_task_init(&hogs[i].task, &hog_ops,
							&bed->group));
		/* Every second spawn goes to the other worker: undo that. */
		atomic_set(&bed->ex->next, 1);
		weft_spawn(&hogs[i].task);
	}
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

static void histogram_has_a_bucket_for_any_time(struct kunit *test)
{
	struct weft_histogram *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	for (i = 0; i < WEFT_BUCKETS; i++) {
		weft_histogram_add(h, weft_bucket_floor(i));
		weft_histogram_add(h, weft_bucket_ceiling(i));
		KUNIT_EXPECT_EQ(test, 2ULL, h->bucket[i]);
	}
	KUNIT_EXPECT_EQ(test, 0ULL, weft_bucket_ceiling(0));
	KUNIT_EXPECT_EQ(test, U64_MAX, weft_bucket_ceiling(WEFT_BUCKETS - 1));
}

static struct kunit_case executor_cases[] = {
	KUNIT_CASE(wrong_configuration_is_einval),
	KUNIT_CASE(executor_may_end_before_its_workers_have_run),
	KUNIT_CASE(tasks_are_polled_in_the_order_of_spawn),
	KUNIT_CASE(yielding_tasks_alternate),
	KUNIT_CASE(woken_task_goes_behind_those_that_are_runnable),
	KUNIT_CASE(spawned_list_is_spread_evenly),
	KUNIT_CASE(flood_takes_no_turn_of_another_group),
	KUNIT_CASE(counters_are_exact),
	KUNIT_CASE(times_add_up),
	KUNIT_CASE(time_in_polls_is_run_time),
	KUNIT_CASE(idle_executor_does_nothing),
	KUNIT_CASE(interrupt_may_wake),
	KUNIT_CASE(worker_without_tasks_is_given_some),
	KUNIT_CASE(lone_task_is_not_moved),
	KUNIT_CASE(task_with_a_timer_does_not_move),
	KUNIT_CASE(histogram_has_a_bucket_for_any_time),
	{}
};

static struct kunit_suite executor_suite = {
	.name = "weft_executor",
	.test_cases = executor_cases,
};

kunit_test_suite(executor_suite);
