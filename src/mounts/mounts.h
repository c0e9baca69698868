/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;

/* What is wrong with root, mounts, devices, masks beyond shape: adds findings. */
struct oci_report;
void mounts_check(const struct request *request, struct oci_report *report);

/* First part: before the container's root exists. Propagation of the copied host tree, sources
 * that only hull-init can clone (rootless), the root tree and its root_attach into slots->root. */
int mounts_plan_root(struct request *request, const struct request_slots *slots, struct plan *plan,
		     struct err *err);

/* In a container with a user namespace hull opens the mount sources (root and devices too) in the
 * container's mount namespace: init's first barriers (MESSAGE_SOURCES), so many. */
unsigned mounts_source_notes(const struct request *request);
/* The answer to one of them: opens the next sources there. pid and pidfd are init's; fds has room
 * for MESSAGE_FDS_MAX descriptors, which are the caller's, on failure too. */
int mounts_open_sources(const struct request *request, int pid, int pidfd, int *fds,
			unsigned *ret_n, struct err *err);

/* config.mounts in order. cgroup_ready is called once, before the first mount of type cgroup (or at
 * the end if there is none): it adds the steps that put us into our cgroups. */
int mounts_plan_all(struct request *request, const struct request_slots *slots, struct plan *plan,
		    void (*cgroup_ready)(struct request *, struct plan *), struct err *err);

/* linux.devices, default devices and links, /dev/ptmx. */
int mounts_plan_devices(struct request *request, const struct request_slots *slots,
			struct plan *plan, struct err *err);

/* After the hooks: read-only root, pivot_root. */
int mounts_plan_pivot(struct request *request, const struct request_slots *slots, struct plan *plan,
		      struct err *err);

/* After pivot: maskedPaths, readonlyPaths. */
int mounts_plan_masks(struct request *request, const struct request_slots *slots, struct plan *plan,
		      struct err *err);

/* Names for `hull features`: every mount option that hull knows, NULL-terminated, sorted. */
const char *const *mounts_option_names(void);
