/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * An arena hands out memory that is freed all at once. A command makes one, everything it reads
 * and decides lives in it, and nothing has an owner of its own.
 *
 *	ARENA_AUTO struct arena arena = ARENA_INIT;
 *
 * Every function that allocates returns NULL when the memory or the arena's limit is used up, or
 * when a size overflows; a caller turns that into -ENOMEM. An arena is not for several threads.
 */

#define ARENA_LIMIT ((size_t)64 << 20)

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *next, *end; /* what is left of the newest chunk */
	size_t total; /* bytes got from malloc so far */
	size_t limit; /* and how many they may become; change it before first use */
};

#define ARENA_INIT                                                                                 \
	{                                                                                          \
		.limit = ARENA_LIMIT                                                               \
	}
#define ARENA_AUTO __attribute__((cleanup(arena_free)))

/* Frees everything; the arena is empty then and can be used again. */
void arena_free(struct arena *arena);

/* SIZE bytes set to zero, aligned for any type. A size of 0 gives a valid pointer, too. */
void *arena_alloc(struct arena *arena, size_t size)
	__attribute__((warn_unused_result, malloc, alloc_size(2)));

/* An array of COUNT elements of SIZE bytes, set to zero. */
void *arena_array(struct arena *arena, size_t count, size_t size)
	__attribute__((warn_unused_result, malloc, alloc_size(2, 3)));

/* A copy of COUNT elements in a new array with room for ROOM (>= COUNT), the rest zero. */
void *arena_grow(struct arena *arena, const void *old, size_t count, size_t room, size_t size)
	__attribute__((warn_unused_result));

/* A copy of SIZE bytes of TEXT with a NUL after them. Not aligned. */
char *arena_strndup(struct arena *arena, const char *text, size_t size)
	__attribute__((warn_unused_result, malloc));

char *arena_strdup(struct arena *arena, const char *text)
	__attribute__((warn_unused_result, malloc));

char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((warn_unused_result, format(printf, 2, 3)));

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
	__attribute__((warn_unused_result, format(printf, 2, 0)));
