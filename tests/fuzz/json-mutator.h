/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changes that leave JSON what it is: bytes that are turned at random are hardly ever a config any
 * more. Half of the changes are libFuzzer's own all the same.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
				 size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

enum { JSON_VALUES_MAX = 2048, JSON_DEPTH_MAX = 64, JSON_INPUT_MAX = 1 << 16 };

/* A value in a text; member: with its key and the colon, from the key on. */
struct json_value {
	size_t start, end, member;
	bool in_array;
};

struct json_values {
	struct json_value value[JSON_VALUES_MAX];
	size_t n;
};

static uint32_t json_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t json_string_end(const uint8_t *text, size_t size, size_t at)
{
	for (at++; at < size && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at < size ? at + 1 : size;
}

static size_t json_blanks_end(const uint8_t *text, size_t size, size_t at)
{
	while (at < size && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	return at;
}

static size_t json_word_end(const uint8_t *text, size_t size, size_t at)
{
	while (at < size && !(strchr(" \t\r\n,:[]{}\"", text[at]) && text[at]))
		at++;
	return at;
}

static size_t json_scan(const uint8_t *text, size_t size, size_t at, size_t member, bool in_array,
			unsigned depth, struct json_values *found);

/* The elements of an array or the members of an object; the end of the whole. */
static size_t json_scan_inside(const uint8_t *text, size_t size, size_t at, unsigned depth,
			       struct json_values *found)
{
	bool array = text[at] == '[';

	for (at++;;) {
		size_t start, member;

		at = json_blanks_end(text, size, at);
		if (at >= size || text[at] == ']' || text[at] == '}')
			return at < size ? at + 1 : size;
		member = at;
		if (!array && text[at] == '"') {
			at = json_blanks_end(text, size, json_string_end(text, size, at));
			at = json_blanks_end(text, size, at + (at < size && text[at] == ':'));
		}
		start = at;
		at = json_scan(text, size, at, member, array, depth + 1, found);
		at = json_blanks_end(text, size, at);
		at += at < size && text[at] == ',';
		if (at == start)
			return size; /* no progress: this is no JSON */
	}
}

static size_t json_scan(const uint8_t *text, size_t size, size_t at, size_t member, bool in_array,
			unsigned depth, struct json_values *found)
{
	size_t end, mine = found->n;

	if (at >= size || found->n == JSON_VALUES_MAX || depth == JSON_DEPTH_MAX)
		return size;
	found->n++;
	if (text[at] == '[' || text[at] == '{')
		end = json_scan_inside(text, size, at, depth, found);
	else if (text[at] == '"')
		end = json_string_end(text, size, at);
	else
		end = json_word_end(text, size, at);
	found->value[mine] = (struct json_value){at, end, member, in_array};
	return end;
}

/* Puts with in the place of [start, end). The new size, or size when there is no room. */
static size_t json_replace(uint8_t *data, size_t size, size_t max_size, size_t start, size_t end,
			   const uint8_t *with, size_t with_size)
{
	if (start > end || end > size || size - (end - start) + with_size > max_size)
		return size;
	memmove(data + start + with_size, data + end, size - end);
	memcpy(data + start, with, with_size);
	return size - (end - start) + with_size;
}

static const char *json_constant(uint32_t n)
{
	static const char *const list[] = {
		"0",
		"1",
		"-1",
		"5",
		"65535",
		"65536",
		"2147483648",
		"4294967295",
		"4294967296",
		"9223372036854775807",
		"18446744073709551615",
		"1e3",
		"0.5",
		"true",
		"false",
		"null",
		"[]",
		"{}",
		"[{}]",
		"\"\"",
		"\"/\"",
		"\"..\"",
		"\".\"",
		"\"/proc\"",
		"\"/proc/self/x\"",
		"\"/dev\"",
		"\"/dev/null\"",
		"\"a:b\"",
		"\"a,b\"",
		"\"=\"",
		"\"\\u0001\"",
		"\"/proc/self/ns/net\"",
		"\"user\"",
		"\"mount\"",
		"\"cgroup\"",
		"\"tmpfs\"",
		"\"bind\"",
		"\"ro\"",
		"\"rro\"",
		"\"remount\"",
		"\"idmap\"",
		"\"tmpcopyup\"",
		"\"copy-symlink\"",
		"\"rshared\"",
	};

	return list[n % (sizeof list / sizeof *list)];
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct json_values found;
	static uint8_t copy[JSON_INPUT_MAX + 1];
	uint32_t state = seed;
	struct json_value a, b;
	size_t n;

	found.n = 0;
	json_scan(data, size, json_blanks_end(data, size, 0), 0, false, 0, &found);
	if (json_random(&state) % 2 || found.n < 2 || size > JSON_INPUT_MAX)
		return LLVMFuzzerMutate(data, size, max_size);
	a = found.value[1 + json_random(&state) % (found.n - 1)];
	b = found.value[1 + json_random(&state) % (found.n - 1)];
	n = b.end - b.start;
	switch (json_random(&state) % 5) {
	case 0: /* another value of this text in its place */
		memcpy(copy, data + b.start, n);
		return json_replace(data, size, max_size, a.start, a.end, copy, n);
	case 1:
	case 2:
		copy[0] = '\0';
		strcpy((char *)copy, json_constant(json_random(&state)));
		return json_replace(data, size, max_size, a.start, a.end, copy,
				    strlen((char *)copy));
	case 3: /* gone, with its key and one comma */
		if (a.member > 0 && a.end < size && data[a.end] == ',')
			return json_replace(data, size, max_size, a.member, a.end + 1, copy, 0);
		while (a.member > 0 && (data[a.member - 1] == ' ' || data[a.member - 1] == ','))
			a.member--;
		return json_replace(data, size, max_size, a.member, a.end, copy, 0);
	default: /* once more behind itself */
		n = a.end - a.member;
		copy[0] = ',';
		memcpy(copy + 1, data + a.member, n);
		return json_replace(data, size, max_size, a.end, a.end, copy, n + 1);
	}
}

/* A member or an element of the other text, put behind one of this. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
				 size_t other_size, uint8_t *out, size_t max_size, unsigned seed)
{
	static struct json_values mine, others;
	static uint8_t copy[JSON_INPUT_MAX + 1];
	uint32_t state = seed;
	struct json_value a, b;

	mine.n = others.n = 0;
	json_scan(data, size, json_blanks_end(data, size, 0), 0, false, 0, &mine);
	json_scan(other, other_size, json_blanks_end(other, other_size, 0), 0, false, 0, &others);
	if (size > max_size || other_size > JSON_INPUT_MAX || mine.n < 2 || others.n < 2)
		return 0;
	memcpy(out, data, size);
	a = mine.value[1 + json_random(&state) % (mine.n - 1)];
	for (unsigned try = 0; try < 16; try++) {
		b = others.value[1 + json_random(&state) % (others.n - 1)];
		if (a.in_array == b.in_array)
			break;
	}
	copy[0] = ',';
	memcpy(copy + 1, other + b.member, b.end - b.member);
	return json_replace(out, size, max_size, a.end, a.end, copy, 1 + b.end - b.member);
}
