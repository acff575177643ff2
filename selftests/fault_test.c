// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program sees when the kernel fails it: of each call everything that can
 * fail does so once, an allocation or a copy of user memory, until nothing more
 * fails. Each error is a documented one, nothing is lost or left, and the same call
 * works afterwards.
 */
#include "faults.h"
#include "resources.h"
#include <poll.h>
#include <sys/epoll.h>

#define CREDITS	8

/* More than any of these calls has to fail. */
#define SWEEP	400

/* What a call is made on, and with. */
struct bed {
	int nth;
	__u32 engine;
	int fd;
	struct weft_job job;
	__u64 id;
	unsigned int done;		/* jobs that have ended before the call */
	struct weft_submit submit;
	struct weft_wait wait;
	struct weft_cancel cancel;
	struct weft_graph graph;
	struct weft_template template;
	struct weft_run run;
	struct weft_buffer buffer;
	__u64 bytes;			/* of the client before the call */
	struct weft_progress progress;
	struct resources resources;
	enum holder holder;
	struct weft_completion c[CREDITS];
	const char *file;
	int failures;
};

/*
 * @prepare comes before the fault, @call is what fails and returns a negative errno
 * where it did, @check looks at what it left, and makes the call again.
 */
struct faulty {
	void (*prepare)(struct __test_metadata *_metadata, struct bed *bed);
	int (*call)(struct bed *bed);
	void (*check)(struct __test_metadata *_metadata, struct bed *bed, int ret);
};

/* Return: whether something failed. */
static bool fail_once(struct __test_metadata *_metadata, struct bed *bed,
		      const struct faulty *faulty, int n)
{
	bool failed;
	int ret;

	faulty->prepare(_metadata, bed);
	ASSERT_TRUE(fail_nth(bed->nth, n));
	ret = faulty->call(bed);
	failed = has_failed(bed->nth);
	ASSERT_TRUE(fail_no_more(bed->nth));
	if (ret < 0) {
		EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT)
			TH_LOG("error %d of fault %d", -ret, n);
		bed->failures++;
	}
	faulty->check(_metadata, bed, ret);
	return failed;
}

static void sweep(struct __test_metadata *_metadata, struct bed *bed,
		  const struct faulty *faulty)
{
	int n, i, failed = TRIES;

	for (n = 1; n < SWEEP && failed; n++) {
		failed = 0;
		for (i = 0; i < TRIES; i++)
			failed += fail_once(_metadata, bed, faulty, n);
	}
	EXPECT_GT(SWEEP, n);
}

FIXTURE(fault) {
	struct bed bed;
};

FIXTURE_VARIANT(fault) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(fault, async) {
	.engine = WEFT_ENGINE_ASYNC,
};

FIXTURE_VARIANT_ADD(fault, threads) {
	.engine = WEFT_ENGINE_THREADS,
};

FIXTURE_SETUP(fault)
{
	self->bed = (struct bed){ .nth = open_faults(), .engine = variant->engine };
	ASSERT_LE(0, self->bed.nth);
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, close(self->bed.nth));
}

static void prepare_nothing(struct __test_metadata *_metadata, struct bed *bed)
{
	(void)_metadata;
	bed->fd = -1;
}

static void prepare_device(struct __test_metadata *_metadata, struct bed *bed)
{
	bed->fd = open_device();
	ASSERT_LE(0, bed->fd);
}

static void prepare_client(struct __test_metadata *_metadata, struct bed *bed)
{
	bed->fd = open_client(bed->engine, CREDITS);
	ASSERT_LE(0, bed->fd);
	bed->submit = (struct weft_submit){
		.size = sizeof(bed->submit),
		.jobs = (uintptr_t)&bed->job,
		.ids = (uintptr_t)&bed->id,
		.count = 1,
	};
}

/* Two completions are there. */
static void prepare_done(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_client(_metadata, bed);
	ASSERT_EQ(1, submit_one(bed->fd, nop_job(0), NULL));
	ASSERT_EQ(1, submit_one(bed->fd, nop_job(1), NULL));
	ASSERT_EQ(2, wait_done(bed->fd, 2));
	memset(bed->c, 0, sizeof(bed->c));
	bed->wait = (struct weft_wait){
		.size = sizeof(bed->wait),
		.completions = (uintptr_t)bed->c,
		.timeout_ns = WEFT_WAIT_FOREVER,
		.capacity = CREDITS,
		.min = 2,
	};
}

