// SPDX-License-Identifier: GPL-2.0-only
/*
 * Graphs: jobs that wait for each other, as a program sees them.
 */
#include <inttypes.h>
#include <stddef.h>
#include <poll.h>
#include <sys/eventfd.h>
#include "files.h"
#include "table.h"

#define CREDITS		1024
#define BIT(n)		(1ULL << (n))

/* Grows with the largest graph: a thread a node. */
ENGINE_FIXTURE(graph, CREDITS)

static struct table table;

static int submit_graph(int fd, const struct weft_node *nodes, unsigned int count,
			struct weft_graph *graph)
{
	graph->size = sizeof(*graph);
	graph->nodes = (uintptr_t)nodes;
	graph->count = count;
	return call(fd, WEFT_IOC_GRAPH, graph);
}

static int get_results(int fd, __u64 id, struct weft_node_result *results,
		       unsigned int capacity, __u32 flags, struct weft_graph_result *look)
{
	*look = (struct weft_graph_result){
		.size = sizeof(*look),
		.flags = flags,
		.id = id,
		.results = (uintptr_t)results,
		.capacity = capacity,
	};
	return call(fd, WEFT_IOC_GRAPH_RESULT, look);
}

/* As it must be at rest: all credits are there, and all that came has gone. */
static void check_rest(struct __test_metadata *_metadata, int fd)
{
	struct weft_stats stats;

	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	EXPECT_EQ(stats.accepted, stats.done);
	EXPECT_EQ(0, look(fd));
}

static void check_refused(struct __test_metadata *_metadata, int fd,
			  const struct weft_node *nodes, unsigned int count,
			  __u32 error, __u32 node)
{
	struct weft_graph graph = { .id = 4711 };

	ASSERT_EQ(0, submit_graph(fd, nodes, count, &graph));
	EXPECT_EQ(error, graph.error);
	EXPECT_EQ(node, graph.node);
	EXPECT_EQ(0, graph.id);
	check_rest(_metadata, fd);
}

TEST_F(graph, every_error_has_its_errno_and_its_node)
{
	struct weft_node n[3] = { 0 };

	n[1].after_end = BIT(2);
	n[2].after_success = BIT(1);
	check_refused(_metadata, self->fd, n, 3, ELOOP, 1);
	n[2].after_success = BIT(3);
	check_refused(_metadata, self->fd, n, 3, ENXIO, 2);
	n[2].after_success = 0;
	n[1].need = 2;
	check_refused(_metadata, self->fd, n, 3, EINVAL, 1);
	n[1].need = 0;
	n[0].job.op = 0x1234;
	check_refused(_metadata, self->fd, n, 3, EINVAL, 0);
	n[0].job = work_job(0, 0, 0, 0);
	check_refused(_metadata, self->fd, n, 3, EINVAL, 0);
	n[0].job = nop_job(0);
	n[2].job = sleep_job(0, 0);
	n[1].bind[0] = (struct weft_bind){ .node = 2, .what = WEFT_BIND_RESULT };
	check_refused(_metadata, self->fd, n, 3, EBADSLT, 1);
	check_refused(_metadata, self->fd, NULL, 3, EFAULT, WEFT_NO_NODE);
}

TEST_F(graph, count_flags_and_deadline_are_checked)
{
	struct weft_node n[65] = { 0 };
	struct weft_graph graph = { 0 };
	int bit;

	EXPECT_EQ(-EINVAL, submit_graph(self->fd, n, 0, &graph));
	EXPECT_EQ(-EINVAL, submit_graph(self->fd, n, 65, &graph));
	EXPECT_EQ(-EINVAL, submit_graph(self->fd, n, ~0U, &graph));
	graph.deadline_ns = BIT(63);
	EXPECT_EQ(-EINVAL, submit_graph(self->fd, n, 1, &graph));
	graph.deadline_ns = 0;
	for (bit = 2; bit < 32; bit++) {
		graph.flags = 1U << bit;
		EXPECT_EQ(-EINVAL, submit_graph(self->fd, n, 1, &graph));
	}
	check_rest(_metadata, self->fd);
}

