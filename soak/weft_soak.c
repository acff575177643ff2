// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wakes that race with polls. Loading the module runs it once: tasks wait again and
 * again for one wait source, which wakes them at about the time at which their poll
 * returns. A wake that gets lost leaves its task pending for ever, and the module
 * is not loaded then: -ETIME.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/weft.h>

#include "../module/compat.h"

#define SOAK_MAX_TASKS		1024
#define SOAK_MAX_THREADS	32U

static char *source = "waker";
module_param(source, charp, 0444);
MODULE_PARM_DESC(source, "what wakes: timer, waker, yield, hardirq, cpu or self");

static unsigned long long seed = 1;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "decides all that is random");

static unsigned int races = 20000;
module_param(races, uint, 0444);
MODULE_PARM_DESC(races, "how many wakes are raced with, at least");

static unsigned int workers = 1;
module_param(workers, uint, 0444);
MODULE_PARM_DESC(workers, "workers of the executor");

static bool threads;
module_param(threads, bool, 0444);
MODULE_PARM_DESC(threads, "run the tasks on the threads engine");

static unsigned int patience_ms = 20000;
module_param(patience_ms, uint, 0444);
MODULE_PARM_DESC(patience_ms, "a task that made no progress for so long is stuck");

static unsigned long raced;
module_param(raced, ulong, 0444);
MODULE_PARM_DESC(raced, "result: how many wakes there were");

/**
 * enum soak_offer - Who has the waker of a task
 * @SOAK_NONE: nobody: the task does not wait
 * @SOAK_OFFERED: whoever takes it first
 * @SOAK_TAKEN: who took it, and has not used it yet
 */
enum soak_offer {
	SOAK_NONE,
	SOAK_OFFERED,
	SOAK_TAKEN,
};

struct soak;

struct soak_task {
	struct weft_task task;
	struct soak *soak;
	struct weft_waker waker;
	struct weft_sleep sleep;
	struct hrtimer hrtimer;
	call_single_data_t call;
	u64 random;
	unsigned int left;
	unsigned int cpu;	/* where it was polled */
	unsigned int sent;	/* wakes, by who wakes */
	unsigned int received;	/* wakes, by the poll */
	atomic_t offer;		/* enum soak_offer */
	bool sleeping;
};

/**
 * struct soak_source - A way to be woken
 * @name: of the parameter
 * @tasks: most tasks at once, a power of two: few meet more closely, many faster
 * @once: most races of one task; 0 for as many as there are to do
 * @wait: begins a wait, in a poll; what the poll returns
 * @waking: what a kernel thread does all the time meanwhile, or NULL
 */
struct soak_source {
	const char *name;
	unsigned int tasks;
	unsigned int once;
	enum weft_poll (*wait)(struct soak_task *t, struct weft_cx *cx);
	void (*waking)(struct soak *soak);
};

struct soak {
	const struct soak_source *source;
	struct weft_executor *ex;
	struct weft_group group;
	struct soak_task *tasks;
	struct soak_task partner;	/* who wakes the others, for "waker" */
	struct task_struct *waking;
	unsigned int nr_tasks;
	u64 random;
	u64 waking_random;
	atomic_t nr_live;		/* tasks whose last poll is still to come */
	atomic_t nr_unreleased;
	struct completion released;
	atomic_long_t raced;
	atomic_t errors;		/* wakes lost, or what was written before them */
};

static u64 soak_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Up to some hundred instructions: about what is between a wait and its end. */
static void soak_dally(u64 *random)
{
	unsigned int i, n = soak_random(random) % 64;

	for (i = 0; i < n; i++)
		barrier();
}

static struct soak_task *soak_task(struct weft_task *task)
{
	return container_of(task, struct soak_task, task);
}

/* Offers a waker to whoever takes it. */
static enum weft_poll soak_offer(struct soak_task *t, struct weft_cx *cx)
{
	WRITE_ONCE(t->cpu, raw_smp_processor_id());
	weft_waker_set(&t->waker, cx);
	/* Pairs with soak_take(). */
	atomic_set_release(&t->offer, SOAK_OFFERED);
	return WEFT_PENDING;
}

static bool soak_take(struct soak_task *t)
{
	return atomic_read(&t->offer) == SOAK_OFFERED &&
	       atomic_cmpxchg_acquire(&t->offer, SOAK_OFFERED, SOAK_TAKEN) ==
		       SOAK_OFFERED;
}

