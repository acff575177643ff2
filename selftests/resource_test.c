// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and buffers of jobs and of nodes of graphs are given back exactly once: after
 * success, failure, skip, cancel, deadline, a batch that is refused, and close. Twice
 * would be seen by refcount_t and KASAN, never by what is_held() sees.
 */
#include "resources.h"

#define CREDITS	64
#define BIT(n)	(1ULL << (n))

FIXTURE(resource) {
	struct resources r;
	struct weft_completion c[CREDITS];
};

FIXTURE_VARIANT(resource) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(resource, async) { .engine = WEFT_ENGINE_ASYNC };
FIXTURE_VARIANT_ADD(resource, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_SETUP(resource)
{
	ASSERT_TRUE(open_resources(&self->r, variant->engine, CREDITS));
}

FIXTURE_TEARDOWN(resource)
{
	const char *held = what_is_held(&self->r);

	EXPECT_EQ(NULL, held) TH_LOG("held: %s", held);
}

/* One node for each op, and edges as the test has them. */
static void make_nodes(const struct resources *r, struct weft_node *n, unsigned int count)
{
	unsigned int i;

	memset(n, 0, count * sizeof(*n));
	for (i = 0; i < count; i++)
		n[i].job = holder_job(r, i);
}

static int submit_nodes(struct resources *r, const struct weft_node *n, unsigned int count,
			struct weft_graph *graph)
{
	graph->size = sizeof(*graph);
	graph->nodes = (uintptr_t)n;
	graph->count = count;
	return call(r->client, WEFT_IOC_GRAPH, graph);
}

TEST_F(resource, jobs_that_end_give_back_all)
{
	struct weft_job jobs[HOLD_POLL_FOR_EVER];
	int i;

	for (i = 0; i < HOLD_POLL_FOR_EVER; i++)
		jobs[i] = holder_job(&self->r, i);
	ASSERT_EQ(HOLD_POLL_FOR_EVER, submit_all(self->r.client, jobs, NULL, i));
	ASSERT_EQ(HOLD_POLL_FOR_EVER, reap(self->r.client, self->c, i));
	for (i = 0; i < HOLD_POLL_FOR_EVER; i++)
		EXPECT_LE(0, self->c[i].result) TH_LOG("op %u", self->c[i].op);
}

TEST_F(resource, jobs_that_are_cancelled_give_back_all)
{
	unsigned int i;
	int round;

	/* At any point of their lives. */
	for (round = 0; round < 20; round++) {
		for (i = 0; i < HOLDERS; i++)
			ASSERT_EQ(1, submit_one(self->r.client, holder_job(&self->r, i), NULL));
		ASSERT_EQ(HOLDERS, cancel_and_reap(self->r.client, self->c, HOLDERS));
	}
}

/* The last one of the batch is refused, and so cut off what was prepared before it. */
TEST_F(resource, refused_jobs_give_back_all)
{
	struct weft_job jobs[2];
	unsigned int i;
	__u32 error;

	for (i = 0; i < HOLDERS; i++) {
		jobs[0] = holder_job(&self->r, i);
		jobs[0].flags = 0x8000;
		ASSERT_EQ(0, submit_batch(self->r.client, jobs, NULL, 1, &error));
		EXPECT_EQ(EINVAL, error);
		jobs[0] = with_deadline(holder_job(&self->r, i), 1ULL << 63);
		ASSERT_EQ(0, submit_batch(self->r.client, jobs, NULL, 1, &error));
		EXPECT_EQ(EINVAL, error);
	}
	/* The file is taken first, and then the buffer is not there. */
	jobs[0] = holder_job(&self->r, HOLD_READ);
	jobs[0].rw.start = RESOURCE_BYTES;
	jobs[1] = holder_job(&self->r, HOLD_STORE);
	jobs[1].verify.start = RESOURCE_BYTES;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, submit_batch(self->r.client, &jobs[i], NULL, 1, &error));
		EXPECT_EQ(EFAULT, error);
	}
	/* The first file is taken, and the second one is not there. */
	jobs[0] = holder_job(&self->r, HOLD_COPY);
	jobs[0].copy.out = -1;
	ASSERT_EQ(0, submit_batch(self->r.client, jobs, NULL, 1, &error));
	EXPECT_EQ(EBADF, error);
}

