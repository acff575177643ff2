// SPDX-License-Identifier: GPL-2.0-only
/* What is a graph and what is not: each error has its errno and its node. */
#include <kunit/test.h>

#include "../module/front/front.h"
#include "../module/job/graph.h"

static struct weft_node nodes[WEFT_MAX_NODES];

static void none(void)
{
	memset(nodes, 0, sizeof(nodes));
}

/* A line: each node after the one before it. */
static void line(unsigned int count)
{
	unsigned int i;

	none();
	for (i = 1; i < count; i++)
		nodes[i].after_success = BIT_ULL(i - 1);
}

static void expect(struct kunit *test, int ret, u32 node, unsigned int count)
{
	u32 at = 4711;

	KUNIT_EXPECT_EQ(test, ret, weft_dag_check(nodes, count, &at));
	KUNIT_EXPECT_EQ(test, node, at);
}

#define OK(_count)		expect(test, 0, WEFT_NO_NODE, _count)
#define WRONG(_node, _count)	expect(test, -EINVAL, _node, _count)

static void nodes_without_edges_are_a_graph(struct kunit *test)
{
	none();
	OK(1);
	OK(WEFT_MAX_NODES);
}

static void line_of_64_is_a_graph(struct kunit *test)
{
	line(WEFT_MAX_NODES);
	OK(WEFT_MAX_NODES);
}

/* What comes first may stand last. */
static void order_of_nodes_does_not_matter(struct kunit *test)
{
	unsigned int i;

	none();
	for (i = 0; i < WEFT_MAX_NODES - 1; i++)
		nodes[i].after_end = BIT_ULL(i + 1);
	OK(WEFT_MAX_NODES);
}

static void every_node_after_all_before_it_is_a_graph(struct kunit *test)
{
	unsigned int i;

	none();
	for (i = 1; i < WEFT_MAX_NODES; i++)
		nodes[i].after_end = GENMASK_ULL(i - 1, 0);
	OK(WEFT_MAX_NODES);
}

static void edge_to_itself_is_a_circle(struct kunit *test)
{
	line(3);
	nodes[1].after_end = BIT_ULL(1);
	expect(test, -ELOOP, 1, 3);
}

static void circle_of_two_names_the_first_of_them(struct kunit *test)
{
	none();
	nodes[2].after_success = BIT_ULL(3);
	nodes[3].after_failure = BIT_ULL(2);
	/* These come after it, or before, but are not in it. */
	nodes[0].after_end = BIT_ULL(2);
	nodes[1].after_end = BIT_ULL(0);
	nodes[2].after_end = BIT_ULL(4);
	expect(test, -ELOOP, 2, 5);
}

static void circle_of_64_is_found(struct kunit *test)
{
	line(WEFT_MAX_NODES);
	nodes[0].after_success = BIT_ULL(63);
	expect(test, -ELOOP, 0, WEFT_MAX_NODES);
}

static void circle_at_the_end_is_found(struct kunit *test)
{
	line(WEFT_MAX_NODES);
	nodes[61].after_success |= BIT_ULL(63);
	expect(test, -ELOOP, 61, WEFT_MAX_NODES);
}

static void edge_from_a_node_that_is_not_there_is_refused(struct kunit *test)
{
	u64 *edges[] = { &nodes[1].after_success, &nodes[1].after_end,
			 &nodes[1].after_failure };
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (bit = 3; bit < 64; bit++) {
			none();
			*edges[i] = BIT_ULL(bit);
			expect(test, -ENXIO, 1, 3);
		}
	}
}

static void two_edges_from_one_node_are_refused(struct kunit *test)
{
	none();
	nodes[1].after_success = 1;
	nodes[1].after_end = 1;
	WRONG(1, 2);
	nodes[1].after_success = 0;
	nodes[1].after_failure = 1;
	WRONG(1, 2);
	nodes[1].after_end = 0;
	nodes[1].after_success = 1;
	WRONG(1, 2);
}

static void need_is_at_most_the_number_of_edges(struct kunit *test)
{
	none();
	nodes[3].after_success = 1;
	nodes[3].after_end = 2;
	nodes[3].after_failure = 4;
	for (nodes[3].need = 0; nodes[3].need <= 3; nodes[3].need++)
		OK(4);
	WRONG(3, 4);
	nodes[3].need = U16_MAX;
	WRONG(3, 4);
	none();
	nodes[0].need = 1;
	WRONG(0, 4);
}

static void unknown_flags_are_refused(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		line(2);
		nodes[1].flags = BIT(bit);
		if (nodes[1].flags == WEFT_NODE_UNLESS)
			nodes[1].guard = WEFT_GUARD_EQUAL;
		if (bit < 3)
			OK(2);
		else
			WRONG(1, 2);
	}
}