TEST_F(graph, taken_op_is_eopnotsupp)
{
	struct weft_node n[2] = { 0 };
	__u64 left;

	n[1].job = sleep_job(0, 0);
	ASSERT_EQ(0, restrict_ops(self->fd, ~BIT(WEFT_OP_SLEEP), &left));
	check_refused(_metadata, self->fd, n, 2, EOPNOTSUPP, 1);
}

TEST_F(graph, graph_of_64_has_one_completion)
{
	struct weft_graph graph = { .user_data = 7, .flags = WEFT_GRAPH_RECEIPT };
	struct weft_node n[64] = { 0 };
	struct weft_completion c;
	int i;

	for (i = 1; i < 64; i++)
		n[i].after_success = BIT(i) - 1;
	ASSERT_EQ(1, submit_graph(self->fd, n, 64, &graph));
	EXPECT_EQ(0, graph.error);
	EXPECT_EQ(WEFT_NO_NODE, graph.node);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(graph.id, c.id);
	EXPECT_EQ(7, c.user_data);
	EXPECT_EQ(0, c.result);
	EXPECT_EQ(WEFT_OP_GRAPH, c.op);
	EXPECT_EQ(64, c.receipt.polls);
	check_rest(_metadata, self->fd);
}

TEST_F(graph, graph_without_room_for_it_is_eagain)
{
	struct weft_node n[64] = { 0 };
	struct weft_graph graph = { 0 };
	struct weft_cancel cancel;
	struct weft_completion c[16];
	int i, graphs = CREDITS / 65;

	for (i = 0; i < 64; i++)
		n[i].job = sleep_job(0, HOUR);
	for (i = 0; i < graphs; i++)
		ASSERT_EQ(1, submit_graph(self->fd, n, 64, &graph));
	ASSERT_EQ(0, submit_graph(self->fd, n, 64, &graph));
	EXPECT_EQ(EAGAIN, graph.error);
	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	/* One whose nodes have all ended by then does not count itself. */
	EXPECT_GE(graphs * 65, cancel.cancelled + cancel.stopping);
	EXPECT_LT(0, cancel.cancelled + cancel.stopping);
	ASSERT_EQ(graphs, reap(self->fd, c, graphs));
	EXPECT_EQ(graphs, count_result(c, graphs, -ECANCELED));
	check_rest(_metadata, self->fd);
}

/* The loser of the race is ended, and is no failure. */
TEST_F(graph, first_of_two_timers_ends_the_other)
{
	struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };
	struct weft_node_result r[3];
	struct weft_graph_result seen;
	struct weft_node n[3] = { 0 };
	struct weft_completion c;

	n[0].job = sleep_job(0, HOUR);
	n[1].job = sleep_job(0, MSEC);
	n[2].after_success = BIT(0) | BIT(1);
	n[2].need = 1;
	n[2].flags = WEFT_NODE_RACE;
	ASSERT_EQ(1, submit_graph(self->fd, n, 3, &graph));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, c.result);
	ASSERT_EQ(3, get_results(self->fd, graph.id, r, 3, WEFT_RESULT_FREE, &seen));
	EXPECT_EQ(-ECANCELED, r[0].result);
	EXPECT_LE(0, r[1].result);
	EXPECT_EQ(WEFT_NODE_ENDED, r[2].state);
	EXPECT_EQ(-ENOENT, get_results(self->fd, graph.id, r, 3, 0, &seen));
	check_rest(_metadata, self->fd);
}

/* An empty file with no name. */
static int new_file(void)
{
	char path[] = "/tmp/graph.XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		unlink(path);
	return fd;
}

static struct weft_bind result_bind(__u8 node, size_t at)
{
	return (struct weft_bind){
		.node = node,
		.what = WEFT_BIND_RESULT,
		.arg = at - offsetof(struct weft_job, arg),
	};
}

#define ARG(_field)	offsetof(struct weft_job, _field)

/* Runs it and gets the results of all nodes. Returns that of the graph. */
static __s64 run_graph(int fd, const struct weft_node *nodes, unsigned int count,
		       struct weft_node_result *r)
{
	struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };
	struct weft_graph_result seen;
	struct weft_completion c;
	int ret = submit_graph(fd, nodes, count, &graph);

	if (ret != 1)
		return ret < 0 ? ret : -(__s64)graph.error;
	ret = reap(fd, &c, 1);
	if (ret < 0)
		return ret;
	ret = get_results(fd, graph.id, r, count, WEFT_RESULT_FREE, &seen);
	return ret < 0 ? ret : c.result;
}

