// SPDX-License-Identifier: GPL-2.0-only
/*
 * Graphs on their way: who starts when, who is skipped, and what comes of it. The
 * worker is stepped by hand: each end, cancel and deadline comes where the test wants
 * it.
 */
#include <linux/poll.h>

#include "../module/job/graph.h"
#include "../module/ops/io.h"
#include "bed.h"

#define MANY	260
#define LATER	(1000 * 1000)

static struct weft_node nodes[WEFT_MAX_NODES];
static struct weft_dag_config config;
static struct weft_node_result results[WEFT_MAX_NODES];
static struct weft_graph_result look;

static int graph_init(struct kunit *test)
{
	struct bed *bed;
	int ret = bed_init(test);

	if (ret)
		return ret;
	bed = test->priv;
	weft_client_destroy(bed->client);
	bed->client = bed_new_client(test, bed->rt, WEFT_ASYNC, MANY);
	memset(nodes, 0, sizeof(nodes));
	memset(&config, 0, sizeof(config));
	return 0;
}

static u64 bits(unsigned int a, unsigned int b)
{
	return BIT_ULL(a) | BIT_ULL(b);
}

/* Ends when bed_now is @ns. */
static void sleeps(unsigned int i, u64 ns)
{
	nodes[i].job = (struct weft_job){
		.op = WEFT_OP_SLEEP,
		.sleep.ns = ns,
		.sleep.flags = WEFT_SLEEP_ABS,
	};
}

static void never_ends(unsigned int i)
{
	sleeps(i, S64_MAX);
}

/* Ends at its first poll, with -ETIME. */
static void fails(unsigned int i)
{
	nodes[i].job = (struct weft_job){ .deadline_ns = 1 };
}

static int create(struct kunit *test, unsigned int count, u64 *id, u32 *at)
{
	struct bed *bed = test->priv;
	struct weft_dag *dag;
	int ret;

	KUNIT_ASSERT_EQ(test, 0, weft_dag_check(nodes, count, at));
	mutex_lock(&bed->client->submitting);
	ret = weft_dag_create(bed->client, nodes, count, &config, &dag, at);
	if (!ret)
		*id = weft_dag_publish(bed->client, dag);
	mutex_unlock(&bed->client->submitting);
	return ret;
}

static u64 start(struct kunit *test, unsigned int count)
{
	u64 id = 0;
	u32 at;

	KUNIT_ASSERT_EQ(test, 0, create(test, count, &id, &at));
	KUNIT_EXPECT_EQ(test, WEFT_NO_NODE, at);
	return id;
}

/* A letter a node: held, Started, ended well, failed, skipped. */
static void expect_states(struct kunit *test, u64 id, const char *states)
{
	struct bed *bed = test->priv;
	char now[WEFT_MAX_NODES + 1] = "";
	int i, count;

	look.id = id;
	count = weft_client_graph_result(bed->client, &look, results,
					 WEFT_MAX_NODES);
	KUNIT_ASSERT_LE(test, 0, count);
	for (i = 0; i < count; i++) {
		now[i] = "hSe-"[results[i].state];
		if (results[i].state == WEFT_NODE_ENDED && results[i].result < 0)
			now[i] = 'f';
	}
	KUNIT_EXPECT_STREQ(test, states, now);
}

/* All is over: one completion, and all credits come back. */
static void expect_end(struct kunit *test, u64 id, const char *states, s64 result)
{
	struct bed *bed = test->priv;

	bed_run(bed);
	expect_states(test, id, states);
	KUNIT_EXPECT_EQ(test, (u32)WEFT_NODE_ENDED, look.state);
	KUNIT_EXPECT_EQ(test, result, look.result);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, id, bed->out[0].id);
	KUNIT_EXPECT_EQ(test, result, bed->out[0].result);
	KUNIT_EXPECT_EQ(test, WEFT_OP_GRAPH, (int)bed->out[0].op);
	KUNIT_EXPECT_EQ(test, (u32)MANY, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, bed->stats.accepted, bed->stats.done);
	KUNIT_EXPECT_EQ(test, 0ULL, bed->stats.waiting);
	KUNIT_EXPECT_EQ(test, 0U, bed->client->held);
	KUNIT_EXPECT_EQ(test, (size_t)0, bed->client->dag_bytes);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			weft_client_graph_result(bed->client, &look, results, 0));
}

static void line_runs_in_its_order(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	nodes[0].after_success = BIT_ULL(2);
	nodes[1].after_end = BIT_ULL(0);
	id = start(test, 3);
	expect_states(test, id, "hhS");
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	expect_states(test, id, "She");
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	expect_states(test, id, "eSe");
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	expect_end(test, id, "eee", 0);
}

static void nodes_count_as_jobs(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	never_ends(0);
	nodes[1].after_success = BIT_ULL(0);
	id = start(test, 2);
	bed_run(bed);
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, 3ULL, bed->stats.accepted);
	KUNIT_EXPECT_EQ(test, 3ULL, bed->stats.waiting);
	KUNIT_EXPECT_EQ(test, 0ULL, bed->stats.done);
	KUNIT_EXPECT_EQ(test, MANY - 3U, bed->stats.credits_free);
	weft_client_cancel(bed->client, results[0].id, &(enum weft_verdict){ 0 });
	expect_states(test, id, "Sh");
	KUNIT_EXPECT_EQ(test, 0, weft_client_cancel(bed->client, results[0].id,
						    &(enum weft_verdict){ 0 }));
	bed_run(bed);
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, 3ULL, bed->stats.done);
	KUNIT_EXPECT_EQ(test, 3ULL, bed->stats.failed);
	KUNIT_EXPECT_EQ(test, 3ULL, bed->stats.cancelled);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->client->ops[WEFT_OP_SLEEP].done);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->client->ops[WEFT_OP_NOP].done);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->client->ops[WEFT_KIND_GRAPH].done);
	expect_end(test, id, "f-", -ECANCELED);
}