static void reserved_bits_are_refused(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 64; bit++) {
		none();
		nodes[1].__reserved = BIT_ULL(bit);
		WRONG(1, 2);
	}
	for (bit = 0; bit < 8; bit++) {
		none();
		nodes[1].bind[3].__reserved = BIT(bit);
		WRONG(1, 2);
	}
}

static void race_without_edges_is_refused(struct kunit *test)
{
	none();
	nodes[1].flags = WEFT_NODE_RACE;
	WRONG(1, 2);
	nodes[1].after_end = 1;
	OK(2);
}

static void guards_are_checked(struct kunit *test)
{
	line(3);
	nodes[2].guard = WEFT_GUARD_NEGATIVE;
	/* Node 0 is before node 1, which is before node 2. */
	OK(3);
	nodes[2].guard_node = 1;
	OK(3);
	nodes[2].guard_node = 2;
	expect(test, -ENXIO, 2, 3);
	nodes[2].guard_node = 3;
	expect(test, -ENXIO, 2, 3);
	nodes[2].guard_node = U8_MAX;
	expect(test, -ENXIO, 2, 3);

	nodes[2].guard_node = 0;
	nodes[2].guard_value = 1;
	WRONG(2, 3);
	nodes[2].guard = WEFT_GUARD_EQUAL;
	OK(3);
	nodes[2].guard = WEFT_GUARD_SHORT;
	OK(3);
	nodes[2].guard = WEFT_GUARD_SHORT + 1;
	WRONG(2, 3);
	nodes[2].guard = U8_MAX;
	WRONG(2, 3);
}

static void guard_without_a_test_is_refused(struct kunit *test)
{
	line(2);
	nodes[1].guard_value = 1;
	WRONG(1, 2);
	line(3);
	nodes[2].guard_node = 1;
	WRONG(2, 3);
	line(2);
	nodes[1].flags = WEFT_NODE_UNLESS;
	WRONG(1, 2);
}

/* It may end later, or never. */
static void guard_on_a_node_beside_is_refused(struct kunit *test)
{
	none();
	nodes[2].after_end = BIT_ULL(1);
	nodes[2].guard = WEFT_GUARD_EQUAL;
	expect(test, -ENXIO, 2, 3);
	nodes[1].after_end = BIT_ULL(0);
	OK(3);
}

static void sleep_then(u16 op, u8 arg)
{
	line(2);
	nodes[0].job.op = WEFT_OP_SLEEP;
	nodes[1].job.op = op;
	nodes[1].bind[0] = (struct weft_bind){
		.what = WEFT_BIND_RESULT,
		.arg = arg,
	};
}

