// SPDX-License-Identifier: GPL-2.0-only
/* The flight recorder: its rings, and what core writes into them. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/smp.h>

#include "mock.h"

#define SIZE	16
/* For a thread that is preempted now and then, which is two events each time. */
#define MANY	512

struct log {
	struct weft_record r[MANY];
	unsigned int count;
	u64 written;
};

static struct weft_recorder *new_recorder(struct kunit *test, unsigned int size)
{
	struct weft_recorder *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	KUNIT_ASSERT_EQ(test, 0, weft_recorder_init(rec, size));
	return rec;
}

static struct log *new_log(struct kunit *test)
{
	struct log *log = kunit_kzalloc(test, sizeof(*log), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, log);
	return log;
}

static void read_cpu(struct weft_recorder *rec, unsigned int cpu, struct log *log)
{
	log->count = weft_recorder_read(rec, cpu, log->r, &log->written);
}

/* Adds events with the values @from to @to - 1, all on one CPU. */
static unsigned int add(struct weft_recorder *rec, s64 from, s64 to)
{
	struct weft_record record = { .kind = WEFT_RECORD_POLL };
	unsigned int cpu = get_cpu();

	for (record.value = from; record.value < to; record.value++)
		weft_recorder_add(rec, &record);
	put_cpu();
	return cpu;
}

static void expect_values(struct kunit *test, const struct log *log, s64 from,
			  s64 to)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, (unsigned int)(to - from), log->count);
	for (i = 0; i < log->count; i++) {
		KUNIT_EXPECT_EQ(test, from + i, log->r[i].value);
		KUNIT_EXPECT_EQ(test, (u32)(from + i), log->r[i].seq);
	}
}

static void event_comes_back_as_it_was_written(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);
	const struct weft_record record = {
		.ns = 1, .id = U64_MAX, .value = S64_MIN, .took = 4,
		.waited = 6, .client = 5,
		.kind = WEFT_RECORD_WAKE, .op = 8, .worker = 9, .detail = 10,
	};
	unsigned int cpu = get_cpu();

	weft_recorder_add(rec, &record);
	put_cpu();
	read_cpu(rec, cpu, log);
	KUNIT_ASSERT_EQ(test, 1U, log->count);
	KUNIT_EXPECT_EQ(test, (u32)current->pid, log->r[0].pid);
	KUNIT_EXPECT_EQ(test, 0U, log->r[0].seq);
	log->r[0].pid = 0;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&record, &log->r[0], sizeof(record)));
	weft_recorder_fini(rec);
}

static void ring_keeps_the_last_events(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);

	/* All of these come from one call, so from one CPU. */
	read_cpu(rec, add(rec, 0, 2 * SIZE + 3), log);
	expect_values(test, log, SIZE + 3, 2 * SIZE + 3);
	KUNIT_EXPECT_EQ(test, (u64)2 * SIZE + 3, log->written);
	weft_recorder_fini(rec);
}

static void full_ring_has_lost_nothing(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);

	read_cpu(rec, add(rec, 0, SIZE), log);
	expect_values(test, log, 0, SIZE);
	KUNIT_EXPECT_EQ(test, (u64)SIZE, log->written);
	weft_recorder_fini(rec);
}

static void empty_ring_has_no_events(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);

	read_cpu(rec, 0, log);
	KUNIT_EXPECT_EQ(test, 0U, log->count);
	KUNIT_EXPECT_EQ(test, 0ULL, log->written);
	weft_recorder_fini(rec);
}

static void size_is_rounded_up(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE - 3);

	KUNIT_EXPECT_EQ(test, (unsigned int)SIZE, rec->size);
	KUNIT_EXPECT_EQ(test, num_possible_cpus() * SIZE * sizeof(struct weft_record),
			weft_recorder_bytes(rec));
	weft_recorder_fini(rec);
}

