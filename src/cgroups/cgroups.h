/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container's cgroups on the host: which hierarchies there are, where the container goes, its
 * limits, its processes. No knowledge of plans; what the planner must know is in
 * struct request_cgroups.
 *
 * Order of use: cgroups_decide (looks, changes nothing) -> the caller writes cgroups_record to disk
 * (the write-ahead list) -> cgroups_make -> child enters -> ... -> cgroups_destroy.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/request.h"

struct arena;
struct buf;
struct err;
struct oci_pair;
struct oci_resources;
struct oci_report;

enum cgroups_driver { CGROUPS_CGROUPFS, CGROUPS_SYSTEMD, CGROUPS_DISABLED };

struct cgroups_wish {
	enum cgroups_driver driver;
	const char *path; /* linux.cgroupsPath, NULL: made from the id */
	const char *id;
	bool rootless; /* permission errors without resources asked for are not fatal */
	const struct oci_resources *resources; /* may be NULL */
	const struct oci_pair *annotations; /* systemd: org.systemd.property.NAME are used */
	size_t n_annotations;
	bool dry; /* `hull plan`: does not mind a cgroup that is in use */
};

struct cgroups;

/* Meaning of linux.cgroupsPath and linux.resources on this machine. */
void cgroups_check(const struct request *request, enum cgroups_driver driver,
		   struct oci_report *report);

int cgroups_decide(struct arena *arena, const struct cgroups_wish *wish, struct cgroups **ret,
		   struct err *err);

/* What the planner needs. Lives as long as cgroups. NULL when disabled. From cgroups_load only
 * unified and tasks are set. */
const struct request_cgroups *cgroups_request(const struct cgroups *cgroups);

/* The record: absolute directories (one per hierarchy, only those that hull makes itself, deepest
 * last) as "hierarchy-name:/abs/dir" strings, NULL-terminated. Enough for everything below. */
const char *const *cgroups_record(const struct cgroups *cgroups);
/* The same object from a record. */
int cgroups_load(struct arena *arena, enum cgroups_driver driver, const char *const *record,
		 struct cgroups **ret, struct err *err);

/* Makes the directories and writes every limit. Must find them empty of processes, not frozen. When
 * it fails, the directories that it made are gone again. */
int cgroups_make(struct cgroups *cgroups, struct err *err);

/* Descriptor of the v2 directory for CLONE_INTO_CGROUP; -1 on v1 and hybrid, and before
 * cgroups_make. Stays owned by cgroups. */
int cgroups_directory(const struct cgroups *cgroups);

/* For exec: a descriptor (the caller's) of the v2 cgroup that a new process can join: the
 * container's own, or that of its init when the container has given controllers to children of
 * its cgroup, which then takes no processes itself. -1 in *ret on v1 and hybrid. */
int cgroups_exec_directory(const struct cgroups *cgroups, pid_t init, int *ret, struct err *err);

/* The owner of a delegated v2 cgroup (config-linux.md, "Cgroup ownership"): chowns the directory
 * and the files of /sys/kernel/cgroup/delegate to uid (of the host). Does nothing on v1. */
int cgroups_delegate(const struct cgroups *cgroups, uid_t uid, struct err *err);

/* Closes the descriptor of cgroups_directory. */
void cgroups_close(struct cgroups *cgroups);

/* v1 (and hybrid): opens the tasks files into which hull-init writes "0" to join by itself (a
 * single-threaded process that moves itself takes no global lock in the kernel).
 * Fills fds[request->tasks]; the caller closes them. For exec: the same of the running container.
 */
int cgroups_open_tasks(const struct cgroups *cgroups, int *fds, struct err *err);

/* exec --cgroup "[CONTROLLER[,CONTROLLER...]:]PATH": the same object with the place of these (all)
 * hierarchies at an existing cgroup below the container's; a path that leads out is an error. */
int cgroups_part(struct arena *arena, const struct cgroups *cgroups, const char *part,
		 struct cgroups **ret, struct err *err);

/* Writes pid into cgroup.procs everywhere: the slow way, when the others are not possible. With the
 * systemd driver (request->attach) starts the unit with the process in it, and writes the limits.
 */
int cgroups_attach(struct cgroups *cgroups, pid_t pid, struct err *err);

/* New limits on a running container (update). */
int cgroups_update(struct cgroups *cgroups, const struct oci_resources *resources, struct err *err);

/* Freezer: cgroups_freeze waits until frozen (bounded, then thaws and fails). */
int cgroups_freeze(const struct cgroups *cgroups, bool freeze, struct err *err);
/* 1 frozen, 0 not (or gone), -errno. */
int cgroups_frozen(const struct cgroups *cgroups);

/* All processes in it and below (host pids), in the arena. A vanished cgroup has none. */
int cgroups_pids(struct arena *arena, const struct cgroups *cgroups, pid_t **ret, size_t *ret_n,
		 struct err *err);

/* Sends a signal to all: cgroup.kill for SIGKILL on v2; else freeze, signal, thaw. */
int cgroups_kill(const struct cgroups *cgroups, int signal, struct err *err);

/* Kills what is left, waits until empty (bounded), removes the directories. What is already gone
 * is fine. Used by delete, by a failed create and after a crash (from cgroups_load). Before
 * and after a failed cgroups_make there is nothing to destroy: what is there is somebody else's. */
int cgroups_destroy(const struct cgroups *cgroups, struct err *err);

/* Statistics for events, as the "data" object of runc's JSON. */
int cgroups_stats(const struct cgroups *cgroups, struct buf *json, struct err *err);

/* For `hull plan` and `hull features`. */
void cgroups_dump(const struct cgroups *cgroups, struct buf *buf);