/* A job waits. */
static void prepare_sleeper(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_client(_metadata, bed);
	ASSERT_EQ(1, submit_one(bed->fd, sleep_job(7, HOUR), &bed->id));
	ASSERT_EQ(true, until_waiting(bed->fd, 1));
}

/* The client has all of its credits, works, and is closed. */
static void check_client(struct __test_metadata *_metadata, struct bed *bed)
{
	struct weft_completion c;
	struct weft_stats stats;

	EXPECT_EQ(0, look(bed->fd));
	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	EXPECT_EQ(stats.accepted, stats.done);
	EXPECT_EQ(stats.done, stats.reaped);
	EXPECT_EQ(1, run_job(bed->fd, nop_job(9), &c));
	EXPECT_EQ(9, c.user_data);
	EXPECT_EQ(0, close(bed->fd));
}

static int call_open(struct bed *bed)
{
	bed->fd = open_device();
	return bed->fd < 0 ? bed->fd : 0;
}

static void check_open(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	if (ret) {
		bed->fd = open_device();
		ASSERT_LE(0, bed->fd);
	}
	EXPECT_EQ(0, setup_client(bed->fd, bed->engine, CREDITS));
	check_client(_metadata, bed);
}

TEST_F(fault, open_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_nothing, call_open, check_open });
	EXPECT_LT(0, self->bed.failures);
}

static int call_setup(struct bed *bed)
{
	return setup_client(bed->fd, bed->engine, CREDITS);
}

/* When only the answer could not be copied, it is set up. */
static void check_setup(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	int again = setup_client(bed->fd, bed->engine, CREDITS);

	if (!ret) {
		EXPECT_EQ(-EBADFD, again);
	} else if (ret == -ENOMEM) {
		EXPECT_EQ(0, again);
	} else {
		EXPECT_TRUE(!again || again == -EBADFD);
	}
	check_client(_metadata, bed);
}

TEST_F(fault, setup_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_device, call_setup, check_setup });
	EXPECT_LT(0, self->bed.failures);
}

static int call_submit(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_SUBMIT, &bed->submit);
}

/*
 * The job was refused and has left nothing, or was accepted and completes once. When
 * only the answer could not be copied, it was accepted.
 */
static void check_submit(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	__u32 error = bed->submit.error;
	struct weft_stats stats;
	unsigned int i;

	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	ASSERT_GE(1, stats.accepted);
	if (!ret) {
		EXPECT_TRUE(error == ENOMEM || error == EFAULT)
			TH_LOG("error %u", error);
		EXPECT_EQ(1, stats.refused);
		bed->failures++;
	}
	if (ret >= 0) {
		EXPECT_EQ(ret, stats.accepted);
		EXPECT_EQ(ret, bed->submit.accepted);
	}
	for (i = 0; i < stats.accepted; i++) {
		ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
		EXPECT_EQ(bed->id, bed->c[0].id);
		EXPECT_LE(0, bed->c[0].result);
	}
	EXPECT_EQ(1, run_job(bed->fd, bed->job, bed->c));
	EXPECT_LE(0, bed->c[0].result);
	check_client(_metadata, bed);
}

static void sweep_submit(struct __test_metadata *_metadata, struct bed *bed,
			 struct weft_job job)
{
	bed->job = job;
	sweep(_metadata, bed, &(struct faulty){
		prepare_client, call_submit, check_submit });
	EXPECT_LT(0, bed->failures);
}

TEST_F(fault, submit_of_a_nop_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed, nop_job(1));
}

TEST_F(fault, submit_of_a_yield_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed, yield_job(1, 3));
}

TEST_F(fault, submit_of_a_spin_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed, spin_job(1, 2 * USEC));
}

TEST_F(fault, submit_of_a_sleep_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed, sleep_job(1, 100 * USEC));
}

TEST_F(fault, submit_of_a_work_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed, work_job(1, 2, 2 * USEC, 50 * USEC));
}

