// SPDX-License-Identifier: GPL-2.0-only
/* Draws a graph. */
#include <stdio.h>

#include "plan.h"
#include "weft.h"

static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void print_edge(const struct plan *plan, unsigned int from, unsigned int to,
		       const char *how)
{
	printf("\t");
	print_quoted(plan_name(plan, from));
	printf(" -> ");
	print_quoted(plan_name(plan, to));
	printf(" [%s];\n", how);
}

static void print_dot_node(const struct plan *plan, unsigned int i)
{
	const struct weft_node *node = &plan->nodes[i];
	unsigned int from;

	printf("\t");
	print_quoted(plan_name(plan, i));
	printf(" [xlabel=\"%s", weft_op_name(node->job.op));
	if (node->need)
		printf(", %u of its edges", node->need);
	printf("\"%s];\n", node->flags & WEFT_NODE_FINALLY ? ", peripheries=2" : "");
	for (from = 0; from < plan->count; from++) {
		if (node->after_success & (1ULL << from))
			print_edge(plan, from, i, "color=darkgreen");
		if (node->after_end & (1ULL << from))
			print_edge(plan, from, i, "color=black");
		if (node->after_failure & (1ULL << from))
			print_edge(plan, from, i, "color=red");
	}
	if (node->guard)
		print_edge(plan, node->guard_node, i, node->flags & WEFT_NODE_UNLESS ?
			   "style=dotted, label=unless" : "style=dotted, label=if");
	for (from = 0; from < WEFT_NODE_BINDS; from++)
		if (node->bind[from].what)
			print_edge(plan, node->bind[from].node, i,
				   "style=dashed, label=result");
}

/* In the language of graphviz. */
void plan_print_dot(const struct plan *plan)
{
	unsigned int i;

	puts("digraph weft {");
	for (i = 0; i < plan->count; i++)
		print_dot_node(plan, i);
	puts("}");
}