TEST_F(resource, graph_that_ends_gives_back_all)
{
	struct weft_node n[HOLD_POLL_FOR_EVER];
	struct weft_graph graph = { 0 };
	int i;

	make_nodes(&self->r, n, HOLD_POLL_FOR_EVER);
	for (i = 1; i < HOLD_POLL_FOR_EVER; i++)
		n[i].after_success = BIT(i - 1);
	ASSERT_EQ(1, submit_nodes(&self->r, n, HOLD_POLL_FOR_EVER, &graph));
	ASSERT_EQ(1, reap(self->r.client, self->c, 1));
	EXPECT_EQ(0, self->c[0].result);
}

/* Also of a graph whose results are still to be looked at. */
TEST_F(resource, nodes_that_are_skipped_give_back_all)
{
	struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };
	struct weft_graph_result look = {
		.size = sizeof(look),
		.flags = WEFT_RESULT_FREE,
	};
	struct weft_node n[HOLDERS + 1];
	int i;

	make_nodes(&self->r, n, HOLDERS);
	n[HOLDERS] = (struct weft_node){ .job = nop_job(0) };
	n[HOLDERS].job.deadline_ns = 1;
	for (i = 0; i < HOLDERS; i++)
		n[i].after_success = BIT(HOLDERS);
	ASSERT_EQ(1, submit_nodes(&self->r, n, HOLDERS + 1, &graph));
	ASSERT_EQ(1, reap(self->r.client, self->c, 1));
	EXPECT_EQ(-ETIME, self->c[0].result);
	look.id = graph.id;
	ASSERT_EQ(0, call(self->r.client, WEFT_IOC_GRAPH_RESULT, &look));
}

TEST_F(resource, nodes_that_fail_give_back_all)
{
	struct weft_node n[HOLDERS];
	struct weft_graph graph = { 0 };
	int i;

	make_nodes(&self->r, n, HOLDERS);
	/* All of them at once, and none has the time. */
	for (i = 0; i < HOLDERS; i++)
		n[i].job.deadline_ns = 1;
	ASSERT_EQ(1, submit_nodes(&self->r, n, HOLDERS, &graph));
	ASSERT_EQ(1, reap(self->r.client, self->c, 1));
	EXPECT_EQ(-ETIME, self->c[0].result);
}

TEST_F(resource, losers_of_a_race_give_back_all)
{
	struct weft_node n[HOLDERS + 1];
	struct weft_graph graph = { 0 };

	make_nodes(&self->r, n, HOLDERS);
	n[HOLDERS] = (struct weft_node){
		.job = nop_job(0),
		.after_end = BIT(HOLDERS) - 1,
		.need = 1,
		.flags = WEFT_NODE_RACE,
	};
	ASSERT_EQ(1, submit_nodes(&self->r, n, HOLDERS + 1, &graph));
	ASSERT_EQ(1, reap(self->r.client, self->c, 1));
	EXPECT_EQ(0, self->c[0].result);
}

TEST_F(resource, graphs_that_are_cancelled_or_expire_give_back_all)
{
	struct weft_node n[HOLDERS];
	struct weft_cancel cancel;
	int round;

	make_nodes(&self->r, n, HOLDERS);
	n[HOLD_READ].after_end = BIT(HOLD_PIPE_READ);
	n[HOLD_COPY].after_end = BIT(HOLD_POLL_FOR_EVER);
	n[HOLD_STORE].flags = WEFT_NODE_FINALLY;
	for (round = 0; round < 20; round++) {
		struct weft_graph graph = { 0 };

		if (round % 2)
			graph.deadline_ns = in_ns(round % 4 == 1 ? MSEC : 1);
		ASSERT_EQ(1, submit_nodes(&self->r, n, HOLDERS, &graph));
		if (round % 4 == 2) {
			ASSERT_LE(0, cancel_job(self->r.client, graph.id));
		} else if (!(round % 2)) {
			ASSERT_EQ(0, cancel_all(self->r.client, &cancel));
		}
		ASSERT_EQ(1, reap(self->r.client, self->c, 1));
		EXPECT_EQ(round % 2 ? -ETIME : -ECANCELED, self->c[0].result);
	}
}

