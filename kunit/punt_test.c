// SPDX-License-Identifier: GPL-2.0-only
/* The blocking pool: steps that block, on executors of their own. */
#include <linux/completion.h>
#include <linux/jiffies.h>

#include "../module/core/task.h"
#include "mock.h"

/* Steps that may run at once. */
#define MAX_PUNTS	2
#define NR_TASKS	5
#define EVENTS		64

/*
 * A task that sends one step to the pool and ends with @result of it. The step
 * tells that it has begun and then waits until it is let go.
 */
struct punted {
	struct weft_task task;
	struct punt_bed *bed;
	struct weft_punt punt;
	struct completion begun;
	struct completion go;
	bool sent;
	bool ran;
	struct task_struct *thread;
	struct completion released;
};

struct punt_bed {
	struct kunit *test;
	struct weft_executor *ex;
	struct weft_group group;
	atomic_t running;
	atomic_t most;
	struct punted tasks[NR_TASKS];
};

static void step(struct weft_punt *punt)
{
	struct punted *p = container_of(punt, struct punted, punt);
	int running = atomic_inc_return(&p->bed->running);

	if (running > atomic_read(&p->bed->most))
		atomic_set(&p->bed->most, running);
	p->thread = current;
	p->ran = true;
	complete(&p->begun);
	wait_for_completion(&p->go);
	atomic_dec(&p->bed->running);
}

static enum weft_poll punted_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct punted *p = container_of(task, struct punted, task);

	if (!p->sent) {
		p->sent = true;
		return weft_punt_start(&p->punt, cx, step);
	}
	if (weft_punt_poll(&p->punt, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	task->result = 1;
	return WEFT_READY;
}

static enum weft_poll punted_cancel(struct weft_task *task, struct weft_cx *cx)
{
	struct punted *p = container_of(task, struct punted, task);

	return weft_punt_stop(&p->punt, cx);
}

static void punted_release(struct weft_task *task)
{
	complete(&container_of(task, struct punted, task)->released);
}

static const struct weft_task_ops punted_ops = {
	.name = "punted",
	.poll = punted_poll,
	.cancel = punted_cancel,
	.release = punted_release,
};

static struct punt_bed *new_bed(struct kunit *test, enum weft_engine engine)
{
	const struct weft_executor_config config = {
		.name = "punts",
		.workers = 1,
		.max_threads = NR_TASKS,
		.max_punts = MAX_PUNTS,
		.timing = true,
		.recorder = EVENTS,
	};
	struct punt_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bed);
	bed->test = test;
	bed->ex = weft_executor_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->ex));
	KUNIT_ASSERT_EQ(test, 0, weft_group_init(&bed->group, bed->ex, engine));
	for (i = 0; i < NR_TASKS; i++) {
		struct punted *p = &bed->tasks[i];

		p->bed = bed;
		weft_punt_init(&p->punt);
		init_completion(&p->begun);
		init_completion(&p->go);
		init_completion(&p->released);
	}
	return bed;
}

static void free_bed(struct punt_bed *bed)
{
	weft_group_fini(&bed->group);
	weft_executor_destroy(bed->ex);
}

static struct punted *spawn(struct punt_bed *bed, unsigned int i)
{
	struct punted *p = &bed->tasks[i];

	KUNIT_ASSERT_EQ(bed->test, 0,
			weft_task_init(&p->task, &punted_ops, &bed->group));
	p->task.id = i;
	weft_spawn(&p->task);
	return p;
}

static void expect_result(struct punted *p, s64 result)
{
	wait_for_completion(&p->released);
	KUNIT_EXPECT_EQ(p->bed->test, result, p->task.result);
	KUNIT_EXPECT_EQ(p->bed->test, 1U, p->task.punts);
}

static void until_pending(struct punted *p)
{
	while ((atomic_read(&p->task.state) & WEFT_STATE_MASK) !=
	       WEFT_STATE_PENDING)
		schedule_timeout_idle(1);
}

/* Steps of this task that were recorded, on all CPUs: of each poll that sent one. */
static unsigned int recorded(struct punt_bed *bed, u64 id)
{
	struct weft_record *r = kunit_kcalloc(bed->test, EVENTS, sizeof(*r),
					      GFP_KERNEL);
	unsigned int cpu, i, count, n = 0;
	u64 written;

	KUNIT_ASSERT_NOT_NULL(bed->test, r);
	for_each_possible_cpu(cpu) {
		count = weft_recorder_read(&bed->ex->recorder, cpu, r, &written);
		for (i = 0; i < count; i++) {
			if (r[i].kind != WEFT_RECORD_PUNT || r[i].id != id)
				continue;
			KUNIT_EXPECT_EQ(bed->test, 0, (int)r[i].worker);
			KUNIT_EXPECT_GT(bed->test, r[i].ns, 0ULL);
			n++;
		}
	}
	return n;
}

