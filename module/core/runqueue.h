/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run queue of a worker: a ring of the groups that have runnable tasks, and
 * a FIFO of tasks for each group. Taking a task turns the ring by one group, so
 * that each group gets every n-th poll whatever the others queue.
 *
 * Only the worker touches its run queue; others use its inbox. No locks.
 */
#ifndef WEFT_CORE_RUNQUEUE_H
#define WEFT_CORE_RUNQUEUE_H

#include <linux/list.h>
#include <linux/weft.h>

/**
 * struct weft_group_queue - The runnable tasks of one group on one worker
 * @ring: in the worker's ring if there are any
 * @head: first task, NULL if there is none
 * @tail: last task, undefined if there is none
 */
struct weft_group_queue {
	struct list_head ring;
	struct llist_node *head;
	struct llist_node *tail;
};

/**
 * struct weft_runqueue - The runnable tasks of one worker
 * @ring: the groups that have some, the next one first
 */
struct weft_runqueue {
	struct list_head ring;
};

static inline void weft_runqueue_init(struct weft_runqueue *rq)
{
	INIT_LIST_HEAD(&rq->ring);
}

static inline bool weft_runqueue_empty(const struct weft_runqueue *rq)
{
	/* list_empty() is for lists that others change: it costs a load more. */
	return rq->ring.next == &rq->ring;
}

/**
 * weft_runqueue_push() - add a task behind the others of its group
 * @rq: the run queue
 * @queue: the queue of the task's group on this worker
 * @task: the task
 */
static inline void weft_runqueue_push(struct weft_runqueue *rq,
				      struct weft_group_queue *queue,
				      struct weft_task *task)
{
	task->node.next = NULL;
	if (queue->head) {
		queue->tail->next = &task->node;
	} else {
		queue->head = &task->node;
		list_add_tail(&queue->ring, &rq->ring);
	}
	queue->tail = &task->node;
}

/**
 * weft_runqueue_next() - whose turn it is
 * @rq: the run queue
 *
 * Return: the queue of the first group. There must be one.
 */
static inline struct weft_group_queue *
weft_runqueue_next(struct weft_runqueue *rq)
{
	return list_first_entry(&rq->ring, struct weft_group_queue, ring);
}

/**
 * weft_runqueue_take() - take the next task
 * @rq: the run queue
 * @queue: what weft_runqueue_next() returned
 *
 * Return: the first task of the group, which goes to the ring's end.
 */
static inline struct weft_task *
weft_runqueue_take(struct weft_runqueue *rq, struct weft_group_queue *queue)
{
	struct llist_node *node = queue->head;

	queue->head = node->next;
	if (!queue->head)
		list_del(&queue->ring);
	else if (!list_is_last(&queue->ring, &rq->ring))
		list_move_tail(&queue->ring, &rq->ring);

	return llist_entry(node, struct weft_task, node);
}

/**
 * weft_runqueue_pop() - take the next task, if there is one
 * @rq: the run queue
 *
 * Return: the first task of the first group, which goes to the ring's end, or
 * NULL.
 */
static inline struct weft_task *weft_runqueue_pop(struct weft_runqueue *rq)
{
	if (weft_runqueue_empty(rq))
		return NULL;
	return weft_runqueue_take(rq, weft_runqueue_next(rq));
}

/**
 * weft_runqueue_spare() - a task that another worker could do
 * @rq: the run queue
 *
 * Takes nothing: the turn of each task stays what it is.
 *
 * Return: the next task, if it is not the only one; else NULL.
 */
static inline struct weft_task *
weft_runqueue_spare(const struct weft_runqueue *rq)
{
	const struct weft_group_queue *queue;

	if (weft_runqueue_empty(rq))
		return NULL;
	queue = list_first_entry(&rq->ring, struct weft_group_queue, ring);
	if (!queue->head->next && list_is_singular(&rq->ring))
		return NULL;
	return llist_entry(queue->head, struct weft_task, node);
}

#endif /* WEFT_CORE_RUNQUEUE_H */