static void numbers_go_on_beyond_32_bits(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);
	unsigned int cpu, i;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(rec->rings, cpu)->head = (1UL << 32) - 4;
	read_cpu(rec, add(rec, 0, SIZE + 4), log);
	KUNIT_ASSERT_EQ(test, (unsigned int)SIZE, log->count);
	for (i = 0; i < SIZE; i++)
		KUNIT_EXPECT_EQ(test, (s64)i + 4, log->r[i].value);
	weft_recorder_fini(rec);
}

static void frozen_recorder_keeps_what_it_has(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);
	unsigned int cpu;

	migrate_disable();
	cpu = add(rec, 0, 3);
	weft_recorder_set(rec, WEFT_REC_FROZEN);
	add(rec, 3, 5);
	read_cpu(rec, cpu, log);
	expect_values(test, log, 0, 3);
	KUNIT_EXPECT_EQ(test, 3ULL, log->written);

	weft_recorder_set(rec, WEFT_REC_ON);
	add(rec, 3, 4);
	read_cpu(rec, cpu, log);
	expect_values(test, log, 0, 4);
	migrate_enable();
	weft_recorder_fini(rec);
}

static void recorder_without_rings_stays_off(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, 0);

	weft_recorder_set(rec, WEFT_REC_ON);
	KUNIT_EXPECT_FALSE(test, weft_recorder_on(rec));
	add(rec, 0, 1);
	KUNIT_EXPECT_EQ(test, (size_t)0, weft_recorder_bytes(rec));
	weft_recorder_fini(rec);
}

/* An interrupt, or a reader on another CPU, comes while an event is written. */
static void event_that_is_being_written_is_not_read(struct kunit *test)
{
	struct weft_recorder *rec = new_recorder(test, SIZE);
	struct log *log = new_log(test);
	struct weft_record *late;
	unsigned int cpu, i;
	u32 seq;

	migrate_disable();
	cpu = add(rec, 0, SIZE);
	late = weft_recorder_get(rec, &seq);
	read_cpu(rec, cpu, log);
	/* Its place was taken from event 0. */
	KUNIT_EXPECT_EQ(test, (u64)SIZE + 1, log->written);
	KUNIT_ASSERT_EQ(test, (unsigned int)SIZE - 1, log->count);
	for (i = 0; i < log->count; i++)
		KUNIT_EXPECT_EQ(test, (s64)i + 1, log->r[i].value);

	late->value = SIZE;
	weft_recorder_put(late, seq);
	read_cpu(rec, cpu, log);
	expect_values(test, log, 1, SIZE + 1);
	migrate_enable();
	weft_recorder_fini(rec);
}

struct writer {
	struct weft_recorder *rec;
	struct completion ended;
};

#define WRITES	20000

static int write_many(void *data)
{
	struct weft_record record = { .kind = WEFT_RECORD_POLL };
	struct writer *w = data;
	unsigned int i;

	for (i = 0; i < WRITES; i++) {
		record.ns = i;
		record.id = i;
		record.value = i;
		record.took = i;
		weft_recorder_add(w->rec, &record);
		if (i % 64 == 63)
			cond_resched();
	}
	complete(&w->ended);
	return 0;
}

static void reader_sees_whole_events_only(struct kunit *test)
{
	struct writer w = { .rec = new_recorder(test, SIZE) };
	struct log *log = new_log(test);
	struct task_struct *thread;
	unsigned int cpu, i;
	bool ended;

	init_completion(&w.ended);
	thread = kthread_run(write_many, &w, "recorder_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	do {
		ended = completion_done(&w.ended);
		for_each_possible_cpu(cpu) {
			read_cpu(w.rec, cpu, log);
			for (i = 0; i < log->count; i++) {
				const struct weft_record *r = &log->r[i];

				KUNIT_ASSERT_EQ(test, r->ns, r->id);
				KUNIT_ASSERT_EQ(test, r->ns, (u64)r->value);
				KUNIT_ASSERT_EQ(test, r->ns, r->took);
				KUNIT_ASSERT_TRUE(test, !i || r[-1].ns < r->ns);
			}
		}
		cond_resched();
	} while (!ended);
	wait_for_completion(&w.ended);
	weft_recorder_fini(w.rec);
}