static void step_blocks_a_thread_of_the_pool(struct kunit *test)
{
	struct punt_bed *bed = new_bed(test, WEFT_ASYNC);
	struct weft_engine_stats stats;
	struct punted *a, *b;

	a = spawn(bed, 0);
	wait_for_completion(&a->begun);
	/* The only worker is free for another task meanwhile. */
	b = spawn(bed, 1);
	wait_for_completion(&b->begun);
	KUNIT_EXPECT_PTR_NE(test, a->thread, b->thread);
	complete(&b->go);
	expect_result(b, 1);
	complete(&a->go);
	expect_result(a, 1);
	weft_executor_engine_stats(bed->ex, WEFT_ASYNC, &stats);
	KUNIT_EXPECT_EQ(test, 2ULL, stats.counters.punts);
	KUNIT_EXPECT_EQ(test, 1U, recorded(bed, 0));
	KUNIT_EXPECT_EQ(test, 1U, recorded(bed, 1));
	free_bed(bed);
}

static void pool_runs_no_more_steps_than_it_may(struct kunit *test)
{
	struct punt_bed *bed = new_bed(test, WEFT_ASYNC);
	unsigned int i;

	for (i = 0; i < NR_TASKS; i++)
		spawn(bed, i);
	for (i = 0; i < NR_TASKS; i++)
		until_pending(&bed->tasks[i]);
	for (i = 0; i < NR_TASKS; i++) {
		wait_for_completion(&bed->tasks[i].begun);
		complete(&bed->tasks[i].go);
	}
	for (i = 0; i < NR_TASKS; i++)
		expect_result(&bed->tasks[i], 1);
	KUNIT_EXPECT_LE(test, 1, atomic_read(&bed->most));
	KUNIT_EXPECT_GE(test, MAX_PUNTS, atomic_read(&bed->most));
	free_bed(bed);
}

static void cancel_takes_back_a_step_that_has_not_begun(struct kunit *test)
{
	struct punt_bed *bed = new_bed(test, WEFT_ASYNC);
	struct punted *c;
	unsigned int i;

	for (i = 0; i < MAX_PUNTS; i++)
		wait_for_completion(&spawn(bed, i)->begun);
	c = spawn(bed, MAX_PUNTS);
	until_pending(c);
	KUNIT_EXPECT_EQ(test, (int)WEFT_IS_RUNNING, (int)weft_cancel(&c->task));
	expect_result(c, -ECANCELED);
	KUNIT_EXPECT_FALSE(test, c->ran);

	for (i = 0; i < MAX_PUNTS; i++) {
		complete(&bed->tasks[i].go);
		expect_result(&bed->tasks[i], 1);
	}
	free_bed(bed);
}

static void cancel_waits_for_a_step(struct kunit *test, enum weft_engine engine)
{
	struct punt_bed *bed = new_bed(test, engine);
	struct punted *a = spawn(bed, 0);

	wait_for_completion(&a->begun);
	until_pending(a);
	KUNIT_EXPECT_EQ(test, (int)WEFT_IS_RUNNING, (int)weft_cancel(&a->task));
	KUNIT_EXPECT_EQ(test, (int)WEFT_IS_RUNNING, (int)weft_cancel(&a->task));
	until_pending(a);
	KUNIT_EXPECT_FALSE(test, completion_done(&a->released));
	complete(&a->go);
	expect_result(a, -ECANCELED);
	free_bed(bed);
}

static void cancel_waits_for_a_step_that_has_begun(struct kunit *test)
{
	cancel_waits_for_a_step(test, WEFT_ASYNC);
}

static void threads_use_the_pool_as_well(struct kunit *test)
{
	cancel_waits_for_a_step(test, WEFT_THREADS);
}

static enum weft_poll says_where_it_is(struct weft_task *task,
				       struct weft_cx *cx)
{
	task->result = weft_may_block(cx);
	return WEFT_READY;
}

static void only_a_thread_of_its_own_may_block(struct kunit *test)
{
	static const struct weft_task_ops ops = {
		.name = "where",
		.poll = says_where_it_is,
		.release = punted_release,
	};
	enum weft_engine engine;

	for (engine = WEFT_ASYNC; engine <= WEFT_THREADS; engine++) {
		struct punt_bed *bed = new_bed(test, engine);
		struct punted *p = &bed->tasks[0];

		KUNIT_ASSERT_EQ(test, 0, weft_task_init(&p->task, &ops,
							&bed->group));
		weft_spawn(&p->task);
		wait_for_completion(&p->released);
		KUNIT_EXPECT_EQ(test, (s64)(engine == WEFT_THREADS),
				p->task.result);
		free_bed(bed);
	}
}

static struct kunit_case punt_cases[] = {
	KUNIT_CASE(step_blocks_a_thread_of_the_pool),
	KUNIT_CASE(pool_runs_no_more_steps_than_it_may),
	KUNIT_CASE(cancel_takes_back_a_step_that_has_not_begun),
	KUNIT_CASE(cancel_waits_for_a_step_that_has_begun),
	KUNIT_CASE(threads_use_the_pool_as_well),
	KUNIT_CASE(only_a_thread_of_its_own_may_block),
	{}
};

static struct kunit_suite punt_suite = {
	.name = "weft_punt",
	.test_cases = punt_cases,
};

kunit_test_suite(punt_suite);
