// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl table. One copy in, one function, one copy out: a function gets a
 * bounded struct in kernel memory and never sees the user's address of it.
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "front.h"

/* Room for the argument of any ioctl. */
union weft_ioctl_arg {
	u32 size;
	struct weft_query query;
	struct weft_setup setup;
	struct weft_submit submit;
	struct weft_wait wait;
	struct weft_cancel cancel;
	struct weft_stats stats;
	struct weft_restrict narrow;
	struct weft_step step;
	struct weft_buffer buffer;
	struct weft_progress progress;
	struct weft_graph graph;
	struct weft_graph_result result;
	struct weft_template template;
	struct weft_run run;
};

static u32 weft_default_credits(const struct weft_runtime *rt)
{
	return min(WEFT_DEFAULT_CREDITS, rt->limits.max_credits);
}

static long weft_ioc_query(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	struct weft_runtime *rt = wf->runtime;

	arg->query = (struct weft_query){
		.size = sizeof(arg->query),
		.abi_version = WEFT_ABI_VERSION,
		.ops = READ_ONCE(wf->ops),
		.engines = BIT(WEFT_ENGINE_ASYNC) | BIT(WEFT_ENGINE_THREADS),
		.features = WEFT_FEATURE_GRAPHS | WEFT_FEATURE_STEP |
			    (weft_runtime_timed(rt) ? WEFT_FEATURE_TIMING : 0),
		.max_credits = rt->limits.max_credits,
		.default_credits = weft_default_credits(rt),
		.max_batch = WEFT_MAX_BATCH,
		.max_threads = rt->max_threads,
		.workers = rt->workers,
		.job_size = sizeof(struct weft_job),
		.completion_size = sizeof(struct weft_completion),
		.job_bytes = weft_slot_bytes(),
	};
	return 0;
}

static struct weft_client *weft_new_client(struct weft_runtime *rt,
					   const struct weft_setup *setup)
{
	static const enum weft_engine engines[] = {
		[WEFT_ENGINE_ASYNC] = WEFT_ASYNC,
		[WEFT_ENGINE_THREADS] = WEFT_THREADS,
	};
	u32 engine = array_index_nospec(setup->engine, ARRAY_SIZE(engines));

	if (setup->flags & WEFT_SETUP_STEP)
		return weft_client_create_stepped(rt, setup->workers,
						  setup->flags & WEFT_SETUP_VIRTUAL,
						  setup->credits);
	return weft_client_create(rt, engines[engine], setup->credits);
}

static long weft_ioc_setup(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	struct weft_setup *setup = &arg->setup;
	struct weft_runtime *rt = wf->runtime;
	struct weft_client *client;
	long ret;

	ret = weft_validate_setup(setup, rt->limits.max_credits);
	if (ret)
		return ret;
	if (!setup->credits)
		setup->credits = weft_default_credits(rt);
	if (setup->flags & WEFT_SETUP_STEP)
		setup->credits = min_t(u32, setup->credits, WEFT_STEP_MAX_CREDITS);

	mutex_lock(&wf->setting_up);
	ret = -EBADFD;
	if (wf->client)
		goto out;
	client = weft_new_client(rt, setup);
	ret = PTR_ERR_OR_ZERO(client);
	if (!ret)
		/* Pairs with smp_load_acquire() in weft_file_client(). */
		smp_store_release(&wf->client, client);
out:
	mutex_unlock(&wf->setting_up);
	return ret;
}

static long weft_ioc_submit(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	atomic_t *flushes = &wf->client->flushes;
	int before = atomic_read(flushes);
	long ret;

	ret = weft_validate_submit(&arg->submit) ?:
	      weft_file_submit(wf, &arg->submit);
	/*
	 * Pairs with atomic_inc_return() in weft_file_flush(): who closed meanwhile
	 * has seen our jobs, or we see that.
	 */
	smp_mb();
	if (unlikely(atomic_read(flushes) != before))
		weft_file_check_table(wf, current->files);
	return ret;
}

static long weft_ioc_wait(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_wait(&arg->wait, wf->client->credits) ?:
	       weft_file_wait(wf, &arg->wait);
}