/* What core records. The clock stands unless a step moves it. */
static struct mock_bed *new_bed(struct kunit *test, u64 brief_ns)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = 1,
		.max_threads = 1,
		.timing = true,
		.manual = true,
		.clock = mock_clock,
		.recorder = SIZE,
		.brief_ns = brief_ns,
	};

	mock_now = 1000;
	return mock_bed_new(test, &config, WEFT_ASYNC);
}

static void take_10(struct mock *m)
{
	mock_now += 10;
}

static void wake_it(struct mock *m)
{
	weft_wake(&m->task);
}

/* From here on all is on one CPU, until read_bed(). */
static struct mock *bed_task(struct mock_bed *bed, const struct mock_step *steps)
{
	struct mock *m = mock_new(bed, 'a', steps);

	m->task.id = 7;
	bed->group.number = 3;
	migrate_disable();
	weft_spawn(&m->task);
	return m;
}

static void read_bed(struct mock_bed *bed, struct log *log)
{
	read_cpu(&bed->ex->recorder, smp_processor_id(), log);
	migrate_enable();
}

static void expect_event(struct kunit *test, const struct log *log, unsigned int i,
			 enum weft_record_kind kind, int detail, u64 ns, u64 took)
{
	KUNIT_ASSERT_LT(test, i, log->count);
	KUNIT_EXPECT_EQ(test, (u8)kind, log->r[i].kind);
	KUNIT_EXPECT_EQ(test, detail, (int)log->r[i].detail);
	KUNIT_EXPECT_EQ(test, ns, log->r[i].ns);
	KUNIT_EXPECT_EQ(test, took, log->r[i].took);
}

static void life_of_a_task_is_recorded(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 0);
	struct log *log = new_log(test);
	struct mock *m;
	unsigned int i;

	m = bed_task(bed, STEPS({ MOCK_YIELD, .before = take_10 },
				{ MOCK_WAIT, .before = take_10 },
				{ MOCK_READY, .arg = -5, .before = take_10 }));
	mock_run(bed);
	mock_now = 2000;
	weft_wake(&m->task);
	mock_now = 3000;
	mock_run(bed);
	read_bed(bed, log);

	KUNIT_EXPECT_EQ(test, 5U, log->count);
	expect_event(test, log, 0, WEFT_RECORD_SUBMIT, WEFT_ASYNC, 1000, 0);
	expect_event(test, log, 1, WEFT_RECORD_POLL,
		     WEFT_WAIT_YIELD | WEFT_RECORD_FIRST, 1000, 10);
	expect_event(test, log, 2, WEFT_RECORD_POLL, WEFT_WAIT_WAKER, 1010, 10);
	expect_event(test, log, 3, WEFT_RECORD_WAKE, WEFT_BY_CALL, 2000, 0);
	expect_event(test, log, 4, WEFT_RECORD_POLL, WEFT_RECORD_READY, 3000, 10);
	KUNIT_EXPECT_EQ(test, -5LL, log->r[4].value);
	KUNIT_EXPECT_EQ(test, 1LL, log->r[0].value);
	KUNIT_EXPECT_EQ(test, 0ULL, log->r[1].waited);
	KUNIT_EXPECT_EQ(test, 1000ULL, log->r[4].waited);
	for (i = 0; i < log->count; i++) {
		KUNIT_EXPECT_EQ(test, 7ULL, log->r[i].id);
		KUNIT_EXPECT_EQ(test, 3U, log->r[i].client);
		KUNIT_EXPECT_EQ(test, i ? 0 : WEFT_RECORD_NO_WORKER,
				(int)log->r[i].worker);
	}
	mock_bed_free(bed);
}

static void brief_yields_are_counted(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 11);
	struct log *log = new_log(test);

	bed_task(bed, STEPS({ MOCK_YIELD, .before = take_10 },
			    { MOCK_YIELD, .before = take_10 },
			    { MOCK_READY, .before = take_10 }));
	mock_run(bed);
	read_bed(bed, log);
	KUNIT_EXPECT_EQ(test, 3U, log->count);
	expect_event(test, log, 1, WEFT_RECORD_BRIEF, 0, 1000, 20);
	KUNIT_EXPECT_EQ(test, 2LL, log->r[1].value);
	expect_event(test, log, 2, WEFT_RECORD_POLL, WEFT_RECORD_READY, 1020, 10);
	mock_bed_free(bed);
}

