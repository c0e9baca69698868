/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be checked in the bytes themselves, before yajl: its UTF-8 check takes overlong forms
 * and surrogates, and it makes '?' or invalid UTF-8 of halves of surrogate pairs. An engine that
 * reads such a text in another way than we do is an attack.
 */
#include "table.h"

#include <string.h>

#define ONES 0x0101010101010101u

/* Whether none of 8 bytes is a backslash or not ASCII. */
static bool plain8(const char *at)
{
	uint64_t word, same;

	memcpy(&word, at, sizeof(word));
	same = word ^ (ONES * '\\');
	return !((word | ((same - ONES) & ~same)) & (ONES * 0x80));
}

/* The size of the UTF-8 character at AT, 0 if it is none: Unicode 15, table 3-7. */
static size_t utf8_size(const unsigned char *at, size_t left)
{
	unsigned char lead = at[0], low = 0x80, high = 0xbf;
	size_t size;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (left < size || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool oci_is_utf8(const char *text, size_t size)
{
	for (size_t at = 0, step; at < size; at += step) {
		step = utf8_size((const unsigned char *)text + at, size - at);
		if (step == 0)
			return false;
	}
	return true;
}

/* The number of \uXXXX at AT, or -1 if something else is there. */
static int escaped_unit(const char *at, size_t left)
{
	static const char digits[] = "0123456789abcdef";
	int value = 0;

	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = at[i] >= 'A' && at[i] <= 'F' ? (char)(at[i] | 32) : at[i];
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit)
			return -1;
		value = value * 16 + (int)(digit - digits);
	}
	return value;
}

const char *oci_check_text(const char *text, size_t size, size_t *ret_offset)
{
	size_t at = 0, step;

	for (; at < size; at += step) {
		const char *here = text + at;
		size_t left = size - at;
		int unit, low;

		*ret_offset = at;
		if (left >= 8 && plain8(here)) {
			step = 8;
			continue;
		}
		if (*here != '\\') {
			step = utf8_size((const unsigned char *)here, left);
			if (step == 0)
				return "this is not UTF-8";
			continue;
		}
		/* A backslash takes the next character with it; what it must not be, yajl knows. */
		step = 2;
		unit = escaped_unit(here, left);
		if (unit < 0)
			continue;
		step = 6;
		if (unit == 0)
			return "a string must not contain \\u0000";
		if (unit < 0xd800 || unit > 0xdfff)
			continue;
		low = escaped_unit(here + 6, left - 6);
		if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
			return "half of a surrogate pair is no character";
		step = 12;
	}
	return NULL;
}
