// SPDX-License-Identifier: GPL-2.0-only
/* The state word: every transition from every state it is legal in. */
#include <kunit/test.h>

#include "../module/core/task.h"

enum transition { SPAWN, WAKE, USE, DROP, BEGIN, AGAIN, PEND, HOLD, SLEEP, END,
		  CANCEL };

struct transition_case {
	const char *name;
	enum transition what;
	int from;
	int to;
	int ret;
};

#define N	WEFT_STATE_NEW
#define P	WEFT_STATE_PENDING
#define Q	WEFT_STATE_QUEUED
#define R	WEFT_STATE_RUNNING
#define D	WEFT_STATE_DONE
#define NOTE	WEFT_STATE_NOTIFIED
#define STOP	WEFT_STATE_CANCEL
#define ONLY	WEFT_STATE_WAKER
#define LOST	WEFT_STATE_LOST
#define HELD	WEFT_STATE_HELD
#define W(n)	((n) * WEFT_STATE_ONE_WAKER)

static const struct transition_case transitions[] = {
	{ "spawn_new", SPAWN, N, Q, 0 },
	{ "spawn_cancelled", SPAWN, N | STOP, Q | STOP, 0 },
	{ "wake_new", WAKE, N, N, false },
	{ "wake_pending", WAKE, P, Q, true },
	{ "wake_pending_cancelled", WAKE, P | STOP, Q | STOP, true },
	{ "wake_queued", WAKE, Q, Q, false },
	{ "wake_running", WAKE, R, R | NOTE, false },
	{ "wake_running_cancelled", WAKE, R | STOP, R | NOTE | STOP, false },
	{ "wake_notified", WAKE, R | NOTE, R | NOTE, false },
	{ "wake_done", WAKE, D, D, false },
	{ "wake_pending_waker", WAKE, P | ONLY | W(2), Q | W(2), true },
	{ "wake_held", WAKE, P | ONLY | HELD | W(1), Q | HELD | W(1), true },
	{ "wake_lost", WAKE, Q | LOST, Q, false },
	{ "use_held", USE, P | ONLY | HELD | W(1), Q | HELD, true },
	{ "use_pending", USE, P | ONLY | W(2), Q | W(1), true },
	{ "use_pending_last", USE, P | ONLY | W(1), Q, true },
	{ "use_pending_timer", USE, P | W(1), Q, true },
	{ "use_running", USE, R | W(1), R | NOTE, false },
	{ "use_notified", USE, R | NOTE | W(1), R | NOTE, false },
	{ "use_queued", USE, Q | W(1), Q, false },
	{ "use_lost", USE, Q | LOST | W(1), Q, false },
	{ "use_done", USE, D, D, false },
	{ "drop_pending", DROP, P | ONLY | W(2), P | ONLY | W(1), false },
	{ "drop_pending_last", DROP, P | ONLY | W(1), Q | LOST, true },
	{ "drop_pending_cancelled", DROP, P | ONLY | STOP | W(1),
	  Q | LOST | STOP, true },
	{ "drop_pending_timer", DROP, P | W(1), P, false },
	{ "drop_running", DROP, R | W(1), R, false },
	{ "drop_queued", DROP, Q | W(1), Q, false },
	{ "drop_done", DROP, D, D, false },
	{ "begin_queued", BEGIN, Q, R, WEFT_BEGIN_POLL },
	{ "begin_cancelled", BEGIN, Q | STOP, R | STOP, WEFT_BEGIN_CANCEL },
	{ "begin_wakers", BEGIN, Q | W(3), R | W(3), WEFT_BEGIN_POLL },
	{ "begin_held", BEGIN, Q | HELD | W(1), R | W(1), WEFT_BEGIN_POLL },
	{ "begin_lost", BEGIN, Q | LOST, R, WEFT_BEGIN_LOST },
	{ "begin_lost_cancelled", BEGIN, Q | LOST | STOP, R | STOP,
	  WEFT_BEGIN_CANCEL },
	{ "again_running", AGAIN, R, Q, 0 },
	{ "again_notified", AGAIN, R | NOTE, Q, 0 },
	{ "again_cancelled", AGAIN, R | STOP | NOTE, Q | STOP, 0 },
	{ "again_wakers", AGAIN, R | NOTE | W(2), Q | W(2), 0 },
	{ "pend_running", PEND, R, R, WEFT_PEND_LOST },
	{ "pend_cancelled", PEND, R | STOP, R | STOP, WEFT_PEND_LOST },
	{ "pend_waker", PEND, R | W(1), P | ONLY | W(1), WEFT_PEND_GONE },
	{ "pend_waker_cancelled", PEND, R | STOP | W(1),
	  P | ONLY | STOP | W(1), WEFT_PEND_GONE },
	{ "pend_notified", PEND, R | NOTE, Q, WEFT_PEND_AGAIN },
	{ "pend_notified_waker", PEND, R | NOTE | W(1), Q | W(1),
	  WEFT_PEND_AGAIN },
	{ "pend_notified_cancelled", PEND, R | NOTE | STOP, Q | STOP,
	  WEFT_PEND_AGAIN },
	{ "hold_running", HOLD, R, R, WEFT_PEND_LOST },
	{ "hold_waker", HOLD, R | W(1), P | ONLY | HELD | W(1),
	  WEFT_PEND_GONE },
	{ "hold_notified", HOLD, R | NOTE | W(1), Q | HELD | W(1),
	  WEFT_PEND_AGAIN },
	{ "sleep_running", SLEEP, R, P, WEFT_PEND_GONE },
	{ "sleep_waker", SLEEP, R | W(1), P | W(1), WEFT_PEND_GONE },
	{ "sleep_notified", SLEEP, R | NOTE, Q, WEFT_PEND_AGAIN },
	{ "end_running", END, R, D, 0 },
	{ "end_notified", END, R | NOTE, D, 0 },
	{ "end_cancelled", END, R | STOP, D, 0 },
	{ "cancel_new", CANCEL, N, N | STOP, WEFT_WILL_CANCEL },
	{ "cancel_pending", CANCEL, P, P | STOP, WEFT_WILL_CANCEL },
	{ "cancel_pending_twice", CANCEL, P | STOP, P | STOP,
	  WEFT_IS_RUNNING },
	{ "cancel_held", CANCEL, P | HELD, P | HELD | STOP, WEFT_IS_RUNNING },
	{ "cancel_held_queued", CANCEL, Q | HELD, Q | HELD | STOP,
	  WEFT_IS_RUNNING },
	{ "cancel_queued", CANCEL, Q, Q | STOP, WEFT_WILL_CANCEL },
	{ "cancel_queued_twice", CANCEL, Q | STOP, Q | STOP,
	  WEFT_WILL_CANCEL },
	{ "cancel_running", CANCEL, R, R | STOP, WEFT_IS_RUNNING },
	{ "cancel_notified", CANCEL, R | NOTE, R | NOTE | STOP,
	  WEFT_IS_RUNNING },
	{ "cancel_done", CANCEL, D, D | STOP, WEFT_WAS_DONE },
};

