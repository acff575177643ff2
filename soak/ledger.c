// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which jobs were accepted, and which were seen to complete: a bit for each
 * cookie. Threads may write at once; a job may complete before its submit returns.
 */
#include "soak.h"

#define BITS	64

void ledger_init(struct ledger *ledger, __u64 room)
{
	__u64 words = (room + BITS - 1) / BITS;

	*ledger = (struct ledger){
		.room = room,
		.accepted = calloc(words, sizeof(__u64)),
		.seen = calloc(words, sizeof(__u64)),
	};
	if (!ledger->accepted || !ledger->seen)
		fail("no memory for a ledger");
}

void ledger_fini(struct ledger *ledger)
{
	free(ledger->accepted);
	free(ledger->seen);
}

/* Return: whether it was set before. */
static bool mark(__u64 *bits, __u64 n)
{
	__u64 bit = 1ULL << (n % BITS);

	return __atomic_fetch_or(&bits[n / BITS], bit, __ATOMIC_RELAXED) & bit;
}

void ledger_accept(struct ledger *ledger, __u64 first, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		mark(ledger->accepted, first + i);
	__atomic_fetch_add(&ledger->nr_accepted, count, __ATOMIC_SEQ_CST);
}

void ledger_see(struct ledger *ledger, const struct weft_completion *c, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (c[i].user_data >= ledger->room)
			fail("a completion for %llu, which was no job", c[i].user_data);
		if (mark(ledger->seen, c[i].user_data))
			fail("job %llu completed twice", c[i].user_data);
		if (c[i].result < 0 && c[i].result != -ECANCELED && c[i].result != -ETIME)
			fail("job %llu ended with %lld", c[i].user_data, c[i].result);
	}
	__atomic_fetch_add(&ledger->nr_seen, count, __ATOMIC_SEQ_CST);
}

void ledger_must_balance(const struct ledger *ledger)
{
	__u64 i;

	for (i = 0; i < (ledger->room + BITS - 1) / BITS; i++)
		if (ledger->accepted[i] != ledger->seen[i])
			fail("of jobs %llu to %llu, accepted were %#llx, completed %#llx",
			     i * BITS, i * BITS + BITS - 1, ledger->accepted[i],
			     ledger->seen[i]);
}
