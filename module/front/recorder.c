// SPDX-License-Identifier: GPL-2.0-only
/* debugfs weft/recorder/: the flight recorder, its switch and its threshold. */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/weft_recorder.h>

#include "../core/executor.h"
#include "front.h"

/**
 * struct weft_snapshot - What an open file shows
 * @size: of what follows, in bytes
 * @header: what the file begins with; rings and events come after it
 */
struct weft_snapshot {
	size_t size;
	struct weft_recorder_header header;
};

/* The file has the layout of core's events, and its numbers. */
static void weft_recorder_check(void)
{
#define SAME(a, b) \
	BUILD_BUG_ON(offsetof(struct weft_record, a) != \
		     offsetof(struct weft_recorder_event, b))
	SAME(ns, ns);
	SAME(id, id);
	SAME(value, value);
	SAME(took, took_ns);
	SAME(waited, waited_ns);
	SAME(client, client);
	SAME(pid, pid);
	SAME(seq, seq);
	SAME(kind, kind);
	SAME(op, op);
	SAME(worker, worker);
	SAME(detail, detail);
#undef SAME
	BUILD_BUG_ON(sizeof(struct weft_record) != 56);
	BUILD_BUG_ON(sizeof(struct weft_recorder_event) != 56);
	BUILD_BUG_ON(sizeof(struct weft_recorder_header) != 80);
	BUILD_BUG_ON(sizeof(struct weft_recorder_ring) != 24);
	BUILD_BUG_ON(WEFT_RECORD_SUBMIT != WEFT_EVENT_SUBMIT ||
		     WEFT_RECORD_POLL != WEFT_EVENT_POLL ||
		     WEFT_RECORD_BRIEF != WEFT_EVENT_BRIEF ||
		     WEFT_RECORD_WAKE != WEFT_EVENT_WAKE ||
		     WEFT_RECORD_CANCEL != WEFT_EVENT_CANCEL ||
		     WEFT_RECORD_PARK != WEFT_EVENT_PARK ||
		     WEFT_RECORD_IN != WEFT_EVENT_IN ||
		     WEFT_RECORD_OUT != WEFT_EVENT_OUT ||
		     WEFT_RECORD_EXIT != WEFT_EVENT_EXIT ||
		     WEFT_RECORD_PUNT != WEFT_EVENT_PUNT);
	BUILD_BUG_ON(WEFT_WAIT_TIMER != WEFT_POLL_TIMER ||
		     WEFT_WAIT_WAKER != WEFT_POLL_WAKER ||
		     WEFT_WAIT_JOB != WEFT_POLL_JOB ||
		     WEFT_RECORD_READY != WEFT_POLL_READY ||
		     WEFT_RECORD_FIRST != WEFT_POLL_FIRST ||
		     WEFT_BY_EARLY != WEFT_WOKEN_BY_EARLY ||
		     WEFT_BY_IRQ != WEFT_WOKEN_IN_IRQ ||
		     WEFT_RECORD_NO_WORKER != WEFT_NO_WORKER);
	BUILD_BUG_ON(WEFT_REC_OFF != WEFT_RECORDER_OFF ||
		     WEFT_REC_ON != WEFT_RECORDER_ON ||
		     WEFT_REC_FROZEN != WEFT_RECORDER_FROZEN ||
		     WEFT_REC_SLOW != WEFT_RECORDER_SLOW);
}

static void weft_snapshot_header(struct weft_recorder_header *h,
				 struct weft_executor *ex)
{
	const struct weft_recorder *rec = &ex->recorder;
	u64 slow_ns = READ_ONCE(rec->slow_ns);

	*h = (struct weft_recorder_header){
		.magic = WEFT_RECORDER_MAGIC,
		.version = WEFT_RECORDER_VERSION,
		.header_size = sizeof(*h),
		.ring_size = sizeof(struct weft_recorder_ring),
		.event_size = sizeof(struct weft_recorder_event),
		.rings = rec->size ? num_possible_cpus() : 0,
		/* Pairs with the release in weft_recorder_slow(). */
		.state = smp_load_acquire(&rec->state),
		.workers = ex->nr_workers,
		.now_ns = weft_executor_now(ex),
		.brief_ns = ex->brief_ns,
		.slow_ns = slow_ns == U64_MAX ? 0 : slow_ns,
	};
	if (weft_recorder_sees_switches(rec))
		h->flags |= WEFT_RECORDER_SWITCHES;
	if (ex->timing)
		h->flags |= WEFT_RECORDER_TIMED;
	if (h->state == WEFT_RECORDER_SLOW) {
		h->slow_id = rec->slow_id;
		h->slow_client = rec->slow_client;
	}
}

