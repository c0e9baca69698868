/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a value in a text again, for findings made after the reading. The struct types carry no
 * positions: they would cost memory and time on every run, for the rare run that fails.
 */
#include "table.h"

#include <errno.h>
#include <string.h>

struct scan {
	const char *at, *end;
};

void oci_line_column(const char *text, size_t size, size_t offset, unsigned int *ret_line,
		     unsigned int *ret_column)
{
	const char *at = text, *end = text + (offset < size ? offset : size), *newline;
	unsigned int line = 1, column = 1;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		line++;
		at = newline + 1;
	}
	for (; at < end; at++)
		column += ((unsigned char)*at & 0xc0) != 0x80;
	*ret_line = line;
	*ret_column = column;
}

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4))
		scan->at++;
}

/* Whether the next character is C; moves past it. */
static bool skip_char(struct scan *scan, char c)
{
	skip_space(scan);
	if (scan->at >= scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/* What is between the quotes of the string that comes next, escapes and all. */
static bool skip_string(struct scan *scan, struct scan *ret)
{
	if (!skip_char(scan, '"'))
		return false;
	ret->at = scan->at;
	for (; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			ret->end = scan->at++;
			return true;
		}
		if (*scan->at == '\\' && ++scan->at >= scan->end)
			break;
	}
	return false;
}

static bool skip_value(struct scan *scan)
{
	struct scan unused;
	size_t depth = 0;

	do {
		skip_space(scan);
		if (scan->at >= scan->end)
			return false;
		if (*scan->at == '"') {
			if (!skip_string(scan, &unused))
				return false;
		} else if (memchr("{[", *scan->at, 2)) {
			depth++;
			scan->at++;
		} else if (memchr("}]", *scan->at, 2)) {
			if (depth == 0)
				return false;
			depth--;
			scan->at++;
		} else if (memchr(",:", *scan->at, 2)) {
			if (depth == 0)
				return false;
			scan->at++;
		} else {
			while (scan->at < scan->end && !memchr(" \t\r\n,:{}[]\"", *scan->at, 11))
				scan->at++;
		}
	} while (depth > 0);
	return true;
}

static bool hex4(struct scan *scan, unsigned int *ret)
{
	unsigned int value = 0;

	if (scan->end - scan->at < 4)
		return false;
	for (int i = 0; i < 4; i++, scan->at++) {
		char c = *scan->at;

		if (c >= '0' && c <= '9')
			value = value * 16 + (unsigned int)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value = value * 16 + (unsigned int)((c | 32) - 'a') + 10;
		else
			return false;
	}
	*ret = value;
	return true;
}

static size_t put_utf8(unsigned int c, char out[4])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (lead[n] | c));
	return n;
}

/* The next character of a string with its escapes undone: its count of bytes, 0 at a mistake. */
static size_t next_char(struct scan *scan, char out[4])
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	struct scan after;
	unsigned int c, low;

	out[0] = *scan->at++;
	if (out[0] != '\\')
		return 1;
	if (scan->at >= scan->end)
		return 0;
	out[0] = *scan->at++;
	if (out[0] != 'u') {
		for (const char *escape = escapes; *escape; escape += 2)
			if (*escape == out[0]) {
				out[0] = escape[1];
				return 1;
			}
		return 0;
	}
	if (!hex4(scan, &c))
		return 0;
	after = *scan;
	if (c >= 0xd800 && c < 0xdc00 && after.end - after.at > 2 && after.at[0] == '\\' &&
	    after.at[1] == 'u') {
		after.at += 2;
		if (hex4(&after, &low) && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			*scan = after;
		}
	}
	return put_utf8(c, out);
}

static bool same_string(struct scan a, struct scan b)
{
	char from_a[4], from_b[4];
	size_t n = 0, m = 0, i = 0, j = 0;

	for (;;) {
		if (i == n) {
			if (a.at >= a.end)
				break;
			n = next_char(&a, from_a);
			i = 0;
		}
		if (j == m) {
			if (b.at >= b.end)
				return false;
			m = next_char(&b, from_b);
			j = 0;
		}
		if (n == 0 || m == 0 || from_a[i++] != from_b[j++])
			return false;
	}
	return j == m && b.at >= b.end;
}

/* Moves to the value of member KEY of the object that comes next. */
static int find_member(struct scan *scan, struct scan key)
{
	struct scan name;

	if (!skip_char(scan, '{'))
		return -ENOENT;
	if (skip_char(scan, '}'))
		return -ENOENT;
	for (;;) {
		if (!skip_string(scan, &name) || !skip_char(scan, ':'))
			return -EINVAL;
		if (same_string(name, key))
			return 0;
		if (!skip_value(scan))
			return -EINVAL;
		if (!skip_char(scan, ','))
			return skip_char(scan, '}') ? -ENOENT : -EINVAL;
	}
}

/* Moves to entry INDEX of the list that comes next. */
static int find_entry(struct scan *scan, size_t index)
{
	if (!skip_char(scan, '['))
		return -ENOENT;
	if (skip_char(scan, ']'))
		return -ENOENT;
	for (; index > 0; index--) {
		if (!skip_value(scan))
			return -EINVAL;
		if (!skip_char(scan, ','))
			return skip_char(scan, ']') ? -ENOENT : -EINVAL;
	}
	return 0;
}

/* Takes one step of a path off its front and makes it in the text. */
static int step(struct scan *path, struct scan *scan)
{
	struct scan key;

	if (*path->at != '[') {
		key.at = path->at;
		while (path->at < path->end && *path->at != '.' && *path->at != '[')
			path->at++;
		key.end = path->at;
		return key.at == key.end ? -EINVAL : find_member(scan, key);
	}
	path->at++;
	if (path->at < path->end && *path->at == '"') {
		if (!skip_string(path, &key) || !skip_char(path, ']'))
			return -EINVAL;
		return find_member(scan, key);
	}
	key.at = path->at;
	size_t index = 0;
	for (; path->at < path->end && *path->at >= '0' && *path->at <= '9'; path->at++)
		if (__builtin_mul_overflow(index, 10, &index) ||
		    __builtin_add_overflow(index, (size_t)(*path->at - '0'), &index))
			return -EINVAL;
	if (path->at == key.at || !skip_char(path, ']'))
		return -EINVAL;
	return find_entry(scan, index);
}

/* *ret_offset is the innermost value of the path that was found, even if the rest is not there. */
static int walk(const char *text, size_t size, const char *path, size_t *ret_offset)
{
	struct scan scan = {text, text + size};
	struct scan rest = {path, path + strlen(path)};

	for (;;) {
		int r;

		skip_space(&scan);
		*ret_offset = (size_t)(scan.at - text);
		if (rest.at >= rest.end)
			return 0;
		r = step(&rest, &scan);
		if (r < 0)
			return r;
		if (rest.at < rest.end && *rest.at == '.' && ++rest.at >= rest.end)
			return -EINVAL;
	}
}

size_t oci_find_nearest(const char *text, size_t size, const char *path)
{
	size_t offset = 0;

	(void)walk(text, size, path, &offset); /* how far it came is all we want */
	return offset;
}

int oci_find(const char *text, size_t size, const char *path, struct oci_place *ret)
{
	struct scan scan;
	size_t offset;
	int r;

	r = walk(text, size, path, &offset);
	if (r < 0)
		return r;
	scan = (struct scan){text + offset, text + size};
	if (!skip_value(&scan))
		return -EINVAL;
	ret->offset = offset;
	ret->size = (size_t)(scan.at - text) - offset;
	oci_line_column(text, size, offset, &ret->line, &ret->column);
	return 0;
}
