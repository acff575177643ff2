/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by weft's selftests: the raw interface, and what makes a test of it. */
#ifndef WEFT_SELFTESTS_COMMON_H
#define WEFT_SELFTESTS_COMMON_H

#include "api.h"
#include <kselftest_harness.h>

/* The harness gives a test 30 s. A hang is found as well by a longer limit. */
#define TIMES_LIMIT	4

static inline void allow_more_time(void)
{
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->timeout *= TIMES_LIMIT * slowness();
}

/* At the end of a program, after all of its tests. The harness has an alarm itself. */
#define WEFT_PATIENT_MAIN \
	static void __attribute__((constructor)) be_patient(void) \
	{ \
		allow_more_time(); \
		if (alarm_ms()) \
			pthread_atfork(NULL, NULL, alarm_all_the_time); \
	} \
	TEST_HARNESS_MAIN

/* The program as a whole is skipped where there is no weft. */
#define WEFT_TEST_MAIN \
	static void __attribute__((constructor)) need_device(void) \
	{ \
		if (access(DEVICE, F_OK)) \
			ksft_exit_skip("no " DEVICE ": load the module\n"); \
	} \
	WEFT_PATIENT_MAIN

/* A fixture with a client of @_credits credits on each of the engines. */
#define ENGINE_FIXTURE(_name, _credits) \
	FIXTURE(_name) { int fd; }; \
	FIXTURE_VARIANT(_name) { __u32 engine; }; \
	FIXTURE_VARIANT_ADD(_name, async) { .engine = WEFT_ENGINE_ASYNC }; \
	FIXTURE_VARIANT_ADD(_name, threads) { .engine = WEFT_ENGINE_THREADS }; \
	FIXTURE_SETUP(_name) \
	{ \
		self->fd = open_client(variant->engine, _credits); \
		ASSERT_LE(0, self->fd); \
	} \
	FIXTURE_TEARDOWN(_name) \
	{ \
		EXPECT_EQ(0, close(self->fd)); \
	}

#endif /* WEFT_SELFTESTS_COMMON_H */