static void bound_result_has_the_type_of_the_argument(struct kunit *test)
{
	static const struct {
		u16 op;
		u8 arg;
	} times[] = {
		{ WEFT_OP_SPIN, 0 }, { WEFT_OP_SLEEP, 0 }, { WEFT_OP_WORK, 0 },
		{ WEFT_OP_WORK, 8 },
	}, others[] = {
		{ WEFT_OP_NOP, 0 }, { WEFT_OP_YIELD, 0 }, { WEFT_OP_SPIN, 8 },
		{ WEFT_OP_SPIN, 1 }, { WEFT_OP_SLEEP, 8 }, { WEFT_OP_SLEEP, 4 },
		{ WEFT_OP_WORK, 16 }, { WEFT_OP_WORK, 20 }, { WEFT_OP_WORK, 40 },
		{ WEFT_OP_WORK, U8_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		sleep_then(times[i].op, times[i].arg);
		OK(2);
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		sleep_then(others[i].op, others[i].arg);
		expect(test, -EBADSLT, 1, 2);
	}
}

static void result_of_an_op_that_has_none_cannot_be_bound(struct kunit *test)
{
	sleep_then(WEFT_OP_SPIN, 0);
	nodes[0].job.op = WEFT_OP_NOP;
	expect(test, -EBADSLT, 1, 2);
	/* Nor to where nothing can be bound: no type is not a type. */
	nodes[1].job.op = WEFT_OP_NOP;
	expect(test, -EBADSLT, 1, 2);
}

/* Only a notify has such an argument: neither a time nor a number is one. */
static void id_is_bound_to_an_id_only(struct kunit *test)
{
	unsigned int at;
	u16 op;

	for (op = 0; op < WEFT_NR_OPS; op++) {
		for (at = 0; at < sizeof(nodes[0].job.arg); at++) {
			sleep_then(op, at);
			nodes[1].bind[0].what = WEFT_BIND_ID;
			if (op == WEFT_OP_NOTIFY && at == WEFT_ARG_AT(notify.id))
				OK(2);
			else
				expect(test, -EBADSLT, 1, 2);
		}
	}
}

/* Who is told need not have ended, nor have started. */
static void id_of_a_node_beside_is_bound(struct kunit *test)
{
	none();
	nodes[0].job.op = WEFT_OP_NOTIFY;
	nodes[1].job.op = WEFT_OP_AWAIT;
	nodes[0].bind[0] = (struct weft_bind){
		.node = 1,
		.what = WEFT_BIND_ID,
		.arg = WEFT_ARG_AT(notify.id),
	};
	OK(2);
}

/* What each result can become: all places of all ops, and no other. */
static void results_of_files_have_their_types(struct kunit *test)
{
	static const struct {
		u16 op;
		u8 arg;
		enum weft_type type;
	} slots[] = {
		{ WEFT_OP_READ, 8, WEFT_TYPE_BYTES },
		{ WEFT_OP_READ, 16, WEFT_TYPE_BYTES },
		{ WEFT_OP_READ, 24, WEFT_TYPE_BYTES },
		{ WEFT_OP_WRITE, 8, WEFT_TYPE_BYTES },
		{ WEFT_OP_WRITE, 16, WEFT_TYPE_BYTES },
		{ WEFT_OP_WRITE, 24, WEFT_TYPE_BYTES },
		{ WEFT_OP_COPY, 8, WEFT_TYPE_BYTES },
		{ WEFT_OP_COPY, 16, WEFT_TYPE_BYTES },
		{ WEFT_OP_COPY, 24, WEFT_TYPE_BYTES },
		{ WEFT_OP_VERIFY, 8, WEFT_TYPE_BYTES },
		{ WEFT_OP_VERIFY, 16, WEFT_TYPE_BYTES },
		{ WEFT_OP_VERIFY, 24, WEFT_TYPE_BYTES },
		{ WEFT_OP_POLL, 4, WEFT_TYPE_MASK },
		{ WEFT_OP_EVENTFD, 8, WEFT_TYPE_VALUE },
		{ WEFT_OP_NOTIFY, 8, WEFT_TYPE_VALUE },
	};
	static const struct {
		u16 op;
		enum weft_type type;
	} results[] = {
		{ WEFT_OP_READ, WEFT_TYPE_BYTES },
		{ WEFT_OP_WRITE, WEFT_TYPE_BYTES },
		{ WEFT_OP_FSYNC, WEFT_TYPE_NONE },
		{ WEFT_OP_COPY, WEFT_TYPE_BYTES },
		{ WEFT_OP_POLL, WEFT_TYPE_MASK },
		{ WEFT_OP_EVENTFD, WEFT_TYPE_NONE },
		{ WEFT_OP_NOTIFY, WEFT_TYPE_NONE },
		{ WEFT_OP_AWAIT, WEFT_TYPE_VALUE },
		{ WEFT_OP_VERIFY, WEFT_TYPE_BYTES },
	};
	unsigned int i, s, at;
	enum weft_type type;
	u16 op;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		for (op = WEFT_OP_READ; op < WEFT_NR_OPS; op++) {
			for (at = 0; at < sizeof(nodes[0].job.arg); at++) {
				type = WEFT_TYPE_NONE;
				for (s = 0; s < ARRAY_SIZE(slots); s++)
					if (slots[s].op == op && slots[s].arg == at)
						type = slots[s].type;
				sleep_then(op, at);
				nodes[0].job.op = results[i].op;
				if (type && type == results[i].type)
					OK(2);
				else
					expect(test, -EBADSLT, 1, 2);
			}
		}
	}
}

/* A length is no time, and a mask no length. */
static void results_of_files_are_no_times(struct kunit *test)
{
	u16 op;

	for (op = WEFT_OP_READ; op < WEFT_NR_OPS; op++) {
		sleep_then(WEFT_OP_SPIN, 0);
		nodes[0].job.op = op;
		expect(test, -EBADSLT, 1, 2);
		sleep_then(op, 8);
		expect(test, -EBADSLT, 1, 2);
	}
}

static void bound_node_is_there_and_before(struct kunit *test)
{
	sleep_then(WEFT_OP_SPIN, 0);
	nodes[1].bind[0].node = 1;
	expect(test, -ENXIO, 1, 2);
	nodes[1].bind[0].node = 2;
	expect(test, -ENXIO, 1, 2);
	nodes[1].bind[0].node = U8_MAX;
	expect(test, -ENXIO, 1, 2);
	/* There, but beside it. */
	sleep_then(WEFT_OP_SPIN, 0);
	nodes[2].job.op = WEFT_OP_SLEEP;
	nodes[1].bind[0].node = 2;
	expect(test, -ENXIO, 1, 3);
}

