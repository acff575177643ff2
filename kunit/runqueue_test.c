// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../module/core/runqueue.h"

#define GROUPS	3
#define TASKS	200

struct bed {
	struct weft_runqueue rq;
	struct weft_group_queue queue[GROUPS];
	struct weft_task task[TASKS];
};

static int runqueue_init(struct kunit *test)
{
	struct bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	weft_runqueue_init(&bed->rq);
	test->priv = bed;
	return 0;
}

/* The number of the task that comes next, -1 if there is none. */
static int pop(struct bed *bed)
{
	struct weft_task *task = weft_runqueue_pop(&bed->rq);

	return task ? task - bed->task : -1;
}

static void push(struct bed *bed, int group, int task)
{
	weft_runqueue_push(&bed->rq, &bed->queue[group], &bed->task[task]);
}

static void empty_queue_has_no_task(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_EXPECT_TRUE(test, weft_runqueue_empty(&bed->rq));
	KUNIT_EXPECT_EQ(test, -1, pop(bed));
}

static void group_is_first_in_first_out(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	for (i = 0; i < TASKS; i++)
		push(bed, 0, i);
	for (i = 0; i < TASKS; i++)
		KUNIT_EXPECT_EQ(test, i, pop(bed));
	KUNIT_EXPECT_TRUE(test, weft_runqueue_empty(&bed->rq));
}

static void spare_task_is_the_next_one_if_there_are_more(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_EXPECT_NULL(test, weft_runqueue_spare(&bed->rq));
	push(bed, 0, 0);
	KUNIT_EXPECT_NULL(test, weft_runqueue_spare(&bed->rq));
	push(bed, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, &bed->task[0], weft_runqueue_spare(&bed->rq));
	KUNIT_EXPECT_EQ(test, 0, pop(bed));
	KUNIT_EXPECT_NULL(test, weft_runqueue_spare(&bed->rq));
	push(bed, 1, 2);
	KUNIT_EXPECT_PTR_EQ(test, &bed->task[1], weft_runqueue_spare(&bed->rq));
	KUNIT_EXPECT_EQ(test, 1, pop(bed));
}

static void groups_take_turns(struct kunit *test)
{
	static const int order[] = { 0, 1, 100, 2, 101, 3, 102, 4, 103, 5,
				     104, 105, 106 };
	struct bed *bed = test->priv;
	int i;

	/* One task; five; seven, the first group's turn first. */
	push(bed, 0, 0);
	for (i = 1; i <= 5; i++)
		push(bed, 1, i);
	for (i = 100; i <= 106; i++)
		push(bed, 2, i);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, order[i], pop(bed));
	KUNIT_EXPECT_EQ(test, -1, pop(bed));
}

static void groups_of_any_size_take_turns(struct kunit *test)
{
	static const int size[GROUPS] = { 1, 5, 100 };
	struct bed *bed = test->priv;
	int group, turn, task = 0, first[GROUPS];

	for (group = 0; group < GROUPS; group++) {
		first[group] = task;
		for (turn = 0; turn < size[group]; turn++)
			push(bed, group, task++);
	}
	for (turn = 0; turn < 100; turn++)
		for (group = 0; group < GROUPS; group++)
			if (turn < size[group])
				KUNIT_EXPECT_EQ(test, first[group] + turn,
						pop(bed));
	KUNIT_EXPECT_EQ(test, -1, pop(bed));
}

static void flood_does_not_delay_the_other_group(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	for (i = 1; i < TASKS; i++)
		push(bed, 0, i);
	KUNIT_EXPECT_EQ(test, 1, pop(bed));
	push(bed, 1, 0);
	/* At most one poll of the flood comes before. */
	KUNIT_EXPECT_EQ(test, 2, pop(bed));
	KUNIT_EXPECT_EQ(test, 0, pop(bed));
}

static void emptied_group_comes_back_at_the_end(struct kunit *test)
{
	struct bed *bed = test->priv;

	push(bed, 0, 0);
	push(bed, 1, 1);
	push(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, 0, pop(bed));
	push(bed, 0, 0);
	KUNIT_EXPECT_EQ(test, 1, pop(bed));
	KUNIT_EXPECT_EQ(test, 0, pop(bed));
	KUNIT_EXPECT_EQ(test, 2, pop(bed));
	KUNIT_EXPECT_EQ(test, -1, pop(bed));
}

static void yielding_tasks_go_round(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i, task;

	for (i = 0; i < 3; i++)
		push(bed, 0, i);
	for (i = 0; i < 30; i++) {
		task = pop(bed);
		KUNIT_EXPECT_EQ(test, i % 3, task);
		push(bed, 0, task);
	}
}

static struct kunit_case runqueue_cases[] = {
	KUNIT_CASE(empty_queue_has_no_task),
	KUNIT_CASE(group_is_first_in_first_out),
	KUNIT_CASE(spare_task_is_the_next_one_if_there_are_more),
	KUNIT_CASE(groups_take_turns),
	KUNIT_CASE(groups_of_any_size_take_turns),
	KUNIT_CASE(flood_does_not_delay_the_other_group),
	KUNIT_CASE(emptied_group_comes_back_at_the_end),
	KUNIT_CASE(yielding_tasks_go_round),
	{}
};

static struct kunit_suite runqueue_suite = {
	.name = "weft_runqueue",
	.init = runqueue_init,
	.test_cases = runqueue_cases,
};

kunit_test_suite(runqueue_suite);
