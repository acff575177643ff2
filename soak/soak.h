/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hammer: storms that beat upon weft in seeded rounds. What a storm is, and
 * what its rounds may rely on. See docs/testing.md.
 */
#ifndef WEFT_SOAK_H
#define WEFT_SOAK_H

#include "../selftests/api.h"
#include "../selftests/table.h"
#include "random.h"

#define MAX_FIGURES	5
#define MAX_CELLS	32

/* What a storm counts, and how much of it is enough. */
struct figure {
	const char *name;
	unsigned int promise;	/* its number in docs/testing.md */
	__u64 target;
};

/* One round of a storm. All that is random in it comes from its seed. */
struct round {
	const struct storm *storm;
	__u64 seed;
	struct rng rng;
};

struct storm {
	const char *name;
	unsigned int share;	/* of the time, beside the shares of the others */
	struct figure figures[MAX_FIGURES];
	/* Why it cannot be run here, or NULL. */
	const char *(*missing)(void);
	/* A second at most, and some tens of ms at least; does not return if it fails. */
	void (*round)(struct round *round);
	__u32 engine;
	const char *source;	/* of wakes, see weft_soak.c */
};

extern const struct storm storm_jobs;
extern const struct storm storm_races_async;
extern const struct storm storm_races_threads;
extern const struct storm storm_wake_timer;
extern const struct storm storm_wake_waker;
extern const struct storm storm_wake_yield;
extern const struct storm storm_wake_hardirq;
extern const struct storm storm_wake_cpu;
extern const struct storm storm_wake_self;
extern const struct storm storm_fuzz;
extern const struct storm storm_flip;
extern const struct storm storm_kill;
extern const struct storm storm_life;
extern const struct storm storm_loops;
extern const struct storm storm_teardown;
extern const struct storm storm_yield;
extern const struct storm storm_hotplug;
extern const struct storm storm_module;
extern const struct storm storm_fault;
extern const struct storm storm_files;
extern const struct storm storm_graphs;
extern const struct storm storm_waits;

/* soak.c: for the process of a storm and those that it forks. */
void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...);
void reach(unsigned int figure, __u64 n);
void reach_cell(unsigned int cell, unsigned int cells, __u64 n);
void beat(void);
void say_kernel(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* process.c */
pid_t fork_helper(void);
void end_helper(pid_t pid);
void kill_helper(pid_t pid);
void must_be_idle(__u64 within);
bool write_file(const char *path, const char *text);
void load_module(const char *file, const char *parameters);
int unload_module(const char *name);

/* readers.c */
pid_t start_readers(__u64 seed, _Atomic __u64 *reads);

/* job.c */
struct weft_job any_job(struct rng *rng, __u64 cookie);
struct weft_job endless_job(struct rng *rng, __u64 cookie);
int must_open(__u32 engine, __u32 credits);
int reap_some(int fd, struct weft_completion *c, unsigned int capacity, unsigned int min,
	      __u64 timeout_ns);
void reap_exactly(int fd, struct weft_completion *c, unsigned int n);
void start_some_alarms(struct rng *rng);

/* things.c */
enum {
	REGULARS = 3,		/* these come first */
	THING_PIPE = REGULARS,	/* two ends each */
	THING_PAIR = THING_PIPE + 2,
	THING_EVENT = THING_PAIR + 2,
	THINGS,
};

/* Files, and a buffer, that one thread has jobs work on. */
struct things {
	struct rng rng;
	int fds[THINGS];
	__u32 buffer;
	size_t bytes;
	unsigned char *mem;
};

void open_things(struct things *t, struct rng *rng, int fd);
void close_things(struct things *t);
void stir_things(struct things *t);
struct weft_job any_file_job(struct things *t, __u64 cookie);
bool is_file_result(__s64 result);

/* ledger.c */
struct ledger {
	__u64 room;
	__u64 *accepted;
	__u64 *seen;
	__u64 nr_accepted;
	__u64 nr_seen;
};

void ledger_init(struct ledger *ledger, __u64 room);
void ledger_fini(struct ledger *ledger);
void ledger_accept(struct ledger *ledger, __u64 first, unsigned int count);
void ledger_see(struct ledger *ledger, const struct weft_completion *c, unsigned int count);
void ledger_must_balance(const struct ledger *ledger);

#endif /* WEFT_SOAK_H */
