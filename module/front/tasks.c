// SPDX-License-Identifier: GPL-2.0-only
/* debugfs weft/tasks: every job that has not ended, and what it waits for. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "../core/executor.h"
#include "../core/task.h"
#include "../job/graph.h"
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
	u64 graph;
	u64 open;
	u32 tag;
	u8 op;
	u8 node;
	bool held;
	bool begun;
};

/* Of what a graph has to do with it. */
static void weft_tasks_copy_graph(const struct weft_slot *slot,
				  struct weft_tasks_row *row)
{
	const struct weft_dag *dag = slot->dag;

	row->graph = dag->slot->id;
	row->node = slot->node;
	row->begun = dag->begun;
	row->open = weft_dag_open(dag, slot->node);
}

static bool weft_tasks_copy(struct weft_client *client, unsigned int index,
			    struct weft_tasks_row *row)
{
	const struct weft_slot *slot;
	bool live;

	spin_lock(&client->lock);
	slot = weft_client_slot(client, index);
	live = slot && weft_slot_unended(slot);
	if (live) {
		*row = (struct weft_tasks_row){
			.held = slot->phase == WEFT_JOB_HELD,
		};
		/* It stays as it is while we hold the lock: it is not released. */
		if (!row->held)
			weft_task_look(&slot->op_task.task, &row->look);
		if (slot->dag)
			weft_tasks_copy_graph(slot, row);
		row->id = slot->id;
		row->user_data = slot->user_data;
		if (!row->held || !weft_slot_is_dag(slot))
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

/* A node that has not started, or a graph without a task of its own. */
static const char *weft_tasks_wait_held(const struct weft_tasks_row *row)
{
	if (!row->begun)
		return "graph";
	return row->open || row->node == WEFT_OWN_SLOT ? "nodes" : "others";
}

static void weft_tasks_print_held(struct seq_file *m,
				  const struct weft_client *client,
				  const struct weft_tasks_row *row)
{
	seq_printf(m, "%16llu %6llu %5d %-7s %-7s %-9s %-6s %12u %8u %6s %5s %10u %16llu %18llu %8u %5u %14u %14u %14u",
		   row->id, client->number, client->pid, weft_ops[row->op]->name,
		   "held", "no", weft_tasks_wait_held(row), 0, 0, "-", "-",
		   row->tag, row->deadline_ns, row->user_data, 0, 0, 0, 0, 0);
}

static void weft_tasks_print_live(struct seq_file *m,
				  const struct weft_client *client,
				  const struct weft_tasks_row *row)
{
	const struct weft_task_look *look = &row->look;

	seq_printf(m, "%16llu %6llu %5d %-7s %-7s %-9s %-6s %12llu %8u ",
		   row->id, client->number, client->pid, weft_ops[row->op]->name,
		   weft_tasks_state(look), look->cancelled ? "yes" : "no",
		   weft_tasks_wait(look), look->since_ns / NSEC_PER_USEC,
		   look->polls);
	/* A worker of its own has no row in workers, and may have the same number. */
	if (look->worker < 0 || client->stepper)
		seq_puts(m, "     -");
	else
		seq_printf(m, "%6d", look->worker);
	seq_printf(m, " %5d %10u %16llu %18llu %8u %5u %14llu %14llu %14llu",
		   look->pid, row->tag, row->deadline_ns, row->user_data,
		   look->wakes, look->moves, look->queued_ns, look->run_ns,
		   look->blocked_ns);
}

static void weft_tasks_print(struct seq_file *m, const struct weft_client *client,
			     const struct weft_tasks_row *row)
{
	if (row->held)
		weft_tasks_print_held(m, client, row);
	else
		weft_tasks_print_live(m, client, row);
	if (row->graph && row->node != WEFT_OWN_SLOT)
		seq_printf(m, " %16llu %4u", row->graph, row->node);
	else
		seq_printf(m, " %16llu %4s", row->graph, "-");
	seq_printf(m, " %16llx\n", row->open);
}

static int weft_tasks_show(struct seq_file *m, void *v)
{
	struct weft_tasks_cursor *cursor = m->private;
	struct weft_tasks_row row;

	if (v == SEQ_START_TOKEN)
		seq_puts(m, "              id client   pid op      state   cancelled waits      since_us    polls worker   tid        tag      deadline_ns          user_data    wakes moves      queued_ns         run_ns     blocked_ns            graph node             open\n");
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
