// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a task costs in the kernel, beside what threads and work items cost.
 * Loading the module runs everything once; the results are its parameters, in
 * ns (with instruction counting: guest instructions) a piece.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/weft.h>
#include <linux/workqueue.h>

#define SWITCHES	20000
#define WORK_ITEMS	20000
#define SPAWNS		20000
#define YIELD_TASKS	1000
#define YIELDS		100

static unsigned long kthread_switch;
module_param(kthread_switch, ulong, 0444);
MODULE_PARM_DESC(kthread_switch, "result: one of two kernel threads to the other, by wake-ups");

static unsigned long queue_work_ns;
module_param_named(queue_work, queue_work_ns, ulong, 0444);
MODULE_PARM_DESC(queue_work, "result: a work item from queue_work() to its end, in a batch");

static unsigned long coop_switch;
module_param(coop_switch, ulong, 0444);
MODULE_PARM_DESC(coop_switch, "result: the yield poll of one task to that of the next");

static unsigned long coop_switch_timed;
module_param(coop_switch_timed, ulong, 0444);
MODULE_PARM_DESC(coop_switch_timed, "result: the same, with the time taken of each poll");

static unsigned long coop_switch_recorded;
module_param(coop_switch_recorded, ulong, 0444);
MODULE_PARM_DESC(coop_switch_recorded, "result: the same, with the flight recorder on as the module has it");

static unsigned long coop_switch_recorded_all;
module_param(coop_switch_recorded_all, ulong, 0444);
MODULE_PARM_DESC(coop_switch_recorded_all, "result: the same, with every poll recorded");

static unsigned long task_spawn;
module_param(task_spawn, ulong, 0444);
MODULE_PARM_DESC(task_spawn, "result: a ready task from weft_task_init() to release()");

static unsigned long task_spawn_timed;
module_param(task_spawn_timed, ulong, 0444);
MODULE_PARM_DESC(task_spawn_timed, "result: the same, with the time taken of each poll");

static unsigned long task_spawn_recorded;
module_param(task_spawn_recorded, ulong, 0444);
MODULE_PARM_DESC(task_spawn_recorded, "result: the same, with the flight recorder on");

/* Two kernel threads that wake each other. */
struct ping {
	struct task_struct *thread[2];
	struct completion ended;
	unsigned int turn;
	u64 begin;
	u64 end;
};

static void ping_run(struct ping *ping, unsigned int me)
{
	unsigned int i;

	for (i = 0; i < SWITCHES; i++) {
		for (;;) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			if (READ_ONCE(ping->turn) == me)
				break;
			schedule();
		}
		__set_current_state(TASK_RUNNING);
		if (!me && !i)
			ping->begin = ktime_get_ns();
		WRITE_ONCE(ping->turn, !me);
		wake_up_process(ping->thread[!me]);
	}
}

static int ping_even(void *data)
{
	struct ping *ping = data;

	ping_run(ping, 0);
	return 0;
}

static int ping_odd(void *data)
{
	struct ping *ping = data;

	ping_run(ping, 1);
	ping->end = ktime_get_ns();
	complete(&ping->ended);
	return 0;
}

static int bench_kthread_switch(void)
{
	struct ping ping = { .turn = 0 };

	init_completion(&ping.ended);
	ping.thread[0] = kthread_create(ping_even, &ping, "weft_bench/0");
	if (IS_ERR(ping.thread[0]))
		return PTR_ERR(ping.thread[0]);
	ping.thread[1] = kthread_create(ping_odd, &ping, "weft_bench/1");
	if (IS_ERR(ping.thread[1])) {
		kthread_stop(ping.thread[0]);
		return PTR_ERR(ping.thread[1]);
	}
	get_task_struct(ping.thread[0]);
	get_task_struct(ping.thread[1]);
	wake_up_process(ping.thread[1]);
	wake_up_process(ping.thread[0]);
	wait_for_completion(&ping.ended);
	kthread_stop(ping.thread[0]);
	kthread_stop(ping.thread[1]);
	put_task_struct(ping.thread[0]);
	put_task_struct(ping.thread[1]);
	kthread_switch = DIV_ROUND_UP_ULL(ping.end - ping.begin, 2 * SWITCHES);
	return 0;
}

/* Work items. */
static atomic_t works_left;
static DECLARE_COMPLETION(works_ended);

static void work_fn(struct work_struct *work)
{
	if (atomic_dec_and_test(&works_left))
		complete(&works_ended);
}

static int bench_queue_work(void)
{
	struct work_struct *works;
	unsigned int i;
	u64 begin;

	works = kvcalloc(WORK_ITEMS, sizeof(*works), GFP_KERNEL);
	if (!works)
		return -ENOMEM;
	for (i = 0; i < WORK_ITEMS; i++)
		INIT_WORK(&works[i], work_fn);
	atomic_set(&works_left, WORK_ITEMS);

	begin = ktime_get_ns();
	for (i = 0; i < WORK_ITEMS; i++)
		queue_work(system_wq, &works[i]);
	wait_for_completion(&works_ended);
	queue_work_ns = DIV_ROUND_UP_ULL(ktime_get_ns() - begin, WORK_ITEMS);

	flush_scheduled_work();
	kvfree(works);
	return 0;
}

/* Tasks. */
struct bench_task {
	struct weft_task task;
	unsigned int yields;
};

struct bench_tasks {
	struct weft_executor *ex;
	struct weft_group group;
	struct bench_task *tasks;
};

static unsigned int released, expected;
static u64 first_poll, last_poll;
static DECLARE_COMPLETION(tasks_ended);

