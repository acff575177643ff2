// SPDX-License-Identifier: GPL-2.0-only
/* The state word: every transition from every state it is legal in. */
#include <kunit/test.h>

#include "../module/core/task.h"

enum transition { SPAWN, WAKE, BEGIN, AGAIN, PEND, END, CANCEL };

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
	{ "begin_queued", BEGIN, Q, R, true },
	{ "begin_cancelled", BEGIN, Q | STOP, R | STOP, false },
	{ "again_running", AGAIN, R, Q, 0 },
	{ "again_notified", AGAIN, R | NOTE, Q, 0 },
	{ "again_cancelled", AGAIN, R | STOP | NOTE, Q | STOP, 0 },
	{ "pend_running", PEND, R, P, true },
	{ "pend_notified", PEND, R | NOTE, Q, false },
	{ "pend_cancelled", PEND, R | STOP, P | STOP, true },
	{ "pend_notified_cancelled", PEND, R | NOTE | STOP, Q | STOP, false },
	{ "end_running", END, R, D, 0 },
	{ "end_notified", END, R | NOTE, D, 0 },
	{ "end_cancelled", END, R | STOP, D, 0 },
	{ "cancel_new", CANCEL, N, N | STOP, WEFT_WILL_CANCEL },
	{ "cancel_pending", CANCEL, P, P | STOP, WEFT_WILL_CANCEL },
	{ "cancel_pending_twice", CANCEL, P | STOP, P | STOP,
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
	case BEGIN:
		return weft_state_begin(task);
	case AGAIN:
		weft_state_again(task);
		return 0;
	case PEND:
		return weft_state_pend(task);
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
