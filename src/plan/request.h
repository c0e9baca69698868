/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is asked of the planner: the config and the few facts of the host that decide the plan.
 * Every domain's x_plan.c gets this and nothing else, and adds steps with plan/build.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct oci_config;
struct plan;

/* How cgroup file systems look to the container (mount type cgroup). Filled by src/cgroups. */
struct request_hierarchy {
	const char *name; /* directory below /sys/fs/cgroup: "memory", "cpu,cpuacct", "systemd" */
	const char *options; /* v1 mount options: "memory", "cpu,cpuacct", "none,name=systemd" */
	const char *mountpoint; /* on the host: /sys/fs/cgroup/memory */
	const char *path; /* the container's cgroup in it, begins with '/' */
};

struct request_cgroups {
	bool unified; /* cgroup v2 only: one hierarchy, mounted at /sys/fs/cgroup */
	const struct request_hierarchy *hierarchy;
	size_t n_hierarchies;
	unsigned tasks; /* number of open tasks files that MESSAGE_CGROUP brings (v1) */
	bool attach; /* the host moves the process itself, then sends MESSAGE_CGROUP */
};

struct request {
	struct arena *arena;
	const struct oci_config *config;
	const char *text; /* the config's text, for oci_report_add */
	size_t text_size;
	const char *id;
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute, no symlinks, exists */
	const struct request_cgroups *cgroups; /* NULL: no cgroups (disabled) */

	bool dry; /* `hull plan`: open nothing, slots get fd -1 */
	bool inspect; /* `hull check`: nothing is opened later, so say now what could not be */
	bool host_root; /* hull has CAP_SYS_ADMIN over the host's mount namespace, so that it
			   opens mount sources itself; else hull-init does (rootless) */
	bool no_pivot;
	bool no_new_keyring;
	unsigned preserve_fds;
	bool limits_early; /* process_apply is done before the process needs to be asked */
	bool listener; /* create: wait_start on a listening socket; run: barrier only */

	/* Namespaces, decided once by namespaces_plan_read: */
	uint64_t ns_new; /* CLONE_NEW* that are made */
	uint64_t ns_joined; /* CLONE_NEW* that are joined by path */

	uint64_t nofile; /* our caller's soft limit of open files; 0: hull did not have to raise it
			  */

	struct mounts_state *mounts; /* private to src/mounts, from mounts_plan_root on */
};

/* Slots that several domains use. Made by plan/compile.c. */
struct request_slots {
	int root; /* the container's root directory (O_PATH), after root_attach / root_open */
	int pty; /* our end of the terminal, from process_plan_terminal on */
	int listener; /* listening socket of `start`; -1 for run */
};

static inline bool request_has(const struct request *r, uint64_t ns)
{
	return ((r->ns_new | r->ns_joined) & ns) != 0;
}
