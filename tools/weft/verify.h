/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of digests, as sha256sum and others write and read them. */
#ifndef WEFT_VERIFY_H
#define WEFT_VERIFY_H

#include "files.h"

int list_read(struct files *f, const char *name, int algorithm, unsigned int *wrong);
void list_print_line(const struct file_item *item);
void list_print_verdict(const struct file_item *item);
void digest_text(const struct file_item *item, char *text);

#endif /* WEFT_VERIFY_H */
