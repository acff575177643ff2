// SPDX-License-Identifier: GPL-2.0-only
/* "weft graph": runs a graph out of a file. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "plan.h"
#include "term.h"
#include "util.h"
#include "weft.h"

enum {
	OPT_DOT = 1,
	OPT_JSON,
};

static const struct argp_option options[] = {
	{ "dot", OPT_DOT, NULL, 0, "draw it: print it in the language of graphviz", 0 },
	{ "json", OPT_JSON, NULL, 0, "one JSON document", 0 },
	{ "quiet", 'q', NULL, 0, "nothing but errors", 0 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{}
};

static const char doc[] =
	"Run a graph of jobs in the kernel and say what came of each.\n"
	"\n"
	"  weft graph race.json\n"
	"  weft graph --dot race.json | dot -Tsvg >race.svg\n"
	"\n"
	"FILE is JSON, as docs/graph.schema.json says; - reads it from stdin. Ctrl-C "
	"cancels the graph, and what comes finally still runs; a second one ends all.";

struct graph_options {
	const char *file;
	bool dot;
	bool json;
	bool quiet;
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct graph_options *o = state->input;

	switch (key) {
	case OPT_DOT:
		o->dot = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case ARGP_KEY_ARG:
		if (o->file)
			argp_error(state, "one graph at a time: '%s' is one too many",
				   arg);
		o->file = arg;
		break;
	case ARGP_KEY_END:
		if (!o->file)
			argp_error(state, "which file? - reads stdin");
		if (o->dot + o->json + o->quiet > 1)
			argp_error(state, "--dot, --json and --quiet exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static uint64_t from_now(uint64_t now, uint64_t ns)
{
	return ns < INT64_MAX - now ? now + ns : INT64_MAX;
}

static void set_times(struct plan *plan)
{
	uint64_t now = now_ns();
	unsigned int i;

	if (plan->deadline_ns)
		plan->graph.deadline_ns = from_now(now, plan->deadline_ns);
	for (i = 0; i < plan->count; i++) {
		struct weft_job *job = &plan->nodes[i].job;

		if (plan->deadlines[i])
			job->deadline_ns = from_now(now, plan->deadlines[i]);
		if (plan->until[i])
			job->sleep.ns = from_now(now, job->sleep.ns);
	}
}

/* Where in the file the node stands that the kernel did not like. */
static int complain_refused(const struct plan *plan, int error, unsigned int node)
{
	const struct j_value *v = node < plan->count ? plan->values[node] : plan->text;

	plan_complain(plan, v->line, v->column, "%s%s%s: %s",
		      node < plan->count ? "the node '" : "the graph",
		      node < plan->count ? plan_name(plan, node) : "",
		      node < plan->count ? "' was refused" : " was refused",
		      weft_submit_error(error));
	return EXIT_REFUSED;
}

/* Return: 0 or a negative errno. */
static int wait_for(int fd, uint64_t id, struct weft_completion *c)
{
	bool cancelled = false;
	int ret;

	for (;;) {
		/* All but what comes finally; a second Ctrl-C ends this program. */
		if (interrupted() && !cancelled) {
			weft_client_cancel(fd, id);
			cancelled = true;
		}
		ret = weft_client_wait(fd, c, 1, 1, WEFT_WAIT_FOREVER);
		if (ret == 1)
			return 0;
		if (ret != -EINTR)
			return ret;
	}
}

static const char *state_name(const struct weft_node_result *r)
{
	if (r->state == WEFT_NODE_SKIPPED)
		return "skipped";
	return r->result < 0 ? "failed" : "ended";
}

static bool stored(const struct plan *plan, const struct weft_node_result *r,
		   unsigned int i, char *digest)
{
	return r[i].state == WEFT_NODE_ENDED && r[i].result >= 0 &&
	       plan_digest(plan, i, digest);
}

static void print_text(const struct plan *plan, const struct weft_node_result *r,
		       const struct weft_completion *c)
{
	char digest[2 * WEFT_LIB_MAX_DIGEST + 1];
	unsigned int i;

	printf("%-20s %-7s %-7s %12s %6s %12s %12s\n", "node", "op", "state",
	       "result", "polls", "run", "blocked");
	for (i = 0; i < plan->count; i++)
		printf("%-20s %-7s %-7s %12" PRId64 " %6u %12s %12s\n",
		       plan_name(plan, i), weft_op_name(r[i].op), state_name(&r[i]),
		       (int64_t)r[i].result, r[i].receipt.polls,
		       text_time(r[i].receipt.run_ns).s,
		       text_time(r[i].receipt.blocked_ns).s);
	for (i = 0; i < plan->count; i++)
		if (stored(plan, r, i, digest))
			printf("%s stored %s %s\n", plan_name(plan, i),
			       weft_algorithm_name(plan->nodes[i].job.verify.algorithm),
			       digest);
	if (c->result < 0)
		printf("the graph: %s\n", strerror(-c->result));
	else
		puts("the graph ended well");
}