#undef N
#undef P
#undef Q
#undef R
#undef D
#undef NOTE
#undef STOP
#undef ONLY
#undef LOST
#undef HELD
#undef W

static void transition_name(const struct transition_case *t, char *name)
{
	strscpy(name, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(transition, transitions, transition_name);

static int transit(struct weft_task *task, enum transition what)
{
	switch (what) {
	case SPAWN:
		weft_state_spawn(task);
		return 0;
	case WAKE:
		return weft_state_wake(task);
	case USE:
		return weft_state_use_waker(task);
	case DROP:
		return weft_state_drop_waker(task);
	case BEGIN:
		return weft_state_begin(task);
	case AGAIN:
		weft_state_again(task);
		return 0;
	case PEND:
		return weft_state_pend(task, false);
	case HOLD:
		return weft_state_pend(task, true);
	case SLEEP:
		task->pins = 1;
		return weft_state_pend(task, false);
	case END:
		weft_state_end(task);
		return 0;
	default:
		return weft_state_cancel(task);
	}
}

static void state_word_goes_from_state_to_state(struct kunit *test)
{
	const struct transition_case *t = test->param_value;
	struct weft_task task = {};

	atomic_set(&task.state, t->from);
	KUNIT_EXPECT_EQ(test, t->ret, transit(&task, t->what));
	KUNIT_EXPECT_EQ(test, t->to, atomic_read(&task.state));
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(state_word_goes_from_state_to_state,
			 transition_gen_params),
	{}
};

static struct kunit_suite state_suite = {
	.name = "weft_state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
