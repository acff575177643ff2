// SPDX-License-Identifier: GPL-2.0-only
/*
 * Graphs: random acyclic ones, of jobs of all kinds, cancelled, with deadlines, one
 * after the other, and out of templates. Each that is accepted has one completion,
 * when all of its nodes have ended or were skipped.
 */
#include "soak.h"

#define GRAPHS		48
#define MAX_NODES	24
#define CREDITS		640
#define THREAD_NODES	4
#define BIT(n)		(1ULL << (n))

struct shop {
	struct rng rng;
	struct things things;
	struct ledger ledger;
	int fd;
	unsigned int most;		/* nodes of a graph */
	__u64 ids[GRAPHS];
	bool kept[GRAPHS];
	unsigned int counts[GRAPHS];
};

static struct weft_job any_node_job(struct shop *s)
{
	switch (rng_below(&s->rng, 6)) {
	case 0:
	case 1:
		return any_file_job(&s->things, 0);
	case 2:
		return sleep_job(0, rng_below(&s->rng, 300 * USEC));
	case 3:
		/* It fails. */
		return with_deadline(sleep_job(0, HOUR), in_ns(rng_below(&s->rng, MSEC)));
	default:
		return any_job(&s->rng, 0);
	}
}

/* Edges come from nodes before, so they go round in no circle. */
static void any_edges(struct shop *s, struct weft_node *n, unsigned int i)
{
	unsigned int from, edges = 0;

	for (from = 0; from < i; from++) {
		if ((n[from].flags & WEFT_NODE_FINALLY) && !(n[i].flags & WEFT_NODE_FINALLY))
			continue;
		switch (rng_below(&s->rng, 12)) {
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
		if (rng_once_in(&s->rng, 8)) {
			n[i].guard = 1 + rng_below(&s->rng, 3);
			n[i].guard_node = from;
			n[i].guard_value = rng_below(&s->rng, 2000);
		}
		if (n[from].job.op == WEFT_OP_SLEEP && n[i].job.op == WEFT_OP_SLEEP &&
		    !n[i].job.sleep.flags)
			n[i].bind[0] = (struct weft_bind){
				.node = from,
				.what = WEFT_BIND_RESULT,
			};
	}
	n[i].need = edges ? rng_below(&s->rng, edges + 1) : 0;
	if (edges && rng_once_in(&s->rng, 8))
		n[i].flags |= WEFT_NODE_RACE;
	if (n[i].guard && rng_once_in(&s->rng, 2))
		n[i].flags |= WEFT_NODE_UNLESS;
}

static unsigned int any_nodes(struct shop *s, struct weft_node *n)
{
	unsigned int i, count = 1 + rng_below(&s->rng, s->most);

	memset(n, 0, count * sizeof(*n));
	for (i = 0; i < count; i++) {
		n[i].job = any_node_job(s);
		/* Ends of the same kind do not wait for ever. */
		if (rng_once_in(&s->rng, 8)) {
			n[i].flags |= WEFT_NODE_FINALLY;
			n[i].job = nop_job(0);
		}
		any_edges(s, n, i);
	}
	/* And some that are not right. */
	if (rng_once_in(&s->rng, 32))
		((unsigned char *)n)[rng_below(&s->rng, count * sizeof(*n))] ^=
			1U << rng_below(&s->rng, 8);
	return count;
}

static bool is_refusal(__u32 error)
{
	static const __u32 known[] = {
		EAGAIN, EBADF, EFAULT, EINVAL, ELOOP, ENXIO, EBADSLT, EOPNOTSUPP, EDQUOT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (error == known[i])
			return true;
	return false;
}

static void count_one(struct shop *s, unsigned int n, int ret, __u32 error, __u64 id)
{
	if (ret < 0 && ret != -EINTR)
		fail("a graph: %s", strerror(-ret));
	if (!ret && !is_refusal(error))
		fail("a graph was refused: %s", strerror(error));
	if (ret <= 0)
		return;
	s->ids[n] = id;
	ledger_accept(&s->ledger, n, 1);
}

static __u64 any_after(struct shop *s, unsigned int n)
{
	return n && rng_once_in(&s->rng, 3) ? s->ids[rng_below(&s->rng, n)] : 0;
}

static __u64 any_deadline(struct shop *s)
{
	return rng_once_in(&s->rng, 4) ? in_ns(rng_below(&s->rng, 2 * MSEC)) : 0;
}

static void submit_graph(struct shop *s, unsigned int n)
{
	struct weft_node nodes[MAX_NODES];
	struct weft_graph graph = {
		.size = sizeof(graph),
		.nodes = (uintptr_t)nodes,
		.user_data = n,
		.tag = rng_below(&s->rng, 8),
	};
	int ret;

	graph.count = any_nodes(s, nodes);
	graph.flags = rng_below(&s->rng, 4);
	graph.after = any_after(s, n);
	graph.deadline_ns = any_deadline(s);
	s->kept[n] = graph.flags & WEFT_GRAPH_KEEP;
	s->counts[n] = graph.count;
	ret = call(s->fd, WEFT_IOC_GRAPH, &graph);
	count_one(s, n, ret, graph.error, graph.id);
}

/* One template, run some times, and forgotten under its runs. */
static unsigned int run_template(struct shop *s, unsigned int n)
{
	struct weft_node nodes[MAX_NODES];
	struct weft_change change = { .what = WEFT_CHANGE_USER_DATA };
	struct weft_template t = { .size = sizeof(t), .nodes = (uintptr_t)nodes };
	unsigned int i, runs = 1 + rng_below(&s->rng, 4);
	int ret;

	t.count = any_nodes(s, nodes);
	ret = call(s->fd, WEFT_IOC_TEMPLATE, &t);
	if (ret < 0 && ret != -EINTR)
		fail("a template: %s", strerror(-ret));
	if (!ret && !is_refusal(t.error))
		fail("a template was refused: %s", strerror(t.error));
	if (ret <= 0)
		return 0;
	for (i = 0; i < runs && n + i < GRAPHS; i++) {
		struct weft_run run = {
			.size = sizeof(run),
			.flags = rng_below(&s->rng, 4),
			.changes = (uintptr_t)&change,
			.count = rng_below(&s->rng, 2),
			.number = t.number,
			.tag = rng_below(&s->rng, 8),
			.user_data = n + i,
			.after = any_after(s, n + i),
			.deadline_ns = any_deadline(s),
		};

		change.node = rng_below(&s->rng, t.count);
		s->kept[n + i] = run.flags & WEFT_GRAPH_KEEP;
		s->counts[n + i] = t.count;
		ret = call(s->fd, WEFT_IOC_RUN, &run);
		count_one(s, n + i, ret, run.error, run.id);
	}
	t = (struct weft_template){
		.size = sizeof(t),
		.flags = WEFT_TEMPLATE_FREE,
		.number = t.number,
	};
	do {
		ret = call(s->fd, WEFT_IOC_TEMPLATE, &t);
	} while (ret == -EINTR);
	if (ret != 1)
		fail("a template is not forgotten: %d, %s", ret, strerror(t.error));
	return i;
}

/* All of it has ended; its results are there until they are freed. */
static void look_at_results(struct shop *s, unsigned int n)
{
	struct weft_node_result r[MAX_NODES];
	struct weft_graph_result look = {
		.size = sizeof(look),
		.flags = WEFT_RESULT_FREE,
		.id = s->ids[n],
		.results = (uintptr_t)r,
		.capacity = MAX_NODES,
	};
	unsigned int i;
	int ret;

	do {
		ret = call(s->fd, WEFT_IOC_GRAPH_RESULT, &look);
	} while (ret == -EINTR);
	if (ret != (int)s->counts[n] || look.state != WEFT_NODE_ENDED)
		fail("results of a graph of %u: %d, state %u", s->counts[n], ret, look.state);
	for (i = 0; i < s->counts[n]; i++) {
		if (r[i].state != WEFT_NODE_ENDED && r[i].state != WEFT_NODE_SKIPPED)
			fail("node %u of a graph that has ended is in state %u", i, r[i].state);
		if (r[i].state == WEFT_NODE_SKIPPED && r[i].result != -ECANCELED)
			fail("node %u was skipped, and has the result %lld", i, r[i].result);
		if (!is_file_result(r[i].result))
			fail("op %u ended with %lld", r[i].op, r[i].result);
	}
}

static void see(struct shop *s, struct weft_completion *c, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (c[i].op != WEFT_OP_GRAPH || c[i].user_data >= GRAPHS)
			fail("a completion of op %u, %llu", c[i].op, c[i].user_data);
		if (!is_file_result(c[i].result))
			fail("a graph ended with %lld", c[i].result);
		if (c[i].result < 0)
			c[i].result = 0;
		if (s->kept[c[i].user_data])
			look_at_results(s, c[i].user_data);
	}
	ledger_see(&s->ledger, c, n);
}

static void disturb(struct shop *s, unsigned int n)
{
	struct weft_cancel cancel;
	int ret = 0;

	switch (rng_below(&s->rng, 12)) {
	case 0:
		ret = cancel_all(s->fd, &cancel);
		break;
	case 1:
		ret = cancel_tag(s->fd, rng_below(&s->rng, 8), &cancel);
		break;
	case 2 ... 5:
		/* Of a graph or, as ids follow each other, of a node. */
		ret = cancel_job(s->fd, s->ids[rng_below(&s->rng, n + 1)] +
				 rng_below(&s->rng, 4));
		break;
	case 6 ... 8:
		stir_things(&s->things);
		break;
	}
	if (ret < 0 && ret != -ENOENT && ret != -EINTR)
		fail("a cancel: %s", strerror(-ret));
}

static void settle(struct shop *s)
{
	struct weft_completion c[GRAPHS];
	__u64 end = in_ns(PATIENCE);
	struct weft_cancel cancel;
	struct weft_stats stats;
	int ret;

	do {
		ret = cancel_all(s->fd, &cancel);
	} while (ret == -EINTR);
	if (ret)
		fail("a cancel: %s", strerror(-ret));
	while (s->ledger.nr_seen < s->ledger.nr_accepted) {
		see(s, c, reap_some(s->fd, c, GRAPHS, 1, end));
		if (now_ns() > end)
			fail("%llu of %llu graphs do not end",
			     s->ledger.nr_accepted - s->ledger.nr_seen,
			     s->ledger.nr_accepted);
	}
	ledger_must_balance(&s->ledger);
	if (get_stats(s->fd, &stats))
		fail("there are no stats");
	if (stats.credits_free != stats.credits || stats.accepted != stats.done)
		fail("of %u credits %u are free; accepted %llu, done %llu", stats.credits,
		     stats.credits_free, stats.accepted, stats.done);
}

static __u64 run_shop(struct shop *s, bool threads)
{
	struct weft_completion c[GRAPHS];
	unsigned int n = 0;

	while (n < (threads ? GRAPHS / 4 : GRAPHS)) {
		if (rng_once_in(&s->rng, 6)) {
			n += run_template(s, n) ?: 1;
		} else {
			submit_graph(s, n);
			n++;
		}
		disturb(s, n < GRAPHS ? n : GRAPHS - 1);
		see(s, c, reap_some(s->fd, c, GRAPHS, 0, 0));
	}
	return s->ledger.nr_accepted;
}

static void round_graphs(struct round *round)
{
	unsigned int i;

	signal(SIGPIPE, SIG_IGN);
	start_some_alarms(&round->rng);
	for (i = 0; i < 6; i++) {
		bool threads = rng_once_in(&round->rng, 16);
		struct shop s = { .most = threads ? THREAD_NODES : MAX_NODES };

		s.rng = rng_split(&round->rng);
		s.fd = must_open(threads ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC,
				 threads ? CREDITS / 8 : CREDITS);
		open_things(&s.things, &s.rng, s.fd);
		ledger_init(&s.ledger, GRAPHS);
		reach(0, run_shop(&s, threads));
		/* Or the close has to. */
		if (!rng_once_in(&s.rng, 4))
			settle(&s);
		close(s.fd);
		close_things(&s.things);
		ledger_fini(&s.ledger);
	}
	must_be_idle(PATIENCE);
}

const struct storm storm_graphs = {
	.name = "graphs",
	.share = 100,
	.figures = { { "graphs", 1, 10000 } },
	.round = round_graphs,
};
