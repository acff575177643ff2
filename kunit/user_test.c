// SPDX-License-Identifier: GPL-2.0-only
/* What one user may have; the bed has one client, and allows a user three. */
#include <linux/cred.h>
#include <linux/err.h>

#include "bed.h"

static void client_too_many_is_refused(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_client *a, *b;

	a = bed_new_client(test, bed->rt, WEFT_ASYNC, 1);
	b = bed_new_client(test, bed->rt, WEFT_THREADS, 1);
	KUNIT_EXPECT_EQ(test, -EDQUOT,
			PTR_ERR(weft_client_create(bed->rt, WEFT_ASYNC, 1)));
	weft_client_destroy(a);
	a = bed_new_client(test, bed->rt, WEFT_ASYNC, 1);
	weft_client_destroy(a);
	weft_client_destroy(b);
}

static void credits_too_many_are_refused(struct kunit *test)
{
	const u32 left = 2 * WEFT_MAX_CREDITS - CREDITS;
	struct bed *bed = test->priv;
	struct weft_client *a;

	KUNIT_EXPECT_EQ(test, -EDQUOT,
			PTR_ERR(weft_client_create(bed->rt, WEFT_ASYNC,
						   left + 1)));
	KUNIT_EXPECT_EQ(test, -EDQUOT,
			PTR_ERR(weft_client_create(bed->rt, WEFT_ASYNC,
						   U32_MAX)));
	a = bed_new_client(test, bed->rt, WEFT_ASYNC, WEFT_MAX_CREDITS);
	KUNIT_EXPECT_EQ(test, -EDQUOT,
			PTR_ERR(weft_client_create(bed->rt, WEFT_ASYNC,
						   WEFT_MAX_CREDITS)));
	weft_client_destroy(a);
}

static void users_have_caps_of_their_own(struct kunit *test)
{
	struct bed *bed = test->priv;
	const struct cred *old;
	struct cred *other;
	struct weft_client *clients[4];
	int i;

	other = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, other);
	other->uid = KUIDT_INIT(1000);
	for (i = 0; i < 2; i++)
		clients[i] = bed_new_client(test, bed->rt, WEFT_ASYNC, 1);
	old = override_creds(other);
	for (; i < 4; i++)
		clients[i] = weft_client_create(bed->rt, WEFT_ASYNC, 1);
	revert_creds(old);
	put_cred(other);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_FALSE(test, IS_ERR(clients[i]));
		weft_client_destroy(clients[i]);
	}
	/* The users went with their clients; the bed's own is left. */
	KUNIT_EXPECT_TRUE(test, list_is_singular(&bed->rt->users));
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(client_too_many_is_refused),
	KUNIT_CASE(credits_too_many_are_refused),
	KUNIT_CASE(users_have_caps_of_their_own),
	{}
};

static struct kunit_suite user_suite = {
	.name = "weft_user",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = user_cases,
};

kunit_test_suite(user_suite);