/* Nodes before the one at fault have been prepared. */
TEST_F(resource, refused_graphs_give_back_all)
{
	struct weft_node n[HOLDERS + 1];
	struct weft_graph graph = { 0 };
	int i;

	for (i = 0; i <= HOLDERS; i++) {
		make_nodes(&self->r, n, HOLDERS);
		n[HOLDERS] = (struct weft_node){ .job = nop_job(0) };
		n[i].job = read_job(-1, &self->r.area, 1);
		ASSERT_EQ(0, submit_nodes(&self->r, n, HOLDERS + 1, &graph));
		EXPECT_EQ(EBADF, graph.error);
		EXPECT_EQ(i, graph.node);
	}
	/* None of these can be had; it is too late to find out that there is no room. */
	make_nodes(&self->r, n, HOLDERS);
	for (i = 0; i < CREDITS / (HOLDERS + 1); i++)
		ASSERT_EQ(1, submit_nodes(&self->r, n, HOLDERS, &graph));
	ASSERT_EQ(0, submit_nodes(&self->r, n, HOLDERS, &graph));
	EXPECT_EQ(EAGAIN, graph.error);
	ASSERT_EQ(i, cancel_and_reap(self->r.client, self->c, i));
}

TEST_F(resource, template_holds_nothing_between_its_runs)
{
	struct weft_node n[HOLD_POLL_FOR_EVER];
	struct weft_template t = { .size = sizeof(t), .nodes = (uintptr_t)n };
	int i;

	make_nodes(&self->r, n, HOLD_POLL_FOR_EVER);
	t.count = HOLD_POLL_FOR_EVER;
	ASSERT_EQ(1, call(self->r.client, WEFT_IOC_TEMPLATE, &t));
	for (i = 0; i < 3; i++) {
		struct weft_run run = { .size = sizeof(run), .number = t.number };

		ASSERT_EQ(1, call(self->r.client, WEFT_IOC_RUN, &run));
		ASSERT_EQ(1, reap(self->r.client, self->c, 1));
		EXPECT_EQ(0, self->c[0].result);
	}
	t.flags = WEFT_TEMPLATE_FREE;
	t.nodes = 0;
	t.count = 0;
	ASSERT_EQ(1, call(self->r.client, WEFT_IOC_TEMPLATE, &t));
}

/* A client of its own, whose end has to do it all. */
TEST_F(resource, close_gives_back_all)
{
	struct weft_node n[HOLDERS];
	struct resources own = self->r;
	unsigned int i;
	int round;

	for (round = 0; round < 10; round++) {
		struct weft_graph graph = { 0 };

		own.client = open_client(variant->engine, CREDITS);
		ASSERT_LE(0, own.client);
		ASSERT_EQ(0, make_area(own.client, RESOURCE_BYTES, &own.area));
		for (i = 0; i < HOLDERS; i++)
			ASSERT_EQ(1, submit_one(own.client, holder_job(&own, i), NULL));
		make_nodes(&own, n, HOLDERS);
		n[HOLD_READ].after_end = BIT(HOLD_PIPE_READ);
		ASSERT_EQ(1, submit_nodes(&own, n, HOLDERS, &graph));
		if (round % 2)
			unmap_area(&own.area);
		close(own.client);
		if (!(round % 2))
			unmap_area(&own.area);
	}
}

WEFT_TEST_MAIN
