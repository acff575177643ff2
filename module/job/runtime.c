// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "../core/executor.h"
#include "runtime.h"

/**
 * weft_runtime_create() - make a runtime
 * @config: of its executor
 * @limits: how much there may be in it
 *
 * Context: may sleep.
 * Return: the runtime, the caller's until weft_runtime_destroy(); or ERR_PTR, see
 * weft_executor_create().
 */
struct weft_runtime *
weft_runtime_create(const struct weft_executor_config *config,
		    const struct weft_limits *limits)
{
	struct weft_runtime *rt;
	long err;

	rt = kzalloc(sizeof(*rt), GFP_KERNEL);
	if (!rt)
		return ERR_PTR(-ENOMEM);
	rt->executor = weft_executor_create(config);
	if (IS_ERR(rt->executor)) {
		err = PTR_ERR(rt->executor);
		kfree(rt);
		return ERR_PTR(err);
	}
	rt->workers = config->workers;
	rt->max_threads = config->max_threads;
	rt->limits = *limits;
	mutex_init(&rt->lock);
	INIT_LIST_HEAD(&rt->clients);
	INIT_LIST_HEAD(&rt->users);
	rt->next = 1;
	return rt;
}
EXPORT_SYMBOL_IF_KUNIT(weft_runtime_create);

/**
 * weft_runtime_destroy() - end a runtime
 * @rt: all its clients are gone
 *
 * Context: may sleep.
 */
void weft_runtime_destroy(struct weft_runtime *rt)
{
	WARN_ON_ONCE(!list_empty(&rt->clients) || !list_empty(&rt->users));
	weft_executor_destroy(rt->executor);
	kfree(rt);
}
EXPORT_SYMBOL_IF_KUNIT(weft_runtime_destroy);

/**
 * weft_runtime_add() - show a new client
 * @rt: the runtime
 * @client: gets its number
 *
 * Context: may sleep.
 */
void weft_runtime_add(struct weft_runtime *rt, struct weft_client *client)
{
	mutex_lock(&rt->lock);
	client->number = rt->next++;
	client->group.number = client->number;
	list_add_tail(&client->node, &rt->clients);
	mutex_unlock(&rt->lock);
}

static void weft_totals_add(struct weft_engine_totals *totals,
			    struct weft_client *client)
{
	struct weft_stats stats = {};
	unsigned int op;

	weft_client_stats(client, &stats);
	totals->accepted += stats.accepted;
	totals->done += stats.done;
	totals->queued += stats.queued;
	totals->running += stats.running;
	totals->waiting += stats.waiting;
	totals->bytes += stats.bytes;
	spin_lock(&client->lock);
	for (op = 0; op < WEFT_NR_KINDS; op++)
		weft_op_stats_add(&totals->ops[op], &client->ops[op]);
	spin_unlock(&client->lock);
}

/**
 * weft_runtime_remove() - forget a client, but not what it did
 * @rt: the runtime
 * @client: has no jobs any more
 *
 * Context: may sleep.
 */
void weft_runtime_remove(struct weft_runtime *rt, struct weft_client *client)
{
	struct weft_engine_totals *retired = &rt->retired[client->group.engine];

	mutex_lock(&rt->lock);
	list_del(&client->node);
	if (!client->stepper)
		weft_totals_add(retired, client);
	retired->bytes = 0;
	mutex_unlock(&rt->lock);
}

/**
 * weft_runtime_timed() - are times taken
 * @rt: the runtime
 *
 * Return: true if receipts have times.
 */
bool weft_runtime_timed(const struct weft_runtime *rt)
{
	return rt->executor->timing;
}

/**
 * weft_runtime_totals() - all jobs that ever were
 * @rt: the runtime
 * @totals: receives them, by engine; those of stepped clients, which no worker of
 *	the runtime polls, are left out
 *
 * Context: may sleep.
 */
void weft_runtime_totals(struct weft_runtime *rt,
			 struct weft_engine_totals totals[WEFT_NR_ENGINES])
{
	struct weft_client *client;

	mutex_lock(&rt->lock);
	memcpy(totals, rt->retired, sizeof(rt->retired));
	list_for_each_entry(client, &rt->clients, node)
		if (!client->stepper)
			weft_totals_add(&totals[client->group.engine], client);
	mutex_unlock(&rt->lock);
}
EXPORT_SYMBOL_IF_KUNIT(weft_runtime_totals);

/**
 * weft_runtime_stepped_bytes() - memory of the stepped clients
 * @rt: the runtime
 *
 * Context: may sleep.
 * Return: bytes, with their executors.
 */
u64 weft_runtime_stepped_bytes(struct weft_runtime *rt)
{
	struct weft_client *client;
	u64 bytes = 0;

	mutex_lock(&rt->lock);
	list_for_each_entry(client, &rt->clients, node)
		if (client->stepper)
			bytes += weft_client_bytes(client);
	mutex_unlock(&rt->lock);
	return bytes;
}