TEST_F(fault, submit_of_a_job_with_a_deadline_fails_cleanly)
{
	sweep_submit(_metadata, &self->bed,
		     with_deadline(sleep_job(1, 100 * USEC), INT64_MAX));
}

/* A job with files, and with a buffer of this client. */
static void prepare_holder(struct __test_metadata *_metadata, struct bed *bed)
{
	struct resources own = bed->resources;

	prepare_client(_metadata, bed);
	ASSERT_EQ(0, make_area(bed->fd, RESOURCE_BYTES, &own.area));
	unmap_area(&own.area);
	bed->job = holder_job(&own, bed->holder);
}

TEST_F(fault, submit_of_a_job_with_files_fails_cleanly)
{
	const char *held;
	int i;

	ASSERT_TRUE(open_resources(&self->bed.resources, variant->engine, CREDITS));
	for (i = 0; i < HOLD_POLL_FOR_EVER; i++) {
		self->bed.holder = i;
		self->bed.failures = 0;
		sweep(_metadata, &self->bed, &(struct faulty){
			prepare_holder, call_submit, check_submit });
		EXPECT_LT(0, self->bed.failures) TH_LOG("holder %d", i);
	}
	held = what_is_held(&self->bed.resources);
	EXPECT_EQ(NULL, held) TH_LOG("held: %s", held);
}

static void prepare_buffer(struct __test_metadata *_metadata, struct bed *bed)
{
	struct weft_stats stats;

	prepare_client(_metadata, bed);
	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	bed->bytes = stats.bytes;
}

static int call_buffer(struct bed *bed)
{
	bed->buffer = (struct weft_buffer){ .size = sizeof(bed->buffer), .bytes = 20000 };
	return call(bed->fd, WEFT_IOC_BUFFER, &bed->buffer);
}

/* It is there, or nothing counts; if only its number was not told, it counts. */
static void check_buffer(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	struct weft_stats before, after;

	ASSERT_EQ(0, get_stats(bed->fd, &before));
	if (ret == -ENOMEM) {
		EXPECT_EQ(bed->bytes, before.bytes);
	} else {
		EXPECT_LE(bed->bytes, before.bytes);
	}
	ASSERT_EQ(0, call_buffer(bed));
	ASSERT_EQ(0, get_stats(bed->fd, &after));
	EXPECT_EQ(before.bytes + bed->buffer.bytes, after.bytes);
	if (ret == -ENOMEM) {
		EXPECT_EQ(0, bed->buffer.index);
	}
	ASSERT_EQ(0, free_buffer(bed->fd, bed->buffer.index));
	ASSERT_EQ(0, get_stats(bed->fd, &after));
	EXPECT_EQ(before.bytes, after.bytes);
	check_client(_metadata, bed);
}

TEST_F(fault, buffer_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_buffer, call_buffer, check_buffer });
	EXPECT_LT(0, self->bed.failures);
}

static int call_progress(struct bed *bed)
{
	bed->progress = (struct weft_progress){
		.size = sizeof(bed->progress),
		.id = bed->id,
	};
	return call(bed->fd, WEFT_IOC_PROGRESS, &bed->progress);
}

static void check_progress(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	(void)ret;
	EXPECT_EQ(0, call_progress(bed));
	EXPECT_EQ(0, bed->progress.ended);
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(bed->fd, bed->id));
	EXPECT_EQ(1, reap(bed->fd, bed->c, 1));
	check_client(_metadata, bed);
}

TEST_F(fault, progress_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_sleeper, call_progress, check_progress });
	EXPECT_LT(0, self->bed.failures);
}

static struct weft_node nodes[3];

static void prepare_graph(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_client(_metadata, bed);
	memset(nodes, 0, sizeof(nodes));
	nodes[1].after_success = 1;
	nodes[2].flags = WEFT_NODE_FINALLY;
	bed->graph = (struct weft_graph){
		.size = sizeof(bed->graph),
		.nodes = (uintptr_t)nodes,
		.count = 3,
		.deadline_ns = in_ns(HOUR),
	};
}

static int call_graph(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_GRAPH, &bed->graph);
}

