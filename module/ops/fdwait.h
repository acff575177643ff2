/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A wait source: a file, to become ready, as poll(2) waits for it.
 *
 * The wait queues are the file's, and most live as long as it does. Some do not: one
 * that goes away earlier wakes all of its entries with POLLFREE, and is freed an
 * RCU grace period later. So an entry knows its queue only until then, and looks at
 * it under RCU.
 */
#ifndef WEFT_OPS_FDWAIT_H
#define WEFT_OPS_FDWAIT_H

#include <linux/poll.h>

#include "event.h"

/* Wait queues that a file may have: one each for readers and writers. */
#define WEFT_FD_ENTRIES	2

struct weft_fd_wait;

/**
 * struct weft_fd_entry - In one wait queue
 * @wait: in the queue
 * @head: the queue; NULL once it is gone, or there never was one
 * @of: where it belongs
 */
struct weft_fd_entry {
	struct wait_queue_entry wait;
	struct wait_queue_head *head;
	struct weft_fd_wait *of;
};

/**
 * struct weft_fd_wait - Waiting for a file
 * @table: for the file's poll function
 * @event: something happened
 * @events: what is waited for
 * @nr: entries in use
 * @started: the file's poll function was given @table
 * @too_many: the file has more queues than we have entries
 * @gone: a queue has gone away
 * @entries: in the file's wait queues
 *
 * Zeroed, then set by weft_fd_wait_init(). Belongs to the poll; the callbacks touch
 * @event, @gone, and their entry.
 */
struct weft_fd_wait {
	struct poll_table_struct table;
	struct weft_event event;
	__poll_t events;
	unsigned int nr;
	bool started;
	bool too_many;
	bool gone;
	struct weft_fd_entry entries[WEFT_FD_ENTRIES];
};

void weft_fd_wait_init(struct weft_fd_wait *w, __poll_t events);
int weft_fd_wait_poll(struct weft_fd_wait *w, struct file *file,
		      struct weft_cx *cx, __poll_t *mask);
void weft_fd_wait_stop(struct weft_fd_wait *w);

#endif /* WEFT_OPS_FDWAIT_H */
