// SPDX-License-Identifier: GPL-2.0-only
/* debugfs weft/tasks: every job that has not ended, and what it waits for. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "../core/executor.h"
#include "../core/task.h"
#include "front.h"

/**
 * struct weft_tasks_cursor - Where a reader is
 * @rt: the runtime
 * @client: the client, under the runtime's lock
 * @number: of that client, to find it again, or the next one
 * @slot: of that client, the next to be looked at
 *
 * A reader takes the lock for one buffer at a time, so clients may come and go
 * between two buffers, and jobs at any time.
 */
struct weft_tasks_cursor {
	struct weft_runtime *rt;
	struct weft_client *client;
	u64 number;
	unsigned int slot;
};

/* What stands in a row, copied under the client's lock. */
struct weft_tasks_row {
	struct weft_task_look look;
	u64 id;
	u64 user_data;
	u64 deadline_ns;
	u32 tag;
	u8 op;
};

static bool weft_tasks_copy(struct weft_client *client, unsigned int index,
			    struct weft_tasks_row *row)
{
	const struct weft_slot *slot;
	bool live;

	spin_lock(&client->lock);
	slot = weft_client_slot(client, index);
	live = slot && slot->phase == WEFT_JOB_LIVE;
	if (live) {
		/* It stays LIVE while we hold the lock, so it is not released. */
		weft_task_look(&slot->op_task.task, &row->look);
		row->id = slot->id;
		row->user_data = slot->user_data;
		row->deadline_ns = weft_slot_deadline(slot);
		row->tag = slot->tag;
		row->op = slot->op;
	}
	spin_unlock(&client->lock);
	return live;
}

/* The first live job from the cursor on. */
static void *weft_tasks_seek(struct weft_tasks_cursor *cursor)
{
	struct weft_runtime *rt = cursor->rt;
	struct weft_client *client;
	struct weft_tasks_row row;

	lockdep_assert_held(&rt->lock);
	list_for_each_entry(client, &rt->clients, node) {
		if (client->number < cursor->number)
			continue;
		if (client->number > cursor->number)
			cursor->slot = 0;
		cursor->number = client->number;
		cursor->client = client;
		for (; cursor->slot < READ_ONCE(client->nr_slots); cursor->slot++) {
			if (weft_tasks_copy(client, cursor->slot, &row))
				return cursor;
			if (cursor->slot % 64 == 63)
				cond_resched();
		}
	}
	cursor->number++;
	cursor->slot = 0;
	return NULL;
}

static void *weft_tasks_start(struct seq_file *m, loff_t *pos)
{
	struct weft_tasks_cursor *cursor = m->private;

	mutex_lock(&cursor->rt->lock);
	if (!*pos) {
		cursor->number = 0;
		cursor->slot = 0;
		return SEQ_START_TOKEN;
	}
	return weft_tasks_seek(cursor);
}

static void *weft_tasks_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct weft_tasks_cursor *cursor = m->private;

	(*pos)++;
	if (v != SEQ_START_TOKEN)
		cursor->slot++;
	return weft_tasks_seek(cursor);
}

static void weft_tasks_stop(struct seq_file *m, void *v)
{
	struct weft_tasks_cursor *cursor = m->private;

	mutex_unlock(&cursor->rt->lock);
}

static const char *weft_tasks_state(const struct weft_task_look *look)
{
	switch (look->state) {
	case WEFT_STATE_PENDING:
		return "waiting";
	case WEFT_STATE_RUNNING:
		return "running";
	case WEFT_STATE_DONE:
		return "ending";
	default:
		return "queued";
	}
}

static const char *weft_tasks_wait(const struct weft_task_look *look)
{
	static const char *const sources[] = {
		[WEFT_WAIT_NONE] = "-",
		[WEFT_WAIT_YIELD] = "turn",
		[WEFT_WAIT_TIMER] = "timer",
		[WEFT_WAIT_WAKER] = "waker",
		[WEFT_WAIT_FD] = "fd",
		[WEFT_WAIT_IO] = "io",
		[WEFT_WAIT_PUNT] = "punt",
		[WEFT_WAIT_JOB] = "job",
	};

	switch (look->state) {
	case WEFT_STATE_PENDING:
		return sources[look->wait];
	case WEFT_STATE_RUNNING:
	case WEFT_STATE_DONE:
		return "-";
	default:
		return "turn";
	}
}

static void weft_tasks_print(struct seq_file *m, const struct weft_client *client,
			     const struct weft_tasks_row *row)
{
	const struct weft_task_look *look = &row->look;

	seq_printf(m, "%16llu %6llu %5d %-6s %-7s %-9s %-5s %12llu %8u ",
		   row->id, client->number, client->pid, weft_ops[row->op]->name,
		   weft_tasks_state(look), look->cancelled ? "yes" : "no",
		   weft_tasks_wait(look), look->since_ns / NSEC_PER_USEC,
		   look->polls);
	if (look->worker < 0)
		seq_puts(m, "     -");
	else
		seq_printf(m, "%6d", look->worker);
	seq_printf(m, " %5d %10u %16llu %18llu\n", look->pid, row->tag,
		   row->deadline_ns, row->user_data);
}

static int weft_tasks_show(struct seq_file *m, void *v)
{
	struct weft_tasks_cursor *cursor = m->private;
	struct weft_tasks_row row;

	if (v == SEQ_START_TOKEN)
		seq_puts(m, "              id client   pid op     state   cancelled waits     since_us    polls worker   tid        tag      deadline_ns          user_data\n");
	else if (weft_tasks_copy(cursor->client, cursor->slot, &row))
		weft_tasks_print(m, cursor->client, &row);
	return 0;
}

static const struct seq_operations weft_tasks_seq = {
	.start = weft_tasks_start,
	.next = weft_tasks_next,
	.stop = weft_tasks_stop,
	.show = weft_tasks_show,
};

static int weft_tasks_open(struct inode *inode, struct file *file)
{
	struct weft_tasks_cursor *cursor;

	cursor = __seq_open_private(file, &weft_tasks_seq, sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	cursor->rt = inode->i_private;
	return 0;
}

const struct file_operations weft_tasks_fops = {
	.owner = THIS_MODULE,
	.open = weft_tasks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