/* Refused, and nothing is left; or accepted, and completes once. */
static void check_graph(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	__u32 error = bed->graph.error;
	struct weft_stats stats;

	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	if (!ret) {
		EXPECT_TRUE(error == ENOMEM || error == EFAULT)
			TH_LOG("error %u", error);
		EXPECT_EQ(0, stats.accepted);
		EXPECT_EQ(1, stats.refused);
		bed->failures++;
	}
	if (stats.accepted) {
		EXPECT_EQ(4, stats.accepted);
		ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
		EXPECT_EQ(0, bed->c[0].result);
	}
	ASSERT_EQ(1, call_graph(bed));
	ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
	EXPECT_EQ(0, bed->c[0].result);
	EXPECT_EQ(0, look(bed->fd));
	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	EXPECT_EQ(stats.accepted, stats.done);
	EXPECT_EQ(0, close(bed->fd));
}

TEST_F(fault, graph_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_graph, call_graph, check_graph });
	EXPECT_LT(0, self->bed.failures);
}

static void prepare_template(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_graph(_metadata, bed);
	bed->template = (struct weft_template){
		.size = sizeof(bed->template),
		.nodes = (uintptr_t)nodes,
		.count = 3,
	};
}

static int call_template(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_TEMPLATE, &bed->template);
}

/* What was kept can be run; else it can be kept now. */
static void check_template(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	struct weft_run run = { .size = sizeof(run) };
	__u32 error = bed->template.error;

	if (!ret) {
		EXPECT_TRUE(error == ENOMEM || error == EFAULT)
			TH_LOG("error %u", error);
		bed->failures++;
	}
	if (ret != 1)
		ASSERT_EQ(1, call_template(bed));
	run.number = bed->template.number;
	ASSERT_EQ(1, call(bed->fd, WEFT_IOC_RUN, &run));
	ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
	EXPECT_EQ(0, bed->c[0].result);
	EXPECT_EQ(0, close(bed->fd));
}

TEST_F(fault, template_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_template, call_template, check_template });
	EXPECT_LT(0, self->bed.failures);
}

static void prepare_run(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_template(_metadata, bed);
	ASSERT_EQ(1, call_template(bed));
	bed->run = (struct weft_run){
		.size = sizeof(bed->run),
		.number = bed->template.number,
	};
}

static int call_run(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_RUN, &bed->run);
}

/* As check_graph(); the template is there all the same. */
static void check_run(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	__u32 error = bed->run.error;
	struct weft_stats stats;

	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	if (!ret) {
		EXPECT_TRUE(error == ENOMEM || error == EFAULT)
			TH_LOG("error %u", error);
		EXPECT_EQ(0, stats.accepted);
		bed->failures++;
	}
	if (stats.accepted) {
		ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
		EXPECT_EQ(0, bed->c[0].result);
	}
	ASSERT_EQ(1, call_run(bed));
	ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
	EXPECT_EQ(0, bed->c[0].result);
	EXPECT_EQ(0, close(bed->fd));
}

TEST_F(fault, run_of_a_template_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_run, call_run, check_run });
	EXPECT_LT(0, self->bed.failures);
}

/* A graph that has ended, and whose results are kept. */
static void prepare_results(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_graph(_metadata, bed);
	bed->graph.flags = WEFT_GRAPH_KEEP;
	ASSERT_EQ(1, call_graph(bed));
	ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
}

static int look_at_results(struct bed *bed)
{
	static struct weft_node_result results[3];
	struct weft_graph_result look = {
		.size = sizeof(look),
		.flags = WEFT_RESULT_FREE,
		.id = bed->graph.id,
		.results = (uintptr_t)results,
		.capacity = 3,
	};
	int ret = call(bed->fd, WEFT_IOC_GRAPH_RESULT, &look);

	return ret == 3 && results[1].state != WEFT_NODE_ENDED ? -EPROTO : ret;
}

/* They are there still, or were given up after they had been handed out. */
static void check_results(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	int again = look_at_results(bed);
	struct weft_stats stats;

	EXPECT_TRUE(again == -ENOENT ? ret == 3 || ret == -EFAULT : again == 3 && ret < 0)
		TH_LOG("first %d, then %d", ret, again);
	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	EXPECT_EQ(0, close(bed->fd));
}