/* As much is written as was read, and what is read then is written after that. */
TEST_F(graph, bytes_of_a_read_are_the_length_of_a_write)
{
	struct weft_node_result r[4];
	struct weft_node n[4] = { 0 };
	char text[16] = "";
	struct area area;
	int in = new_file(), out = new_file();

	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	ASSERT_EQ(0, make_area(self->fd, 4096, &area));
	ASSERT_EQ(7, write(in, "seven..", 7));
	n[0].job = rw_job(WEFT_OP_READ, in, &area, 0, 0, 4096);
	n[1].job = rw_job(WEFT_OP_WRITE, out, &area, 0, 0, 0);
	n[1].after_success = BIT(0);
	n[1].bind[0] = result_bind(0, ARG(rw.len));
	/* The same again, from where it ended to where it ended. */
	n[2].job = rw_job(WEFT_OP_READ, in, &area, 5, 0, 2);
	n[2].after_success = BIT(1);
	n[2].bind[0] = result_bind(0, ARG(rw.start));
	n[3].job = rw_job(WEFT_OP_WRITE, out, &area, WEFT_OFFSET_CURRENT, 0, 4096);
	n[3].after_success = BIT(2);
	n[3].bind[0] = result_bind(2, ARG(rw.len));
	n[3].bind[1] = result_bind(1, ARG(rw.offset));
	n[3].bind[2] = result_bind(0, ARG(rw.start));
	ASSERT_EQ(0, run_graph(self->fd, n, 4, r));
	EXPECT_EQ(7, r[0].result);
	EXPECT_EQ(7, r[1].result);
	EXPECT_EQ(2, r[2].result);
	EXPECT_EQ(2, r[3].result);
	EXPECT_EQ(9, pread(out, text, sizeof(text) - 1, 0));
	EXPECT_STREQ("seven....", text);
	check_rest(_metadata, self->fd);
	unmap_area(&area);
	close(in);
	close(out);
}

/* What each job may have by itself may be too much in the end. */
TEST_F(graph, bound_range_outside_of_the_buffer_is_efault)
{
	struct weft_node_result r[3];
	struct weft_node n[3] = { 0 };
	struct area area;
	int in = new_file();

	ASSERT_LE(0, in);
	ASSERT_EQ(0, make_area(self->fd, 8192, &area));
	ASSERT_EQ(0, ftruncate(in, 8192));
	n[0].job = rw_job(WEFT_OP_READ, in, &area, 0, 0, 8192);
	n[1].job = rw_job(WEFT_OP_READ, in, &area, 0, 0, 1);
	n[1].after_success = BIT(0);
	n[1].bind[0] = result_bind(0, ARG(rw.start));
	n[2].job = (struct weft_job){
		.op = WEFT_OP_VERIFY,
		.verify = {
			.fd = in,
			.len = ~0ULL,
			.buffer = area.index,
			.flags = WEFT_VERIFY_STORE,
		},
	};
	n[2].after_success = BIT(0);
	n[2].bind[0] = result_bind(0, ARG(verify.start));
	EXPECT_EQ(-EFAULT, run_graph(self->fd, n, 3, r));
	EXPECT_EQ(8192, r[0].result);
	EXPECT_EQ(-EFAULT, r[1].result);
	EXPECT_EQ(-EFAULT, r[2].result);
	check_rest(_metadata, self->fd);
	unmap_area(&area);
	close(in);
}

