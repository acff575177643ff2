// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/weft: tables for people and for awk. The first line of each
 * file names the columns. docs/debugfs.md says what they mean.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "../core/executor.h"
#include "front.h"

static const char *const weft_engine_names[WEFT_NR_ENGINES] = {
	[WEFT_ASYNC] = "async",
	[WEFT_THREADS] = "threads",
};

static int engines_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	struct weft_engine_totals *totals;
	struct weft_engine_stats stats;
	unsigned int i;

	totals = kcalloc(WEFT_NR_ENGINES, sizeof(*totals), GFP_KERNEL);
	if (!totals)
		return -ENOMEM;
	weft_runtime_totals(rt, totals);

	seq_puts(m, "engine  workers threads threads_created threads_peak voluntary involuntary polls coop_switches wakes parks yields punts timer_interrupts accepted done queued running waiting\n");
	for (i = 0; i < WEFT_NR_ENGINES; i++) {
		const struct weft_counters *c = &stats.counters;
		const struct weft_engine_totals *t = &totals[i];

		weft_executor_engine_stats(rt->executor, i, &stats);
		seq_printf(m, "%-7s %7u %7llu %15llu %12llu %9llu %11llu %5llu %13llu %5llu %5llu %6llu %5llu %16llu %8llu %4llu %6llu %7llu %7llu\n",
			   weft_engine_names[i],
			   i == WEFT_ASYNC ? rt->workers : 0, stats.threads,
			   stats.threads_created, stats.threads_peak,
			   stats.voluntary, stats.involuntary,
			   weft_counters_polls(c),
			   weft_counters_coop_switches(c), c->wakes, c->parks, c->yields,
			   c->punts, c->timer_interrupts, t->accepted, t->done, t->queued,
			   t->running, t->waiting);
	}
	kfree(totals);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(engines);