static void unknown_bindings_are_refused(struct kunit *test)
{
	sleep_then(WEFT_OP_SPIN, 0);
	nodes[1].bind[0].what = WEFT_BIND_ID + 1;
	WRONG(1, 2);
	nodes[1].bind[0].what = U8_MAX;
	WRONG(1, 2);
	/* What is no binding says nothing. */
	sleep_then(WEFT_OP_SPIN, 0);
	nodes[1].bind[1].node = 1;
	WRONG(1, 2);
	nodes[1].bind[1].node = 0;
	nodes[1].bind[1].arg = 8;
	WRONG(1, 2);
}

static void finally_may_use_every_normal_node(struct kunit *test)
{
	none();
	nodes[0].job.op = WEFT_OP_SPIN;
	nodes[0].flags = WEFT_NODE_FINALLY;
	nodes[0].guard = WEFT_GUARD_EQUAL;
	nodes[0].guard_node = 1;
	nodes[1].job.op = WEFT_OP_SLEEP;
	nodes[0].bind[0] = (struct weft_bind){
		.node = 1,
		.what = WEFT_BIND_RESULT,
	};
	OK(2);
	/* But not one that comes finally as well, without an edge. */
	nodes[1].flags = WEFT_NODE_FINALLY;
	expect(test, -ENXIO, 0, 2);
	nodes[0].after_end = BIT_ULL(1);
	OK(2);
}

static void normal_node_after_a_finally_is_a_circle(struct kunit *test)
{
	none();
	nodes[2].flags = WEFT_NODE_FINALLY;
	nodes[1].after_end = BIT_ULL(2);
	expect(test, -ELOOP, 1, 3);
}

static void graph_is_checked(struct kunit *test)
{
	static const struct weft_graph good = { .size = sizeof(good), .count = 1 };
	struct weft_graph g = good;
	int bit;

	KUNIT_EXPECT_EQ(test, 0, weft_validate_graph(&g, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph(&g, 1));
	g.count = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph(&g, 100));
	g.count = 64;
	KUNIT_EXPECT_EQ(test, 0, weft_validate_graph(&g, 65));
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph(&g, 64));
	g.count = 65;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph(&g, 100));
	g.count = U32_MAX;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph(&g, U32_MAX));
	for (bit = 0; bit < 64; bit++) {
		g = good;
		g.deadline_ns = BIT_ULL(bit);
		KUNIT_EXPECT_EQ(test, bit < 63 ? 0 : -EINVAL,
				weft_validate_graph(&g, 2));
	}
	for (bit = 0; bit < 32; bit++) {
		g = good;
		g.flags = BIT(bit);
		KUNIT_EXPECT_EQ(test, bit < 2 ? 0 : -EINVAL,
				weft_validate_graph(&g, 2));
	}
}

static void look_at_results_is_checked(struct kunit *test)
{
	struct weft_graph_result look = { .capacity = U32_MAX };
	int bit;

	KUNIT_EXPECT_EQ(test, 0, weft_validate_graph_result(&look));
	for (bit = 0; bit < 32; bit++) {
		look = (struct weft_graph_result){ .flags = BIT(bit) };
		KUNIT_EXPECT_EQ(test, bit ? -EINVAL : 0,
				weft_validate_graph_result(&look));
		look = (struct weft_graph_result){ .__reserved = BIT(bit) };
		KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_graph_result(&look));
	}
}

static void template_is_checked(struct kunit *test)
{
	struct weft_template t = { .count = 64 };
	int bit;

	KUNIT_EXPECT_EQ(test, 0, weft_validate_template(&t));
	t.count = 65;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_template(&t));
	t.count = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_template(&t));
	t.flags = WEFT_TEMPLATE_FREE;
	KUNIT_EXPECT_EQ(test, 0, weft_validate_template(&t));
	t.nodes = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_template(&t));
	t = (struct weft_template){ .flags = WEFT_TEMPLATE_FREE, .count = 1 };
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_template(&t));
	for (bit = 1; bit < 32; bit++) {
		t = (struct weft_template){ .flags = BIT(bit), .count = 1 };
		KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_template(&t));
	}
}

