// SPDX-License-Identifier: GPL-2.0-only
/* The slots of a client: memory, credits and ids. */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "../core/executor.h"
#include "../core/gfp.h"
#include "client.h"
#include "step.h"

/**
 * weft_slots_push() - add a slot at the end
 * @slots: the queue
 * @slot: the slot
 */
void weft_slots_push(struct weft_slots *slots, struct weft_slot *slot)
{
	struct llist_node *node = &slot->op_task.task.node;

	node->next = NULL;
	if (slots->head)
		slots->tail->next = node;
	else
		slots->head = node;
	slots->tail = node;
	/* Pairs with weft_client_ready(), which takes no lock. */
	WRITE_ONCE(slots->count, slots->count + 1);
}

/**
 * weft_slots_pop() - take the first slot
 * @slots: the queue
 *
 * Return: the slot, or NULL if there is none.
 */
struct weft_slot *weft_slots_pop(struct weft_slots *slots)
{
	struct llist_node *node = slots->head;

	if (!node)
		return NULL;
	slots->head = node->next;
	/* Likewise. */
	WRITE_ONCE(slots->count, slots->count - 1);
	return weft_slot_of(node);
}

/**
 * weft_client_slot() - find a slot
 * @client: the client
 * @index: its number; the user's word
 *
 * Context: under @client->lock, or when nobody submits.
 * Return: the slot, or NULL if there is none of that number.
 */
struct weft_slot *weft_client_slot(struct weft_client *client,
				   unsigned int index)
{
	if (index >= client->nr_slots)
		return NULL;
	index = array_index_nospec(index, client->nr_slots);
	return &client->chunks[index / WEFT_CHUNK_SLOTS]
			      [index % WEFT_CHUNK_SLOTS];
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_slot);

/* Makes one more chunk of slots, as far as the credits go. */
static int weft_client_grow(struct weft_client *client)
{
	unsigned int first = client->nr_slots;
	unsigned int count = min_t(unsigned int, client->credits - first,
				   WEFT_CHUNK_SLOTS);
	struct weft_slot *chunk;
	unsigned int i;

	lockdep_assert_held(&client->submitting);
	if (!count)
		return -EAGAIN;
	chunk = kvzalloc(WEFT_CHUNK_BYTES, WEFT_GFP_USER);
	if (!chunk)
		return -ENOMEM;

	spin_lock(&client->lock);
	client->chunks[first / WEFT_CHUNK_SLOTS] = chunk;
	for (i = 0; i < count; i++) {
		chunk[i].id = first + i;
		weft_slots_push(&client->free, &chunk[i]);
	}
	/* Pairs with weft_client_bytes(), which takes no lock. */
	WRITE_ONCE(client->nr_slots, client->nr_slots + count);
	spin_unlock(&client->lock);
	return 0;
}

/**
 * weft_client_take_slot() - take a credit
 * @client: the client
 * @slot: receives a slot in phase FREE, with an id that was never used
 *
 * Context: may sleep; @client->submitting is held.
 * Return: 0, -EAGAIN (no credit), -ENOMEM.
 */
int weft_client_take_slot(struct weft_client *client, struct weft_slot **slot)
{
	int ret;

	for (;;) {
		spin_lock(&client->lock);
		*slot = weft_slots_pop(&client->free);
		if (*slot)
			(*slot)->id += WEFT_ID_STEP;
		spin_unlock(&client->lock);
		if (*slot)
			return 0;
		ret = weft_client_grow(client);
		if (ret)
			return ret;
	}
}

/**
 * weft_client_free_slot() - give a credit back
 * @client: the client
 * @slot: the slot
 *
 * Context: under @client->lock.
 */
void weft_client_free_slot(struct weft_client *client, struct weft_slot *slot)
{
	lockdep_assert_held(&client->lock);
	slot->phase = WEFT_JOB_FREE;
	if (unlikely(slot->id > U64_MAX - WEFT_ID_STEP))
		client->retired++;
	else
		weft_slots_push(&client->free, slot);
}

/**
 * weft_client_credit_event() - who is to be told that credits are free
 * @client: the client
 *
 * Context: under @client->lock.
 * Return: the events to wake @client->wait with, or 0.
 */
__poll_t weft_client_credit_event(struct weft_client *client)
{
	lockdep_assert_held(&client->lock);
	if (!client->want_credit || !client->free.count)
		return 0;
	client->want_credit = false;
	return EPOLLOUT | EPOLLWRNORM;
}

/**
 * weft_client_bytes() - memory of a client
 * @client: the client
 *
 * Return: bytes, without thread stacks.
 */
size_t weft_client_bytes(const struct weft_client *client)
{
	size_t chunks = weft_chunks(READ_ONCE(client->nr_slots));

	return sizeof(*client) + weft_group_bytes(&client->group) +
	       weft_stepper_bytes(client->stepper) +
	       weft_chunks(client->credits) * sizeof(*client->chunks) +
	       chunks * WEFT_CHUNK_BYTES + READ_ONCE(client->dag_bytes) +
	       atomic_long_read(&client->space.bytes) +
	       atomic_long_read(&client->space.buffers.bytes);
}

/**
 * weft_slot_bytes() - memory of one job
 *
 * Return: bytes, with its share of what a chunk leaves unused.
 */
size_t weft_slot_bytes(void)
{
	return WEFT_CHUNK_BYTES / WEFT_CHUNK_SLOTS;
}