/* A digest does not fit a result: it goes from node to node in the buffer. */
TEST_F(graph, stored_digest_is_what_the_next_node_expects)
{
	struct weft_node_result r[4];
	struct weft_node n[4] = { 0 };
	struct area area;
	int in = new_file(), out = new_file();
	int i;

	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	ASSERT_EQ(0, make_area(self->fd, 4096, &area));
	ASSERT_EQ(0, ftruncate(in, 300000));
	n[0].job = (struct weft_job){
		.op = WEFT_OP_COPY,
		.copy = { .in = in, .out = out, .len = ~0ULL },
	};
	for (i = 1; i < 4; i++) {
		n[i].job = (struct weft_job){
			.op = WEFT_OP_VERIFY,
			.verify = {
				.fd = i == 1 ? in : out,
				.algorithm = WEFT_VERIFY_SHA256,
				.len = i == 1 ? ~0ULL : 1,
				.buffer = area.index,
				.flags = i == 1 ? WEFT_VERIFY_STORE : WEFT_VERIFY_COMPARE,
			},
		};
		n[i].after_success = BIT(i - 1);
	}
	n[2].bind[0] = result_bind(0, ARG(verify.len));
	EXPECT_EQ(-EBADMSG, run_graph(self->fd, n, 4, r));
	EXPECT_EQ(300000, r[0].result);
	EXPECT_EQ(300000, r[1].result);
	EXPECT_EQ(300000, r[2].result);
	EXPECT_EQ(-EBADMSG, r[3].result);
	unmap_area(&area);
	close(in);
	close(out);
}

/* What is ready is asked of another file, and decides whether a node runs. */
TEST_F(graph, mask_of_a_poll_feeds_a_guard_and_a_poll)
{
	struct weft_node_result r[4];
	struct weft_node n[4] = { 0 };
	int event = eventfd(3, EFD_CLOEXEC);
	int other = eventfd(3, EFD_CLOEXEC);

	ASSERT_LE(0, event);
	ASSERT_LE(0, other);
	n[0].job = (struct weft_job){
		.op = WEFT_OP_POLL,
		.poll = { .fd = event, .events = POLLIN },
	};
	n[1].after_success = BIT(0);
	n[1].guard = WEFT_GUARD_EQUAL;
	n[1].guard_value = POLLIN;
	n[2].after_success = BIT(0);
	n[2].guard = WEFT_GUARD_EQUAL;
	n[2].guard_value = POLLIN;
	n[2].flags = WEFT_NODE_UNLESS;
	n[3].job = (struct weft_job){
		.op = WEFT_OP_POLL,
		.poll = { .fd = other, .events = POLLOUT },
	};
	n[3].after_success = BIT(0);
	n[3].bind[0] = result_bind(0, ARG(poll.events));
	ASSERT_EQ(0, run_graph(self->fd, n, 4, r));
	EXPECT_EQ(POLLIN, r[0].result);
	EXPECT_EQ(WEFT_NODE_ENDED, r[1].state);
	EXPECT_EQ(WEFT_NODE_SKIPPED, r[2].state);
	EXPECT_EQ(POLLIN, r[3].result);
	check_rest(_metadata, self->fd);
	close(event);
	close(other);
}

/* What one node is told it adds to an eventfd; it cannot add nothing. */
TEST_F(graph, told_value_goes_to_an_eventfd)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct weft_node_result r[3];
	struct weft_node n[3] = { 0 };
	__u64 count = 0;

	ASSERT_LE(0, event);
	n[0].job = (struct weft_job){ .op = WEFT_OP_AWAIT, .await.count = 1 };
	n[1].job = (struct weft_job){ .op = WEFT_OP_NOTIFY, .notify.value = 5 };
	n[1].bind[0].what = WEFT_BIND_ID;
	n[2].job = (struct weft_job){
		.op = WEFT_OP_EVENTFD,
		.eventfd = { .fd = event, .value = 1 },
	};
	n[2].after_success = BIT(0);
	n[2].bind[0] = result_bind(0, ARG(eventfd.value));
	ASSERT_EQ(0, run_graph(self->fd, n, 3, r));
	EXPECT_EQ(5, r[0].result);
	EXPECT_EQ(8, read(event, &count, sizeof(count)));
	EXPECT_EQ(5, count);
	n[1].job.notify.value = 0;
	EXPECT_EQ(-EINVAL, run_graph(self->fd, n, 3, r));
	EXPECT_EQ(-EINVAL, r[2].result);
	EXPECT_EQ(-1, read(event, &count, sizeof(count)));
	check_rest(_metadata, self->fd);
	close(event);
}

