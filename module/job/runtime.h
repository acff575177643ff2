/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runtime: an executor and the clients that use it. There is one in the
 * module; main.c makes it.
 */
#ifndef WEFT_JOB_RUNTIME_H
#define WEFT_JOB_RUNTIME_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>
#include <linux/weft.h>

#include "client.h"

/**
 * struct weft_engine_totals - All jobs that ever were on an engine
 * @accepted: jobs accepted
 * @done: of these, ended; @accepted = @done + @queued + @running + @waiting
 * @queued: runnable
 * @running: inside a poll
 * @waiting: pending
 * @bytes: memory of the clients there are
 * @ops: what the ended jobs came to
 */
struct weft_engine_totals {
	u64 accepted;
	u64 done;
	u64 queued;
	u64 running;
	u64 waiting;
	u64 bytes;
	struct weft_op_stats ops[WEFT_NR_KINDS];
};

/**
 * struct weft_limits - How much there may be
 * @max_credits: credits of one client, up to WEFT_MAX_CREDITS
 * @max_user_clients: clients of one user
 * @max_user_credits: credits of one user's clients together
 * @max_buffer_bytes: buffers of one client
 * @max_user_buffer_bytes: buffers of one user's clients together
 * @max_templates: templates of one client
 */
struct weft_limits {
	unsigned int max_credits;
	unsigned int max_user_clients;
	unsigned int max_user_credits;
	long max_buffer_bytes;
	long max_user_buffer_bytes;
	unsigned int max_templates;
};

/**
 * struct weft_user - Who has clients
 * @node: in weft_runtime.users
 * @uid: who it is
 * @clients: how many
 * @credits: theirs together
 * @buffer_bytes: buffers of theirs together
 *
 * All but @buffer_bytes under the runtime's lock.
 */
struct weft_user {
	struct list_head node;
	kuid_t uid;
	unsigned int clients;
	unsigned int credits;
	atomic_long_t buffer_bytes;
};

/**
 * struct weft_runtime - An executor and its clients
 * @executor: constant
 * @workers: of the executor; constant
 * @max_threads: of the executor; constant
 * @limits: constant
 * @refused: see &struct weft_space; set before the first client
 * @lock: protects what follows, the lock of each client is taken inside it
 * @clients: the clients
 * @users: whose they are
 * @next: number of the next client
 * @retired: sum over the clients that are gone, by engine
 */
struct weft_runtime {
	struct weft_executor *executor;
	unsigned int workers;
	unsigned int max_threads;
	struct weft_limits limits;
	const struct file_operations *refused;
	struct mutex lock;
	struct list_head clients;
	struct list_head users;
	u64 next;
	struct weft_engine_totals retired[WEFT_NR_ENGINES];
};

struct weft_runtime * __must_check
weft_runtime_create(const struct weft_executor_config *config,
		    const struct weft_limits *limits);
void weft_runtime_destroy(struct weft_runtime *rt);
void weft_runtime_add(struct weft_runtime *rt, struct weft_client *client);
void weft_runtime_remove(struct weft_runtime *rt, struct weft_client *client);
bool weft_runtime_timed(const struct weft_runtime *rt);
void weft_runtime_totals(struct weft_runtime *rt,
			 struct weft_engine_totals totals[WEFT_NR_ENGINES]);
u64 weft_runtime_stepped_bytes(struct weft_runtime *rt);

/* user.c */
struct weft_user * __must_check weft_user_get(struct weft_runtime *rt,
					      unsigned int credits);
void weft_user_put(struct weft_runtime *rt, struct weft_user *user,
		   unsigned int credits);

#endif /* WEFT_JOB_RUNTIME_H */
