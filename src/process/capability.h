/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_capabilities;

/* The sets of a process as bit masks (bit n: capability number n). */
struct capability_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* The bits of known names. Names that nobody knows are errors of process_check, not of this. */
uint64_t capability_mask(const char *const *names, size_t n);

/*
 * The sets as they can be granted out of available. Without capabilities in the config a process
 * gets none. The spec wants a request that cannot be granted to be a warning (config.md, "Linux
 * Process"), so the sets are cut to what capset(2) and prctl(2) accept: effective and ambient lie
 * within permitted, inheritable within bounding, ambient within inheritable.
 */
struct capability_sets capability_sets_of(const struct oci_capabilities *config,
					  uint64_t available);

/* What hull can give away: in a user namespace of its own (userns) all, else what hull has itself
 * and has not lost from its bounding set. */
uint64_t capability_available(bool userns);

/* Looks in a newer libcap for a name that is not in capability.def. -1: unknown. */
int capability_from_library(const char *name);