TEST_F(fault, results_of_a_graph_fail_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_results, look_at_results, check_results });
	EXPECT_LT(0, self->bed.failures);
}

static int call_wait(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_WAIT, &bed->wait);
}

/* Both are there still, or both were handed out and only the count was not. */
static void check_wait(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	struct weft_stats stats;

	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	EXPECT_TRUE(stats.reaped == 2 || (ret < 0 && !stats.reaped));
	if (!stats.reaped) {
		ASSERT_EQ(2, call(bed->fd, WEFT_IOC_WAIT, &bed->wait));
	}
	EXPECT_TRUE(exactly_once(bed->c, 2));
	check_client(_metadata, bed);
}

TEST_F(fault, wait_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_done, call_wait, check_wait });
	EXPECT_LT(0, self->bed.failures);
}

static int call_read(struct bed *bed)
{
	return read_completions(bed->fd, bed->c, sizeof(bed->c));
}

static void check_read(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	const int both = 2 * sizeof(*bed->c);

	if (ret < 0) {
		EXPECT_EQ(2, look(bed->fd));
		ret = call_read(bed);
	}
	EXPECT_EQ(both, ret);
	EXPECT_TRUE(exactly_once(bed->c, 2));
	check_client(_metadata, bed);
}

TEST_F(fault, read_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_done, call_read, check_read });
	EXPECT_LT(0, self->bed.failures);
}

static int call_poll(struct bed *bed)
{
	struct pollfd p = { .fd = bed->fd, .events = POLLIN };
	int ret = poll(&p, 1, -1);

	return ret < 0 ? -errno : p.revents;
}

static void check_poll(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	if (ret < 0)
		ret = call_poll(bed);
	EXPECT_EQ(POLLIN, ret);
	ASSERT_EQ(2, reap(bed->fd, bed->c, 2));
	EXPECT_TRUE(exactly_once(bed->c, 2));
	check_client(_metadata, bed);
}

TEST_F(fault, poll_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_done, call_poll, check_poll });
	EXPECT_LT(0, self->bed.failures);
}

static int call_epoll(struct bed *bed)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ret, ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0)
		return -errno;
	ret = epoll_ctl(ep, EPOLL_CTL_ADD, bed->fd, &event);
	if (!ret)
		ret = epoll_wait(ep, &event, 1, -1);
	ret = ret < 0 ? -errno : (int)event.events;
	close(ep);
	return ret;
}

static void check_epoll(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	if (ret < 0)
		ret = call_epoll(bed);
	EXPECT_EQ(EPOLLIN, ret);
	ASSERT_EQ(2, reap(bed->fd, bed->c, 2));
	EXPECT_TRUE(exactly_once(bed->c, 2));
	check_client(_metadata, bed);
}

TEST_F(fault, epoll_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_done, call_epoll, check_epoll });
	EXPECT_LT(0, self->bed.failures);
}

static void prepare_cancel(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_sleeper(_metadata, bed);
	bed->cancel = (struct weft_cancel){ .size = sizeof(bed->cancel), .id = bed->id };
}

static void prepare_cancel_all(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_sleeper(_metadata, bed);
	bed->cancel = (struct weft_cancel){
		.size = sizeof(bed->cancel), .flags = WEFT_CANCEL_ALL,
	};
}

static void prepare_cancel_tag(struct __test_metadata *_metadata, struct bed *bed)
{
	prepare_sleeper(_metadata, bed);
	bed->cancel = (struct weft_cancel){
		.size = sizeof(bed->cancel), .flags = WEFT_CANCEL_TAG,
	};
}

static int call_cancel(struct bed *bed)
{
	return call(bed->fd, WEFT_IOC_CANCEL, &bed->cancel);
}

/* Cancelled or not, the job is there until it is reaped, and ends once. */
static void check_cancel(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	if (!ret) {
		EXPECT_EQ(1, bed->cancel.cancelled);
	}
	EXPECT_LT(0, cancel_job(bed->fd, bed->id));
	ASSERT_EQ(1, reap(bed->fd, bed->c, 1));
	EXPECT_EQ(7, bed->c[0].user_data);
	EXPECT_EQ(-ECANCELED, bed->c[0].result);
	check_client(_metadata, bed);
}