TEST_F(graph, results_of_files_are_not_bound_to_another_type)
{
	struct weft_node n[2] = { 0 };
	struct area area;
	int in = new_file();

	ASSERT_LE(0, in);
	ASSERT_EQ(0, make_area(self->fd, 4096, &area));
	n[0].job = rw_job(WEFT_OP_READ, in, &area, 0, 0, 1);
	n[1].job = sleep_job(0, 0);
	n[1].after_success = BIT(0);
	n[1].bind[0] = result_bind(0, ARG(sleep.ns));
	check_refused(_metadata, self->fd, n, 2, EBADSLT, 1);
	n[1].job = rw_job(WEFT_OP_WRITE, in, &area, 0, 0, 1);
	n[1].bind[0] = result_bind(0, ARG(rw.flags));
	check_refused(_metadata, self->fd, n, 2, EBADSLT, 1);
	n[0].job = fsync_job(in, 0);
	n[1].bind[0] = result_bind(0, ARG(rw.len));
	check_refused(_metadata, self->fd, n, 2, EBADSLT, 1);
	unmap_area(&area);
	close(in);
}

TEST_F(graph, results_can_be_seen_while_it_runs)
{
	struct weft_node_result r[2];
	struct weft_graph_result seen;
	struct weft_graph graph = { 0 };
	struct weft_node n[2] = { 0 };
	struct weft_completion c;

	n[0].job = sleep_job(3, HOUR);
	n[1].job = nop_job(4);
	n[1].after_success = BIT(0);
	ASSERT_EQ(1, submit_graph(self->fd, n, 2, &graph));
	ASSERT_TRUE(until_waiting(self->fd, 3));
	ASSERT_EQ(2, get_results(self->fd, graph.id, r, 64, 0, &seen));
	EXPECT_EQ(2, seen.count);
	EXPECT_EQ(WEFT_NODE_STARTED, seen.state);
	EXPECT_EQ(WEFT_NODE_STARTED, r[0].state);
	EXPECT_EQ(WEFT_NODE_HELD, r[1].state);
	EXPECT_EQ(3, r[0].user_data);
	EXPECT_EQ(4, r[1].user_data);
	EXPECT_EQ(1, get_results(self->fd, graph.id, r, 1, 0, &seen));
	EXPECT_EQ(-EFAULT, get_results(self->fd, graph.id, NULL, 1, 0, &seen));
	EXPECT_EQ(-EBUSY, get_results(self->fd, graph.id, r, 2, WEFT_RESULT_FREE, &seen));
	EXPECT_EQ(-EINVAL, get_results(self->fd, graph.id, r, 2, 2, &seen));
	EXPECT_EQ(-ENOENT, get_results(self->fd, r[0].id, r, 2, 0, &seen));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, graph.id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ENOENT, cancel_job(self->fd, graph.id));
	check_rest(_metadata, self->fd);
}

TEST_F(graph, deadline_ends_it_and_finally_still_runs)
{
	struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };
	struct weft_node_result r[3];
	struct weft_graph_result seen;
	struct weft_node n[3] = { 0 };
	struct weft_completion c;

	graph.deadline_ns = in_ns(20 * MSEC);
	n[0].job = sleep_job(0, HOUR);
	n[1].after_end = BIT(0);
	n[2].flags = WEFT_NODE_FINALLY;
	ASSERT_EQ(1, submit_graph(self->fd, n, 3, &graph));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_LE(graph.deadline_ns, now_ns());
	EXPECT_EQ(-ETIME, c.result);
	ASSERT_EQ(3, get_results(self->fd, graph.id, r, 3, WEFT_RESULT_FREE, &seen));
	EXPECT_EQ(WEFT_NODE_ENDED, r[0].state);
	EXPECT_EQ(WEFT_NODE_SKIPPED, r[1].state);
	EXPECT_EQ(WEFT_NODE_ENDED, r[2].state);
	EXPECT_EQ(0, r[2].result);
	check_rest(_metadata, self->fd);
}