static struct weft_snapshot *weft_snapshot_take(struct weft_executor *ex)
{
	struct weft_recorder *rec = &ex->recorder;
	struct weft_snapshot *snap;
	unsigned int cpu;
	void *at;

	snap = kvzalloc(sizeof(*snap) + weft_recorder_bytes(rec) +
			num_possible_cpus() * sizeof(struct weft_recorder_ring),
			GFP_KERNEL);
	if (!snap)
		return NULL;
	weft_snapshot_header(&snap->header, ex);
	at = &snap->header + 1;
	for_each_possible_cpu(cpu) {
		struct weft_recorder_ring *ring = at;

		if (!rec->size)
			break;
		at += sizeof(*ring);
		ring->cpu = cpu;
		ring->events = weft_recorder_read(rec, cpu, at, &ring->written);
		ring->lost = ring->written - ring->events;
		at += ring->events * sizeof(struct weft_recorder_event);
	}
	snap->size = at - (void *)&snap->header;
	return snap;
}

static struct weft_snapshot *weft_snapshot_of(struct inode *inode)
{
	struct weft_runtime *rt = inode->i_private;

	return weft_snapshot_take(rt->executor);
}

static int events_open(struct inode *inode, struct file *file)
{
	file->private_data = weft_snapshot_of(inode);
	return file->private_data ? 0 : -ENOMEM;
}

static ssize_t events_read(struct file *file, char __user *buf, size_t size,
			   loff_t *pos)
{
	const struct weft_snapshot *snap = file->private_data;

	return simple_read_from_buffer(buf, size, pos, &snap->header, snap->size);
}

static int events_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.read = events_read,
	.llseek = default_llseek,
	.release = events_release,
};

static const char *const weft_event_names[] = {
	[WEFT_EVENT_SUBMIT] = "submit", [WEFT_EVENT_POLL] = "poll",
	[WEFT_EVENT_BRIEF] = "brief",	[WEFT_EVENT_WAKE] = "wake",
	[WEFT_EVENT_CANCEL] = "cancel", [WEFT_EVENT_PARK] = "park",
	[WEFT_EVENT_IN] = "in",		[WEFT_EVENT_OUT] = "out",
	[WEFT_EVENT_EXIT] = "exit",	[WEFT_EVENT_PUNT] = "punt",
};

/**
 * struct weft_text_cursor - Where a reader of text is
 * @snap: what it reads
 * @ring: the ring that @event is in
 * @event: the next one
 * @pos: its number in the file; the line of names is 0
 */
struct weft_text_cursor {
	struct weft_snapshot *snap;
	const struct weft_recorder_ring *ring;
	const struct weft_recorder_event *event;
	loff_t pos;
};

static const struct weft_recorder_event *
weft_ring_events(const struct weft_recorder_ring *ring)
{
	return (const void *)(ring + 1);
}

/* Skips rings that are over. Return: the cursor, or NULL at the end. */
static void *weft_text_settle(struct weft_text_cursor *c)
{
	const void *end = (const void *)&c->snap->header + c->snap->size;

	while ((const void *)c->ring < end) {
		if (c->event < weft_ring_events(c->ring) + c->ring->events)
			return c;
		c->ring = (const void *)c->event;
		c->event = weft_ring_events(c->ring);
	}
	return NULL;
}

static void *weft_text_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct weft_text_cursor *c = m->private;

	c->pos = ++*pos;
	if (v != SEQ_START_TOKEN)
		c->event++;
	return weft_text_settle(c);
}

static void *weft_text_start(struct seq_file *m, loff_t *pos)
{
	struct weft_text_cursor *c = m->private;
	loff_t at;

	if (*pos && *pos == c->pos)
		return weft_text_settle(c);
	/* From the beginning: somebody sought. */
	c->ring = (const void *)(&c->snap->header + 1);
	c->event = weft_ring_events(c->ring);
	c->pos = *pos;
	if (!*pos)
		return SEQ_START_TOKEN;
	for (at = 1; at < *pos && weft_text_settle(c); at++)
		c->event++;
	return weft_text_settle(c);
}

static void weft_text_stop(struct seq_file *m, void *v)
{
}

static int weft_text_show(struct seq_file *m, void *v)
{
	const struct weft_text_cursor *c = m->private;
	const struct weft_recorder_event *e = c->event;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "cpu        seq               ns event  client               id op worker     pid detail              value         took_ns       waited_ns\n");
		return 0;
	}
	seq_printf(m, "%3u %10u %16llu %-6s %6u %16llu %2u %6u %7u %6u %18lld %15llu %15llu\n",
		   c->ring->cpu, e->seq, e->ns,
		   e->kind < ARRAY_SIZE(weft_event_names) ?
			   weft_event_names[e->kind] : "-",
		   e->client, e->id, e->op, e->worker, e->pid, e->detail,
		   e->value, e->took_ns, e->waited_ns);
	return 0;
}

