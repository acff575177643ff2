// SPDX-License-Identifier: GPL-2.0-only
/* docs/graph.schema.json says the same as this. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "plan_read.h"
#include "util.h"
#include "weft.h"

void plan_complain(const struct plan *plan, unsigned int line, unsigned int column,
		   const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	complain("%s:%u:%u: %s", plan->file, line, column, what);
}

/* Return: -1. */
int plan_wrong(const struct plan *plan, const struct j_value *v, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	plan_complain(plan, v->line, v->column, "%s", what);
	return -1;
}

/* Likewise, of its name. */
int plan_wrong_key(const struct plan *plan, const struct j_value *v, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	plan_complain(plan, v->key_line, v->key_column, "%s", what);
	return -1;
}

const char *plan_name(const struct plan *plan, unsigned int node)
{
	return node < plan->count ? plan->values[node]->key : "?";
}

int plan_find_node(const struct plan *plan, const struct j_value *v)
{
	const char *names[WEFT_MAX_NODES], *near;
	unsigned int i;

	if (v->type != J_STRING)
		return plan_wrong(plan, v, "the name of a node was expected");
	for (i = 0; i < plan->count; i++) {
		names[i] = plan->values[i]->key;
		if (!strcmp(names[i], v->text))
			return i;
	}
	near = did_you_mean(v->text, names, plan->count);
	return near ? plan_wrong(plan, v, "there is no node '%s': did you mean '%s'?",
				 v->text, near) :
		      plan_wrong(plan, v, "there is no node '%s'", v->text);
}

int plan_get_bool(const struct plan *plan, const struct j_value *v, bool *out)
{
	if (v->type != J_BOOL)
		return plan_wrong(plan, v, "true or false was expected");
	*out = v->text[0] == 't';
	return 0;
}

int plan_get_count(const struct plan *plan, const struct j_value *v, uint64_t max,
		   uint64_t *out)
{
	if (v->type != J_NUMBER || parse_count(v->text, 0, max, out))
		return plan_wrong(plan, v, "a whole number up to %llu was expected",
				  (unsigned long long)max);
	return 0;
}

/* In ns, or a string with a unit. */
int plan_get_time(const struct plan *plan, const struct j_value *v, uint64_t *out)
{
	if (v->type == J_STRING) {
		if (parse_duration(v->text, out))
			return plan_wrong(plan, v, "a time such as \"10ms\" was expected");
		return 0;
	}
	return plan_get_count(plan, v, INT64_MAX, out);
}

static int get_edges(const struct plan *plan, const struct j_value *v, __u64 *mask)
{
	const struct j_value *item = v->type == J_ARRAY ? v->first : v;
	int node;

	for (; item; item = v->type == J_ARRAY ? item->next : NULL) {
		node = plan_find_node(plan, item);
		if (node < 0)
			return node;
		*mask |= 1ULL << node;
	}
	return 0;
}

static int get_need(const struct plan *plan, const struct j_value *v,
		    struct weft_node *node)
{
	uint64_t n = 0;

	if (v->type == J_STRING && !strcmp(v->text, "all"))
		return 0;
	if (v->type == J_STRING && !strcmp(v->text, "any")) {
		node->need = 1;
		return 0;
	}
	if (plan_get_count(plan, v, WEFT_MAX_NODES, &n))
		return -1;
	node->need = n;
	return 0;
}

static int get_guard(const struct plan *plan, const struct j_value *v,
		     struct weft_node *node)
{
	const struct j_value *m;
	bool negative = false, named = false;
	char *end;
	int from;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object was expected, such as {\"node\": \"a\", \"equal\": 0}");
	for (m = v->first; m; m = m->next) {
		if (!strcmp(m->key, "node")) {
			from = plan_find_node(plan, m);
			if (from < 0)
				return from;
			node->guard_node = from;
			named = true;
		} else if (!strcmp(m->key, "negative")) {
			if (plan_get_bool(plan, m, &negative))
				return -1;
			if (!negative)
				node->flags ^= WEFT_NODE_UNLESS;
			node->guard = WEFT_GUARD_NEGATIVE;
		} else if (!strcmp(m->key, "equal") || !strcmp(m->key, "short")) {
			errno = 0;
			if (m->type == J_NUMBER)
				node->guard_value = strtoll(m->text, &end, 10);
			if (m->type != J_NUMBER || errno || *end)
				return plan_wrong(plan, m, "a whole number was expected");
			node->guard = *m->key == 'e' ? WEFT_GUARD_EQUAL :
						       WEFT_GUARD_SHORT;
		} else {
			return plan_wrong_key(plan, m, "a guard has no '%s': use node, and negative, equal or short",
					      m->key);
		}
	}
	if (!named || !node->guard)
		return plan_wrong(plan, v, "a guard wants node, and negative, equal or short");
	return 0;
}