static void edges_look_at_the_result(struct kunit *test)
{
	u64 id;

	fails(0);
	nodes[1].after_success = BIT_ULL(0);
	nodes[2].after_end = BIT_ULL(0);
	nodes[3].after_failure = BIT_ULL(0);
	id = start(test, 4);
	expect_end(test, id, "f-ee", 0);

	nodes[0].job = (struct weft_job){};
	id = start(test, 4);
	expect_end(test, id, "eee-", 0);
}

/* Nothing was there for it. */
static void failure_is_the_result_of_the_graph(struct kunit *test)
{
	u64 id;

	fails(0);
	nodes[1].after_end = BIT_ULL(0);
	id = start(test, 2);
	expect_end(test, id, "fe", -ETIME);
}

static void first_failure_counts(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	u64 id;

	never_ends(0);
	fails(1);
	nodes[1].after_success = BIT_ULL(2);
	sleeps(2, LATER);
	id = start(test, 3);
	bed_run(bed);
	expect_states(test, id, "ShS");
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, results[0].id, &verdict));
	bed_run(bed);
	bed_now = LATER;
	expect_end(test, id, "ffe", -ECANCELED);
}

static void skipping_goes_on_down_the_line(struct kunit *test)
{
	unsigned int i;
	u64 id;

	fails(0);
	for (i = 1; i < 5; i++)
		nodes[i].after_end = BIT_ULL(i - 1);
	nodes[1].after_end = 0;
	nodes[1].after_success = BIT_ULL(0);
	/* A node that is skipped never ended. */
	nodes[5].after_failure = BIT_ULL(4);
	id = start(test, 6);
	expect_end(test, id, "f-----", -ETIME);
}

static void fan_in_waits_for_all(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	sleeps(0, LATER);
	sleeps(1, 2 * LATER);
	nodes[2].after_success = bits(0, 1);
	id = start(test, 3);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_states(test, id, "eSh");
	bed_now = 2 * LATER;
	expect_end(test, id, "eee", 0);
}

static void fan_in_of_any_starts_at_the_first(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	sleeps(0, LATER);
	sleeps(1, 2 * LATER);
	nodes[2].after_success = bits(0, 1);
	nodes[2].need = 1;
	id = start(test, 3);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_states(test, id, "eSe");
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	bed_now = 2 * LATER;
	expect_end(test, id, "eee", 0);
}

static void fan_in_of_n_counts_what_came_true(struct kunit *test)
{
	u64 id;

	fails(1);
	nodes[4].after_success = bits(0, 1);
	nodes[4].after_end = BIT_ULL(2);
	nodes[4].after_failure = BIT_ULL(3);
	/* 0 and 2 come true, 1 and 3 do not. */
	nodes[4].need = 2;
	id = start(test, 5);
	expect_end(test, id, "efeee", 0);
	nodes[4].need = 3;
	id = start(test, 5);
	expect_end(test, id, "efee-", -ETIME);
}

/* The others would come too late. */
static void fan_in_gives_up_when_it_must(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	fails(0);
	sleeps(1, LATER);
	nodes[2].after_success = bits(0, 1);
	id = start(test, 3);
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	expect_states(test, id, "fS-");
	bed_run(bed);
	bed_now = LATER;
	expect_end(test, id, "fe-", -ETIME);
}

static void race_ends_the_losers(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	sleeps(0, LATER);
	never_ends(1);
	nodes[2].after_success = BIT_ULL(1);
	nodes[3].after_success = BIT_ULL(2) | bits(0, 1);
	nodes[3].need = 1;
	nodes[3].flags = WEFT_NODE_RACE;
	id = start(test, 4);
	bed_run(bed);
	expect_states(test, id, "SShh");
	bed_now = LATER;
	expect_end(test, id, "ef-e", 0);
}

/* A sleep that is over at once is late by what two looks at the clock take. */
static void late_sleep(unsigned int i)
{
	nodes[i].job = (struct weft_job){ .op = WEFT_OP_SLEEP };
}

#define LATE	2000

static void guards_look_at_the_result(struct kunit *test)
{
	static const struct {
		u8 guard;
		s64 value;
		bool ok;
	} cases[] = {
		{ WEFT_GUARD_NEGATIVE, 0, false },
		{ WEFT_GUARD_EQUAL, LATE, true },
		{ WEFT_GUARD_EQUAL, LATE - 1, false },
		{ WEFT_GUARD_EQUAL, -LATE, false },
		{ WEFT_GUARD_SHORT, LATE, false },
		{ WEFT_GUARD_SHORT, LATE + 1, true },
		{ WEFT_GUARD_SHORT, -1, false },
		{ WEFT_GUARD_SHORT, S64_MAX, true },
	};
	static const char *const states[] = { "e-e", "ee-" };
	unsigned int i;
	u64 id;

	late_sleep(0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nodes[1].after_end = BIT_ULL(0);
		nodes[1].guard = cases[i].guard;
		nodes[1].guard_value = cases[i].value;
		nodes[2] = nodes[1];
		nodes[2].flags = WEFT_NODE_UNLESS;
		id = start(test, 3);
		expect_end(test, id, states[cases[i].ok], 0);
	}
}

static void negative_result_is_negative_and_not_short(struct kunit *test)
{
	u64 id;

	fails(0);
	nodes[1].after_end = BIT_ULL(0);
	nodes[1].guard = WEFT_GUARD_NEGATIVE;
	nodes[2].after_end = BIT_ULL(0);
	nodes[2].guard = WEFT_GUARD_SHORT;
	nodes[2].guard_value = S64_MAX;
	nodes[3].after_end = BIT_ULL(0);
	nodes[3].guard = WEFT_GUARD_EQUAL;
	nodes[3].guard_value = -ETIME;
	id = start(test, 4);
	expect_end(test, id, "fe-e", -ETIME);
}

