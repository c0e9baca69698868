/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The systemd cgroup driver: the container is a transient scope unit, so that systemd knows of it
 * and keeps its hands off what is delegated (https://systemd.io/CGROUP_DELEGATION). systemd makes
 * the cgroup and moves the process; the exact limits are then written to the files as without it,
 * and told to systemd too, since it would put back its own idea of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cgroups/dbus.h"

struct arena;
struct err;
struct limits;
struct oci_pair;

struct systemd {
	struct dbus dbus;
	const char *unit, *slice;
	bool user; /* the user's own manager */
	struct buf extra; /* what systemd_annotations made; freed with the connection */
};

/* Connects when that has not been done. -ENOENT: there is no systemd here. */
int systemd_connect(struct systemd *systemd, struct err *err);

/* The cgroup of the manager, "/" or "/user.slice/…/user@1000.service". */
int systemd_root(struct arena *arena, struct systemd *systemd, const char **ret, struct err *err);

/* The way from there to a slice: "a-b.slice" is "/a.slice/a-b.slice", "-.slice" is "". NULL for no
 * memory. Text only. */
const char *systemd_slice_path(struct arena *arena, const char *slice);

/* A slice holds no processes for systemd: who starts one moves the process by itself. */
bool systemd_is_slice(const char *unit);

/* Starts the unit with the process in it, and waits until it runs. */
int systemd_start(struct systemd *systemd, pid_t pid, const struct limits *limits, struct err *err);

/* Limits of the running unit. */
int systemd_set(struct systemd *systemd, const struct limits *limits, struct err *err);

/* Stops the unit and forgets it. What is not there is fine. */
int systemd_stop(struct systemd *systemd, struct err *err);

/* The limits that systemd knows, as elements of an a(sv). skip: names that this systemd does not
 * have, NULL-terminated. Text only. */
bool systemd_is_skipped(const char *const *skip, const char *name);
void systemd_properties(const struct limits *limits, const char *const *skip, struct buf *buf);

/* The annotations "org.systemd.property.NAME" as such elements; the others are left out. Text
 * only. -EINVAL: a value that no property has. */
int systemd_annotations(const struct oci_pair *list, size_t n, struct buf *out, struct err *err);

/* Closes the connection. */
void systemd_close(struct systemd *systemd);