static const struct seq_operations weft_text_seq = {
	.start = weft_text_start,
	.next = weft_text_next,
	.stop = weft_text_stop,
	.show = weft_text_show,
};

static int text_open(struct inode *inode, struct file *file)
{
	struct weft_snapshot *snap = weft_snapshot_of(inode);
	struct weft_text_cursor *c;

	if (!snap)
		return -ENOMEM;
	c = __seq_open_private(file, &weft_text_seq, sizeof(*c));
	if (!c) {
		kvfree(snap);
		return -ENOMEM;
	}
	c->snap = snap;
	return 0;
}

static int text_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct weft_text_cursor *c = m->private;

	kvfree(c->snap);
	return seq_release_private(inode, file);
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = text_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = text_release,
};

static int state_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	struct weft_recorder *rec = &rt->executor->recorder;

	/* Pairs with the release in weft_recorder_slow(). */
	switch (smp_load_acquire(&rec->state)) {
	case WEFT_REC_ON:
		seq_puts(m, "on\n");
		break;
	case WEFT_REC_FROZEN:
		seq_puts(m, "frozen by request\n");
		break;
	case WEFT_REC_SLOW:
		seq_printf(m, "frozen by job %llu of client %u\n",
			   rec->slow_id, rec->slow_client);
		break;
	default:
		seq_puts(m, "off\n");
	}
	return 0;
}

static ssize_t state_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	struct weft_runtime *rt = ((struct seq_file *)file->private_data)->private;
	struct weft_recorder *rec = &rt->executor->recorder;
	static const char *const words[] = {
		[WEFT_REC_OFF] = "off",
		[WEFT_REC_ON] = "on",
		[WEFT_REC_FROZEN] = "freeze",
	};
	char word[8];
	ssize_t got;
	int state;

	if (size >= sizeof(word))
		return -EINVAL;
	got = simple_write_to_buffer(word, sizeof(word) - 1, pos, buf, size);
	if (got < 0)
		return got;
	word[got] = '\0';
	state = sysfs_match_string(words, word);
	if (state < 0)
		return -EINVAL;
	if (!rec->size)
		return -EOPNOTSUPP;
	weft_recorder_set(rec, state);
	return size;
}

static int state_open(struct inode *inode, struct file *file)
{
	return single_open(file, state_show, inode->i_private);
}

static const struct file_operations state_fops = {
	.owner = THIS_MODULE,
	.open = state_open,
	.read = seq_read,
	.write = state_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int slow_ns_get(void *data, u64 *value)
{
	const struct weft_recorder *rec = data;
	u64 ns = READ_ONCE(rec->slow_ns);

	*value = ns == U64_MAX ? 0 : ns;
	return 0;
}

static int slow_ns_set(void *data, u64 value)
{
	struct weft_recorder *rec = data;

	/* Pairs with weft_poller_record(). */
	WRITE_ONCE(rec->slow_ns, value ? value : U64_MAX);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(slow_ns_fops, slow_ns_get, slow_ns_set, "%llu\n");

static int rings_show(struct seq_file *m, void *unused)
{
	struct weft_runtime *rt = m->private;
	const struct weft_recorder *rec = &rt->executor->recorder;
	unsigned int cpu;

	seq_puts(m, "cpu     size    written overwritten\n");
	for_each_possible_cpu(cpu) {
		unsigned long written;

		if (!rec->size)
			break;
		/* Pairs with weft_recorder_get(), in any number of places. */
		written = READ_ONCE(per_cpu_ptr(rec->rings, cpu)->head);
		seq_printf(m, "%3u %8u %10lu %11lu\n", cpu, rec->size, written,
			   written > rec->size ? written - rec->size : 0);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rings);

/**
 * weft_recorder_create() - make the folder and its files
 * @rt: what they show; must outlive them
 * @dir: where
 */
void weft_recorder_create(struct weft_runtime *rt, struct dentry *dir)
{
	weft_recorder_check();
	dir = debugfs_create_dir("recorder", dir);
	debugfs_create_file("events", 0400, dir, rt, &events_fops);
	debugfs_create_file("text", 0400, dir, rt, &text_fops);
	debugfs_create_file("rings", 0400, dir, rt, &rings_fops);
	debugfs_create_file("state", 0600, dir, rt, &state_fops);
	debugfs_create_file_unsafe("slow_ns", 0600, dir, &rt->executor->recorder,
				   &slow_ns_fops);
}
