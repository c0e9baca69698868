/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A growing byte buffer for text that is written piece by piece. Failures stick: check
 * buf->failed once at the end. data is always NUL-terminated (or NULL when nothing was added). */
struct buf {
	char *data;
	size_t size, room;
	bool failed;
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}
#define AUTO_BUF __attribute__((cleanup(buf_free)))

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_str(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text as a JSON string, quotes included. */
void buf_json(struct buf *buf, const char *text);
void buf_free(struct buf *buf);
