// SPDX-License-Identifier: GPL-2.0-only
/* What one user may have, over all of the user's clients. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "../core/gfp.h"
#include "runtime.h"

static struct weft_user *weft_user_find(struct weft_runtime *rt, kuid_t uid)
{
	struct weft_user *user;

	lockdep_assert_held(&rt->lock);
	list_for_each_entry(user, &rt->users, node)
		if (uid_eq(user->uid, uid))
			return user;

	user = kzalloc(sizeof(*user), WEFT_GFP_USER);
	if (!user)
		return ERR_PTR(-ENOMEM);
	user->uid = uid;
	list_add(&user->node, &rt->users);
	return user;
}

static void weft_user_drop(struct weft_user *user)
{
	if (user->clients)
		return;
	list_del(&user->node);
	kfree(user);
}

/**
 * weft_user_get() - count a client to the calling user
 * @rt: the runtime
 * @credits: of the client
 *
 * Context: may sleep.
 * Return: the user, until weft_user_put(); or ERR_PTR: -EDQUOT (that would be more
 * than one user may have), -ENOMEM.
 */
struct weft_user *weft_user_get(struct weft_runtime *rt, unsigned int credits)
{
	const struct weft_limits *limits = &rt->limits;
	struct weft_user *user;

	mutex_lock(&rt->lock);
	user = weft_user_find(rt, current_uid());
	if (IS_ERR(user))
		goto out;
	if (user->clients >= limits->max_user_clients ||
	    credits > limits->max_user_credits ||
	    user->credits > limits->max_user_credits - credits) {
		weft_user_drop(user);
		user = ERR_PTR(-EDQUOT);
		goto out;
	}
	user->clients++;
	user->credits += credits;
out:
	mutex_unlock(&rt->lock);
	return user;
}

/**
 * weft_user_put() - a client is gone
 * @rt: the runtime
 * @user: whose it was; may be gone after this
 * @credits: of the client
 *
 * Context: may sleep.
 */
void weft_user_put(struct weft_runtime *rt, struct weft_user *user,
		   unsigned int credits)
{
	mutex_lock(&rt->lock);
	user->clients--;
	user->credits -= credits;
	weft_user_drop(user);
	mutex_unlock(&rt->lock);
}
