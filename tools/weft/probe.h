/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel counts, at one moment. */
#ifndef WEFT_PROBE_H
#define WEFT_PROBE_H

#include <stdint.h>

/**
 * struct probe - Counts at one moment, or the difference between two
 * @threads: kernel threads of the engine now; as are all up to @coop_switches
 * @switches: context switches of these threads, as the scheduler counts them
 * @polls: polls
 * @coop_switches: from one task to the next without a context switch
 * @own_bytes: memory that weft says its jobs and threads on this engine take
 * @free_bytes: free memory of the machine, with what its CPUs keep at hand
 * @system_switches: context switches of the whole machine
 */
struct probe {
	uint64_t threads;
	uint64_t switches;
	uint64_t polls;
	uint64_t coop_switches;
	uint64_t own_bytes;
	uint64_t free_bytes;
	uint64_t system_switches;
};

void probe_settle(void);
int probe_take(struct probe *probe, unsigned int engine);
void probe_diff(struct probe *diff, const struct probe *before,
		const struct probe *after);
int probe_other_clients(uint64_t *count);
void probe_cpu_name(char *name, unsigned int size);
uint64_t probe_memory_bytes(void);

#endif /* WEFT_PROBE_H */
