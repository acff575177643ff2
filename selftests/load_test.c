// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the module while the kernel fails it: everything that can fail in the
 * load does so once. What is not loaded has left nothing; and it can be loaded then.
 */
#include "faults.h"
#include "modules.h"

/* More than a load has to fail. */
#define SWEEP	5000

FIXTURE(load) {
	int nth;
};

FIXTURE_SETUP(load)
{
	if (is_loaded()) {
		ASSERT_EQ(0, unload());
	}
	self->nth = open_faults();
	ASSERT_LE(0, self->nth);
}

FIXTURE_TEARDOWN(load)
{
	EXPECT_EQ(0, close(self->nth));
	EXPECT_EQ(0, load(""));
}

static void check_nothing_is_left(struct __test_metadata *_metadata, int n)
{
	EXPECT_FALSE(is_loaded()) TH_LOG("fault %d", n);
	EXPECT_EQ(-ENOENT, open_device()) TH_LOG("fault %d", n);
	EXPECT_EQ(-1, access(DEBUGFS, F_OK)) TH_LOG("fault %d", n);
	EXPECT_TRUE(until_no_thread("weft")) TH_LOG("fault %d", n);
}

/* Return: whether something failed in the load. */
static bool fail_load(struct __test_metadata *_metadata, int nth, int fd, int n,
		      int *failures)
{
	bool failed;
	int ret;

	ASSERT_TRUE(fail_nth(nth, n));
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	failed = has_failed(nth);
	ASSERT_TRUE(fail_no_more(nth));
	if (ret) {
		EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT)
			TH_LOG("error %d of fault %d", -ret, n);
		++*failures;
	} else {
		ASSERT_EQ(0, unload());
	}
	check_nothing_is_left(_metadata, n);
	return failed;
}

TEST_F(load, fails_cleanly)
{
	int n, fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int failures = 0, quiet = 0;

	ASSERT_LE(0, fd);
	for (n = 1; n < SWEEP && quiet < TRIES; n++) {
		if (fail_load(_metadata, self->nth, fd, n, &failures))
			quiet = 0;
		else
			quiet++;
	}
	EXPECT_GT(SWEEP, n);
	EXPECT_LT(0, failures);
	TH_LOG("%d of %d faults failed the load", failures, n - 1);
	EXPECT_EQ(0, close(fd));
}

WEFT_PATIENT_MAIN