static long weft_ioc_cancel(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	static const u32 verdicts[] = {
		[WEFT_WILL_CANCEL] = WEFT_CANCELLED,
		[WEFT_WAS_DONE] = WEFT_ALREADY_DONE,
		[WEFT_IS_RUNNING] = WEFT_STOPPING,
	};
	struct weft_cancel *cancel = &arg->cancel;
	enum weft_verdict verdict;
	long ret;

	ret = weft_validate_cancel(cancel);
	if (ret)
		return ret;
	cancel->verdict = 0;
	if (cancel->flags & WEFT_CANCEL_ALL) {
		weft_client_cancel_all(wf->client, &cancel->cancelled,
				       &cancel->stopping);
		return 0;
	}
	if (cancel->flags & WEFT_CANCEL_TAG) {
		weft_client_cancel_tag(wf->client, cancel->tag,
				       &cancel->cancelled, &cancel->stopping);
		return 0;
	}

	ret = weft_client_cancel(wf->client, cancel->id, &verdict);
	if (ret)
		return ret;
	cancel->verdict = verdicts[verdict];
	cancel->cancelled = verdict == WEFT_WILL_CANCEL;
	cancel->stopping = verdict == WEFT_IS_RUNNING;
	return 0;
}

static long weft_ioc_stats(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	int ret = weft_validate_stats(&arg->stats);

	if (!ret)
		weft_client_stats(wf->client, &arg->stats);
	return ret;
}

static long weft_ioc_restrict(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	int ret = weft_validate_restrict(&arg->narrow);

	if (ret)
		return ret;
	mutex_lock(&wf->setting_up);
	/* A submit reads it without the lock. */
	WRITE_ONCE(wf->ops, wf->ops & arg->narrow.ops);
	arg->narrow.ops = wf->ops;
	mutex_unlock(&wf->setting_up);
	return 0;
}

static long weft_ioc_step(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_step(&arg->step) ?: weft_file_step(wf, &arg->step);
}

static long weft_ioc_buffer(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_buffer(&arg->buffer) ?:
	       weft_file_buffer(wf, &arg->buffer);
}

static long weft_ioc_progress(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_progress(&arg->progress) ?:
	       weft_client_progress(wf->client, &arg->progress);
}

static long weft_ioc_graph(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_graph(&arg->graph, wf->client->credits) ?:
	       weft_file_graph(wf, &arg->graph);
}

static long weft_ioc_graph_result(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_graph_result(&arg->result) ?:
	       weft_file_graph_result(wf, &arg->result);
}

static long weft_ioc_template(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_template(&arg->template) ?:
	       weft_file_template(wf, &arg->template);
}

static long weft_ioc_run(struct weft_file *wf, union weft_ioctl_arg *arg)
{
	return weft_validate_run(&arg->run) ?: weft_file_run(wf, &arg->run);
}

/**
 * struct weft_ioctl_row - An ioctl
 * @size: of its struct
 * @min_size: of its struct as it first was
 * @before_setup: it works on a file that is not set up
 * @fn: does it. Return: what the ioctl returns; a negative errno leaves the
 *	user's struct as it is.
 */
struct weft_ioctl_row {
	size_t size;
	size_t min_size;
	bool before_setup;
	long (*fn)(struct weft_file *wf, union weft_ioctl_arg *arg);
};

