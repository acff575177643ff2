// SPDX-License-Identifier: GPL-2.0-only
/* Every way in which a wake or a cancel can meet a poll. */
#include "mock.h"

static int task_init(struct kunit *test)
{
	test->priv = mock_bed_manual(test, 1);
	return 0;
}

static void task_exit(struct kunit *test)
{
	struct mock_bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->group.waiting));
	mock_bed_free(bed);
}

static void expect_ended(struct kunit *test, struct mock *m, s64 result)
{
	KUNIT_EXPECT_EQ(test, WEFT_STATE_DONE, mock_state(m));
	KUNIT_EXPECT_EQ(test, 1U, m->released);
	KUNIT_EXPECT_EQ(test, result, m->task.result);
}

/* Hooks: what happens in the middle of a poll. */
static void wake_it(struct mock *m)
{
	KUNIT_EXPECT_FALSE(m->bed->test, weft_wake(&m->task));
}

static void wake_it_twice(struct mock *m)
{
	wake_it(m);
	wake_it(m);
}

static void cancel_it(struct mock *m)
{
	m->verdict = weft_cancel(&m->task);
}

static void ready_task_ends_at_its_first_poll(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY, 7 }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 7);
	KUNIT_EXPECT_EQ(test, 0U, m->task.wakes);
}

static void wake_before_spawn_changes_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY }));

	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	weft_spawn(&m->task);
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 0);
}

static void wake_of_a_queued_task_changes_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY }));

	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 0);
	KUNIT_EXPECT_EQ(test, 0U, m->task.wakes);
}

static void wake_polls_a_pending_task_once(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }, { MOCK_WAIT },
						    { MOCK_READY }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&bed->group.waiting));
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->group.waiting));
	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 0);
	KUNIT_EXPECT_EQ(test, 2U, m->task.wakes);
	KUNIT_EXPECT_EQ(test, 3U, m->task.polls);
}

/* A wake during the poll, wherever it comes, leads to exactly one more poll. */
static void expect_one_more_poll(struct kunit *test,
				 const struct mock_step *steps, u32 wakes)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', steps);

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	expect_ended(test, m, 0);
	KUNIT_EXPECT_EQ(test, wakes, m->task.wakes);
}

static void wake_before_the_wait_source_is_not_lost(struct kunit *test)
{
	expect_one_more_poll(test, STEPS({ MOCK_WAIT, .before = wake_it },
					 { MOCK_READY }), 1);
}

static void wake_after_the_wait_source_is_not_lost(struct kunit *test)
{
	expect_one_more_poll(test, STEPS({ MOCK_WAIT, .after = wake_it },
					 { MOCK_READY }), 1);
}

static void two_wakes_in_a_poll_are_one(struct kunit *test)
{
	const struct mock_step *steps =
		STEPS({ MOCK_WAIT, .before = wake_it, .after = wake_it_twice },
		      { MOCK_READY });

	expect_one_more_poll(test, steps, 1);
}

static void wake_in_a_poll_that_yields_is_one_with_it(struct kunit *test)
{
	expect_one_more_poll(test, STEPS({ MOCK_YIELD, .after = wake_it },
					 { MOCK_READY }), 0);
}

static void task_may_wake_itself(struct kunit *test)
{
	expect_one_more_poll(test, STEPS({ MOCK_SELF }, { MOCK_READY }), 1);
}

static void wake_in_the_last_poll_changes_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY, 3,
						      .after = wake_it }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 3);
}

static void wake_after_the_end_changes_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY, 3 }));

	weft_task_get(&m->task);
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 0U, m->released);
	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, WEFT_WAS_DONE, weft_cancel(&m->task));
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	weft_task_put(&m->task);
	expect_ended(test, m, 3);
}

static void lost_waker_ends_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_LOSE }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, -EDEADLK);
}

static void dropped_wait_source_does_not_count(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_LOSE }));

	mock_run(bed);
	weft_wake(&m->task);
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, -EDEADLK);
}

