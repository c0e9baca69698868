/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compiled filters, kept in a directory of hull's state root. A filter is found again only by its
 * whole key; the hash only names the file. Whatever is odd about the directory or an entry (owner,
 * mode, size, checksum) makes a miss, never an error: a compile is always possible.
 */

#include <stdbool.h>
#include <stddef.h>

#include "seccomp/filter.h"

struct filter_key {
	const void *data;
	size_t size;
};

/* text and what else decides the result: this hull and this kernel. 0 or -errno. */
int filter_key_make(struct arena *arena, const char *text, size_t size, struct filter_key *ret);

/* true: *ret is set, its data in the arena. */
bool filter_cache_get(struct arena *arena, int dir, const struct filter_key *key,
		      struct filter *ret);

/* library: the shared object that made the filter; another one makes the entry a miss. */
void filter_cache_put(struct arena *arena, int dir, const struct filter_key *key,
		      const char *library, const struct filter *filter);