TEST_F(graph, held_nodes_say_what_they_wait_for)
{
	struct weft_node_result r[3];
	struct weft_graph_result seen;
	struct weft_graph graph = { 0 };
	struct weft_node n[3] = { 0 };
	struct weft_completion c;
	unsigned int row;
	char id[24];
	int i;

	n[0].job = sleep_job(0, HOUR);
	n[1].after_success = BIT(0);
	n[2].flags = WEFT_NODE_FINALLY;
	ASSERT_EQ(1, submit_graph(self->fd, n, 3, &graph));
	ASSERT_TRUE(until_waiting(self->fd, 4));
	ASSERT_EQ(3, get_results(self->fd, graph.id, r, 3, 0, &seen));
	ASSERT_EQ(0, table_read(&table, "tasks"));
	EXPECT_FALSE(table.ragged);
	for (i = 0; i < 3; i++) {
		snprintf(id, sizeof(id), "%" PRIu64, (uint64_t)r[i].id);
		row = table_row(&table, "id", id);
		ASSERT_LT(0, row);
		EXPECT_EQ(graph.id, (__u64)table_number(&table, row, "graph"));
		EXPECT_EQ(i, table_number(&table, row, "node"));
		EXPECT_STREQ(i ? "held" : "waiting", table_text(&table, row, "state"));
		EXPECT_STREQ(i == 1 ? "1" : "0", table_text(&table, row, "open"));
		if (i) {
			EXPECT_STREQ(i == 1 ? "nodes" : "others",
				     table_text(&table, row, "waits"));
		}
	}
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, graph.id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
}

TEST_F(graph, after_what_never_was_is_enoent)
{
	struct weft_graph graph = { .after = ~0ULL };
	struct weft_node n = { 0 };

	ASSERT_EQ(0, submit_graph(self->fd, &n, 1, &graph));
	EXPECT_EQ(ENOENT, graph.error);
	EXPECT_EQ(WEFT_NO_NODE, graph.node);
	check_rest(_metadata, self->fd);
}

TEST_F(graph, template_runs_with_other_arguments)
{
	struct weft_node n[2] = { 0 };
	struct weft_change changes[] = {
		{ .node = 0, .what = 0, .value = 3 },
		{ .node = 1, .what = WEFT_CHANGE_DEADLINE, .value = 1 },
	};
	struct weft_template t = {
		.size = sizeof(t),
		.nodes = (uintptr_t)n,
		.count = 2,
	};
	struct weft_run run = {
		.size = sizeof(run),
		.flags = WEFT_GRAPH_RECEIPT,
		.user_data = 9,
	};
	struct weft_completion c;
	int i;

	n[0].job = yield_job(0, 1);
	n[1].after_success = BIT(0);
	ASSERT_EQ(1, call(self->fd, WEFT_IOC_TEMPLATE, &t));
	run.number = t.number;
	for (i = 0; i < 3; i++) {
		run.changes = (uintptr_t)changes;
		run.count = i;
		ASSERT_EQ(1, call(self->fd, WEFT_IOC_RUN, &run));
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		EXPECT_EQ(run.id, c.id);
		EXPECT_EQ(9, c.user_data);
		EXPECT_EQ(i ? 5 : 3, c.receipt.polls);
		EXPECT_EQ(i == 2 ? -ETIME : 0, c.result);
	}
	changes[0].node = 2;
	ASSERT_EQ(0, call(self->fd, WEFT_IOC_RUN, &run));
	EXPECT_EQ(ENXIO, run.error);
	t.flags = WEFT_TEMPLATE_FREE;
	t.nodes = 0;
	t.count = 0;
	EXPECT_EQ(1, call(self->fd, WEFT_IOC_TEMPLATE, &t));
	EXPECT_EQ(-ENOENT, call(self->fd, WEFT_IOC_TEMPLATE, &t));
	ASSERT_EQ(0, call(self->fd, WEFT_IOC_RUN, &run));
	EXPECT_EQ(ENOENT, run.error);
	check_rest(_metadata, self->fd);
}

TEST_F(graph, templates_are_capped)
{
	struct weft_node n = { 0 };
	struct weft_template t = {
		.size = sizeof(t),
		.nodes = (uintptr_t)&n,
		.count = 1,
	};
	int kept = 0;

	while (kept < 100000 && call(self->fd, WEFT_IOC_TEMPLATE, &t) == 1)
		kept++;
	EXPECT_EQ(256, kept);
	EXPECT_EQ(EDQUOT, t.error);
}

