/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"

/* In front of each block, so that it can be copied into a larger one. */
union header {
	size_t size;
	max_align_t align;
};

void *oci_pool_get(void *context, size_t size)
{
	struct oci_pool *pool = context;
	union header *block = NULL;

	if (size <= SIZE_MAX - sizeof *block)
		block = arena_alloc(pool->arena, sizeof *block + size);
	if (!block)
		longjmp(pool->give_up, 1);
	block->size = size;
	return block + 1;
}

void *oci_pool_grow(void *context, void *old, size_t size)
{
	const union header *block = old;
	void *larger;

	if (old && block[-1].size >= size)
		return old;
	larger = oci_pool_get(context, size);
	if (old)
		memcpy(larger, old, block[-1].size);
	return larger;
}

void oci_pool_drop(void *context, void *old)
{
	(void)context; /* the arena is freed at once */
	(void)old;
}
