// SPDX-License-Identifier: GPL-2.0-only
/* Polls that do what a poll must not do: each one is caught. */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "mock.h"

#define BUDGET	(2 * NSEC_PER_MSEC)

static const struct weft_executor_config live_config = {
	.name = "mock",
	.workers = 1,
	.max_threads = 8,
	.timing = true,
	.budget_ns = BUDGET,
};

/* Runs one task to its end, and leaves what was found out about it in @o. */
static void run_one(struct kunit *test, struct mock_bed *bed,
		    const struct mock_step *steps, struct weft_offender *o)
{
	mock_expect(bed, 1);
	mock_spawn(bed, 'a', steps);
	mock_wait(bed);
	memset(o, 0, sizeof(*o));
	if (weft_offences_get(&bed->ex->offences, 0, o))
		KUNIT_EXPECT_STREQ(test, "mock", (const char *)o->name);
}

static struct weft_offender *new_offender(struct kunit *test)
{
	struct weft_offender *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, o);
	return o;
}

/* So often for @what, and never for anything else. */
static void expect_only(struct kunit *test, const struct weft_offender *o,
			enum weft_offence what, u64 count)
{
	int i;

	for (i = 0; i < WEFT_NR_OFFENCES; i++) {
		u64 expected = i == what ? count : 0;

		KUNIT_EXPECT_EQ_MSG(test, expected, o->count[i], "%s",
				    weft_offence_name(i));
	}
}

/* A timer that fires before there was a switch leaves nothing to be caught. */
static void doze(struct mock *m)
{
	unsigned long switches = current->nvcsw;

	do {
		schedule_timeout_uninterruptible(1);
	} while (current->nvcsw == switches);
}

static void poll_that_sleeps_is_caught(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct weft_offender *o = new_offender(test);

	run_one(test, bed, STEPS({ MOCK_YIELD, .before = doze }, { MOCK_YIELD },
				 { MOCK_READY, .after = doze }), o);
	expect_only(test, o, WEFT_SLEPT, 2);
	if (IS_ENABLED(CONFIG_PREEMPT_NOTIFIERS))
		KUNIT_EXPECT_GT(test, o->first[WEFT_SLEPT].nr, 2U);
	mock_bed_free(bed);
}

static void first_sleep_has_its_stack(struct kunit *test)
{
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	if (!IS_ENABLED(CONFIG_PREEMPT_NOTIFIERS))
		kunit_skip(test, "the scheduler tells nobody who sleeps");
	bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	run_one(test, bed, STEPS({ MOCK_READY, .before = doze }), o);
	expect_only(test, o, WEFT_SLEPT, 1);
	KUNIT_EXPECT_GT(test, o->first[WEFT_SLEPT].nr, 2U);
	mock_bed_free(bed);
}

static void thread_may_sleep(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_THREADS, 1);
	struct weft_offender *o = new_offender(test);

	run_one(test, bed, STEPS({ MOCK_YIELD, .before = doze },
				 { MOCK_READY, .before = doze }), o);
	expect_only(test, o, WEFT_SLEPT, 0);
	mock_bed_free(bed);
}

static void worker_that_waits_between_polls_is_not_to_blame(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	const struct mock_step *steps = STEPS({ MOCK_WAIT }, { MOCK_YIELD },
					      { MOCK_WAIT }, { MOCK_READY });
	struct weft_offender o;
	struct mock *m;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', steps);
	mock_wait_state(m, WEFT_STATE_PENDING);
	schedule_timeout_idle(2);
	weft_wake(&m->task);
	while (m->step < 3)
		schedule_timeout_idle(1);
	mock_wait_state(m, WEFT_STATE_PENDING);
	weft_wake(&m->task);
	mock_wait(bed);
	KUNIT_EXPECT_FALSE(test, weft_offences_get(&bed->ex->offences, 0, &o));
	mock_bed_free(bed);
}

static void take_long(struct mock *m)
{
	mock_now += BUDGET + 1;
}

static void take_all_of_the_budget(struct mock *m)
{
	mock_now += BUDGET;
}