static struct json_object *json_receipt(const struct weft_receipt *receipt)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "queued_ns", json_object_new_uint64(receipt->queued_ns));
	json_object_object_add(o, "run_ns", json_object_new_uint64(receipt->run_ns));
	json_object_object_add(o, "blocked_ns",
			       json_object_new_uint64(receipt->blocked_ns));
	json_object_object_add(o, "polls", json_object_new_uint64(receipt->polls));
	json_object_object_add(o, "wakes", json_object_new_uint64(receipt->wakes));
	json_object_object_add(o, "moves", json_object_new_uint64(receipt->moves));
	json_object_object_add(o, "punts", json_object_new_uint64(receipt->punts));
	return o;
}

static void print_json(const struct plan *plan, const struct weft_node_result *r,
		       const struct weft_completion *c)
{
	struct json_object *o = json_object_new_object();
	struct json_object *nodes = json_object_new_object(), *node;
	char digest[2 * WEFT_LIB_MAX_DIGEST + 1];
	unsigned int i;

	json_object_object_add(o, "result", json_object_new_int64(c->result));
	json_object_object_add(o, "receipt", json_receipt(&c->receipt));
	json_object_object_add(o, "nodes", nodes);
	for (i = 0; i < plan->count; i++) {
		node = json_object_new_object();
		json_object_object_add(node, "op",
				       json_object_new_string(weft_op_name(r[i].op)));
		json_object_object_add(node, "state",
				       json_object_new_string(state_name(&r[i])));
		json_object_object_add(node, "result",
				       json_object_new_int64(r[i].result));
		if (stored(plan, r, i, digest))
			json_object_object_add(node, "digest",
					       json_object_new_string(digest));
		json_object_object_add(node, "receipt", json_receipt(&r[i].receipt));
		json_object_object_add(nodes, plan_name(plan, i), node);
	}
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
}

static int graph_go(struct plan *plan, const struct graph_options *o, int fd)
{
	struct weft_node_result results[WEFT_MAX_NODES];
	struct weft_completion c;
	int ret;

	ret = plan_open(plan, fd);
	if (ret)
		return ret;
	plan->graph.flags = WEFT_GRAPH_KEEP | WEFT_GRAPH_RECEIPT;
	interrupt_catch();
	set_times(plan);
	ret = weft_client_graph(fd, &plan->graph, plan->nodes, plan->count);
	if (ret < 0)
		return complain_kernel("the graph was refused", -ret);
	if (!ret)
		return complain_refused(plan, plan->graph.error, plan->graph.node);
	ret = wait_for(fd, plan->graph.id, &c);
	if (ret)
		return complain_kernel("waiting for the graph failed", -ret);
	ret = weft_client_graph_result(fd, plan->graph.id, results, WEFT_MAX_NODES,
				       true);
	if (ret < 0)
		return complain_kernel("the results of the graph are not to be had",
				       -ret);
	if (o->json)
		print_json(plan, results, &c);
	else if (!o->quiet)
		print_text(plan, results, &c);
	if (interrupted())
		return EXIT_INTERRUPTED;
	return c.result < 0 ? EXIT_JOB_FAILED : EXIT_OK;
}

static int graph_run(struct plan *plan, const struct graph_options *o)
{
	unsigned int credits = plan->count + 1;
	int fd = weft_client_open();
	int ret;

	if (fd < 0)
		return complain_device(-fd);
	ret = weft_client_setup(fd, plan->engine, &credits);
	ret = ret ? complain_kernel("the client cannot be set up", -ret) :
		    graph_go(plan, o, fd);
	weft_client_close(fd);
	return ret;
}

int cmd_graph(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.args_doc = "FILE",
		.doc = doc,
		.children = cmd_common,
	};
	struct graph_options o = {};
	struct plan plan = {};
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return EXIT_USAGE;
	ret = plan_read(&plan, o.file);
	if (!ret && o.dot)
		plan_print_dot(&plan);
	else if (!ret)
		ret = graph_run(&plan, &o);
	plan_free(&plan);
	return ret;
}
