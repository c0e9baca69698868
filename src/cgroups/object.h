/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is behind struct cgroups; for src/cgroups alone. */

#include <time.h>

#include "cgroups/cgroups.h"
#include "cgroups/devices.h"
#include "cgroups/layout.h"
#include "cgroups/limits.h"

/* One directory that is the container's own. */
struct place {
	const char *name; /* of the hierarchy: "cpu,cpuacct", "name=systemd", "unified" */
	const char *dir; /* absolute */
	const char *mountpoint; /* NULL when it comes from a record */
	const char *path; /* below mountpoint; NULL when it comes from a record */
	unsigned controllers; /* CONTROLLER_BITs whose limits are written here */
	bool v2;
	bool existed; /* before cgroups_make */
	/* Made or found empty by cgroups_make, or from a record. Others are left alone by destroy:
	 * there can be somebody else's processes in them. */
	bool ours;
};

struct systemd;

struct cgroups {
	struct arena *arena;
	struct systemd *systemd; /* NULL with another driver */
	enum cgroups_driver driver;
	bool unified, rootless, devices_wanted;
	struct place *place;
	size_t n_places;
	struct layout layout; /* no hierarchies when it comes from a record */
	struct limits limits;
	struct device_rules devices;
	struct device_exceptions exceptions;
	struct request_cgroups request;
	const char **record;
	int directory;
};

/* The place whose files are the controller's; NULL when there is none. */
const struct place *place_of(const struct cgroups *cgroups, enum controller c);

/* cgroups_decide on any tree. */
int decide(struct arena *arena, const struct layout_source *source, const struct cgroups_wish *wish,
	   struct cgroups **ret, struct err *err);

/* cgroup v2: gives the controllers in all to the children of every cgroup on the way from the
 * mount point to (not including) the place. One of needed that cannot be given is an error. */
int enable_controllers(const struct place *place, unsigned needed, struct err *err);

/* v1 cpuset: a new cgroup has no CPUs and no memory, and nobody can join it: fills it and what is
 * above from the next that has some. fresh: it is known to be empty. */
int cpuset_inherit(const struct place *place, int dir, bool fresh, struct err *err);

/* The freezer of one place. */
int freezer_set(const struct place *place, bool freeze, struct err *err);
/* 1 frozen or about to be (by itself; with ancestors: also by one above), 0 not, -errno. */
int freezer_get(const struct place *place, bool ancestors);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
void sleep_ms(int ms);
