/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that draw_html.c is built with: what a page is made of. */
#ifndef WEFT_EMBED_H
#define WEFT_EMBED_H

extern const char page_script[];
extern const char page_script_end[];
extern const char page_style[];
extern const char page_style_end[];
extern const char d3_script[];
extern const char d3_script_end[];

#endif /* WEFT_EMBED_H */