static void bench_release(struct weft_task *task)
{
	if (++released == expected)
		complete(&tasks_ended);
}

static enum weft_poll bench_ready(struct weft_task *task, struct weft_cx *cx)
{
	return WEFT_READY;
}

static const struct weft_task_ops bench_ready_ops = {
	.name = "ready",
	.poll = bench_ready,
	.release = bench_release,
};

static enum weft_poll bench_yield(struct weft_task *task, struct weft_cx *cx)
{
	struct bench_task *t = container_of(task, struct bench_task, task);

	if (!t->yields)
		return WEFT_READY;
	t->yields--;
	return weft_yield(cx);
}

static const struct weft_task_ops bench_yield_ops = {
	.name = "yield",
	.poll = bench_yield,
	.release = bench_release,
};

/*
 * One task takes the time. From its second poll to its last, each turn polls
 * every task once, and all of them yield.
 */
static enum weft_poll bench_clock(struct weft_task *task, struct weft_cx *cx)
{
	struct bench_task *t = container_of(task, struct bench_task, task);

	if (t->yields == YIELDS - 1)
		first_poll = ktime_get_ns();
	else if (!t->yields)
		last_poll = ktime_get_ns();
	return bench_yield(task, cx);
}

static const struct weft_task_ops bench_clock_ops = {
	.name = "clock",
	.poll = bench_clock,
	.release = bench_release,
};

/* How much is taken down of each poll. */
static const struct bench_mode {
	bool timing;
	unsigned int recorder;
	u64 brief_ns;
} bench_plain, bench_timed = {
	.timing = true,
}, bench_recorded = {
	.timing = true,
	.recorder = 8192,
	.brief_ns = 1000,
}, bench_recorded_all = {
	.timing = true,
	.recorder = 8192,
};

static int bench_tasks_init(struct bench_tasks *b, unsigned int count,
			    const struct bench_mode *mode)
{
	const struct weft_executor_config config = {
		.name = "bench",
		.workers = 1,
		.max_threads = 1,
		.timing = mode->timing,
		.recorder = mode->recorder,
		.brief_ns = mode->brief_ns,
	};
	int ret;

	b->ex = weft_executor_create(&config);
	if (IS_ERR(b->ex))
		return PTR_ERR(b->ex);
	ret = weft_group_init(&b->group, b->ex, WEFT_ASYNC);
	if (ret)
		goto err_executor;
	ret = -ENOMEM;
	b->tasks = kvcalloc(count, sizeof(*b->tasks), GFP_KERNEL);
	if (!b->tasks)
		goto err_group;
	released = 0;
	expected = count;
	reinit_completion(&tasks_ended);
	return 0;

err_group:
	weft_group_fini(&b->group);
err_executor:
	weft_executor_destroy(b->ex);
	return ret;
}

static void bench_tasks_fini(struct bench_tasks *b)
{
	kvfree(b->tasks);
	weft_group_fini(&b->group);
	weft_executor_destroy(b->ex);
}

static int bench_coop_switch(unsigned long *result,
			     const struct bench_mode *mode)
{
	struct bench_tasks b;
	unsigned int i;
	int ret;

	ret = bench_tasks_init(&b, YIELD_TASKS, mode);
	if (ret)
		return ret;
	for (i = 0; i < YIELD_TASKS; i++) {
		b.tasks[i].yields = YIELDS;
		ret = weft_task_init(&b.tasks[i].task,
				     i ? &bench_yield_ops : &bench_clock_ops,
				     &b.group);
		WARN_ON(ret);
		weft_spawn(&b.tasks[i].task);
	}
	wait_for_completion(&tasks_ended);
	*result = DIV_ROUND_UP_ULL(last_poll - first_poll, YIELD_TASKS * (YIELDS - 1));
	bench_tasks_fini(&b);
	return 0;
}

static int bench_task_spawn(unsigned long *result,
			    const struct bench_mode *mode)
{
	struct bench_tasks b;
	unsigned int i;
	u64 begin;
	int ret;

	ret = bench_tasks_init(&b, SPAWNS, mode);
	if (ret)
		return ret;
	begin = ktime_get_ns();
	for (i = 0; i < SPAWNS; i++) {
		ret = weft_task_init(&b.tasks[i].task, &bench_ready_ops,
				     &b.group);
		WARN_ON(ret);
		weft_spawn(&b.tasks[i].task);
	}
	wait_for_completion(&tasks_ended);
	*result = DIV_ROUND_UP_ULL(ktime_get_ns() - begin, SPAWNS);
	bench_tasks_fini(&b);
	return 0;
}

static int __init weft_bench_init(void)
{
	return bench_kthread_switch() ?:
	       bench_queue_work() ?:
	       bench_coop_switch(&coop_switch, &bench_plain) ?:
	       bench_coop_switch(&coop_switch_timed, &bench_timed) ?:
	       bench_coop_switch(&coop_switch_recorded, &bench_recorded) ?:
	       bench_coop_switch(&coop_switch_recorded_all,
				 &bench_recorded_all) ?:
	       bench_task_spawn(&task_spawn, &bench_plain) ?:
	       bench_task_spawn(&task_spawn_timed, &bench_timed) ?:
	       bench_task_spawn(&task_spawn_recorded, &bench_recorded);
}

static void __exit weft_bench_exit(void)
{
}

module_init(weft_bench_init);
module_exit(weft_bench_exit);

MODULE_DESCRIPTION("Benchmarks of weft's core");
MODULE_LICENSE("GPL");
