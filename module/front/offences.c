// SPDX-License-Identifier: GPL-2.0-only
/* debugfs weft/offences and weft/stacks: who held up a worker, and where. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../core/executor.h"
#include "front.h"

/* Calls @show for each offender. Return: 0 or -ENOMEM. */
static int weft_offences_each(struct seq_file *m,
			      void (*show)(struct seq_file *m,
					   const struct weft_offender *o))
{
	struct weft_runtime *rt = m->private;
	struct weft_offender *o;
	unsigned int i;

	o = kmalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return -ENOMEM;
	for (i = 0; weft_offences_get(&rt->executor->offences, i, o); i++)
		show(m, o);
	kfree(o);
	return 0;
}

static void weft_offences_row(struct seq_file *m, const struct weft_offender *o)
{
	int i;

	seq_printf(m, "%-15s", o->name);
	for (i = 0; i < WEFT_NR_OFFENCES; i++)
		seq_printf(m, " %8llu", o->count[i]);
	seq_putc(m, '\n');
}

static int offences_show(struct seq_file *m, void *unused)
{
	int i;

	seq_puts(m, "op             ");
	for (i = 0; i < WEFT_NR_OFFENCES; i++)
		seq_printf(m, " %8s", weft_offence_name(i));
	seq_putc(m, '\n');
	return weft_offences_each(m, weft_offences_row);
}
DEFINE_SHOW_ATTRIBUTE(offences);

static void weft_stacks_row(struct seq_file *m, const struct weft_offender *o)
{
	unsigned int i, k;

	for (i = 0; i < WEFT_NR_OFFENCES; i++) {
		const struct weft_stack *stack = &o->first[i];

		if (!o->count[i])
			continue;
		seq_printf(m, "%s %s %llu\n", o->name, weft_offence_name(i),
			   o->count[i]);
		if (!stack->nr)
			seq_puts(m, "  -\n");
		for (k = 0; k < stack->nr; k++)
			seq_printf(m, "  %pS\n", (void *)stack->entries[k]);
	}
}

static int stacks_show(struct seq_file *m, void *unused)
{
	return weft_offences_each(m, weft_stacks_row);
}
DEFINE_SHOW_ATTRIBUTE(stacks);

/**
 * weft_offences_create() - make the files
 * @rt: what they show; must outlive them
 * @dir: where
 */
void weft_offences_create(struct weft_runtime *rt, struct dentry *dir)
{
	debugfs_create_file("offences", 0400, dir, rt, &offences_fops);
	debugfs_create_file("stacks", 0400, dir, rt, &stacks_fops);
}