static int get_flag(const struct plan *plan, const struct j_value *v,
		    struct weft_node *node, __u32 flag)
{
	bool on = false;

	if (plan_get_bool(plan, v, &on))
		return -1;
	if (on)
		node->flags |= flag;
	return 0;
}

static int get_member(struct plan *plan, unsigned int i, const struct j_value *m)
{
	struct weft_node *node = &plan->nodes[i];
	uint64_t n = 0;

	if (plan_has_arg(node->job.op, m->key))
		return plan_get_arg(plan, i, m);
	if (!strcmp(m->key, "op"))
		return 0;
	if (!strcmp(m->key, "after_success"))
		return get_edges(plan, m, &node->after_success);
	if (!strcmp(m->key, "after_end"))
		return get_edges(plan, m, &node->after_end);
	if (!strcmp(m->key, "after_failure"))
		return get_edges(plan, m, &node->after_failure);
	if (!strcmp(m->key, "need"))
		return get_need(plan, m, node);
	if (!strcmp(m->key, "finally"))
		return get_flag(plan, m, node, WEFT_NODE_FINALLY);
	if (!strcmp(m->key, "race"))
		return get_flag(plan, m, node, WEFT_NODE_RACE);
	if (!strcmp(m->key, "bind"))
		return plan_get_binds(plan, m, node);
	if (!strcmp(m->key, "unless"))
		node->flags ^= WEFT_NODE_UNLESS;
	if (!strcmp(m->key, "if") || !strcmp(m->key, "unless"))
		return node->guard ? plan_wrong_key(plan, m, "a node has one guard") :
				     get_guard(plan, m, node);
	if (!strcmp(m->key, "deadline"))
		return plan_get_time(plan, m, &plan->deadlines[i]);
	if (!strcmp(m->key, "tag")) {
		if (plan_get_count(plan, m, UINT32_MAX, &n))
			return -1;
		node->job.tag = n;
		return 0;
	}
	return plan_wrong_key(plan, m, "a node with the op %s has no '%s'",
			      weft_op_name(node->job.op), m->key);
}

static int get_op(const struct plan *plan, const struct j_value *v,
		  struct weft_node *node)
{
	const char *names[WEFT_LIB_OPS], *near;
	const struct j_value *m;
	unsigned int i;
	int op;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object was expected, such as {\"op\": \"nop\"}");
	for (m = v->first; m && strcmp(m->key, "op"); m = m->next)
		;
	if (!m)
		return plan_wrong(plan, v, "the node '%s' has no op", v->key);
	op = m->type == J_STRING ? weft_op_number(m->text) : -1;
	if (op >= 0) {
		node->job.op = op;
		node->job.flags = WEFT_JOB_RECEIPT;
		return 0;
	}
	for (i = 0; i < WEFT_LIB_OPS; i++)
		names[i] = weft_op_name(i);
	near = m->type == J_STRING ? did_you_mean(m->text, names, WEFT_LIB_OPS) : NULL;
	return near ? plan_wrong(plan, m, "there is no op '%s': did you mean '%s'?", m->text,
				 near) :
		      plan_wrong(plan, m, "the name of an op was expected");
}