static int workers_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	static const char *const states[] = {
		[WEFT_WORKER_PARKED] = "parked",
		[WEFT_WORKER_POLLING] = "polling",
		[WEFT_WORKER_READY] = "ready",
		[WEFT_WORKER_BLOCKED] = "blocked",
	};
	struct weft_worker_stats stats;
	unsigned int i;

	seq_puts(m, "worker   pid voluntary involuntary      polls coop_switches      wakes parks     yields moves timer_interrupts state\n");
	for (i = 0; i < rt->workers; i++) {
		const struct weft_counters *c = &stats.counters;

		weft_executor_worker_stats(rt->executor, i, &stats);
		seq_printf(m, "%6u %5d %9llu %11llu %10llu %13llu %10llu %5llu %10llu %5llu %16llu %s\n",
			   i, stats.pid, stats.voluntary, stats.involuntary,
			   weft_counters_polls(c), weft_counters_coop_switches(c),
			   c->wakes, c->parks, c->yields, c->moves, c->timer_interrupts,
			   states[stats.state]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(workers);

static int ops_show(struct seq_file *m, void *unused)
{
	struct weft_engine_totals *totals;
	unsigned int op, i;

	totals = kcalloc(WEFT_NR_ENGINES, sizeof(*totals), GFP_KERNEL);
	if (!totals)
		return -ENOMEM;
	weft_runtime_totals(m->private, totals);

	seq_puts(m, "op          done failed cancelled expired      polls      wakes moves punts      queued_ns         run_ns     blocked_ns\n");
	for (op = 0; op < WEFT_NR_KINDS; op++) {
		struct weft_op_stats s = {};

		for (i = 0; i < WEFT_NR_ENGINES; i++)
			weft_op_stats_add(&s, &totals[i].ops[op]);
		seq_printf(m, "%-7s %8llu %6llu %9llu %7llu %10llu %10llu %5llu %5llu %14llu %14llu %14llu\n",
			   weft_ops[op]->name, s.done, s.failed, s.cancelled,
			   s.expired, s.polls, s.wakes, s.moves, s.punts, s.queued_ns,
			   s.run_ns, s.blocked_ns);
	}
	kfree(totals);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

static void weft_client_row(struct seq_file *m, struct weft_client *client)
{
	struct weft_stats s = {};
	char comm[TASK_COMM_LEN], *p;

	/* A blank or new line in the name would break the table. */
	strscpy(comm, client->comm, sizeof(comm));
	for (p = comm; *p; p++)
		if (!isascii(*p) || !isgraph(*p))
			*p = '_';
	weft_client_stats(client, &s);
	seq_printf(m, "%6llu %5d %-15s %-7s %7u %8llu %8llu %8llu %7llu %7llu %7llu %10llu %8llu %10llu %7llu %5u\n",
		   client->number, client->pid, *comm ? comm : "-",
		   client->stepper ? "stepped" :
				     weft_engine_names[client->group.engine],
		   s.credits,
		   s.accepted, s.done, s.reaped, s.queued, s.running, s.waiting,
		   s.polls, s.wakes, s.bytes, s.refused,
		   from_kuid_munged(&init_user_ns, client->user->uid));
}

static int clients_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	struct weft_client *client;

	seq_puts(m, "client   pid comm            engine  credits accepted     done   reaped  queued running waiting      polls    wakes      bytes refused   uid\n");
	mutex_lock(&rt->lock);
	list_for_each_entry(client, &rt->clients, node)
		weft_client_row(m, client);
	mutex_unlock(&rt->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clients);

static unsigned int weft_highest_bucket(const struct weft_histogram *h)
{
	unsigned int i;

	for (i = WEFT_BUCKETS - 1; i; i--)
		if (h->bucket[i])
			break;
	return i;
}

static int histograms_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	struct weft_histograms *h, *a, *t;
	unsigned int i, highest = 0;

	h = kcalloc(WEFT_NR_ENGINES, sizeof(*h), GFP_KERNEL);
	if (!h)
		return -ENOMEM;
	for (i = 0; i < WEFT_NR_ENGINES; i++) {
		weft_executor_histograms(rt->executor, i, &h[i]);
		highest = max3(highest, weft_highest_bucket(&h[i].wake_to_poll),
			       weft_highest_bucket(&h[i].poll_time));
	}

	a = &h[WEFT_ASYNC];
	t = &h[WEFT_THREADS];
	seq_puts(m, "     from_ns        to_ns async_wake_to_poll async_poll_time threads_wake_to_poll threads_poll_time\n");
	for (i = 0; i <= highest; i++)
		seq_printf(m, "%12llu %12llu %18llu %15llu %20llu %17llu\n",
			   weft_bucket_floor(i), weft_bucket_ceiling(i),
			   a->wake_to_poll.bucket[i], a->poll_time.bucket[i],
			   t->wake_to_poll.bucket[i], t->poll_time.bucket[i]);
	kfree(h);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(histograms);

static int memory_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	struct weft_engine_totals *totals;

	totals = kcalloc(WEFT_NR_ENGINES, sizeof(*totals), GFP_KERNEL);
	if (!totals)
		return -ENOMEM;
	weft_runtime_totals(rt, totals);

	seq_puts(m, "what                 bytes\n");
	seq_printf(m, "executor        %10zu\n",
		   weft_executor_bytes(rt->executor));
	seq_printf(m, "recorder        %10zu\n",
		   weft_recorder_bytes(&rt->executor->recorder));
	seq_printf(m, "async_clients   %10llu\n", totals[WEFT_ASYNC].bytes);
	seq_printf(m, "threads_clients %10llu\n", totals[WEFT_THREADS].bytes);
	seq_printf(m, "stepped_clients %10llu\n",
		   weft_runtime_stepped_bytes(rt));
	seq_printf(m, "threads         %10zu\n",
		   weft_threads_bytes(&rt->executor->threads));
	seq_printf(m, "one_job         %10zu\n", weft_slot_bytes());
	seq_printf(m, "one_thread      %10zu\n", weft_thread_bytes());
	kfree(totals);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memory);

/**
 * weft_debugfs_create() - make the folder and its files
 * @rt: what they show; must outlive them
 *
 * Return: the folder, for debugfs_remove_recursive(). Without debugfs it is an
 * error pointer, which that function takes as well: nothing else depends on it.
 */
struct dentry *weft_debugfs_create(struct weft_runtime *rt)
{
	struct dentry *dir = debugfs_create_dir("weft", NULL);

	debugfs_create_file("engines", 0400, dir, rt, &engines_fops);
	debugfs_create_file("workers", 0400, dir, rt, &workers_fops);
	debugfs_create_file("ops", 0400, dir, rt, &ops_fops);
	debugfs_create_file("clients", 0400, dir, rt, &clients_fops);
	debugfs_create_file("histograms", 0400, dir, rt, &histograms_fops);
	debugfs_create_file("memory", 0400, dir, rt, &memory_fops);
	debugfs_create_file("tasks", 0400, dir, rt, &weft_tasks_fops);
	weft_offences_create(rt, dir);
	weft_recorder_create(rt, dir);
	return dir;
}