static void waker_wakes_and_drops_its_reference(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER },
						    { MOCK_READY }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&m->task.refs));
	KUNIT_EXPECT_TRUE(test, weft_waker_wake(&m->waker));
	KUNIT_EXPECT_NULL(test, m->waker.task);
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_ended(test, m, 0);
}

static void waker_keeps_an_ended_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER },
						    { MOCK_READY }));

	mock_run(bed);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_DONE, mock_state(m));
	KUNIT_EXPECT_EQ(test, 0U, m->released);
	KUNIT_EXPECT_FALSE(test, weft_waker_wake(&m->waker));
	expect_ended(test, m, 0);
}

static void use_waker(struct mock *m)
{
	KUNIT_EXPECT_FALSE(m->bed->test, weft_waker_wake(&m->waker));
}

static void waker_used_in_its_own_poll_is_not_lost(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER,
						      .after = use_waker },
						    { MOCK_READY }));

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	expect_ended(test, m, 0);
	KUNIT_EXPECT_EQ(test, 1U, m->task.wakes);
}

static void last_reference_releases_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY }));

	weft_task_get(&m->task);
	weft_task_get(&m->task);
	mock_run(bed);
	weft_task_put(&m->task);
	KUNIT_EXPECT_EQ(test, 0U, m->released);
	weft_task_put(&m->task);
	expect_ended(test, m, 0);
}

static void dropped_waker_ends_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER }));

	mock_run(bed);
	weft_waker_drop(&m->waker);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_QUEUED, mock_state(m));
	mock_run(bed);
	expect_ended(test, m, -EDEADLK);
	KUNIT_EXPECT_EQ(test, 1U, m->cancels);
}

static void wake_after_the_drop_saves_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER },
						    { MOCK_READY }));

	mock_run(bed);
	weft_waker_drop(&m->waker);
	weft_wake(&m->task);
	mock_run(bed);
	expect_ended(test, m, 0);
	KUNIT_EXPECT_EQ(test, 0U, m->cancels);
}

static void another_waker_keeps_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_WAKER },
						    { MOCK_READY }));

	mock_run(bed);
	weft_wake(&m->task);
	mock_run(bed);
	weft_waker_drop(&m->waker);
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_TRUE(test, weft_waker_wake(&m->wait));
	mock_run(bed);
	expect_ended(test, m, 0);
}

static void timer_keeps_the_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_SLEEP, .arg = 5000 },
						    { MOCK_READY }));

	mock_run(bed);
	weft_wake(&m->task);
	mock_run(bed);
	weft_waker_drop(&m->wait);
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	mock_now = 5000;
	mock_run(bed);
	expect_ended(test, m, 0);
}

static void drop_waker(struct mock *m)
{
	weft_waker_drop(&m->waker);
}

static void waker_dropped_in_its_own_poll_is_lost(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER,
						      .after = drop_waker }));

	mock_run(bed);
	expect_ended(test, m, -EDEADLK);
	KUNIT_EXPECT_EQ(test, 1U, m->cancels);
}

/* What was set in an earlier poll, and is still out, is a wait source. */
static void waker_of_the_poll_before_is_enough(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }, { MOCK_WAIT },
						    { MOCK_READY }));

	mock_run(bed);
	weft_wake(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_EQ(test, WEFT_WAIT_WAKER, (int)m->task.wait);
	KUNIT_EXPECT_TRUE(test, weft_waker_wake(&m->wait));
	mock_run(bed);
	expect_ended(test, m, 0);
}

static void cancel_after_the_drop_is_kept(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAKER }));

	mock_run(bed);
	weft_waker_drop(&m->waker);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	mock_run(bed);
	expect_ended(test, m, -ECANCELED);
}