/* It has no result at all, so it is neither this nor not this. */
static void guard_on_a_skipped_node_never_holds(struct kunit *test)
{
	u64 id;

	nodes[1].after_failure = BIT_ULL(0);
	nodes[2].after_success = bits(0, 1);
	nodes[2].need = 1;
	nodes[2].guard = WEFT_GUARD_NEGATIVE;
	nodes[2].guard_node = 1;
	nodes[3] = nodes[2];
	nodes[3].flags = WEFT_NODE_UNLESS;
	id = start(test, 4);
	expect_end(test, id, "e---", 0);
}

static void finally_comes_after_all_others(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	nodes[0].flags = WEFT_NODE_FINALLY;
	fails(1);
	nodes[2].after_success = BIT_ULL(1);
	sleeps(3, LATER);
	id = start(test, 4);
	bed_run(bed);
	expect_states(test, id, "hf-S");
	bed_now = LATER;
	expect_end(test, id, "ef-e", -ETIME);
}

static void finally_has_edges_as_others_have(struct kunit *test)
{
	u64 id;

	nodes[1].flags = WEFT_NODE_FINALLY;
	nodes[1].after_failure = BIT_ULL(0);
	nodes[2].flags = WEFT_NODE_FINALLY;
	nodes[2].after_end = BIT_ULL(3);
	nodes[3].flags = WEFT_NODE_FINALLY;
	id = start(test, 4);
	expect_end(test, id, "e-ee", 0);
	/* That it ran for the failure does not answer for it. */
	fails(0);
	id = start(test, 4);
	expect_end(test, id, "feee", -ETIME);
}

static void graph_of_finallies_runs(struct kunit *test)
{
	u64 id;

	nodes[0].flags = WEFT_NODE_FINALLY;
	nodes[1].flags = WEFT_NODE_FINALLY;
	nodes[1].after_success = BIT_ULL(0);
	id = start(test, 2);
	expect_end(test, id, "ee", 0);
}

static void bound_result_becomes_the_argument(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	sleeps(0, LATER);
	nodes[1].job.op = WEFT_OP_SLEEP;
	nodes[1].job.sleep.ns = S64_MAX;
	nodes[1].after_success = BIT_ULL(0);
	nodes[1].bind[2].what = WEFT_BIND_RESULT;
	id = start(test, 2);
	bed_run(bed);
	bed_now = 5 * LATER;
	bed_run(bed);
	expect_states(test, id, "eS");
	KUNIT_EXPECT_LE(test, 4LL * LATER, results[0].result);
	/* So much later again, not for ever, as it was submitted. */
	bed_now = 9 * LATER;
	bed_run(bed);
	expect_states(test, id, "eS");
	bed_now = 10 * LATER;
	expect_end(test, id, "ee", 0);
}

static void node_without_its_result_is_skipped(struct kunit *test)
{
	u64 id;

	late_sleep(0);
	nodes[0].job.deadline_ns = 1;
	nodes[1].job.op = WEFT_OP_SPIN;
	nodes[1].after_end = BIT_ULL(0);
	nodes[1].bind[0].what = WEFT_BIND_RESULT;
	nodes[2].after_failure = BIT_ULL(0);
	id = start(test, 3);
	expect_end(test, id, "f-e", 0);
}

/* As no op of today has a result that is too much for another, it is called. */
static void ops_take_what_fits(struct kunit *test)
{
	struct weft_op_task t = {};
	const struct weft_op *work = weft_ops[WEFT_OP_WORK];

	KUNIT_EXPECT_EQ(test, 0, weft_ops[WEFT_OP_YIELD]->bind(&t, 0, U64_MAX));
	KUNIT_EXPECT_EQ(test, U64_MAX, t.yields);
	KUNIT_EXPECT_EQ(test, 0, weft_ops[WEFT_OP_SPIN]->bind(&t, 0, S64_MAX));
	KUNIT_EXPECT_EQ(test, (u64)S64_MAX, t.spin_ns);
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_ops[WEFT_OP_SPIN]->bind(&t, 0, BIT_ULL(63)));
	KUNIT_EXPECT_EQ(test, 0, weft_ops[WEFT_OP_SLEEP]->bind(&t, 0, 5));
	KUNIT_EXPECT_EQ(test, 5ULL, t.sleep.ns);
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_ops[WEFT_OP_SLEEP]->bind(&t, 0, BIT_ULL(63)));
	KUNIT_EXPECT_EQ(test, 0, work->bind(&t, 0, 6));
	KUNIT_EXPECT_EQ(test, 0, work->bind(&t, 8, 7));
	KUNIT_EXPECT_EQ(test, 0, work->bind(&t, 16, U32_MAX));
	KUNIT_EXPECT_EQ(test, 6ULL, t.work.work_ns);
	KUNIT_EXPECT_EQ(test, 6ULL, t.work.left);
	KUNIT_EXPECT_EQ(test, 7ULL, t.work.wait_ns);
	KUNIT_EXPECT_EQ(test, U32_MAX, t.work.rounds);
	KUNIT_EXPECT_EQ(test, -EINVAL, work->bind(&t, 0, BIT_ULL(63)));
	KUNIT_EXPECT_EQ(test, -EINVAL, work->bind(&t, 8, BIT_ULL(63)));
	KUNIT_EXPECT_EQ(test, -EINVAL, work->bind(&t, 16, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, work->bind(&t, 16, BIT_ULL(32)));
}

static int bind(struct weft_op_task *t, unsigned int op, unsigned int at, u64 value)
{
	return weft_ops[op]->bind(t, at, value);
}

