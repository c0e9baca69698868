/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

struct arena;
struct oci_process;

/* The environment of the program. */
struct environment {
	const char *const *list; /* NULL-terminated, in the arena */
	const char *path; /* the value of PATH; a default when there is none */
	bool has_home;
};

/* Of several entries with one name the last counts (as getenv(3) of no C library is sure to see
 * it), HOME without a value is left out: hull-init finds one. -ENOMEM. */
int environment_of(struct arena *arena, const struct oci_process *process, struct environment *ret);
