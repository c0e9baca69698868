/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strings and memory where there is no C library. Freestanding. */

#include <stdbool.h>
#include <stddef.h>

static inline size_t text_length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static inline bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The part of s behind prefix, or NULL. */
static inline const char *text_after(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

/* The first c in s, or NULL. */
static inline const char *text_find(const char *s, char c)
{
	for (; *s; s++)
		if (*s == c)
			return s;
	return NULL;
}

/* Copies n bytes and ends them with NUL; to has room for n + 1. */
static inline void text_cut(char *to, const char *from, size_t n)
{
	__builtin_memcpy(to, from, n);
	to[n] = '\0';
}

/* Copies a string into room bytes. 0, or -1 when it does not fit (to is then ""). */
static inline int text_copy(char *to, size_t room, const char *from)
{
	size_t n = text_length(from);

	if (n >= room) {
		if (room)
			to[0] = '\0';
		return -1;
	}
	text_cut(to, from, n);
	return 0;
}

/* Text put together in a fixed room; used >= room afterwards means that it did not fit. */
struct text {
	char *data;
	size_t room, used;
};

static inline void text_add(struct text *t, const char *s, size_t n)
{
	if (t->used + n < t->room)
		text_cut(t->data + t->used, s, n);
	t->used += n;
}

static inline void text_adds(struct text *t, const char *s)
{
	text_add(t, s, text_length(s));
}

static inline void text_add_number(struct text *t, unsigned long value)
{
	char digit[24];
	size_t i = sizeof digit;

	do {
		digit[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_add(t, digit + i, sizeof digit - i);
}
