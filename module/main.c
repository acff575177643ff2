// SPDX-License-Identifier: GPL-2.0-only
/* Parameters, and the order in which things come and go. */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/weft.h>

#include "core/executor.h"
#include "front/front.h"

#define WEFT_DEFAULT_WORKERS	4U

/* Offsets of mmap() have 32 bits for the offset in a buffer. */
#define WEFT_MAX_BUFFER_MIB	1024U
/* A long counts bytes. */
#define WEFT_MAX_USER_BUFFER_MIB	(BITS_PER_LONG == 64 ? 1048576U : 1024U)

static unsigned int workers;
module_param(workers, uint, 0444);
MODULE_PARM_DESC(workers, "kernel threads that poll tasks, 1-64 (default: as many as CPUs are online, at most 4)");

static unsigned int max_threads;
module_param(max_threads, uint, 0444);
MODULE_PARM_DESC(max_threads, "most kernel threads at once on the threads engine, 1-4194304 (default: three quarters of the kernel's own default for this much memory, at most 24000)");

static unsigned int max_credits = WEFT_MAX_CREDITS;
module_param(max_credits, uint, 0444);
MODULE_PARM_DESC(max_credits, "most jobs of one client at once, 1-1048576 (default: 1048576)");

static unsigned int max_user_clients = 4096;
module_param(max_user_clients, uint, 0444);
MODULE_PARM_DESC(max_user_clients, "most clients of one user at once (default: 4096)");

static unsigned int max_user_credits = 4 * WEFT_MAX_CREDITS;
module_param(max_user_credits, uint, 0444);
MODULE_PARM_DESC(max_user_credits, "most jobs of all clients of one user at once (default: 4194304)");

static unsigned int max_punts = WEFT_DEFAULT_PUNTS;
module_param(max_punts, uint, 0444);
MODULE_PARM_DESC(max_punts, "most steps of jobs at once on the blocking pool, 1-512 (default: 32)");

static unsigned int max_buffer_mib = 64;
module_param(max_buffer_mib, uint, 0444);
MODULE_PARM_DESC(max_buffer_mib, "most memory of the buffers of one client, in MiB, 1-1024 (default: 64)");

static unsigned int max_user_buffer_mib = 1024;
module_param(max_user_buffer_mib, uint, 0444);
MODULE_PARM_DESC(max_user_buffer_mib, "most memory of the buffers of all clients of one user, in MiB, 1-1048576 (default: 1024)");

static unsigned int max_templates = 256;
module_param(max_templates, uint, 0444);
MODULE_PARM_DESC(max_templates, "most templates of one client, at least 1 (default: 256)");

static bool timing = true;
module_param(timing, bool, 0444);
MODULE_PARM_DESC(timing, "take the time of each poll, for receipts and histograms (default: Y)");

static unsigned int poll_budget_us = 10000;
module_param(poll_budget_us, uint, 0444);
MODULE_PARM_DESC(poll_budget_us, "a poll on a worker that takes longer is an offence, in us; 0 for none; needs timing (default: 10000)");

static unsigned int recorder = 8192;
module_param(recorder, uint, 0444);
MODULE_PARM_DESC(recorder, "events that the flight recorder keeps of each CPU, up to 1048576, rounded up to a power of two; 0 for none; needs timing (default: 8192)");

static unsigned int recorder_brief_ns = 1000;
module_param(recorder_brief_ns, uint, 0444);
MODULE_PARM_DESC(recorder_brief_ns, "polls that yield sooner are counted by the flight recorder, not recorded one by one; 0 to record all (default: 1000)");

static struct weft_runtime *weft_runtime;
static struct weft_device weft_device;
static struct dentry *weft_debugfs;

/*
 * The kernel's default for kernel.threads-max is an eighth of memory in thread
 * stacks. Some must be left for everything else, also of the pids.
 */
static unsigned int __init weft_default_threads(void)
{
	u64 kernel = ((u64)totalram_pages() << PAGE_SHIFT) / (8 * THREAD_SIZE);

	return clamp_t(u64, kernel * 3 / 4, 64, 24000);
}