/* Offsets are positions no more; what does not fit a word of the job is refused. */
static void reads_and_writes_take_what_fits(struct kunit *test)
{
	struct weft_io *io = kunit_kzalloc(test, sizeof(*io), GFP_KERNEL);
	struct weft_op_task t = { .io.io = io };
	int op;

	KUNIT_ASSERT_NOT_NULL(test, io);
	for (op = WEFT_OP_READ; op <= WEFT_OP_WRITE; op++) {
		io->current_pos = true;
		KUNIT_EXPECT_EQ(test, 0, bind(&t, op, 16, 6));
		KUNIT_EXPECT_EQ(test, 0, bind(&t, op, 24, 7));
		KUNIT_EXPECT_TRUE(test, io->current_pos);
		KUNIT_EXPECT_EQ(test, 0, bind(&t, op, 8, S64_MAX));
		KUNIT_EXPECT_FALSE(test, io->current_pos);
		KUNIT_EXPECT_EQ(test, S64_MAX, io->pos);
		KUNIT_EXPECT_EQ(test, 6ULL, io->start);
		KUNIT_EXPECT_EQ(test, (size_t)7, io->len);
		KUNIT_EXPECT_EQ(test, 0, bind(&t, op, 24, U32_MAX));
		KUNIT_EXPECT_EQ(test, (size_t)MAX_RW_COUNT, io->len);
		KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, op, 24, BIT_ULL(32)));
		KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, op, 8, BIT_ULL(63)));
		KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, op, 16, BIT_ULL(63)));
	}
}

static void copies_and_verifies_take_what_fits(struct kunit *test)
{
	struct weft_io *io = kunit_kzalloc(test, sizeof(*io), GFP_KERNEL);
	struct weft_op_task t = { .io.io = io };
	unsigned int at;

	KUNIT_ASSERT_NOT_NULL(test, io);
	io->current_pos = true;
	io->out_current = true;
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_COPY, 24, 7));
	KUNIT_EXPECT_EQ(test, 7ULL, io->copy_len);
	KUNIT_EXPECT_EQ(test, 7ULL, t.io.total);
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_COPY, 8, 5));
	KUNIT_EXPECT_FALSE(test, io->current_pos);
	KUNIT_EXPECT_TRUE(test, io->out_current);
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_COPY, 16, S64_MAX));
	KUNIT_EXPECT_FALSE(test, io->out_current);
	KUNIT_EXPECT_EQ(test, 5LL, io->pos);
	KUNIT_EXPECT_EQ(test, S64_MAX, io->out_pos);

	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_VERIFY, 8, 8));
	KUNIT_EXPECT_EQ(test, 8LL, io->pos);
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_VERIFY, 16, S64_MAX));
	KUNIT_EXPECT_EQ(test, (u64)S64_MAX, io->copy_len);
	KUNIT_EXPECT_EQ(test, (u64)S64_MAX, t.io.total);
	/* There is no digest in a buffer. */
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_VERIFY, 24, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, WEFT_OP_VERIFY, 24, 1));
	for (at = 8; at <= 24; at += 8) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				bind(&t, WEFT_OP_COPY, at, BIT_ULL(63)));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				bind(&t, WEFT_OP_VERIFY, at, BIT_ULL(63)));
	}
}

static void events_take_what_fits(struct kunit *test)
{
	struct weft_io *io = kunit_kzalloc(test, sizeof(*io), GFP_KERNEL);
	struct weft_op_task t = { .io.io = io };

	KUNIT_ASSERT_NOT_NULL(test, io);
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_POLL, 4, POLLOUT));
	KUNIT_EXPECT_TRUE(test, io->fd.events & EPOLLOUT);
	KUNIT_EXPECT_FALSE(test, io->fd.events & EPOLLIN);
	KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, WEFT_OP_POLL, 4, BIT(16)));

	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_EVENTFD, 8, WEFT_EVENTFD_MAX));
	KUNIT_EXPECT_EQ(test, (u32)WEFT_EVENTFD_MAX, t.eventfd.value);
	KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, WEFT_OP_EVENTFD, 8, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bind(&t, WEFT_OP_EVENTFD, 8, WEFT_EVENTFD_MAX + 1));

	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_NOTIFY, 0, U64_MAX));
	KUNIT_EXPECT_EQ(test, 0, bind(&t, WEFT_OP_NOTIFY, 8, S64_MAX));
	KUNIT_EXPECT_EQ(test, U64_MAX, t.notify.id);
	KUNIT_EXPECT_EQ(test, (u64)S64_MAX, t.notify.value);
	KUNIT_EXPECT_EQ(test, -EINVAL, bind(&t, WEFT_OP_NOTIFY, 8, BIT_ULL(63)));
}

/* One node tells another, whose sum a third one tells on. */
static void told_value_becomes_the_argument(struct kunit *test)
{
	u64 id;

	nodes[0].job.op = WEFT_OP_AWAIT;
	nodes[0].job.await.count = 1;
	nodes[1].job.op = WEFT_OP_NOTIFY;
	nodes[1].job.notify.value = 5;
	nodes[1].bind[0].what = WEFT_BIND_ID;
	nodes[2].job.op = WEFT_OP_AWAIT;
	nodes[2].job.await.count = 1;
	nodes[3].job.op = WEFT_OP_NOTIFY;
	nodes[3].job.notify.value = 99;
	nodes[3].after_success = BIT_ULL(0);
	nodes[3].bind[0] = (struct weft_bind){ .node = 2, .what = WEFT_BIND_ID };
	nodes[3].bind[1] = (struct weft_bind){ .what = WEFT_BIND_RESULT, .arg = 8 };
	id = start(test, 4);
	bed_run(test->priv);
	expect_states(test, id, "eeee");
	KUNIT_EXPECT_EQ(test, 5LL, results[2].result);
	expect_end(test, id, "eeee", 0);
}

/* sleep(LATER) -> nop, and one that comes finally. */
static u64 start_three(struct kunit *test)
{
	never_ends(0);
	nodes[1].after_success = BIT_ULL(0);
	nodes[2].flags = WEFT_NODE_FINALLY;
	return start(test, 3);
}

static void expect_cancel(struct kunit *test, u64 id, enum weft_verdict verdict)
{
	enum weft_verdict got = 0;

	KUNIT_EXPECT_EQ(test, 0, bed_cancel(test->priv, id, &got));
	KUNIT_EXPECT_EQ(test, verdict, got);
}

static void cancel_ends_all_but_finally(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id = start_three(test);

	bed_run(bed);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	expect_states(test, id, "S-h");
	expect_end(test, id, "f-e", -ECANCELED);
}