static const struct weft_ioctl_row weft_ioctls[] = {
	[_IOC_NR(WEFT_IOC_QUERY)] = {
		.size = sizeof(struct weft_query),
		.min_size = offsetofend(struct weft_query, job_bytes),
		.before_setup = true,
		.fn = weft_ioc_query,
	},
	[_IOC_NR(WEFT_IOC_SETUP)] = {
		.size = sizeof(struct weft_setup),
		.min_size = offsetofend(struct weft_setup, credits),
		.before_setup = true,
		.fn = weft_ioc_setup,
	},
	[_IOC_NR(WEFT_IOC_SUBMIT)] = {
		.size = sizeof(struct weft_submit),
		.min_size = offsetofend(struct weft_submit, __reserved),
		.fn = weft_ioc_submit,
	},
	[_IOC_NR(WEFT_IOC_WAIT)] = {
		.size = sizeof(struct weft_wait),
		.min_size = offsetofend(struct weft_wait, __reserved),
		.fn = weft_ioc_wait,
	},
	[_IOC_NR(WEFT_IOC_CANCEL)] = {
		.size = sizeof(struct weft_cancel),
		.min_size = offsetofend(struct weft_cancel, tag),
		.fn = weft_ioc_cancel,
	},
	[_IOC_NR(WEFT_IOC_STATS)] = {
		.size = sizeof(struct weft_stats),
		.min_size = offsetofend(struct weft_stats, expired),
		.fn = weft_ioc_stats,
	},
	[_IOC_NR(WEFT_IOC_RESTRICT)] = {
		.size = sizeof(struct weft_restrict),
		.min_size = offsetofend(struct weft_restrict, ops),
		.before_setup = true,
		.fn = weft_ioc_restrict,
	},
	[_IOC_NR(WEFT_IOC_STEP)] = {
		.size = sizeof(struct weft_step),
		.min_size = offsetofend(struct weft_step, waiting),
		.fn = weft_ioc_step,
	},
	[_IOC_NR(WEFT_IOC_BUFFER)] = {
		.size = sizeof(struct weft_buffer),
		.min_size = offsetofend(struct weft_buffer, __reserved),
		.fn = weft_ioc_buffer,
	},
	[_IOC_NR(WEFT_IOC_PROGRESS)] = {
		.size = sizeof(struct weft_progress),
		.min_size = offsetofend(struct weft_progress, __reserved),
		.fn = weft_ioc_progress,
	},
	[_IOC_NR(WEFT_IOC_GRAPH)] = {
		.size = sizeof(struct weft_graph),
		.min_size = offsetofend(struct weft_graph, node),
		.fn = weft_ioc_graph,
	},
	[_IOC_NR(WEFT_IOC_GRAPH_RESULT)] = {
		.size = sizeof(struct weft_graph_result),
		.min_size = offsetofend(struct weft_graph_result, __reserved),
		.fn = weft_ioc_graph_result,
	},
	[_IOC_NR(WEFT_IOC_TEMPLATE)] = {
		.size = sizeof(struct weft_template),
		.min_size = offsetofend(struct weft_template, node),
		.fn = weft_ioc_template,
	},
	[_IOC_NR(WEFT_IOC_RUN)] = {
		.size = sizeof(struct weft_run),
		.min_size = offsetofend(struct weft_run, node),
		.fn = weft_ioc_run,
	},
};

static const struct weft_ioctl_row *weft_ioctl_row(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	const struct weft_ioctl_row *row;

	if (nr >= ARRAY_SIZE(weft_ioctls) || cmd != _IO(WEFT_IOC_TYPE, nr))
		return NULL;
	row = &weft_ioctls[array_index_nospec(nr, ARRAY_SIZE(weft_ioctls))];
	/* Numbers are left free in between. */
	return row->fn ? row : NULL;
}

/**
 * weft_file_ioctl() - ioctl() of /dev/weft
 * @file: the open file
 * @cmd: one of WEFT_IOC_*
 * @uarg: the user's address of its struct
 *
 * Return: see the uAPI header.
 */
long weft_file_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	const struct weft_ioctl_row *row = weft_ioctl_row(cmd);
	struct weft_file *wf = file->private_data;
	void __user *user = (void __user *)uarg;
	union weft_ioctl_arg arg;
	size_t known;
	long ret;
	u32 size;

	if (!row)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < row->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, row->size, user, size);
	if (ret)
		return ret;
	if (!row->before_setup && !weft_file_client(wf))
		return -EBADFD;

	/* The size may have been changed under us: put back what we went by. */
	arg.size = size;
	known = min_t(size_t, size, row->size);
	/* All have out fields: find out now whether they can be written. */
	if (copy_to_user(user, &arg, known))
		return -EFAULT;
	ret = row->fn(wf, &arg);
	arg.size = size;
	if (ret >= 0 && copy_to_user(user, &arg, known))
		return -EFAULT;
	return ret;
}
