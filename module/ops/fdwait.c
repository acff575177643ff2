// SPDX-License-Identifier: GPL-2.0-only
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <kunit/visibility.h>

#include "fdwait.h"

/* These are always waited for. */
#define WEFT_FD_ALWAYS	(EPOLLERR | EPOLLHUP)

/*
 * Called with the lock of the queue held, in any context. The poll or cancel that
 * ends the job takes that lock, see weft_fd_wait_stop(), so nothing of the job is
 * gone before we return.
 */
static int weft_fd_woken(struct wait_queue_entry *wait, unsigned int mode,
			 int sync, void *key)
{
	struct weft_fd_entry *entry = container_of(wait, struct weft_fd_entry,
						   wait);
	struct weft_fd_wait *w = entry->of;
	__poll_t mask = key_to_poll(key);

	if (unlikely(mask & POLLFREE)) {
		WRITE_ONCE(w->gone, true);
		weft_event_fire(&w->event);
		list_del_init(&wait->entry);
		/*
		 * The last step: who sees this does not take the lock any more.
		 * Pairs with smp_load_acquire() in weft_fd_wait_stop().
		 */
		smp_store_release(&entry->head, NULL);
		return 1;
	}
	if (mask && !(mask & w->events))
		return 0;
	weft_event_fire(&w->event);
	return 1;
}

/* The file's poll function names a wait queue. */
static void weft_fd_queue(struct file *file, struct wait_queue_head *head,
			  struct poll_table_struct *table)
{
	struct weft_fd_wait *w = container_of(table, struct weft_fd_wait, table);
	struct weft_fd_entry *entry;

	if (w->nr && READ_ONCE(w->entries[0].head) == head)
		return;
	if (w->nr == WEFT_FD_ENTRIES) {
		w->too_many = true;
		return;
	}
	entry = &w->entries[w->nr++];
	init_waitqueue_func_entry(&entry->wait, weft_fd_woken);
	INIT_LIST_HEAD(&entry->wait.entry);
	entry->of = w;
	entry->head = head;
	add_wait_queue(head, &entry->wait);
}

/**
 * weft_fd_wait_init() - set what to wait for
 * @w: zeroed, or stopped
 * @events: what to wait for, beside errors and hang-ups
 */
void weft_fd_wait_init(struct weft_fd_wait *w, __poll_t events)
{
	w->events = events | WEFT_FD_ALWAYS;
	w->nr = 0;
	w->started = false;
	w->too_many = false;
	w->gone = false;
	weft_event_init(&w->event);
}
EXPORT_SYMBOL_IF_KUNIT(weft_fd_wait_init);

/**
 * weft_fd_wait_poll() - wait until the file is ready
 * @w: set by weft_fd_wait_init()
 * @file: the file; the caller keeps it until weft_fd_wait_stop()
 * @cx: the context of the poll
 * @mask: receives what it is ready for; 0 if the poll is to return WEFT_PENDING,
 *	with weft_wait_on(), as a waker for it is out
 *
 * Return: 0; -EINVAL if one cannot wait for this file. If it is not waiting then,
 * weft_fd_wait_stop() was called.
 */
int weft_fd_wait_poll(struct weft_fd_wait *w, struct file *file,
		      struct weft_cx *cx, __poll_t *mask)
{
	/* First, so that nothing that happens from now on is missed. */
	weft_event_arm(&w->event, cx);
	init_poll_funcptr(&w->table, w->started ? NULL : weft_fd_queue);
	w->table._key = w->events;
	w->started = true;
	*mask = vfs_poll(file, &w->table) & w->events;
	if (READ_ONCE(w->gone))
		*mask |= EPOLLHUP;
	if (*mask || w->too_many)
		weft_fd_wait_stop(w);
	return !*mask && w->too_many ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_fd_wait_poll);

/**
 * weft_fd_wait_stop() - wait no longer
 * @w: waiting or not
 *
 * When it returns no callback touches @w.
 */
void weft_fd_wait_stop(struct weft_fd_wait *w)
{
	struct wait_queue_head *head;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < w->nr; i++) {
		/* Pairs with smp_store_release() in weft_fd_woken(). */
		head = smp_load_acquire(&w->entries[i].head);
		if (!head)
			continue;
		spin_lock_irq(&head->lock);
		list_del_init(&w->entries[i].wait.entry);
		w->entries[i].head = NULL;
		spin_unlock_irq(&head->lock);
	}
	rcu_read_unlock();
	weft_event_disarm(&w->event);
	w->nr = 0;
	w->started = false;
}
EXPORT_SYMBOL_IF_KUNIT(weft_fd_wait_stop);