/* So long as one number comes after the other, from a seed that a failure tells. */
static __u32 next_random(__u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Nodes that end well or fail at their first poll, and any edges to those before. */
static void random_dag(struct weft_node *n, unsigned int count, __u64 *seed)
{
	unsigned int i, from, edges;

	memset(n, 0, count * sizeof(*n));
	for (i = 0; i < count; i++) {
		if (next_random(seed) % 4 == 0)
			n[i].job.deadline_ns = 1;
		if (next_random(seed) % 8 == 0)
			n[i].flags = WEFT_NODE_FINALLY;
		for (edges = 0, from = 0; from < i; from++) {
			if ((n[from].flags & WEFT_NODE_FINALLY) &&
			    !(n[i].flags & WEFT_NODE_FINALLY))
				continue;
			switch (next_random(seed) % 8) {
			case 0:
				n[i].after_success |= BIT(from);
				break;
			case 1:
				n[i].after_end |= BIT(from);
				break;
			case 2:
				n[i].after_failure |= BIT(from);
				break;
			default:
				continue;
			}
			edges++;
		}
		n[i].need = edges ? next_random(seed) % (edges + 1) : 0;
	}
}

/*
 * What must come of it. All nodes end at once, so what runs does not depend on the
 * order: a node runs if enough of its edges come true in the end.
 */
static void model(const struct weft_node *n, unsigned int count, bool *runs)
{
	unsigned int i, from, met, edges;

	for (i = 0; i < count; i++) {
		for (met = 0, edges = 0, from = 0; from < i; from++) {
			bool fails = n[from].job.deadline_ns;

			if (BIT(from) & (n[i].after_success | n[i].after_end |
					 n[i].after_failure))
				edges++;
			if (!runs[from])
				continue;
			met += !!(BIT(from) & n[i].after_end) ||
			       (fails && (BIT(from) & n[i].after_failure)) ||
			       (!fails && (BIT(from) & n[i].after_success));
		}
		runs[i] = met >= (n[i].need ? n[i].need : edges);
	}
}

TEST_F(graph, random_graphs_do_what_a_model_does)
{
	const int rounds = variant->engine == WEFT_ENGINE_ASYNC ?
			   scaled(1000, 100) : scaled(50, 10);
	struct weft_node_result r[64];
	struct weft_graph_result seen;
	struct weft_node n[64];
	__u64 seed = 20261125, was;
	struct weft_completion c;
	bool runs[64];
	unsigned int i, count;
	int round;

	for (round = 0; round < rounds; round++) {
		struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };

		was = seed;
		count = 1 + next_random(&seed) % 64;
		random_dag(n, count, &seed);
		model(n, count, runs);
		ASSERT_EQ(1, submit_graph(self->fd, n, count, &graph));
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		ASSERT_EQ(count, get_results(self->fd, graph.id, r, 64,
					     WEFT_RESULT_FREE, &seen));
		EXPECT_EQ(c.result, seen.result);
		for (i = 0; i < count; i++) {
			ASSERT_EQ(runs[i] ? WEFT_NODE_ENDED : WEFT_NODE_SKIPPED,
				  r[i].state)
				TH_LOG("seed %llu, node %u of %u",
				       (unsigned long long)was, i, count);
			ASSERT_EQ(!runs[i] ? -ECANCELED :
				  n[i].job.deadline_ns ? -ETIME : 0, r[i].result);
		}
	}
	check_rest(_metadata, self->fd);
}

/* A graph of 64 jobs takes that much, at most half of which there is. */
#define GRAPH_BYTES	(24 << 10)

static unsigned int graphs_that_fit(unsigned int most)
{
	__u64 fit = (__u64)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2 / GRAPH_BYTES;

	return fit < most ? fit : most;
}

