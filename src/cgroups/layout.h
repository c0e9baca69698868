/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which cgroup hierarchies this machine has and where they are mounted: v1, hybrid (v1 and a
 * cgroup2 beside them) or unified (cgroup2 only). Looks, changes nothing.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

#define CONTROLLER(name, v1, v2) CONTROLLER_##name,
enum controller {
#include "cgroups/controllers.def"
	N_CONTROLLERS
};
#undef CONTROLLER

#define CONTROLLER_BIT(c) (1u << (unsigned)(c))

/* The name for messages: of v2 when unified, else of v1. Never NULL. */
const char *controller_name(enum controller c, bool unified);
/* The bits of a list like "cpu,cpuacct" (v1) or "cpuset cpu io" (v2); unknown names are skipped. */
unsigned controller_bits(const char *list, bool unified);

struct hierarchy {
	const char *name; /* "memory", "cpu,cpuacct", "name=systemd"; "unified" for cgroup2 */
	const char *mountpoint; /* absolute */
	const char *own; /* hull's own cgroup as /proc/self/cgroup says it */
	unsigned controllers; /* CONTROLLER_BITs; for v2 only after layout_find or layout_v2 */
	bool v2, probed;
};

/* Where to look: the real machine, or a tree made by a test. */
struct layout_source {
	const char *root; /* /sys/fs/cgroup */
	const char *own; /* /proc/self/cgroup */
	const char *mountinfo; /* /proc/self/mountinfo */
	/* Which cgroup file system path is on: 1, 2, or 0 for none. */
	int (*version)(const char *path);
};

struct mountinfo;

struct layout {
	struct arena *arena;
	const struct layout_source *source;
	bool unified; /* nothing but cgroup2 */
	struct hierarchy *hierarchy;
	size_t n;
	struct hierarchy *v2; /* the cgroup2 one, NULL on plain v1 */
	struct mountinfo *mountinfo; /* read only when it is needed */
};

extern const struct layout_source layout_host;

/* -ENOENT: no cgroup file system is mounted (layout has no hierarchy then). */
int layout_probe(struct arena *arena, const struct layout_source *source, struct layout *ret,
		 struct err *err);

/* The hierarchy that serves a controller, v1 before v2; NULL when there is none. Reads
 * cgroup.controllers of cgroup2 when it must. */
const struct hierarchy *layout_find(struct layout *layout, enum controller c);

/* hull's own cgroup below h->mountpoint, beginning with '/': h->own as it is when that exists
 * there; a mount that shows only a part of the hierarchy (containers without a cgroup namespace)
 * has its root taken off; "/" when hull's own cgroup cannot be seen in that mount. */
int layout_own(struct layout *layout, const struct hierarchy *h, const char **ret, struct err *err);