static void cancel_before_the_first_poll_ends_it(struct kunit *test)
{
	u64 id = start_three(test);

	expect_cancel(test, id, WEFT_WILL_CANCEL);
	expect_end(test, id, "f-e", -ECANCELED);
}

static void second_cancel_also_ends_finally(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id = start_three(test);

	bed_run(bed);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	expect_end(test, id, "f--", -ECANCELED);
}

/* All that matters has ended well; to clean up is not cancelled lightly. */
static void cancel_while_finally_runs_changes_nothing(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	nodes[1].flags = WEFT_NODE_FINALLY;
	sleeps(1, LATER);
	id = start(test, 2);
	bed_run(bed);
	expect_states(test, id, "eS");
	expect_cancel(test, id, WEFT_IS_RUNNING);
	bed_run(bed);
	expect_states(test, id, "eS");
	bed_now = LATER;
	expect_end(test, id, "ee", 0);
}

static void second_cancel_while_finally_runs_ends_it(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	nodes[1].flags = WEFT_NODE_FINALLY;
	never_ends(1);
	id = start(test, 2);
	bed_run(bed);
	expect_cancel(test, id, WEFT_IS_RUNNING);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	expect_end(test, id, "ef", -ECANCELED);
}

static void cancel_of_an_ended_graph_is_too_late(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id = start(test, 2), node;

	bed_run(bed);
	expect_cancel(test, id, WEFT_WAS_DONE);
	expect_states(test, id, "ee");
	node = results[1].id;
	expect_cancel(test, node, WEFT_WAS_DONE);
	expect_end(test, id, "ee", 0);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bed_cancel(bed, id, &(enum weft_verdict){ 0 }));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bed_cancel(bed, node, &(enum weft_verdict){ 0 }));
}

static void cancelled_node_is_a_failure_if_it_ran(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	never_ends(0);
	nodes[1].after_failure = BIT_ULL(0);
	id = start(test, 2);
	bed_run(bed);
	expect_states(test, id, "Sh");
	expect_cancel(test, results[0].id, WEFT_WILL_CANCEL);
	expect_end(test, id, "fe", 0);
}

static void cancelled_node_is_skipped_if_it_did_not(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	sleeps(0, LATER);
	nodes[1].after_end = BIT_ULL(0);
	nodes[2].after_end = BIT_ULL(1);
	nodes[3].after_end = BIT_ULL(0);
	id = start(test, 4);
	bed_run(bed);
	expect_states(test, id, "Shhh");
	expect_cancel(test, results[1].id, WEFT_WILL_CANCEL);
	expect_states(test, id, "S--h");
	bed_run(bed);
	expect_states(test, id, "S--h");
	bed_now = LATER;
	expect_end(test, id, "e--e", 0);
}

static void cancel_by_tag_ends_a_graph(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;
	u64 id;

	config.tag = 7;
	id = start_three(test);
	bed_run(bed);
	weft_client_cancel_tag(bed->client, 7, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 1U, cancelled);
	KUNIT_EXPECT_EQ(test, 0U, stopping);
	expect_end(test, id, "f-e", -ECANCELED);
}

static void cancel_by_tag_ends_nodes(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;
	u64 id;

	config.tag = 7;
	nodes[0].job.tag = 8;
	sleeps(1, LATER);
	sleeps(0, S64_MAX);
	nodes[0].job.tag = 8;
	nodes[2].job.tag = 8;
	nodes[2].after_success = BIT_ULL(1);
	id = start(test, 3);
	bed_run(bed);
	weft_client_cancel_tag(bed->client, 8, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 2U, cancelled);
	bed_run(bed);
	expect_states(test, id, "fS-");
	bed_now = LATER;
	expect_end(test, id, "fe-", -ECANCELED);
}

static void cancel_of_all_ends_all(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;
	u64 id = start_three(test);

	bed_run(bed);
	weft_client_cancel_all(bed->client, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 4U, cancelled + stopping);
	expect_end(test, id, "f--", -ECANCELED);
}

static struct weft_timers *timers(struct kunit *test)
{
	struct bed *bed = test->priv;

	return &weft_executor_worker(bed->rt->executor, 0)->poller.timers;
}

static void deadline_ends_all_but_finally(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = LATER;
	id = start_three(test);
	bed_run(bed);
	expect_states(test, id, "Shh");
	bed_now = LATER;
	expect_end(test, id, "f-e", -ETIME);
	KUNIT_EXPECT_NULL(test, timerqueue_getnext(&timers(test)->queue));
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.expired);
}

static void deadline_in_the_past_ends_it_at_its_turn(struct kunit *test)
{
	u64 id;

	config.deadline_ns = 1;
	id = start_three(test);
	expect_end(test, id, "f-e", -ETIME);
}

static void graph_that_ends_before_leaves_no_timer(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = 3 * LATER;
	sleeps(0, LATER);
	id = start(test, 1);
	bed_run(bed);
	bed_now = LATER;
	expect_end(test, id, "e", 0);
	KUNIT_EXPECT_NULL(test, timerqueue_getnext(&timers(test)->queue));
}

/* All have ended before the graph has its first turn. */
static void graph_that_ends_at_once_ends_with_a_deadline(struct kunit *test)
{
	u64 id;

	config.deadline_ns = LATER;
	id = start(test, 3);
	expect_end(test, id, "eee", 0);
}

static void deadline_while_finally_runs_changes_nothing(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = LATER;
	nodes[1].flags = WEFT_NODE_FINALLY;
	sleeps(1, 2 * LATER);
	id = start(test, 2);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_states(test, id, "eS");
	bed_now = 2 * LATER;
	expect_end(test, id, "ee", 0);
}

