// SPDX-License-Identifier: GPL-2.0-only
/* An executor that is driven by hand: whose turn it is, and what is counted. */
#include <linux/err.h>

#include "mock.h"

static void expect_refused(struct kunit *test,
			   const struct weft_executor_config *config)
{
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR_OR_ZERO(weft_executor_create(config)));
}

static u64 no_clock(void *arg)
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

static void tasks_are_polled_in_the_order_of_spawn(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	const struct mock_step *once = STEPS({ MOCK_READY });

	mock_spawn(bed, 'a', once);
	mock_spawn(bed, 'b', once);
	mock_spawn(bed, 'c', once);
	KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
	mock_expect_log(bed, 0, "abc");
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
	mock_expect_log(bed, 0, "ababab");
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
	mock_expect_log(bed, 0, "wawa");
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

static void short_list_goes_to_some_workers_only(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 4);
	const struct mock_step *once = STEPS({ MOCK_READY });
	struct mock *m[2];
	unsigned int i, polled = 0;

	for (i = 0; i < 2; i++)
		m[i] = mock_new(bed, 'a' + i, once);
	m[0]->task.node.next = &m[1]->task.node;
	m[1]->task.node.next = NULL;
	weft_spawn_list(&bed->group, &m[0]->task.node, 2);
	for (i = 0; i < 4; i++)
		polled += weft_worker_step(weft_executor_worker(bed->ex, i));
	KUNIT_EXPECT_EQ(test, 2U, polled);
	mock_bed_free(bed);
}

static void spawns_go_round_the_workers(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 3);
	const struct mock_step *once = STEPS({ MOCK_READY });
	struct weft_worker *worker;
	unsigned int i;

	for (i = 0; i < 6; i++)
		mock_spawn(bed, 'a' + i, once);
	for (i = 0; i < 3; i++) {
		worker = weft_executor_worker(bed->ex, i);
		KUNIT_EXPECT_TRUE(test, weft_worker_step(worker));
		KUNIT_EXPECT_TRUE(test, weft_worker_step(worker));
		KUNIT_EXPECT_FALSE(test, weft_worker_step(worker));
	}
	mock_bed_free(bed);
}

static void spawn_other(struct mock *m)
{
	weft_spawn(&m->other->task);
}

static void poll_may_spawn(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_YIELD,
						    .before = spawn_other },
						  { MOCK_READY }));

	m->other = mock_new(bed, 'b', STEPS({ MOCK_READY }));
	weft_spawn(&m->task);
	KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 1U, m->other->released);
	mock_bed_free(bed);
}

/* What is left of the budget when the poll begins. */
static enum weft_poll spender_poll(struct weft_task *task, struct weft_cx *cx)
{
	task->result = 0;
	while (weft_budget(cx))
		task->result++;
	return task->polls < 2 ? weft_yield(cx) : WEFT_READY;
}

static void spender_release(struct weft_task *task)
{
}

static const struct weft_task_ops spender_ops = {
	.name = "spender",
	.poll = spender_poll,
	.release = spender_release,
};

static void each_poll_has_the_whole_budget(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_task task;
	int i;

	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&task, &spender_ops,
						&bed->group));
	weft_spawn(&task);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, mock_step(bed));
		KUNIT_EXPECT_EQ(test, 128LL, task.result);
	}
	KUNIT_EXPECT_FALSE(test, mock_step(bed));
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

/* Return: false if the test was switched out, which is counted as well. */
static bool counts(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_counters *c =
		&weft_executor_worker(bed->ex, 0)->poller.counters;
	unsigned long switches;
	struct mock *m;
	bool alone;

	/* a yields twice beside b, which waits; then a alone; then b. */
	mock_spawn(bed, 'a', STEPS({ MOCK_YIELD }, { MOCK_YIELD },
				   { MOCK_READY }));
	m = mock_spawn(bed, 'b', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	switches = mock_switches();
	mock_run(bed);
	weft_wake(&m->task);
	mock_run(bed);
	alone = switches == mock_switches();
	mock_expect_log(bed, 0, "abaab");

	KUNIT_EXPECT_EQ(test, 5ULL, weft_counters_polls(c));
	KUNIT_EXPECT_EQ(test, 2ULL, c->yields);
	KUNIT_EXPECT_EQ(test, 1ULL, c->pends);
	KUNIT_EXPECT_EQ(test, 2ULL, c->ends);
	KUNIT_EXPECT_EQ(test, 1ULL, c->wakes);
	/* Not coop switches: the first poll, and a after a. */
	if (alone)
		KUNIT_EXPECT_EQ(test, 3ULL, weft_counters_coop_switches(c));
	KUNIT_EXPECT_EQ(test, 3U, atomic_read(&m->bed->polls) - m->task.polls);
	mock_bed_free(bed);
	return alone;
}

static void counters_are_exact(struct kunit *test)
{
	while (!counts(test))
		;
}

/* Return: as counts(). */
static bool polls_another(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_counters *c =
		&weft_executor_worker(bed->ex, 0)->poller.counters;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY },
						    { MOCK_READY }));
	unsigned long switches = mock_switches();
	bool alone;

	mock_run(bed);
	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&m->task, &mock_ops,
						&bed->group));
	weft_spawn(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 2U, m->released);
	alone = switches == mock_switches();
	/* All but the first poll. */
	if (alone)
		KUNIT_EXPECT_EQ(test, 1ULL, weft_counters_coop_switches(c));
	mock_bed_free(bed);
	return alone;
}

static void task_at_the_address_of_an_ended_one_is_another(struct kunit *test)
{
	while (!polls_another(test))
		;
}

static struct kunit_case executor_cases[] = {
	KUNIT_CASE(wrong_configuration_is_einval),
	KUNIT_CASE(tasks_are_polled_in_the_order_of_spawn),
	KUNIT_CASE(yielding_tasks_alternate),
	KUNIT_CASE(woken_task_goes_behind_those_that_are_runnable),
	KUNIT_CASE(spawned_list_is_spread_evenly),
	KUNIT_CASE(short_list_goes_to_some_workers_only),
	KUNIT_CASE(spawns_go_round_the_workers),
	KUNIT_CASE(poll_may_spawn),
	KUNIT_CASE(each_poll_has_the_whole_budget),
	KUNIT_CASE(flood_takes_no_turn_of_another_group),
	KUNIT_CASE(counters_are_exact),
	KUNIT_CASE(task_at_the_address_of_an_ended_one_is_another),
	{}
};

static struct kunit_suite executor_suite = {
	.name = "weft_executor",
	.test_cases = executor_cases,
};

kunit_test_suite(executor_suite);
