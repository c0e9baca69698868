/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "tap.h"

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void test_allocations(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	bool aligned = true, zero = true;
	char *text;

	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *bytes = arena_alloc(&arena, size);

		text = arena_strndup(&arena, "odd", 2); /* unaligns what comes next */
		if (!bytes || !text)
			break;
		aligned = aligned && (uintptr_t)bytes % alignof(max_align_t) == 0;
		zero = zero && is_zero(bytes, size);
		memset(bytes, 0xff, size);
	}
	ok(aligned, "allocations are aligned for any type");
	ok(zero, "allocations are zero, also in memory after used memory");
	ok(arena_alloc(&arena, 0) != NULL, "a size of 0 is fine");
	text = arena_alloc(&arena, (size_t)3 << 20);
	ok(text && arena.total >= (size_t)3 << 20, "more than the largest chunk");
	is_str(arena_strdup(&arena, "hull"), "hull", "arena_strdup");
	is_str(arena_strndup(&arena, "hullabaloo", 4), "hull", "arena_strndup");
	is_str(arena_printf(&arena, "%s[%d]", "mounts", 3), "mounts[3]", "arena_printf");
}

static void test_grow(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	int *old = arena_array(&arena, 2, sizeof(*old)), *more;

	if (!ok(old != NULL, "an array"))
		return;
	old[0] = 1;
	old[1] = 2;
	more = arena_grow(&arena, old, 2, 4, sizeof(*more));
	ok(more && more[0] == 1 && more[1] == 2 && more[2] == 0 && more[3] == 0,
	   "arena_grow copies and adds zeros");
	ok(arena_grow(&arena, old, 2, 1, sizeof(*more)) == NULL, "arena_grow does not shrink");
	more = arena_grow(&arena, NULL, 0, 4, sizeof(*more));
	ok(more != NULL, "arena_grow from nothing");
}

static void test_limits(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	volatile size_t huge = SIZE_MAX; /* volatile: compilers refuse it where they see it */

	ok(arena_array(&arena, huge, 2) == NULL, "count times size must not overflow");
	ok(arena_alloc(&arena, huge) == NULL, "nor a size with the chunk's head");
	ok(arena_alloc(&arena, huge - 64) == NULL, "nor with what was allocated");

	arena.limit = 40000;
	ok(arena_alloc(&arena, 40001) == NULL, "beyond the limit");
	ok(arena_alloc(&arena, 16384) != NULL, "within the limit");
	ok(arena_alloc(&arena, 20000) != NULL, "and again, near it");
	ok(arena_alloc(&arena, 20000) == NULL, "but not past it");
	ok(arena.total <= arena.limit, "the total respects the limit");
	arena_free(&arena);
	ok(arena_alloc(&arena, 40000) != NULL, "after arena_free all is there again");
}

int main(void)
{
	test_allocations();
	test_grow();
	test_limits();
	return done_testing();
}
