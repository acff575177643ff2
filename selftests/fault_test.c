// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program sees when the kernel fails it: each allocation of a call, and
 * each copy of user memory, fails once. It takes CONFIG_FAULT_INJECTION.
 */
#include "common.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"

/* More than any of these calls has to fail. */
#define SWEEP		200

/* Debugging makes allocations of its own now and then: they shift the count. */
#define TRIES		4

static void __attribute__((constructor)) need_faults(void)
{
	if (access(FAIL_NTH, W_OK))
		ksft_exit_skip("no " FAIL_NTH ": the kernel lacks fault injection\n");
}

FIXTURE(fault) {
	int nth;
};

/* What it made fail the kernel prints with a call trace, like a bug. */
static void be_quiet(const char *what)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "0", 1) != 1)
		perror(path);
	if (fd >= 0)
		close(fd);
}

FIXTURE_SETUP(fault)
{
	be_quiet("failslab");
	be_quiet("fail_page_alloc");
	be_quiet("fail_usercopy");
	self->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->nth);
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, close(self->nth));
}

static bool fail_nth(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return pwrite(fd, text, len, 0) == len;
}

/* Return: whether what was to fail was in the call, and not in here. */
static bool has_failed(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

/*
 * One setup of which the @n-th thing fails. Without memory it can be tried again.
 * When only the answer could not be copied, it is set up.
 */
static bool fail_setup(struct __test_metadata *_metadata, int nth, __u32 engine, int n,
		       int *failures)
{
	struct weft_completion c;
	int fd = open_device();
	bool failed;
	int ret;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(fail_nth(nth, n));
	ret = setup_client(fd, engine, 64);
	failed = has_failed(nth);
	/* What is left to fail may be this call, once. */
	ASSERT_TRUE(fail_nth(nth, 0) || fail_nth(nth, 0));
	if (ret == -ENOMEM) {
		EXPECT_EQ(0, setup_client(fd, engine, 64));
		++*failures;
	} else if (ret) {
		EXPECT_EQ(-EFAULT, ret);
		ret = setup_client(fd, engine, 64);
		EXPECT_TRUE(!ret || ret == -EBADFD);
	}
	EXPECT_EQ(1, run_job(fd, nop_job(7), &c));
	EXPECT_EQ(0, close(fd));
	return failed;
}

static void sweep_setup(struct __test_metadata *_metadata, int nth, __u32 engine)
{
	int n, i, failed = TRIES, failures = 0;

	for (n = 1; n < SWEEP && failed; n++) {
		failed = 0;
		for (i = 0; i < TRIES; i++)
			failed += fail_setup(_metadata, nth, engine, n, &failures);
	}
	EXPECT_GT(SWEEP, n);
	EXPECT_LT(0, failures);
}

TEST_F(fault, setup_without_memory_is_enomem_async)
{
	sweep_setup(_metadata, self->nth, WEFT_ENGINE_ASYNC);
}

TEST_F(fault, setup_without_memory_is_enomem_threads)
{
	sweep_setup(_metadata, self->nth, WEFT_ENGINE_THREADS);
}

WEFT_TEST_MAIN
