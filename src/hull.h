/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * libhull: containers as functions. The commands of hull are thin callers of this header; an engine
 * can link it instead of spawning hull. Nothing here prints or exits.
 *
 * Every function returns 0 (or a documented positive answer) or a negative errno with a text in
 * *err. Strings that come back live in the arena given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"

struct arena;
struct buf;
struct oci_resources;

enum hull_cgroup_driver { HULL_CGROUPFS, HULL_SYSTEMD, HULL_CGROUPS_DISABLED };

/* Where containers are kept and how their cgroups are made: the global options. */
struct hull {
	const char *root; /* NULL: the default state root */
	bool root_given; /* an explicit root that is missing is an error for list */
	enum hull_cgroup_driver cgroup_driver;
	int rootless; /* 1, 0, or -1: find out */
	struct arena *arena;
	struct trace *trace; /* base/trace.h: told what took how long; NULL: nobody asks */
};

struct hull_create {
	const char *id;
	const char *bundle; /* NULL: the working directory */
	const char *config; /* NULL: config.json, relative to the bundle */
	const char *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	unsigned preserve_fds;
};

int hull_create(const struct hull *hull, const struct hull_create *options, struct err *err);
int hull_start(const struct hull *hull, const char *id, struct err *err);

/* Foreground run: *ret_status is the exit code (128 + signal). detach: returns when the process
 * runs. keep: does not delete afterwards. */
struct hull_run {
	struct hull_create create;
	bool detach, keep, no_subreaper;
};
int hull_run(const struct hull *hull, const struct hull_run *options, int *ret_status,
	     struct err *err);

struct hull_exec {
	const char *id;
	const char *process; /* file with a process object; the fields below are then ignored */
	const char *const *args, *const *env, *const *caps,
						      *const *additional_gids; /* NULL-ended */
	const char *cwd, *user, *console_socket, *pidfd_socket, *pid_file;
	const char *process_label, *apparmor, *cgroup;
	bool tty, detach, no_new_privs, ignore_paused;
	unsigned preserve_fds;
};
int hull_exec(const struct hull *hull, const struct hull_exec *options, int *ret_status,
	      struct err *err);

struct hull_state {
	const char *id, *status, *bundle, *rootfs, *created, *owner;
	int64_t pid; /* 0 when stopped */
	const struct hull_annotation {
		const char *key, *value;
	} * annotation;
	size_t n_annotations;
};
int hull_state(const struct hull *hull, const char *id, struct hull_state *ret, struct err *err);
/* skipped (may be NULL) is told of entries that cannot be read. */
int hull_list(const struct hull *hull, struct hull_state **ret, size_t *ret_n,
	      void (*skipped)(const char *id, const struct err *), struct err *err);

int hull_kill(const struct hull *hull, const char *id, int signal, bool all, struct err *err);
int hull_delete(const struct hull *hull, const char *id, bool force, struct err *err);
int hull_pause(const struct hull *hull, const char *id, struct err *err);
int hull_resume(const struct hull *hull, const char *id, struct err *err);
/* New limits for a running container. */
int hull_update(const struct hull *hull, const char *id, const struct oci_resources *resources,
		struct err *err);
/* New schemata (either may be NULL) for a container that was created with linux.intelRdt. */
int hull_update_rdt(const struct hull *hull, const char *id, const char *l3_cache,
		    const char *mem_bw, struct err *err);
/* Statistics as the "data" object of `hull events`. */
int hull_stats(const struct hull *hull, const char *id, struct buf *json, struct err *err);
int hull_pids(const struct hull *hull, const char *id, pid_t **ret, size_t *ret_n, struct err *err);

/* All findings of a bundle, one a line, into buf; returns the number of errors. */
int hull_check(const struct hull *hull, const char *bundle, const char *config, struct buf *buf,
	       struct err *err);
/* The compiled plan as text. */
int hull_plan(const struct hull *hull, const char *bundle, const char *config, struct buf *buf,
	      struct err *err);
/* Features JSON (runtime-spec features.md). */
int hull_features(const struct hull *hull, struct buf *buf, struct err *err);
/* A default config.json. */
int hull_spec(const struct hull *hull, bool rootless, struct buf *buf, struct err *err);
/* What this machine offers to containers and what it lacks, for people. */
int hull_doctor(const struct hull *hull, struct buf *buf, struct err *err);