static int get_nodes(struct plan *plan, struct j_value *v)
{
	struct j_value *node, *m, *other;
	unsigned int i;

	if (v->type != J_OBJECT || !v->first)
		return plan_wrong(plan, v, "an object of nodes was expected, at least one");
	for (node = v->first; node; node = node->next) {
		if (plan->count == WEFT_MAX_NODES)
			return plan_wrong_key(plan, node, "a graph has at most %u nodes",
					      WEFT_MAX_NODES);
		for (other = v->first; other != node; other = other->next)
			if (!strcmp(other->key, node->key))
				return plan_wrong_key(plan, node, "there are two nodes '%s'",
						      node->key);
		if (get_op(plan, node, &plan->nodes[plan->count]))
			return -1;
		plan->values[plan->count++] = node;
	}
	for (i = 0; i < plan->count; i++)
		for (m = plan->values[i]->first; m; m = m->next)
			if (get_member(plan, i, m))
				return -1;
	for (i = 0; i < plan->count; i++)
		if (plan_end_args(plan, i))
			return -1;
	return 0;
}

static int get_graph_member(struct plan *plan, struct j_value *m)
{
	uint64_t n = 0;
	int engine;

	/* These come when all that they may name is known. */
	if (!strcmp(m->key, "nodes"))
		return 0;
	if (!strcmp(m->key, "buffers"))
		return plan_get_buffers(plan, m);
	if (!strcmp(m->key, "files"))
		return plan_get_files(plan, m);
	if (!strcmp(m->key, "eventfds"))
		return plan_get_eventfds(plan, m);
	if (!strcmp(m->key, "pipes"))
		return plan_get_pipes(plan, m);
	if (!strcmp(m->key, "deadline"))
		return plan_get_time(plan, m, &plan->deadline_ns);
	if (!strcmp(m->key, "tag")) {
		if (plan_get_count(plan, m, UINT32_MAX, &n))
			return -1;
		plan->graph.tag = n;
		return 0;
	}
	if (!strcmp(m->key, "engine")) {
		engine = m->type == J_STRING ? weft_engine_number(m->text) : -1;
		if (engine < 0)
			return plan_wrong(plan, m, "\"async\" or \"threads\" was expected");
		plan->engine = engine;
		return 0;
	}
	if (*m->key == '$' || !strcmp(m->key, "description"))
		return 0;
	return plan_wrong_key(plan, m, "a graph has no '%s': use nodes, buffers, files, eventfds, pipes, engine, deadline or tag",
			      m->key);
}

static char *read_all(const char *file, size_t *len)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "re") : stdin;
	size_t room = 65536, got;
	char *text = malloc(room + 1), *more;

	*len = 0;
	while (f && text && (got = fread(text + *len, 1, room - *len, f))) {
		*len += got;
		if (*len < room)
			continue;
		room *= 2;
		more = realloc(text, room + 1);
		if (!more)
			free(text);
		text = more;
	}
	if (!f || (f && ferror(f)) || !text) {
		complain("%s: %s", file, strerror(errno));
		free(text);
		text = NULL;
	}
	if (f && f != stdin)
		fclose(f);
	if (text)
		text[*len] = '\0';
	return text;
}

/* Return: 0, or the exit code; it has complained. */
int plan_read(struct plan *plan, const char *file)
{
	struct j_error error;
	struct j_value *m, *nodes = NULL;
	size_t len;
	char *text = read_all(file, &len);

	plan->file = strcmp(file, "-") ? file : "stdin";
	if (!text)
		return EXIT_USAGE;
	plan->text = j_read(text, len, &error);
	free(text);
	if (!plan->text) {
		plan_complain(plan, error.line, error.column, "%s", error.what);
		return EXIT_USAGE;
	}
	if (plan->text->type != J_OBJECT) {
		plan_complain(plan, plan->text->line, plan->text->column,
			      "an object was expected");
		return EXIT_USAGE;
	}
	for (m = plan->text->first; m; m = m->next) {
		if (get_graph_member(plan, m))
			return EXIT_USAGE;
		if (!strcmp(m->key, "nodes"))
			nodes = m;
	}
	if (!nodes) {
		plan_complain(plan, plan->text->line, plan->text->column,
			      "the graph has no nodes");
		return EXIT_USAGE;
	}
	return get_nodes(plan, nodes) ? EXIT_USAGE : 0;
}

void plan_free(struct plan *plan)
{
	plan_close(plan);
	j_free(plan->text);
}