/* The poll after the wake must see what was written before it. */
static void soak_use(struct soak_task *t)
{
	struct weft_waker waker = t->waker;

	t->sent++;
	atomic_long_inc(&t->soak->raced);
	atomic_set(&t->offer, SOAK_NONE);
	weft_waker_wake(&waker);
}

static bool soak_wake(struct soak_task *t)
{
	if (!soak_take(t))
		return false;
	soak_use(t);
	return true;
}

/* timer: the interrupt comes while the poll returns, or the worker goes to sleep. */
static enum weft_poll soak_wait_timer(struct soak_task *t, struct weft_cx *cx)
{
	if (!t->sleeping) {
		weft_sleep_for(&t->sleep, cx, soak_random(&t->random) % 20000, 0);
		t->sleeping = true;
		atomic_long_inc(&t->soak->raced);
	}
	if (weft_sleep_poll(&t->sleep, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	t->sleeping = false;
	return WEFT_READY;
}

/* yield: wakes of a task that is runnable already, or about to be. */
static enum weft_poll soak_wait_yield(struct soak_task *t, struct weft_cx *cx)
{
	atomic_long_inc(&t->soak->raced);
	soak_dally(&t->random);
	return weft_yield(cx);
}

static void soak_waking_yield(struct soak *soak)
{
	unsigned int i;

	for (i = 0; i < soak->nr_tasks; i++) {
		soak_dally(&soak->waking_random);
		weft_wake(&soak->tasks[i].task);
	}
}

/* cpu: a kernel thread on another CPU; who is on its own CPU is woken, too. */
static void soak_waking_cpu(struct soak *soak)
{
	unsigned int i, cpu;

	for (i = 0; i < soak->nr_tasks; i++) {
		struct soak_task *t = &soak->tasks[i];

		cpu = READ_ONCE(t->cpu);
		if (!soak_take(t))
			continue;
		soak_dally(&soak->waking_random);
		if (cpu == raw_smp_processor_id())
			atomic_long_dec(&soak->raced);
		soak_use(t);
	}
}

/* hardirq: a timer's interrupt, or a call from another CPU. */
static enum hrtimer_restart soak_hrtimer_fired(struct hrtimer *hrtimer)
{
	soak_wake(container_of(hrtimer, struct soak_task, hrtimer));
	return HRTIMER_NORESTART;
}

static void soak_called(void *data)
{
	soak_wake(data);
}

static enum weft_poll soak_wait_hardirq(struct soak_task *t, struct weft_cx *cx)
{
	unsigned int cpu;
	int ret = -EBUSY;

	soak_offer(t, cx);
	if (soak_random(&t->random) % 4) {
		preempt_disable();
		cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
		if (cpu < nr_cpu_ids)
			ret = smp_call_function_single_async(cpu, &t->call);
		preempt_enable();
	}
	if (ret)
		hrtimer_start(&t->hrtimer, ns_to_ktime(soak_random(&t->random) % 5000),
			      HRTIMER_MODE_REL_HARD);
	soak_dally(&t->random);
	return WEFT_PENDING;
}

/* self: the wake comes in the poll itself. */
static enum weft_poll soak_wait_self(struct soak_task *t, struct weft_cx *cx)
{
	soak_offer(t, cx);
	soak_wake(t);
	return WEFT_PENDING;
}

static const struct soak_source soak_sources[] = {
	{ "timer", 64, 0, soak_wait_timer, NULL },
	{ "waker", 64, 0, soak_offer, NULL },
	{ "yield", 4, 0, soak_wait_yield, soak_waking_yield },
	{ "hardirq", 64, 0, soak_wait_hardirq, NULL },
	{ "cpu", 64, 0, soak_offer, soak_waking_cpu },
	{ "self", SOAK_MAX_TASKS, 4, soak_wait_self, NULL },
};

static enum weft_poll soak_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct soak_task *t = soak_task(task);

	if (t->sleeping)
		if (soak_wait_timer(t, cx) == WEFT_PENDING)
			return WEFT_PENDING;
	/* A poll too many: the waker is still out. */
	if (atomic_read(&t->offer) != SOAK_NONE)
		return WEFT_PENDING;
	if (READ_ONCE(t->sent) != t->received) {
		t->received++;
		if (READ_ONCE(t->sent) != t->received)
			atomic_inc(&t->soak->errors);
	}
	while (t->left) {
		t->left--;
		if (t->soak->source->wait(t, cx) == WEFT_PENDING)
			return WEFT_PENDING;
	}
	atomic_dec(&t->soak->nr_live);
	return WEFT_READY;
}

/* Only of a task that is stuck, or that weft found to be: it lost its wake. */
static enum weft_poll soak_cancel(struct weft_task *task, struct weft_cx *cx)
{
	struct soak_task *t = soak_task(task);

