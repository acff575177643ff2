/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WEFT_CORE_GFP_H
#define WEFT_CORE_GFP_H

#include <linux/gfp.h>

/*
 * For what a user has us allocate: charged to the memory cgroup of the calling
 * process. Where there is no more the answer is -ENOMEM, after all that can be
 * reclaimed without harm was: nobody is killed to make room for a job that can
 * still be refused.
 */
#define WEFT_GFP_USER	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

#endif /* WEFT_CORE_GFP_H */