static void run_is_checked(struct kunit *test)
{
	struct weft_run r = { .count = WEFT_MAX_CHANGES };
	int bit;

	KUNIT_EXPECT_EQ(test, 0, weft_validate_run(&r));
	r.count++;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_run(&r));
	r = (struct weft_run){ .deadline_ns = BIT_ULL(63) };
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_run(&r));
	for (bit = 0; bit < 32; bit++) {
		r = (struct weft_run){ .flags = BIT(bit) };
		KUNIT_EXPECT_EQ(test, bit < 2 ? 0 : -EINVAL, weft_validate_run(&r));
		r = (struct weft_run){ .__reserved = BIT(bit) };
		KUNIT_EXPECT_EQ(test, -EINVAL, weft_validate_run(&r));
	}
}

static void change_changes_what_it_names(struct kunit *test)
{
	struct weft_change c = { .node = 1, .value = 7 };
	u32 at;

	for (c.what = 0; c.what < 5; c.what++) {
		none();
		KUNIT_EXPECT_EQ(test, 0, weft_template_change(nodes, 2, &c, &at));
		KUNIT_EXPECT_EQ(test, 7ULL, nodes[1].job.arg[c.what]);
	}
	c.what = WEFT_CHANGE_USER_DATA;
	KUNIT_EXPECT_EQ(test, 0, weft_template_change(nodes, 2, &c, &at));
	KUNIT_EXPECT_EQ(test, 7ULL, nodes[1].job.user_data);
	c.what = WEFT_CHANGE_DEADLINE;
	KUNIT_EXPECT_EQ(test, 0, weft_template_change(nodes, 2, &c, &at));
	KUNIT_EXPECT_EQ(test, 7ULL, nodes[1].job.deadline_ns);

	c.what = WEFT_CHANGE_DEADLINE + 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_template_change(nodes, 2, &c, &at));
	KUNIT_EXPECT_EQ(test, 1U, at);
	c.what = U32_MAX;
	KUNIT_EXPECT_EQ(test, -EINVAL, weft_template_change(nodes, 2, &c, &at));
	c.what = 0;
	c.node = 2;
	KUNIT_EXPECT_EQ(test, -ENXIO, weft_template_change(nodes, 2, &c, &at));
	KUNIT_EXPECT_EQ(test, WEFT_NO_NODE, at);
	c.node = U32_MAX;
	KUNIT_EXPECT_EQ(test, -ENXIO, weft_template_change(nodes, 2, &c, &at));
}

static struct kunit_case graph_check_cases[] = {
	KUNIT_CASE(nodes_without_edges_are_a_graph),
	KUNIT_CASE(line_of_64_is_a_graph),
	KUNIT_CASE(order_of_nodes_does_not_matter),
	KUNIT_CASE(every_node_after_all_before_it_is_a_graph),
	KUNIT_CASE(edge_to_itself_is_a_circle),
	KUNIT_CASE(circle_of_two_names_the_first_of_them),
	KUNIT_CASE(circle_of_64_is_found),
	KUNIT_CASE(circle_at_the_end_is_found),
	KUNIT_CASE(edge_from_a_node_that_is_not_there_is_refused),
	KUNIT_CASE(two_edges_from_one_node_are_refused),
	KUNIT_CASE(need_is_at_most_the_number_of_edges),
	KUNIT_CASE(unknown_flags_are_refused),
	KUNIT_CASE(reserved_bits_are_refused),
	KUNIT_CASE(race_without_edges_is_refused),
	KUNIT_CASE(guards_are_checked),
	KUNIT_CASE(guard_without_a_test_is_refused),
	KUNIT_CASE(guard_on_a_node_beside_is_refused),
	KUNIT_CASE(bound_result_has_the_type_of_the_argument),
	KUNIT_CASE(result_of_an_op_that_has_none_cannot_be_bound),
	KUNIT_CASE(id_is_bound_to_an_id_only),
	KUNIT_CASE(id_of_a_node_beside_is_bound),
	KUNIT_CASE(results_of_files_have_their_types),
	KUNIT_CASE(results_of_files_are_no_times),
	KUNIT_CASE(bound_node_is_there_and_before),
	KUNIT_CASE(unknown_bindings_are_refused),
	KUNIT_CASE(finally_may_use_every_normal_node),
	KUNIT_CASE(normal_node_after_a_finally_is_a_circle),
	KUNIT_CASE(graph_is_checked),
	KUNIT_CASE(look_at_results_is_checked),
	KUNIT_CASE(template_is_checked),
	KUNIT_CASE(run_is_checked),
	KUNIT_CASE(change_changes_what_it_names),
	{}
};

static struct kunit_suite graph_check_suite = {
	.name = "weft_graph_check",
	.test_cases = graph_check_cases,
};

kunit_test_suite(graph_check_suite);
