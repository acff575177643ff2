/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the readers of a plan share. They return 0 or -1; then they have complained,
 * with the line and the column.
 */
#ifndef WEFT_PLAN_READ_H
#define WEFT_PLAN_READ_H

#include "plan.h"

int plan_wrong(const struct plan *plan, const struct j_value *v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_wrong_key(const struct plan *plan, const struct j_value *v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int plan_find_node(const struct plan *plan, const struct j_value *v);
int plan_get_bool(const struct plan *plan, const struct j_value *v, bool *out);
int plan_get_count(const struct plan *plan, const struct j_value *v, uint64_t max,
		   uint64_t *out);
int plan_get_time(const struct plan *plan, const struct j_value *v, uint64_t *out);
int plan_get_bytes(const struct plan *plan, const struct j_value *v, uint64_t max,
		   uint64_t *out);

/* plan_args.c: the arguments of an op */
bool plan_has_arg(unsigned int op, const char *name);
int plan_get_arg(struct plan *plan, unsigned int node, const struct j_value *v);
int plan_get_binds(const struct plan *plan, const struct j_value *v,
		   struct weft_node *node);
int plan_end_args(struct plan *plan, unsigned int node);

/* plan_files.c: what is opened for the jobs */
int plan_get_buffers(struct plan *plan, const struct j_value *v);
int plan_get_files(struct plan *plan, const struct j_value *v);
int plan_get_eventfds(struct plan *plan, const struct j_value *v);
int plan_get_pipes(struct plan *plan, const struct j_value *v);
int plan_get_fd(struct plan *plan, unsigned int node, size_t at, bool writes,
		const struct j_value *v);
int plan_get_buffer(struct plan *plan, unsigned int node, size_t at,
		    const struct j_value *v);

#endif /* WEFT_PLAN_READ_H */