static void yields_of_the_limit_are_recorded(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 10);
	struct log *log = new_log(test);

	bed_task(bed, STEPS({ MOCK_YIELD, .before = take_10 }, { MOCK_READY }));
	mock_run(bed);
	read_bed(bed, log);
	KUNIT_EXPECT_EQ(test, 3U, log->count);
	expect_event(test, log, 1, WEFT_RECORD_POLL,
		     WEFT_WAIT_YIELD | WEFT_RECORD_FIRST, 1000, 10);
	mock_bed_free(bed);
}

static void wake_says_by_whom(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 0);
	struct log *log = new_log(test);
	struct mock *m;

	m = bed_task(bed, STEPS({ MOCK_SLEEP, .arg = 1500 }, { MOCK_WAKER },
				{ MOCK_WAIT, .after = wake_it }, { MOCK_WAIT }));
	mock_run(bed);
	mock_now = 1500;
	mock_run(bed);
	weft_waker_wake(&m->waker);
	mock_run(bed);
	weft_cancel(&m->task);
	mock_run(bed);
	read_bed(bed, log);
	expect_event(test, log, 1, WEFT_RECORD_POLL,
		     WEFT_WAIT_TIMER | WEFT_RECORD_FIRST, 1000, 0);
	expect_event(test, log, 2, WEFT_RECORD_WAKE, WEFT_BY_TIMER, 1500, 0);
	expect_event(test, log, 3, WEFT_RECORD_POLL, WEFT_WAIT_WAKER, 1500, 0);
	expect_event(test, log, 4, WEFT_RECORD_WAKE, WEFT_BY_WAKER, 1500, 0);
	expect_event(test, log, 6, WEFT_RECORD_WAKE, WEFT_BY_EARLY, 1500, 0);
	expect_event(test, log, 8, WEFT_RECORD_CANCEL, WEFT_WILL_CANCEL, 1500, 0);
	expect_event(test, log, 9, WEFT_RECORD_WAKE, WEFT_BY_CANCEL, 1500, 0);
	expect_event(test, log, 10, WEFT_RECORD_POLL, WEFT_RECORD_READY, 1500, 0);
	KUNIT_EXPECT_EQ(test, -ECANCELED, (int)log->r[10].value);
	mock_bed_free(bed);
}

static void dropped_waker_says_so(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 0);
	struct log *log = new_log(test);
	struct mock *m = bed_task(bed, STEPS({ MOCK_WAKER }));

	mock_run(bed);
	weft_waker_drop(&m->waker);
	mock_run(bed);
	read_bed(bed, log);
	KUNIT_EXPECT_EQ(test, 4U, log->count);
	expect_event(test, log, 2, WEFT_RECORD_WAKE, WEFT_BY_DROP, 1000, 0);
	expect_event(test, log, 3, WEFT_RECORD_POLL, WEFT_RECORD_READY, 1000, 0);
	KUNIT_EXPECT_EQ(test, -EDEADLK, (int)log->r[3].value);
	mock_bed_free(bed);
}

static void slow_task_freezes_it(struct kunit *test)
{
	struct mock_bed *bed = new_bed(test, 0);
	struct weft_recorder *rec = &bed->ex->recorder;
	struct log *log = new_log(test);

	rec->slow_ns = 19;
	bed_task(bed, STEPS({ MOCK_READY, .before = take_10 }));
	mock_run(bed);
	KUNIT_EXPECT_TRUE(test, weft_recorder_on(rec));
	migrate_enable();

	bed_task(bed, STEPS({ MOCK_YIELD, .before = take_10 },
			    { MOCK_READY, .before = take_10 }));
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, (int)WEFT_REC_SLOW, rec->state);
	KUNIT_EXPECT_EQ(test, 7ULL, rec->slow_id);
	KUNIT_EXPECT_EQ(test, 3U, rec->slow_client);
	read_bed(bed, log);
	KUNIT_EXPECT_EQ(test, 5ULL, log->written);

	bed_task(bed, STEPS({ MOCK_READY }));
	mock_run(bed);
	read_bed(bed, log);
	KUNIT_EXPECT_EQ(test, 5ULL, log->written);
	mock_bed_free(bed);
}