static void cancel_after_the_deadline_does_not_change_the_result(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = LATER;
	never_ends(0);
	never_ends(1);
	nodes[1].flags = WEFT_NODE_FINALLY;
	id = start(test, 2);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_states(test, id, "fS");
	expect_cancel(test, id, WEFT_IS_RUNNING);
	expect_cancel(test, id, WEFT_IS_RUNNING);
	expect_end(test, id, "ff", -ETIME);
}

static void deadline_after_the_cancel_does_not_change_the_result(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = LATER;
	id = start_three(test);
	bed_run(bed);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	bed_now = LATER;
	expect_end(test, id, "f-e", -ECANCELED);
}

/* The last node has ended, but the graph had no turn yet. */
static void cancel_between_the_last_node_and_the_end_is_stopping(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.deadline_ns = LATER;
	id = start(test, 1);
	/* The graph, which waits; the node. */
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	expect_states(test, id, "e");
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	/* However often it is said. */
	expect_cancel(test, id, WEFT_IS_RUNNING);
	expect_cancel(test, id, WEFT_IS_RUNNING);
	expect_end(test, id, "e", 0);
}

static void graph_begins_after_a_job(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	bed_sleeps(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	bed_run(bed);
	config.after = bed->ids[0];
	id = start(test, 2);
	bed_run(bed);
	expect_states(test, id, "hh");
	KUNIT_EXPECT_EQ(test, (u32)WEFT_NODE_HELD, look.state);
	expect_cancel(test, bed->ids[0], WEFT_WILL_CANCEL);
	bed_step(bed);
	expect_states(test, id, "SS");
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	expect_end(test, id, "ee", 0);
}

static void graphs_begin_after_a_graph_and_a_node(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 first, after_graph, after_node;

	nodes[1].after_success = BIT_ULL(0);
	sleeps(0, LATER);
	sleeps(1, 2 * LATER);
	first = start(test, 2);
	expect_states(test, first, "Sh");
	config.after = results[0].id;
	memset(nodes, 0, sizeof(nodes));
	never_ends(0);
	after_node = start(test, 1);
	config.after = first;
	memset(nodes, 0, sizeof(nodes));
	after_graph = start(test, 1);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_states(test, after_node, "S");
	expect_states(test, after_graph, "h");
	expect_cancel(test, after_node, WEFT_WILL_CANCEL);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	bed_now = 2 * LATER;
	bed_step(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, first, bed->out[0].id);
	expect_states(test, after_graph, "S");
	expect_end(test, after_graph, "e", 0);
}

static void graph_after_what_has_ended_begins_at_once(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	bed_nops(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	bed_run(bed);
	config.after = bed->ids[0];
	id = start(test, 1);
	expect_states(test, id, "S");
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 2U, bed_reap(bed));
	/* Also if it was reaped, and its slot used again since. */
	id = start(test, 1);
	expect_end(test, id, "e", 0);
	id = start(test, 1);
	expect_end(test, id, "e", 0);
}

/* The slot has another job by now, which does not end. */
static void graph_after_what_was_reaped_does_not_wait_for_another(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;
	u64 id;

	bed_nops(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	bed_run(bed);
	config.after = bed->ids[0];
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	bed_sleeps(bed, MAX_JOBS);
	for (i = 0; i < MANY / MAX_JOBS; i++)
		KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, MAX_JOBS));
	KUNIT_ASSERT_GT(test, MAX_JOBS, (int)bed_credits_free(bed));
	bed_run(bed);
	id = start(test, 1);
	expect_states(test, id, "S");
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, id, bed->out[0].id);
}

static void graph_after_what_never_was_is_refused(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 ids[] = { 1, WEFT_ID_STEP - 1, 0, U64_MAX, 0 };
	u64 id = start(test, 1);
	unsigned int i;
	u32 at;

	ids[2] = id + WEFT_ID_STEP;
	ids[4] = (id & ~(u64)(WEFT_MAX_CREDITS - 1)) | (MANY + 1);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		config.after = ids[i];
		KUNIT_EXPECT_EQ(test, -ENOENT, create(test, 1, &id, &at));
		KUNIT_EXPECT_EQ(test, WEFT_NO_NODE, at);
	}
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.accepted);
	expect_end(test, id, "e", 0);
}

static void cancel_ends_a_graph_that_has_not_begun(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	bed_sleeps(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	bed_run(bed);
	config.after = bed->ids[0];
	id = start_three(test);
	expect_cancel(test, id, WEFT_WILL_CANCEL);
	bed_run(bed);
	/* Nothing was done, so nothing is to be cleaned up. */
	expect_states(test, id, "---");
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, -ECANCELED, (int)bed->out[0].result);
	/* And it does not stand in line any more. */
	expect_cancel(test, bed->ids[0], WEFT_WILL_CANCEL);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, (u32)MANY, bed_credits_free(bed));
}

static void deadline_ends_a_graph_that_has_not_begun(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	bed_sleeps(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	config.after = bed->ids[0];
	config.deadline_ns = LATER;
	id = start_three(test);
	bed_run(bed);
	bed_now = LATER;
	expect_states(test, id, "hhh");
	bed_run(bed);
	expect_states(test, id, "---");
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, -ETIME, (int)bed->out[0].result);
	expect_cancel(test, bed->ids[0], WEFT_WILL_CANCEL);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
}

static void nodes_cancelled_one_by_one_end_a_graph_that_has_not_begun(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id, second;

	bed_sleeps(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, 1));
	config.after = bed->ids[0];
	id = start(test, 2);
	expect_states(test, id, "hh");
	second = results[1].id;
	expect_cancel(test, results[0].id, WEFT_WILL_CANCEL);
	bed_run(bed);
	expect_states(test, id, "-h");
	expect_cancel(test, second, WEFT_WILL_CANCEL);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, id, bed->out[0].id);
	expect_cancel(test, bed->ids[0], WEFT_WILL_CANCEL);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
}