TEST_F(fault, cancel_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_cancel, call_cancel, check_cancel });
	EXPECT_LT(0, self->bed.failures);
}

TEST_F(fault, cancel_of_all_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_cancel_all, call_cancel, check_cancel });
	EXPECT_LT(0, self->bed.failures);
}

TEST_F(fault, cancel_of_a_tag_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_cancel_tag, call_cancel, check_cancel });
	EXPECT_LT(0, self->bed.failures);
}

static int call_stats(struct bed *bed)
{
	struct weft_stats stats;

	return get_stats(bed->fd, &stats);
}

static int call_query(struct bed *bed)
{
	struct weft_query query;

	return get_query(bed->fd, &query);
}

static int call_restrict(struct bed *bed)
{
	__u64 left;

	return restrict_ops(bed->fd, 1ULL << WEFT_OP_NOP, &left);
}

static void end_sleeper(struct __test_metadata *_metadata, struct bed *bed)
{
	ASSERT_EQ(1, cancel_and_reap(bed->fd, bed->c, 1));
	EXPECT_EQ(bed->id, bed->c[0].id);
	EXPECT_EQ(-ECANCELED, bed->c[0].result);
	check_client(_metadata, bed);
}

static void check_stats(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	struct weft_stats stats;

	(void)ret;
	ASSERT_EQ(0, get_stats(bed->fd, &stats));
	EXPECT_EQ(1, stats.accepted);
	EXPECT_EQ(1, stats.waiting);
	EXPECT_EQ(0, stats.done + stats.refused);
	end_sleeper(_metadata, bed);
}

TEST_F(fault, stats_fail_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_sleeper, call_stats, check_stats });
	EXPECT_LT(0, self->bed.failures);
}

TEST_F(fault, query_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_sleeper, call_query, check_stats });
	EXPECT_LT(0, self->bed.failures);
}

/* The ops are gone, or none is. */
static void check_restrict(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	struct weft_query query;

	ASSERT_EQ(0, get_query(bed->fd, &query));
	EXPECT_TRUE(query.ops == 1 || (ret < 0 && query.ops == KNOWN_OPS));
	EXPECT_EQ(0, call_restrict(bed));
	check_stats(_metadata, bed, ret);
}

TEST_F(fault, restrict_fails_cleanly)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_sleeper, call_restrict, check_restrict });
	EXPECT_LT(0, self->bed.failures);
}

static int call_close(struct bed *bed)
{
	return close(bed->fd) ? -errno : 0;
}

static void check_close(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(until_gone(getpid(), bed->engine));
}

TEST_F(fault, close_does_not_fail)
{
	sweep(_metadata, &self->bed, &(struct faulty){
		prepare_sleeper, call_close, check_close });
	EXPECT_EQ(0, self->bed.failures);
}

static int call_file(struct bed *bed)
{
	char path[64], text[4096];
	ssize_t len;
	int fd, ret;

	snprintf(path, sizeof(path), DEBUGFS "%s", bed->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		len = read(fd, text, sizeof(text));
	} while (len > 0);
	ret = len < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static void check_file(struct __test_metadata *_metadata, struct bed *bed, int ret)
{
	(void)ret;
	EXPECT_EQ(0, call_file(bed));
	end_sleeper(_metadata, bed);
}

static void sweep_file(struct __test_metadata *_metadata, struct bed *bed,
		       const char *file)
{
	bed->file = file;
	bed->failures = 0;
	sweep(_metadata, bed, &(struct faulty){
		prepare_sleeper, call_file, check_file });
	EXPECT_LT(0, bed->failures) TH_LOG("file %s", file);
}

TEST_F(fault, debugfs_fails_cleanly)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table_files); i++)
		sweep_file(_metadata, &self->bed, table_files[i]);
	sweep_file(_metadata, &self->bed, "stacks");
}

/* The threads that poll have something to fail as well, if they would do it. */
static int open_nth_of(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", tid);
	return open(path, O_RDWR | O_CLOEXEC);
}

#define MOST_THREADS	64