static void poll_over_its_budget_is_caught(struct kunit *test)
{
	struct weft_executor_config config = live_config;
	struct weft_offender *o = new_offender(test);
	unsigned long switches;
	struct mock_bed *bed;
	bool alone;

	config.manual = true;
	config.clock = mock_clock;
	do {
		bed = mock_bed_new(test, &config, WEFT_ASYNC);
		mock_spawn(bed, 'a',
			   STEPS({ MOCK_YIELD, .before = take_long },
				 { MOCK_YIELD, .before = take_all_of_the_budget },
				 { MOCK_READY, .after = take_long }));
		switches = mock_switches();
		mock_run(bed);
		/* A poll during which others had the CPU may take long. */
		alone = switches == mock_switches();
		if (alone) {
			KUNIT_EXPECT_TRUE(test, weft_offences_get(&bed->ex->offences,
								  0, o));
			expect_only(test, o, WEFT_LONG, 2);
		}
		mock_bed_free(bed);
	} while (!alone);
}

static void without_a_budget_a_poll_may_take_long(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_offender o;

	mock_spawn(bed, 'a', STEPS({ MOCK_READY, .before = take_long }));
	mock_run(bed);
	KUNIT_EXPECT_FALSE(test, weft_offences_get(&bed->ex->offences, 0, &o));
	mock_bed_free(bed);
}

static void compute(struct mock *m)
{
	u64 end = ktime_get_ns() + 10 * BUDGET;

	while (ktime_get_ns() < end)
		cpu_relax();
}

/*
 * It is looked at while it goes on, so there is a stack. One during which others had
 * the CPU is let off; and an emulated CPU that stands still makes any poll long.
 */
static void long_poll_is_seen_where_it_is(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_new(test, &live_config, WEFT_ASYNC);
	struct weft_offender *o = new_offender(test);
	unsigned long until = jiffies + 60 * HZ;
	/* UML finds no stack from an interrupt. */
	unsigned int least = IS_ENABLED(CONFIG_UML) ? 0 : 3;

	do {
		run_one(test, bed, STEPS({ MOCK_YIELD, .before = compute },
					 { MOCK_READY }), o);
	} while ((!o->count[WEFT_LONG] || o->first[WEFT_LONG].nr < least) &&
		 time_before(jiffies, until));
	KUNIT_EXPECT_GE(test, o->count[WEFT_LONG], 1ULL);
	expect_only(test, o, WEFT_LONG, o->count[WEFT_LONG]);
	KUNIT_EXPECT_GE(test, o->first[WEFT_LONG].nr, least);
	mock_bed_free(bed);
}

static void leak_preempt(struct mock *m)
{
	preempt_disable();
}

static void leak_softirq(struct mock *m)
{
	local_bh_disable();
}

static void leaked_preempt_is_caught_and_mended(struct kunit *test)
{
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "no CONFIG_PREEMPT_COUNT");
	bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	run_one(test, bed, STEPS({ MOCK_YIELD, .before = leak_preempt },
				 { MOCK_YIELD },
				 { MOCK_READY, .before = leak_preempt }), o);
	expect_only(test, o, WEFT_PREEMPT, 2);
	run_one(test, bed, STEPS({ MOCK_READY }), o);
	expect_only(test, o, WEFT_PREEMPT, 2);
	mock_bed_free(bed);
}

static void leaked_softirq_is_caught(struct kunit *test)
{
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	if (IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "lockdep would report it as well");
	bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	run_one(test, bed, STEPS({ MOCK_YIELD, .before = leak_softirq },
				 { MOCK_READY }), o);
	expect_only(test, o, WEFT_PREEMPT, 1);
	mock_bed_free(bed);
}

static void leak_rcu(struct mock *m)
{
	rcu_read_lock();
}

static void leaked_rcu_section_is_caught_and_ended(struct kunit *test)
{
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	if (!IS_ENABLED(CONFIG_PREEMPT_RCU))
		kunit_skip(test, "no CONFIG_PREEMPT_RCU");
	bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	run_one(test, bed, STEPS({ MOCK_YIELD, .before = leak_rcu },
				 { MOCK_YIELD },
				 { MOCK_READY, .before = leak_rcu }), o);
	expect_only(test, o, WEFT_RCU, 2);
	run_one(test, bed, STEPS({ MOCK_READY }), o);
	expect_only(test, o, WEFT_RCU, 2);
	mock_bed_free(bed);
}

static DEFINE_MUTEX(leaked);

static void leak_lock(struct mock *m)
{
	mutex_lock(&leaked);
}

static void unlock(struct mock *m)
{
	mutex_unlock(&leaked);
}

