/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that do what a script says, and a bed to run them on: an executor that
 * is driven by hand, with a clock that is set by hand.
 */
#ifndef WEFT_KUNIT_MOCK_H
#define WEFT_KUNIT_MOCK_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/weft.h>

#include "../module/core/executor.h"

struct mock;

/* What a poll does in the end. */
enum mock_act {
	MOCK_READY,	/* ends, with @arg as the result */
	MOCK_WAIT,	/* waits for a wake */
	MOCK_YIELD,	/* gives way */
	MOCK_SELF,	/* wakes itself, and is pending without a wait source */
	MOCK_LOSE,	/* drops the waker of MOCK_WAIT, and is pending */
	MOCK_SLEEP,	/* sleeps until @arg, then goes on with the next step */
	MOCK_WAKER,	/* makes a waker in @waker and waits */
	MOCK_OVER,	/* the script has no such poll: fails the test */
};

/**
 * struct mock_step - One poll
 * @act: what it does in the end
 * @arg: see &enum mock_act
 * @slack: of MOCK_SLEEP, in ns
 * @before: called first, with no wait source registered yet
 * @after: called last, with the wait source registered
 */
struct mock_step {
	enum mock_act act;
	s64 arg;
	u32 slack;
	void (*before)(struct mock *m);
	void (*after)(struct mock *m);
};

/* A script. */
#define STEPS(...) \
	((const struct mock_step[]){ __VA_ARGS__, { MOCK_OVER } })

/**
 * struct mock - A task that does what a script says
 * @task: the task
 * @bed: where it runs
 * @steps: the script
 * @step: the step that comes next
 * @sleep: for MOCK_SLEEP
 * @sleeps: @sleep is set
 * @waker: for MOCK_WAKER
 * @wait: for MOCK_WAIT; used up when the task ends
 * @other: whom a hook may wake, cancel or spawn
 * @verdict: what a hook's weft_cancel() said
 * @cancels: how often cancel() was called
 * @cancel_pends: how often cancel() is pending before it ends the task
 * @released: how often release() was called
 * @name: what it writes into the bed's log at each poll
 */
struct mock {
	struct weft_task task;
	struct mock_bed *bed;
	const struct mock_step *steps;
	unsigned int step;
	struct weft_sleep sleep;
	bool sleeps;
	struct weft_waker waker;
	struct weft_waker wait;
	struct mock *other;
	enum weft_verdict verdict;
	unsigned int cancels;
	unsigned int cancel_pends;
	unsigned int released;
	char name;
};

/* See mock_in_time(), in ns. In virtual time they cost nothing. */
#define MOCK_MOMENT	(100 * NSEC_PER_MSEC)
#define MOCK_LONGEST	(100 * NSEC_PER_SEC)

/* Polls that the log has room for. */
#define MOCK_LOG	4096

/**
 * struct mock_bed - An executor and a group to run tasks on
 * @test: the test
 * @ex: the executor
 * @group: a group
 * @log: names of the tasks that were polled, in order
 * @polls: how many
 * @released: tasks released
 * @expected: complete @all_released at so many
 * @all_released: for tasks that run by themselves
 */
struct mock_bed {
	struct kunit *test;
	struct weft_executor *ex;
	struct weft_group group;
	char log[MOCK_LOG];
	atomic_t polls;
	atomic_t released;
	int expected;
	struct completion all_released;
};

/* The clock of all beds that are driven by hand, in ns. */
extern u64 mock_now;
u64 mock_clock(void *arg);

extern const struct weft_task_ops mock_ops;

struct mock_bed *mock_bed_new(struct kunit *test,
			      const struct weft_executor_config *config,
			      enum weft_engine engine);
struct mock_bed *mock_bed_manual(struct kunit *test, unsigned int workers);
struct mock_bed *mock_bed_live(struct kunit *test, unsigned int workers,
			       enum weft_engine engine,
			       unsigned int max_threads);
struct mock_bed *mock_bed_timed(struct kunit *test, unsigned int workers,
				enum weft_engine engine,
				unsigned int max_threads);
void mock_bed_free(struct mock_bed *bed);

struct mock *mock_new(struct mock_bed *bed, char name,
		      const struct mock_step *steps);
struct mock *mock_spawn(struct mock_bed *bed, char name,
			const struct mock_step *steps);

unsigned int mock_run(struct mock_bed *bed);
bool mock_step(struct mock_bed *bed);
void mock_expect(struct mock_bed *bed, int count);
void mock_wait(struct mock_bed *bed);
void mock_expect_log(struct mock_bed *bed, unsigned int from,
		     const char *names);
void mock_wait_state(struct mock *m, enum weft_state state);
void mock_wait_polled(struct mock *m);
void mock_in_time(struct kunit *test,
		  bool (*in_time)(struct kunit *test, u64 moment));

int mock_state(const struct mock *m);
unsigned long mock_switches(void);

#endif /* WEFT_KUNIT_MOCK_H */