	atomic_inc(&t->soak->errors);
	if (t->sleeping)
		weft_sleep_stop(&t->sleep, cx);
	if (soak_take(t))
		weft_waker_drop(&t->waker);
	atomic_dec(&t->soak->nr_live);
	return WEFT_READY;
}

static void soak_release(struct weft_task *task)
{
	struct soak *soak = soak_task(task)->soak;

	if (atomic_dec_and_test(&soak->nr_unreleased))
		complete(&soak->released);
}

static const struct weft_task_ops soak_ops = {
	.name = "soak",
	.poll = soak_poll,
	.cancel = soak_cancel,
	.release = soak_release,
};

/* The partner of "waker" wakes the others, from a poll of its own. */
static enum weft_poll soak_partner_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct soak *soak = soak_task(task)->soak;
	unsigned int i;

	for (i = 0; i < soak->nr_tasks; i++)
		soak_wake(&soak->tasks[i]);
	return atomic_read(&soak->nr_live) ? weft_yield(cx) : WEFT_READY;
}

static const struct weft_task_ops soak_partner_ops = {
	.name = "partner",
	.poll = soak_partner_poll,
	.release = soak_release,
};

static int soak_waking(void *data)
{
	struct soak *soak = data;

	while (!kthread_should_stop()) {
		soak->source->waking(soak);
		cond_resched();
	}
	return 0;
}

/* Bound to the last CPU; the tasks will be on another one most of the time. */
static int soak_start_waking(struct soak *soak)
{
	struct task_struct *waking;

	if (!soak->source->waking)
		return 0;
	waking = kthread_create(soak_waking, soak, "soak_waking");
	if (IS_ERR(waking))
		return PTR_ERR(waking);
	kthread_bind(waking, cpumask_last(cpu_online_mask));
	soak->waking = waking;
	wake_up_process(waking);
	return 0;
}

static void soak_task_prepare(struct soak *soak, struct soak_task *t, unsigned int left)
{
	memset(t, 0, sizeof(*t));
	t->soak = soak;
	t->left = left;
	t->random = soak_random(&soak->random);
	weft_hrtimer_setup(&t->hrtimer, soak_hrtimer_fired, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_HARD);
	INIT_CSD(&t->call, soak_called, t);
}

/* We keep a reference to each, for whoever wakes it when it has ended. */
static int soak_spawn(struct soak *soak, struct soak_task *t,
		      const struct weft_task_ops *ops)
{
	int ret = weft_task_init(&t->task, ops, &soak->group);

	if (ret)
		return ret;
	weft_task_get(&t->task);
	atomic_inc(&soak->nr_unreleased);
	weft_spawn(&t->task);
	return 0;
}

/* Return: whether all tasks came to their end by themselves. */
static bool soak_wait(struct soak *soak)
{
	unsigned long since = jiffies;
	long last = -1, now;

	while (atomic_read(&soak->nr_live)) {
		usleep_range(200, 1000);
		now = atomic_long_read(&soak->raced);
		if (now != last)
			since = jiffies;
		else if (time_after(jiffies, since + msecs_to_jiffies(patience_ms)))
			return false;
		last = now;
	}
	return true;
}

static void soak_report_stuck(struct soak *soak)
{
	unsigned int i;

	for (i = 0; i < soak->nr_tasks; i++) {
		struct soak_task *t = &soak->tasks[i];

		pr_err("weft_soak: task %u: state %#x, offer %d, left %u, sent %u, received %u\n",
		       i, atomic_read(&t->task.state), atomic_read(&t->offer), t->left,
		       t->sent, t->received);
		weft_cancel(&t->task);
	}
}

static void soak_prepare(struct soak *soak, unsigned int todo)
{
	const struct soak_source *s = soak->source;
	unsigned int i, each;

	soak->nr_tasks = 1U << soak_random(&soak->random) % (1 + ilog2(s->tasks));
	if (threads)
		soak->nr_tasks = min(soak->nr_tasks, SOAK_MAX_THREADS / 2);
	each = DIV_ROUND_UP(todo, soak->nr_tasks);
	if (s->once)
		each = min(each, 1 + (unsigned int)(soak_random(&soak->random) % s->once));
	for (i = 0; i < soak->nr_tasks; i++)
		soak_task_prepare(soak, &soak->tasks[i], each);
	soak_task_prepare(soak, &soak->partner, 0);
	soak->waking_random = soak_random(&soak->random);
	atomic_set(&soak->nr_live, soak->nr_tasks);
	atomic_set(&soak->nr_unreleased, 1);
	reinit_completion(&soak->released);
}

