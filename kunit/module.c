// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "../module/compat.h"

MODULE_DESCRIPTION("KUnit tests of weft");
MODULE_LICENSE("GPL");
WEFT_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