static void cancel_that_is_lost_is_not_called_for_ever(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }));

	mock_run(bed);
	m->cancel_pends = 100;
	weft_cancel(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	weft_waker_drop(&m->wait);
	mock_run(bed);
	/* It is cancelled, so it is asked once more, and sets another waker. */
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	m->cancel_pends = 0;
	weft_wake(&m->task);
	mock_run(bed);
	expect_ended(test, m, -ECANCELED);
}

/* Cancels. */
static void expect_cancelled(struct kunit *test, struct mock *m,
			     unsigned int cancels)
{
	expect_ended(test, m, -ECANCELED);
	KUNIT_EXPECT_EQ(test, cancels, m->cancels);
}

static void cancel_of_a_queued_task_replaces_its_poll(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY }));

	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->polls));
	expect_cancelled(test, m, 1);
}

static void cancel_before_spawn_replaces_the_first_poll(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY }));

	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	weft_spawn(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->polls));
	expect_cancelled(test, m, 1);
}

static void task_without_a_worker_yet_can_be_looked_at(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY }));
	struct weft_task_look look;

	m->task.stamp = 1;
	weft_task_look(&m->task, &look);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_NEW, look.state);
	KUNIT_EXPECT_EQ(test, -1, look.worker);
	KUNIT_EXPECT_EQ(test, 0, look.pid);
	KUNIT_EXPECT_EQ(test, 0ULL, look.since_ns);
	weft_spawn(&m->task);
	weft_task_look(&m->task, &look);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_QUEUED, look.state);
	KUNIT_EXPECT_EQ(test, 0, look.worker);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, m->released);
}

static void cancel_wakes_a_pending_task(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }));

	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	KUNIT_EXPECT_FALSE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_cancelled(test, m, 1);
}

static void cancel_after_a_wake_wins(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_READY }));

	mock_run(bed);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	expect_cancelled(test, m, 1);
}

static void second_cancel_changes_nothing(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }));

	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	mock_run(bed);
	expect_cancelled(test, m, 1);
}

static void cancel_in_a_poll_that_waits_cancels_next(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT,
						      .before = cancel_it }));

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, m->verdict);
	expect_cancelled(test, m, 1);
}

static void cancel_in_a_poll_that_yields_cancels_next(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_YIELD,
						      .after = cancel_it }));

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, m->verdict);
	expect_cancelled(test, m, 1);
}

static void cancel_in_the_last_poll_comes_too_late(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_READY, 5,
						      .before = cancel_it }));

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, m->verdict);
	expect_ended(test, m, 5);
	KUNIT_EXPECT_EQ(test, 0U, m->cancels);
}

static void cancel_may_be_pending_itself(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }));

	m->cancel_pends = 1;
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	/* It stops already; asking again only has it look again. */
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, weft_cancel(&m->task));
	mock_run(bed);
	expect_cancelled(test, m, 2);
}

static void wake_calls_a_pending_cancel_again(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }));

	m->cancel_pends = 2;
	mock_run(bed);
	weft_cancel(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	mock_run(bed);
	expect_cancelled(test, m, 3);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&bed->polls));
}

static void two_cancels_in_a_poll_are_one(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT,
						      .before = cancel_it,
						      .after = cancel_it }));

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, m->verdict);
	expect_cancelled(test, m, 1);
}

static void cancel_of_a_task_that_waits_for_nothing_is_in_time(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_LOSE,
						      .before = cancel_it }));

	/* The cancel has woken it, so that is what it waited for. */
	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	expect_cancelled(test, m, 1);
}

static const struct weft_task_ops no_cancel_ops = {
	.name = "no cancel",
	.poll = NULL,
};

static void task_without_cancel_ends_all_the_same(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_WAIT }));
	struct weft_task_ops ops = no_cancel_ops;

	ops.poll = mock_ops.poll;
	ops.release = mock_ops.release;
	m->task.ops = &ops;
	weft_spawn(&m->task);
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&m->task));
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, WEFT_STATE_DONE, mock_state(m));
	weft_waker_drop(&m->wait);
	expect_cancelled(test, m, 0);
}