static int soak_spawn_all(struct soak *soak)
{
	unsigned int i;
	int ret = 0;

	/* If one cannot be had, those before it are all there are. */
	for (i = 0; i < soak->nr_tasks; i++) {
		ret = soak_spawn(soak, &soak->tasks[i], &soak_ops);
		if (ret)
			break;
	}
	atomic_sub(soak->nr_tasks - i, &soak->nr_live);
	soak->nr_tasks = i;
	return ret;
}

/* One set of tasks, from their spawn to their release. */
static int soak_run(struct soak *soak, unsigned int todo)
{
	const struct soak_source *s = soak->source;
	bool partner = false;
	unsigned int i;
	int ret;

	soak_prepare(soak, todo);
	ret = soak_spawn_all(soak);
	if (!ret)
		ret = soak_start_waking(soak);
	if (!ret && s->wait == soak_offer && !s->waking) {
		ret = soak_spawn(soak, &soak->partner, &soak_partner_ops);
		partner = !ret;
	}
	if (ret || !soak_wait(soak)) {
		soak_report_stuck(soak);
		ret = ret ?: -ETIME;
	}

	if (soak->waking)
		kthread_stop(soak->waking);
	soak->waking = NULL;
	for (i = 0; i < soak->nr_tasks; i++)
		weft_task_put(&soak->tasks[i].task);
	if (partner)
		weft_task_put(&soak->partner.task);
	if (!atomic_dec_and_test(&soak->nr_unreleased))
		wait_for_completion(&soak->released);
	/* Its interrupt may still be in its last steps. */
	for (i = 0; i < soak->nr_tasks; i++)
		hrtimer_cancel(&soak->tasks[i].hrtimer);
	if (threads)
		weft_group_reap(&soak->group);
	return ret;
}

/* As many sets as it takes. With @once it counts the tasks, else their wakes. */
static int soak_run_all(struct soak *soak)
{
	unsigned long done = 0;
	int ret = 0;

	while (!ret && done < races) {
		atomic_long_set(&soak->raced, 0);
		ret = soak_run(soak, races - done);
		done += soak->source->once ? soak->nr_tasks :
					     atomic_long_read(&soak->raced);
	}
	if (!ret && atomic_read(&soak->errors)) {
		pr_err("weft_soak: %d wakes were lost, or what was written before them\n",
		       atomic_read(&soak->errors));
		ret = -EPROTO;
	}
	raced = done;
	return ret;
}

static int soak_create(struct soak *soak)
{
	const struct weft_executor_config config = {
		.name = "soak",
		.workers = workers,
		.max_threads = SOAK_MAX_THREADS,
		.timing = seed & 1,
	};
	unsigned int i;
	int ret = -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(soak_sources); i++)
		if (!strcmp(source, soak_sources[i].name))
			soak->source = &soak_sources[i];
	if (!soak->source)
		return -EINVAL;
	soak->random = seed;
	init_completion(&soak->released);
	soak->tasks = kvcalloc(soak->source->tasks, sizeof(*soak->tasks), GFP_KERNEL);
	if (!soak->tasks)
		return -ENOMEM;
	soak->ex = weft_executor_create(&config);
	if (IS_ERR(soak->ex)) {
		ret = PTR_ERR(soak->ex);
		goto err_tasks;
	}
	ret = weft_group_init(&soak->group, soak->ex, threads ? WEFT_THREADS : WEFT_ASYNC);
	if (ret)
		goto err_executor;
	return 0;

err_executor:
	weft_executor_destroy(soak->ex);
err_tasks:
	kvfree(soak->tasks);
	return ret;
}

static int __init weft_soak_init(void)
{
	struct soak *soak = kzalloc(sizeof(*soak), GFP_KERNEL);
	int ret;

	if (!soak)
		return -ENOMEM;
	ret = soak_create(soak);
	if (!ret) {
		ret = soak_run_all(soak);
		weft_group_fini(&soak->group);
		weft_executor_destroy(soak->ex);
		kvfree(soak->tasks);
	}
	kfree(soak);
	return ret;
}

static void __exit weft_soak_exit(void)
{
}

module_init(weft_soak_init);
module_exit(weft_soak_exit);

MODULE_DESCRIPTION("Wakes that race with polls of weft's tasks");
MODULE_LICENSE("GPL");