/* Counts events of a kind, on all CPUs. */
static unsigned int count_kind(struct kunit *test, struct mock_bed *bed,
			       enum weft_record_kind kind, u8 worker)
{
	struct log *log = new_log(test);
	unsigned int cpu, i, n = 0;

	for_each_possible_cpu(cpu) {
		read_cpu(&bed->ex->recorder, cpu, log);
		for (i = 0; i < log->count; i++)
			n += log->r[i].kind == kind && log->r[i].worker == worker;
	}
	return n;
}

static void thread_leaves_its_switches(struct kunit *test)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = 1,
		.max_threads = 1,
		.timing = true,
		.recorder = MANY,
	};
	struct mock_bed *bed = mock_bed_new(test, &config, WEFT_THREADS);
	struct mock *m;
	unsigned int out;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	weft_wake(&m->task);
	mock_wait(bed);
	/* Its task may be gone before its last event. */
	weft_threads_fini(&bed->ex->threads);
	KUNIT_EXPECT_LE(test, 1U, count_kind(test, bed, WEFT_RECORD_PARK,
					     WEFT_RECORD_NO_WORKER));
	KUNIT_EXPECT_EQ(test, 1U, count_kind(test, bed, WEFT_RECORD_EXIT,
					     WEFT_RECORD_NO_WORKER));
	out = count_kind(test, bed, WEFT_RECORD_OUT, WEFT_RECORD_NO_WORKER);
	KUNIT_EXPECT_EQ(test, out, count_kind(test, bed, WEFT_RECORD_IN,
					      WEFT_RECORD_NO_WORKER));
	if (weft_recorder_sees_switches(&bed->ex->recorder))
		KUNIT_EXPECT_LE(test, 1U, out);
	else
		KUNIT_EXPECT_EQ(test, 0U, out);
	mock_bed_free(bed);
}

static void too_many_events_are_refused(struct kunit *test)
{
	const struct weft_executor_config config = {
		.name = "mock",
		.workers = 1,
		.max_threads = 1,
		.timing = true,
		.recorder = WEFT_RECORDER_MAX + 1,
	};

	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR_OR_ZERO(weft_executor_create(&config)));
}

static struct kunit_case recorder_cases[] = {
	KUNIT_CASE(event_comes_back_as_it_was_written),
	KUNIT_CASE(ring_keeps_the_last_events),
	KUNIT_CASE(full_ring_has_lost_nothing),
	KUNIT_CASE(empty_ring_has_no_events),
	KUNIT_CASE(size_is_rounded_up),
	KUNIT_CASE(numbers_go_on_beyond_32_bits),
	KUNIT_CASE(frozen_recorder_keeps_what_it_has),
	KUNIT_CASE(recorder_without_rings_stays_off),
	KUNIT_CASE(event_that_is_being_written_is_not_read),
	KUNIT_CASE(reader_sees_whole_events_only),
	KUNIT_CASE(life_of_a_task_is_recorded),
	KUNIT_CASE(brief_yields_are_counted),
	KUNIT_CASE(yields_of_the_limit_are_recorded),
	KUNIT_CASE(wake_says_by_whom),
	KUNIT_CASE(dropped_waker_says_so),
	KUNIT_CASE(slow_task_freezes_it),
	KUNIT_CASE(thread_leaves_its_switches),
	KUNIT_CASE(too_many_events_are_refused),
	{}
};

static struct kunit_suite recorder_suite = {
	.name = "weft_recorder",
	.test_cases = recorder_cases,
};

kunit_test_suite(recorder_suite);