/* It can be named, not mended; the poll that unlocks is one that changes it, too. */
static void leaked_lock_is_caught(struct kunit *test)
{
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "no CONFIG_LOCKDEP");
	bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	run_one(test, bed, STEPS({ MOCK_YIELD, .before = leak_lock },
				 { MOCK_YIELD },
				 { MOCK_READY, .before = unlock }), o);
	expect_only(test, o, WEFT_LOCK, 2);
	mock_bed_free(bed);
}

static void lost_waker_is_counted(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct weft_offender *o = new_offender(test);

	run_one(test, bed, STEPS({ MOCK_LOSE }), o);
	expect_only(test, o, WEFT_LOST, 1);
	mock_bed_free(bed);
}

static void good_polls_are_no_offence(struct kunit *test)
{
	struct weft_executor_config config = live_config;
	struct weft_offender *o = new_offender(test);
	struct mock_bed *bed;

	/* No poll takes so long, also where the CPU stands still for a while. */
	config.budget_ns = 60 * NSEC_PER_SEC;
	bed = mock_bed_new(test, &config, WEFT_ASYNC);
	run_one(test, bed, STEPS({ MOCK_YIELD }, { MOCK_SLEEP, .arg = 1 },
				 { MOCK_YIELD }, { MOCK_SELF }, { MOCK_READY }), o);
	KUNIT_EXPECT_EQ(test, 0U, bed->ex->offences.nr);
	mock_bed_free(bed);
}

static void each_op_has_its_own_counts(struct kunit *test)
{
	struct weft_offences *all = kunit_kzalloc(test, sizeof(*all), GFP_KERNEL);
	struct weft_stack stack = { .nr = 1, .entries = { 5 } };
	struct weft_offender *o = new_offender(test);
	char name[8];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, all);
	weft_offences_init(all);
	for (i = 0; i < WEFT_MAX_OFFENDERS + 3; i++) {
		snprintf(name, sizeof(name), "op%d", i);
		weft_offences_add(all, name, WEFT_SLEPT, i % 2 ? &stack : NULL);
	}
	stack.entries[0] = 6;
	weft_offences_add(all, "op1", WEFT_SLEPT, &stack);
	weft_offences_add(all, "op0", WEFT_SLEPT, &stack);

	KUNIT_EXPECT_TRUE(test, weft_offences_get(all, 1, o));
	KUNIT_EXPECT_STREQ(test, "op1", (const char *)o->name);
	expect_only(test, o, WEFT_SLEPT, 2);
	KUNIT_EXPECT_EQ(test, 5UL, o->first[WEFT_SLEPT].entries[0]);
	KUNIT_EXPECT_TRUE(test, weft_offences_get(all, 0, o));
	KUNIT_EXPECT_EQ(test, 6UL, o->first[WEFT_SLEPT].entries[0]);
	/* Those that found no place share the last. */
	KUNIT_EXPECT_TRUE(test, weft_offences_get(all, WEFT_MAX_OFFENDERS - 1, o));
	KUNIT_EXPECT_STREQ(test, "others", (const char *)o->name);
	expect_only(test, o, WEFT_SLEPT, 4);
	KUNIT_EXPECT_FALSE(test, weft_offences_get(all, WEFT_MAX_OFFENDERS, o));
}

static struct kunit_case offence_cases[] = {
	KUNIT_CASE(poll_that_sleeps_is_caught),
	KUNIT_CASE(first_sleep_has_its_stack),
	KUNIT_CASE(thread_may_sleep),
	KUNIT_CASE(worker_that_waits_between_polls_is_not_to_blame),
	KUNIT_CASE(poll_over_its_budget_is_caught),
	KUNIT_CASE(without_a_budget_a_poll_may_take_long),
	KUNIT_CASE(long_poll_is_seen_where_it_is),
	KUNIT_CASE(leaked_preempt_is_caught_and_mended),
	KUNIT_CASE(leaked_softirq_is_caught),
	KUNIT_CASE(leaked_rcu_section_is_caught_and_ended),
	KUNIT_CASE(leaked_lock_is_caught),
	KUNIT_CASE(lost_waker_is_counted),
	KUNIT_CASE(good_polls_are_no_offence),
	KUNIT_CASE(each_op_has_its_own_counts),
	{}
};

static struct kunit_suite offence_suite = {
	.name = "weft_offence",
	.test_cases = offence_cases,
};

kunit_test_suite(offence_suite);
