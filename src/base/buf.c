/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool buf_grow(struct buf *buf, size_t more)
{
	size_t room = buf->room ? buf->room : 256, needed;
	char *data;

	if (buf->failed || __builtin_add_overflow(buf->size, more, &needed) ||
	    needed > SIZE_MAX / 4)
		goto failed;
	while (room <= needed)
		room *= 2;
	if (room == buf->room)
		return true;
	data = realloc(buf->data, room);
	if (!data)
		goto failed;
	buf->data = data;
	buf->room = room;
	return true;
failed:
	buf->failed = true;
	return false;
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
	if (!buf_grow(buf, size))
		return;
	if (size)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_grow(buf, (size_t)n)) {
		buf->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(buf->data + buf->size, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->size += (size_t)n;
}

/* Bytes of the UTF-8 character that text begins with; 0 when it is none (RFC 3629: no surrogates,
 * nothing longer than it must be, nothing beyond U+10FFFF). */
static size_t utf8_size(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t size;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	size = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0 || c[0] == 0xf0)
		low = c[0] == 0xe0 ? 0xa0 : 0x90;
	if (c[0] == 0xed || c[0] == 0xf4)
		high = c[0] == 0xed ? 0x9f : 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

void buf_json(struct buf *buf, const char *text)
{
	buf_add(buf, "\"", 1);
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t size = utf8_size(text);

		if (c == '"' || c == '\\')
			buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			buf_str(buf, "\\n");
		else if (c == '\t')
			buf_str(buf, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(buf, "\\u%04x", c);
		else if (size)
			buf_add(buf, text, size);
		else
			buf_str(buf, "\xef\xbf\xbd"); /* U+FFFD: a file name can be any bytes */
		text += size ? size : 1;
	}
	buf_add(buf, "\"", 1);
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}