/* One after the other, each a line of 64: as deep as credits go, and no deeper. */
static void long_line_of_graphs_runs_to_its_end(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i, ended = 0;

	for (i = 1; i < WEFT_MAX_NODES; i++)
		nodes[i].after_success = BIT_ULL(i - 1);
	config.after = start(test, WEFT_MAX_NODES);
	for (i = 0; i < 200; i++) {
		while (bed_credits_free(bed) <= WEFT_MAX_NODES) {
			bed_step(bed);
			ended += bed_reap(bed);
		}
		config.after = start(test, WEFT_MAX_NODES);
	}
	bed_run(bed);
	ended += bed_reap(bed);
	KUNIT_EXPECT_EQ(test, 201U, ended);
	KUNIT_EXPECT_EQ(test, (u32)MANY, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, 201ULL * 64, bed->client->ops[WEFT_OP_NOP].done);
	KUNIT_EXPECT_EQ(test, 201ULL * 64, bed->client->ops[WEFT_OP_NOP].polls);
}

static void refused_graph_leaves_nothing_behind(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;
	u32 at;

	nodes[2].job.op = WEFT_OP_WORK;
	KUNIT_EXPECT_EQ(test, -EINVAL, create(test, 4, &id, &at));
	KUNIT_EXPECT_EQ(test, 2U, at);
	KUNIT_EXPECT_EQ(test, (u32)MANY, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, 0ULL, bed->stats.accepted);
	KUNIT_EXPECT_EQ(test, (size_t)0, bed->client->dag_bytes);
}

static void graph_without_credits_is_refused(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;
	u64 id;
	u32 at;

	never_ends(0);
	never_ends(1);
	for (i = 0; i < MANY / 3; i++)
		start(test, 2);
	KUNIT_EXPECT_EQ(test, MANY % 3U, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, -EAGAIN, create(test, 2, &id, &at));
	KUNIT_EXPECT_EQ(test, MANY % 3 == 2 ? WEFT_NO_NODE : 1U, at);
	KUNIT_EXPECT_EQ(test, -EAGAIN, create(test, 60, &id, &at));
	KUNIT_EXPECT_EQ(test, MANY % 3U, at);
	KUNIT_EXPECT_EQ(test, MANY % 3U, bed_credits_free(bed));
}

static void receipt_of_a_graph_is_the_sum_of_its_nodes(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 polls = 0;
	u64 id;
	int i;

	config.flags = WEFT_GRAPH_RECEIPT | WEFT_GRAPH_KEEP;
	for (i = 0; i < 3; i++) {
		nodes[i].job.op = WEFT_OP_YIELD;
		nodes[i].job.yield.count = i;
		nodes[i].job.flags = WEFT_JOB_RECEIPT;
		nodes[i].job.user_data = i + 100;
	}
	id = start(test, 3);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	expect_states(test, id, "eee");
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, (u32)i + 1, results[i].receipt.polls);
		KUNIT_EXPECT_EQ(test, (u64)i + 100, results[i].user_data);
		KUNIT_EXPECT_EQ(test, WEFT_COMPLETION_RECEIPT,
				(unsigned int)results[i].flags);
		KUNIT_EXPECT_EQ(test, WEFT_OP_YIELD, (int)results[i].op);
		polls += results[i].receipt.polls;
	}
	KUNIT_EXPECT_EQ(test, polls, bed->out[0].receipt.polls);
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, (u64)polls, bed->stats.polls);
	KUNIT_EXPECT_EQ(test, 0, weft_client_graph_free(bed->client, id));
}

static void kept_results_are_there_until_they_are_freed(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id;

	config.flags = WEFT_GRAPH_KEEP;
	fails(1);
	id = start(test, 2);
	KUNIT_EXPECT_EQ(test, -EBUSY, weft_client_graph_free(bed->client, id));
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, -EBUSY, weft_client_graph_free(bed->client, id));
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, MANY - 3U, bed_credits_free(bed));
	expect_states(test, id, "ef");
	KUNIT_EXPECT_EQ(test, -ETIME, (int)look.result);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bed_cancel(bed, id, &(enum weft_verdict){ 0 }));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			weft_client_graph_free(bed->client, results[0].id));
	KUNIT_EXPECT_EQ(test, 0, weft_client_graph_free(bed->client, id));
	KUNIT_EXPECT_EQ(test, (u32)MANY, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, -ENOENT, weft_client_graph_free(bed->client, id));
}

static void results_without_room_are_counted(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 id = start(test, 5);

	look.id = id;
	results[2].id = 4711;
	KUNIT_EXPECT_EQ(test, 2, weft_client_graph_result(bed->client, &look,
							  results, 2));
	KUNIT_EXPECT_EQ(test, 5U, look.count);
	KUNIT_EXPECT_EQ(test, 4711ULL, results[2].id);
	KUNIT_EXPECT_EQ(test, 0, weft_client_graph_result(bed->client, &look, NULL,
							  0));
	expect_end(test, id, "eeeee", 0);
}

/* bed_exit() cancels, runs and destroys: at every stage of a graph. */
static void closing_ends_graphs_at_every_stage(struct kunit *test)
{
	struct bed *bed = test->priv;

	config.flags = WEFT_GRAPH_KEEP;
	start(test, 2);
	bed_run(bed);
	bed_reap(bed);
	start(test, 2);
	bed_run(bed);
	config.after = start_three(test);
	start_three(test);
	config.deadline_ns = S64_MAX;
	start_three(test);
	config.after = 0;
	start_three(test);
	bed_run(bed);
	start_three(test);
}

