/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What linux.cgroupsPath means. Text only: nothing here looks at the machine. */

#include <stdbool.h>

struct arena;
struct err;

/* The path without empty components, "." and "..": "/a//b/../c/." is "/a/c", "a/" is "a". A
 * relative path stays relative. A path that leads above its start, or to the start itself (the
 * root cgroup, which belongs to everybody), or that no directory can have, is -EINVAL. */
int paths_clean(struct arena *arena, const char *path, const char **ret, struct err *err);

/* Puts a clean path below base ("/" or "/x/y"): "/x/y/PATH". */
const char *paths_join(struct arena *arena, const char *base, const char *path);

/* The directory that holds path's last component; "/" for "/" and "/x". */
const char *paths_parent(struct arena *arena, const char *path);

/* The systemd form of linux.cgroupsPath: "slice:prefix:name". */
struct paths_unit {
	const char *slice; /* "system.slice" when empty, "-.slice" for "-" */
	const char *unit; /* "prefix-name.scope"; a name that ends in ".slice" as it is */
};

/* user_slice: the default is user.slice (rootless). NULL path: ":hull:ID". */
int paths_unit(struct arena *arena, const char *path, const char *id, bool user_slice,
	       struct paths_unit *ret, struct err *err);