static int __init weft_check_parameters(void)
{
	if (!workers)
		workers = min(num_online_cpus(), WEFT_DEFAULT_WORKERS);
	if (!max_threads)
		max_threads = weft_default_threads();
	if (workers > WEFT_MAX_WORKERS) {
		pr_err("weft: workers=%u is out of range, 1 to %u\n", workers,
		       (unsigned int)WEFT_MAX_WORKERS);
		return -EINVAL;
	}
	if (max_threads > PID_MAX_LIMIT) {
		pr_err("weft: max_threads=%u is out of range, 1 to %u\n",
		       max_threads, (unsigned int)PID_MAX_LIMIT);
		return -EINVAL;
	}
	if (!max_credits || max_credits > WEFT_MAX_CREDITS) {
		pr_err("weft: max_credits=%u is out of range, 1 to %u\n",
		       max_credits, WEFT_MAX_CREDITS);
		return -EINVAL;
	}
	if (!max_punts || max_punts > WEFT_MAX_PUNTS) {
		pr_err("weft: max_punts=%u is out of range, 1 to %u\n",
		       max_punts, WEFT_MAX_PUNTS);
		return -EINVAL;
	}
	if (!max_buffer_mib || max_buffer_mib > WEFT_MAX_BUFFER_MIB ||
	    !max_user_buffer_mib ||
	    max_user_buffer_mib > WEFT_MAX_USER_BUFFER_MIB) {
		pr_err("weft: max_buffer_mib or max_user_buffer_mib is out of range, 1 to %u and 1 to %u\n",
		       WEFT_MAX_BUFFER_MIB, WEFT_MAX_USER_BUFFER_MIB);
		return -EINVAL;
	}
	if (!max_user_clients || !max_user_credits) {
		pr_err("weft: max_user_clients and max_user_credits must be at least 1\n");
		return -EINVAL;
	}
	if (recorder > WEFT_RECORDER_MAX) {
		pr_err("weft: recorder=%u is out of range, 0 to %u\n", recorder,
		       WEFT_RECORDER_MAX);
		return -EINVAL;
	}
	if (!max_templates) {
		pr_err("weft: max_templates must be at least 1\n");
		return -EINVAL;
	}
	return 0;
}

static int __init weft_init(void)
{
	struct weft_executor_config config;
	struct weft_limits limits;
	int ret;

	ret = weft_check_parameters();
	if (ret)
		return ret;
	ret = weft_io_init();
	if (ret)
		return ret;
	weft_submit_init();

	config = (struct weft_executor_config){
		.name = "weft",
		.workers = workers,
		.max_threads = max_threads,
		.max_punts = max_punts,
		.timing = timing,
		.budget_ns = (u64)poll_budget_us * NSEC_PER_USEC,
		.recorder = recorder,
		.brief_ns = recorder_brief_ns,
	};
	limits = (struct weft_limits){
		.max_credits = max_credits,
		.max_user_clients = max_user_clients,
		.max_user_credits = max_user_credits,
		.max_buffer_bytes = (long)max_buffer_mib << 20,
		.max_user_buffer_bytes = (long)max_user_buffer_mib << 20,
		.max_templates = max_templates,
	};
	weft_runtime = weft_runtime_create(&config, &limits);
	if (IS_ERR(weft_runtime)) {
		ret = PTR_ERR(weft_runtime);
		goto err_io;
	}

	weft_debugfs = weft_debugfs_create(weft_runtime);
	ret = weft_device_register(&weft_device, weft_runtime);
	if (ret)
		goto err_debugfs;
	return 0;

err_debugfs:
	debugfs_remove_recursive(weft_debugfs);
	weft_runtime_destroy(weft_runtime);
err_io:
	weft_io_exit();
	return ret;
}

static void __exit weft_exit(void)
{
	weft_device_deregister(&weft_device);
	debugfs_remove_recursive(weft_debugfs);
	weft_runtime_destroy(weft_runtime);
	weft_io_exit();
}

module_init(weft_init);
module_exit(weft_exit);

MODULE_DESCRIPTION("Async task runner");
MODULE_LICENSE("GPL");