/* Those of the column @column of the table @file. */
static int open_nths(int *nths, const char *file, const char *column)
{
	static struct table t;
	unsigned int i;

	if (table_read(&t, file) || !t.rows || t.rows > MOST_THREADS)
		return -1;
	for (i = 0; i < t.rows; i++) {
		nths[i] = open_nth_of(table_number(&t, i + 1, column));
		if (nths[i] < 0)
			return -1;
	}
	return t.rows;
}

/*
 * Jobs of each op, some of which end by themselves, by a deadline, or by a cancel.
 * Return: whether each one ended as it should.
 */
static bool run_each_op(int fd)
{
	enum { N = CREDITS };
	const struct weft_job jobs[N] = {
		nop_job(0), yield_job(1, 3), spin_job(2, MSEC), sleep_job(3, MSEC),
		work_job(4, 3, USEC, USEC), with_deadline(sleep_job(5, HOUR), 1),
		with_deadline(sleep_job(6, HOUR), in_ns(MSEC)), sleep_job(7, HOUR),
	};
	struct weft_completion c[N];
	__u64 ids[N];
	bool ok;
	int i;

	ok = submit_all(fd, jobs, ids, N) == N && until_waiting(fd, 1) &&
	     cancel_job(fd, ids[N - 1]) == WEFT_CANCELLED && reap(fd, c, N) == N &&
	     exactly_once(c, N);
	for (i = 0; ok && i < N; i++) {
		if (c[i].user_data < 5)
			ok = c[i].result >= 0;
		else
			ok = c[i].result == (c[i].user_data < 7 ? -ETIME : -ECANCELED);
	}
	return ok;
}

/* That nothing fails in a worker is so because it allocates nothing. */
TEST(workers_have_nothing_that_can_fail)
{
	int fd = open_client(WEFT_ENGINE_ASYNC, CREDITS);
	int i, try, n, nths[MOST_THREADS];
	bool failed = true;

	ASSERT_LE(0, fd);
	close(open_faults());
	n = open_nths(nths, "workers", "pid");
	ASSERT_LT(0, n);
	for (try = 0; try < TRIES && failed; try++) {
		for (i = 0; i < n; i++) {
			ASSERT_TRUE(fail_nth(nths[i], 1));
		}
		EXPECT_TRUE(run_each_op(fd));
		for (failed = false, i = 0; i < n; i++) {
			failed |= has_failed(nths[i]);
			ASSERT_TRUE(fail_nth(nths[i], 0));
		}
	}
	EXPECT_FALSE(failed);
	for (i = 0; i < n; i++)
		close(nths[i]);
	EXPECT_EQ(0, close(fd));
}

/* Return: whether something failed in the thread of a job. */
static bool fail_in_thread(struct __test_metadata *_metadata, int fd, struct weft_job job)
{
	struct weft_completion c;
	int n, nths[MOST_THREADS];
	bool failed;

	ASSERT_EQ(1, submit_one(fd, job, NULL));
	n = open_nths(nths, "tasks", "tid");
	ASSERT_EQ(1, n);
	ASSERT_TRUE(fail_nth(nths[0], 1));
	/* It goes on for a moment, or waits, and then ends. */
	EXPECT_EQ(-ETIME, wait_until(fd, NULL, 0, 1, in_ns(2 * MSEC)));
	failed = has_failed(nths[0]);
	ASSERT_EQ(1, cancel_and_reap(fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(0, look(fd));
	close(nths[0]);
	return failed;
}

TEST(threads_have_nothing_that_can_fail)
{
	const struct weft_job jobs[] = {
		yield_job(1, ~0ULL), spin_job(1, HOUR), sleep_job(1, HOUR),
		work_job(1, ~0U, USEC, USEC), with_deadline(sleep_job(1, HOUR), INT64_MAX),
	};
	int try, fd = open_client(WEFT_ENGINE_THREADS, CREDITS);
	bool failed;
	size_t i;

	ASSERT_LE(0, fd);
	close(open_faults());
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		failed = true;
		for (try = 0; try < TRIES && failed; try++)
			failed = fail_in_thread(_metadata, fd, jobs[i]);
		EXPECT_FALSE(failed) TH_LOG("op %u", jobs[i].op);
	}
	EXPECT_EQ(0, close(fd));
}

WEFT_TEST_MAIN
