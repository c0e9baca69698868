/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Chunks double from the first size to the largest: a small command touches few pages, a large
 * file needs few mallocs. A bigger request gets a chunk of its own size.
 */
#define FIRST_CHUNK ((size_t)16 << 10)
#define LARGEST_CHUNK ((size_t)1 << 20)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	alignas(max_align_t) char data[];
};

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
	arena->chunks = NULL;
	arena->next = arena->end = NULL;
	arena->total = 0;
}

/* Makes room for SIZE more bytes at arena->next. What is left of the old chunk is lost. */
static int new_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;
	size_t room = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
	size_t total;

	if (room > LARGEST_CHUNK)
		room = LARGEST_CHUNK;
	if (__builtin_add_overflow(arena->total, room, &total) || total > arena->limit)
		room = size; /* near the limit: no more than is asked for */
	if (room < size)
		room = size;
	if (__builtin_add_overflow(arena->total, room, &total) || total > arena->limit ||
	    __builtin_add_overflow(room, sizeof(*chunk), &room))
		return -1;

	chunk = malloc(room);
	if (!chunk)
		return -1;
	chunk->older = arena->chunks;
	chunk->size = room - sizeof(*chunk);
	arena->chunks = chunk;
	arena->next = chunk->data;
	arena->end = chunk->data + chunk->size;
	arena->total = total;
	return 0;
}

/* ALIGNMENT is a power of two, at most that of a chunk's data. */
static void *take(struct arena *arena, size_t size, size_t alignment)
{
	size_t skip = -(uintptr_t)arena->next & (alignment - 1);
	size_t left = (size_t)(arena->end - arena->next);
	char *at;

	if (!arena->next || skip > left || left - skip < size) {
		if (new_chunk(arena, size) < 0)
			return NULL;
		skip = 0;
	}
	at = arena->next + skip;
	arena->next = at + size;
	return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *at = take(arena, size, alignof(max_align_t));

	if (at)
		memset(at, 0, size);
	return at;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, const void *old, size_t count, size_t room, size_t size)
{
	char *at = room < count ? NULL : arena_array(arena, room, size);

	if (at && count > 0)
		memcpy(at, old, count * size);
	return at;
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	size_t bytes;
	char *at;

	if (__builtin_add_overflow(size, 1, &bytes))
		return NULL;
	at = take(arena, bytes, 1);
	if (!at)
		return NULL;
	memcpy(at, text, size);
	at[size] = '\0';
	return at;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	va_list again;
	char *at;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (size < 0)
		return NULL;
	at = take(arena, (size_t)size + 1, 1);
	if (at)
		(void)vsnprintf(at, (size_t)size + 1, fmt, args); /* measured above */
	return at;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *at;

	va_start(args, fmt);
	at = arena_vprintf(arena, fmt, args);
	va_end(args);
	return at;
}