/* Accepted, and about to be spawned: it has no worker yet. */
static void task_that_was_not_spawned_can_be_looked_at(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_new(bed, 'a', STEPS({ MOCK_READY }));
	struct weft_task_look look;

	weft_task_look(&m->task, &look);
	KUNIT_EXPECT_EQ(test, (int)WEFT_STATE_NEW, (int)look.state);
	KUNIT_EXPECT_EQ(test, -1, look.worker);
	KUNIT_EXPECT_EQ(test, 0, (int)look.pid);
	weft_spawn(&m->task);
	weft_task_look(&m->task, &look);
	KUNIT_EXPECT_EQ(test, 0, look.worker);
	mock_run(bed);
	mock_bed_free(bed);
}

static struct kunit_case task_cases[] = {
	KUNIT_CASE(ready_task_ends_at_its_first_poll),
	KUNIT_CASE(wake_before_spawn_changes_nothing),
	KUNIT_CASE(wake_of_a_queued_task_changes_nothing),
	KUNIT_CASE(wake_polls_a_pending_task_once),
	KUNIT_CASE(wake_before_the_wait_source_is_not_lost),
	KUNIT_CASE(wake_after_the_wait_source_is_not_lost),
	KUNIT_CASE(two_wakes_in_a_poll_are_one),
	KUNIT_CASE(wake_in_a_poll_that_yields_is_one_with_it),
	KUNIT_CASE(task_may_wake_itself),
	KUNIT_CASE(wake_in_the_last_poll_changes_nothing),
	KUNIT_CASE(wake_after_the_end_changes_nothing),
	KUNIT_CASE(lost_waker_ends_the_task),
	KUNIT_CASE(dropped_wait_source_does_not_count),
	KUNIT_CASE(waker_wakes_and_drops_its_reference),
	KUNIT_CASE(waker_keeps_an_ended_task),
	KUNIT_CASE(waker_used_in_its_own_poll_is_not_lost),
	KUNIT_CASE(last_reference_releases_the_task),
	KUNIT_CASE(dropped_waker_ends_the_task),
	KUNIT_CASE(wake_after_the_drop_saves_the_task),
	KUNIT_CASE(another_waker_keeps_the_task),
	KUNIT_CASE(timer_keeps_the_task),
	KUNIT_CASE(waker_dropped_in_its_own_poll_is_lost),
	KUNIT_CASE(waker_of_the_poll_before_is_enough),
	KUNIT_CASE(cancel_after_the_drop_is_kept),
	KUNIT_CASE(cancel_that_is_lost_is_not_called_for_ever),
	KUNIT_CASE(cancel_of_a_queued_task_replaces_its_poll),
	KUNIT_CASE(cancel_before_spawn_replaces_the_first_poll),
	KUNIT_CASE(task_without_a_worker_yet_can_be_looked_at),
	KUNIT_CASE(cancel_wakes_a_pending_task),
	KUNIT_CASE(cancel_after_a_wake_wins),
	KUNIT_CASE(second_cancel_changes_nothing),
	KUNIT_CASE(cancel_in_a_poll_that_waits_cancels_next),
	KUNIT_CASE(cancel_in_a_poll_that_yields_cancels_next),
	KUNIT_CASE(cancel_in_the_last_poll_comes_too_late),
	KUNIT_CASE(cancel_may_be_pending_itself),
	KUNIT_CASE(wake_calls_a_pending_cancel_again),
	KUNIT_CASE(two_cancels_in_a_poll_are_one),
	KUNIT_CASE(cancel_of_a_task_that_waits_for_nothing_is_in_time),
	KUNIT_CASE(task_without_cancel_ends_all_the_same),
	KUNIT_CASE(task_that_was_not_spawned_can_be_looked_at),
	{}
};

static struct kunit_suite task_suite = {
	.name = "weft_task",
	.init = task_init,
	.exit = task_exit,
	.test_cases = task_cases,
};

kunit_test_suite(task_suite);
