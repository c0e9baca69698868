/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory for yajl, which does not look at what its allocator returns: from the arena, and when that
 * has none the allocator does not return but jumps to where the call into yajl was made. Nothing is
 * lost by that, since the arena owns all.
 *
 *	struct oci_pool pool = {.arena = arena};
 *
 *	if (setjmp(pool.give_up))
 *		return -ENOMEM;
 *
 * The three functions have the types that yajl_alloc_funcs wants; context is a struct oci_pool.
 */

#include <setjmp.h>
#include <stddef.h>

struct arena;

struct oci_pool {
	struct arena *arena;
	jmp_buf give_up;
};

void *oci_pool_get(void *context, size_t size);
void *oci_pool_grow(void *context, void *old, size_t size);
void oci_pool_drop(void *context, void *old);