static void templates_are_counted_and_capped(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_client *client = bed->client;
	u32 number[4];
	int i;

	mutex_lock(&client->submitting);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 0, weft_template_add(client, nodes, 64,
							   &number[i]));
	KUNIT_EXPECT_LT(test, 3 * 64 * sizeof(*nodes), client->dag_bytes);
	KUNIT_EXPECT_EQ(test, -EDQUOT, weft_template_add(client, nodes, 1,
							 &number[3]));
	KUNIT_EXPECT_EQ(test, 0, weft_template_free(client, number[1]));
	KUNIT_EXPECT_EQ(test, -ENOENT, weft_template_free(client, number[1]));
	KUNIT_EXPECT_EQ(test, -ENOENT, weft_template_free(client, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, weft_template_free(client, U32_MAX));
	KUNIT_EXPECT_EQ(test, 0, weft_template_add(client, nodes, 1, &number[1]));
	KUNIT_EXPECT_EQ(test, 0, weft_template_free(client, number[0]));
	KUNIT_EXPECT_EQ(test, 0, weft_template_free(client, number[1]));
	KUNIT_EXPECT_EQ(test, 0, weft_template_free(client, number[2]));
	KUNIT_EXPECT_EQ(test, (size_t)0, client->dag_bytes);
	/* One is left for the client's end. */
	KUNIT_EXPECT_EQ(test, 0, weft_template_add(client, nodes, 1, &number[0]));
	mutex_unlock(&client->submitting);
}

static void template_keeps_what_it_was(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_node *copy;
	unsigned int count = 0;
	u32 number;

	sleeps(1, 17);
	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_template_add(bed->client, nodes, 2, &number));
	memset(nodes, 0, sizeof(nodes));
	copy = weft_template_copy(bed->client, number, &count);
	mutex_unlock(&bed->client->submitting);
	KUNIT_ASSERT_FALSE(test, IS_ERR(copy));
	KUNIT_EXPECT_EQ(test, 2U, count);
	KUNIT_EXPECT_EQ(test, 17ULL, copy[1].job.sleep.ns);
	kfree(copy);
}

static struct kunit_case graph_cases[] = {
	KUNIT_CASE(line_runs_in_its_order),
	KUNIT_CASE(nodes_count_as_jobs),
	KUNIT_CASE(edges_look_at_the_result),
	KUNIT_CASE(failure_is_the_result_of_the_graph),
	KUNIT_CASE(first_failure_counts),
	KUNIT_CASE(skipping_goes_on_down_the_line),
	KUNIT_CASE(fan_in_waits_for_all),
	KUNIT_CASE(fan_in_of_any_starts_at_the_first),
	KUNIT_CASE(fan_in_of_n_counts_what_came_true),
	KUNIT_CASE(fan_in_gives_up_when_it_must),
	KUNIT_CASE(race_ends_the_losers),
	KUNIT_CASE(guards_look_at_the_result),
	KUNIT_CASE(negative_result_is_negative_and_not_short),
	KUNIT_CASE(guard_on_a_skipped_node_never_holds),
	KUNIT_CASE(finally_comes_after_all_others),
	KUNIT_CASE(finally_has_edges_as_others_have),
	KUNIT_CASE(graph_of_finallies_runs),
	KUNIT_CASE(bound_result_becomes_the_argument),
	KUNIT_CASE(node_without_its_result_is_skipped),
	KUNIT_CASE(ops_take_what_fits),
	KUNIT_CASE(reads_and_writes_take_what_fits),
	KUNIT_CASE(copies_and_verifies_take_what_fits),
	KUNIT_CASE(events_take_what_fits),
	KUNIT_CASE(told_value_becomes_the_argument),
	KUNIT_CASE(cancel_ends_all_but_finally),
	KUNIT_CASE(cancel_before_the_first_poll_ends_it),
	KUNIT_CASE(second_cancel_also_ends_finally),
	KUNIT_CASE(cancel_while_finally_runs_changes_nothing),
	KUNIT_CASE(second_cancel_while_finally_runs_ends_it),
	KUNIT_CASE(cancel_of_an_ended_graph_is_too_late),
	KUNIT_CASE(cancelled_node_is_a_failure_if_it_ran),
	KUNIT_CASE(cancelled_node_is_skipped_if_it_did_not),
	KUNIT_CASE(cancel_by_tag_ends_a_graph),
	KUNIT_CASE(cancel_by_tag_ends_nodes),
	KUNIT_CASE(cancel_of_all_ends_all),
	KUNIT_CASE(deadline_ends_all_but_finally),
	KUNIT_CASE(deadline_in_the_past_ends_it_at_its_turn),
	KUNIT_CASE(graph_that_ends_before_leaves_no_timer),
	KUNIT_CASE(graph_that_ends_at_once_ends_with_a_deadline),
	KUNIT_CASE(deadline_while_finally_runs_changes_nothing),
	KUNIT_CASE(cancel_after_the_deadline_does_not_change_the_result),
	KUNIT_CASE(deadline_after_the_cancel_does_not_change_the_result),
	KUNIT_CASE(cancel_between_the_last_node_and_the_end_is_stopping),
	KUNIT_CASE(graph_begins_after_a_job),
	KUNIT_CASE(graphs_begin_after_a_graph_and_a_node),
	KUNIT_CASE(graph_after_what_has_ended_begins_at_once),
	KUNIT_CASE(graph_after_what_was_reaped_does_not_wait_for_another),
	KUNIT_CASE(graph_after_what_never_was_is_refused),
	KUNIT_CASE(cancel_ends_a_graph_that_has_not_begun),
	KUNIT_CASE(deadline_ends_a_graph_that_has_not_begun),
	KUNIT_CASE(nodes_cancelled_one_by_one_end_a_graph_that_has_not_begun),
	KUNIT_CASE(long_line_of_graphs_runs_to_its_end),
	KUNIT_CASE(refused_graph_leaves_nothing_behind),
	KUNIT_CASE(graph_without_credits_is_refused),
	KUNIT_CASE(receipt_of_a_graph_is_the_sum_of_its_nodes),
	KUNIT_CASE(kept_results_are_there_until_they_are_freed),
	KUNIT_CASE(results_without_room_are_counted),
	KUNIT_CASE(closing_ends_graphs_at_every_stage),
	KUNIT_CASE(templates_are_counted_and_capped),
	KUNIT_CASE(template_keeps_what_it_was),
	{}
};

static struct kunit_suite graph_suite = {
	.name = "weft_graph",
	.init = graph_init,
	.exit = bed_exit,
	.test_cases = graph_cases,
};

kunit_test_suite(graph_suite);