/* As many as there are credits, each begun by the one before, and then again. */
TEST(chain_of_a_million_jobs_comes_to_its_end)
{
	const unsigned int graphs = graphs_that_fit(scaled(15625, 200));
	struct weft_graph graph = { 0 };
	struct weft_node n[64] = { 0 };
	struct weft_completion *c;
	struct weft_stats stats;
	unsigned int i;
	int fd = open_client(WEFT_ENGINE_ASYNC, 1 << 20);
	__u64 first;

	ASSERT_LE(0, fd);
	c = calloc(graphs + 1, sizeof(*c));
	ASSERT_TRUE(c);
	ASSERT_EQ(1, submit_one(fd, sleep_job(0, HOUR), &first));
	for (i = 1; i < 64; i++)
		n[i].after_success = BIT(i - 1);
	graph.after = first;
	for (i = 0; i < graphs; i++) {
		ASSERT_EQ(1, submit_graph(fd, n, 64, &graph));
		graph.after = graph.id;
	}
	/* All are held by the first one, which ends now. */
	ASSERT_EQ(0, look(fd));
	ASSERT_LT(0, cancel_job(fd, first));
	ASSERT_EQ(graphs + 1, reap(fd, c, graphs + 1));
	EXPECT_EQ(graphs, count_result(c, graphs + 1, 0));
	/* One after the other, in their order. */
	EXPECT_EQ(graph.id, c[graphs].id);
	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(graphs * 65ULL + 1, stats.done);
	EXPECT_EQ(1, stats.failed);
	free(c);
	EXPECT_EQ(0, close(fd));
}

static void submit_some(int fd)
{
	struct weft_graph graph = { .flags = WEFT_GRAPH_KEEP };
	struct weft_node n[4] = { 0 };
	int i;

	n[0].job = sleep_job(0, 50 * USEC);
	n[1].job = sleep_job(0, HOUR);
	n[1].after_success = BIT(0);
	n[2].after_failure = BIT(1);
	n[3].flags = WEFT_NODE_FINALLY;
	for (i = 0; i < 5; i++) {
		graph.deadline_ns = i % 2 ? in_ns(HOUR) : 0;
		submit_graph(fd, n, 4, &graph);
		graph.after = i == 3 ? graph.id : 0;
	}
}

TEST(close_ends_graphs)
{
	int i, fd;

	for (i = 0; i < 20; i++) {
		fd = open_client(i % 2, CREDITS);
		ASSERT_LE(0, fd);
		submit_some(fd);
		if (i % 4 > 1)
			usleep(i * 10);
		ASSERT_EQ(0, close(fd));
		EXPECT_TRUE(until_gone(getpid(), i % 2));
	}
}

TEST(kill_ends_graphs)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = open_client(i % 2, CREDITS);

			for (;;)
				submit_some(fd);
		}
		usleep(i * 200);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(until_gone(pid, i % 2));
	}
}

/* Ends, cancels and deadlines of the same moment: each graph ends once. */
TEST_F(graph, races_of_end_cancel_and_deadline_end_each_graph_once)
{
	const int rounds = variant->engine == WEFT_ENGINE_ASYNC ?
			   scaled(200, 20) : scaled(20, 5);
	struct weft_completion c[20];
	struct weft_node n[4] = { 0 };
	int i, round, verdict[20];
	__u64 when;

	for (round = 0; round < rounds; round++) {
		when = in_ns(500 * USEC);
		n[0].job = sleep_until_job(0, when);
		n[1].job = sleep_until_job(0, when + 20 * USEC);
		n[1].after_end = 0;
		n[2].after_success = BIT(0) | BIT(1);
		n[2].need = 1;
		n[2].flags = WEFT_NODE_RACE;
		n[3].flags = WEFT_NODE_FINALLY;
		for (i = 0; i < 20; i++) {
			struct weft_graph graph = { .user_data = i };

			graph.deadline_ns = i % 3 ? when + i % 7 * USEC : 0;
			ASSERT_EQ(1, submit_graph(self->fd, n, 4, &graph));
			verdict[i] = i % 2 ? 0 : cancel_job(self->fd, graph.id);
		}
		ASSERT_EQ(20, reap(self->fd, c, 20));
		ASSERT_TRUE(exactly_once(c, 20));
		for (i = 0; i < 20; i++) {
			if (verdict[c[i].user_data] == WEFT_CANCELLED) {
				EXPECT_EQ(-ECANCELED, c[i].result);
			} else {
				EXPECT_TRUE(!c[i].result || c[i].result == -ETIME);
			}
		}
	}
	check_rest(_metadata, self->fd);
}

WEFT_TEST_MAIN
