/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Starting a process with hull-init: the host half of every create, run and exec. Makes the sealed
 * memory files of the plan and of hull-init, clones, answers the barriers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/plan.h"

struct err;
struct plan;

struct launch {
	struct plan *plan;
	uint64_t ns_at_birth; /* CLONE_NEWUSER | CLONE_NEWPID for clone3 */
	uint64_t ns_late; /* namespaces_late: what hull-init tells us of before all else */
	unsigned sources; /* mounts_source_notes: how often it asks for mount sources then */
	int cgroup; /* CLONE_INTO_CGROUP directory, or -1 */
	/* Called when the child exists and waits (new user namespace): writes the id maps. */
	int (*write_maps)(void *user, pid_t pid, struct err *err);
	/* Called for every note of init that is not FAILED or SIBLING, with the descriptors that
	 * came along (owned by the callee). Fills reply descriptors (closed after sending). */
	int (*note)(void *user, const struct plan_note *note, const int *fds, unsigned n_fds,
		    int *reply, unsigned *n_reply, struct err *err);
	void *user;
	struct trace *trace; /* --trace, or NULL */
	bool until_ready; /* create: launch_serve ends at READY; else it ends at exec */

	/* Results: */
	uint64_t *step_end; /* shared with hull-init for --trace */
	uint64_t cloned; /* when it was born, for --trace */
	pid_t pid;
	int pidfd;
	int control;
};

/* Clones and starts hull-init; returns as soon as the child exists, with ns_late as soon as it has
 * its id maps and its last pid: who attaches a pid to something must have the right one; with
 * sources as soon as it has got them. */
int launch_start(struct launch *launch, struct err *err);

/* Host -> init, without being asked (MESSAGE_CGROUP). */
int launch_tell(struct launch *launch, enum plan_message message, const int *fds, unsigned n,
		struct err *err);

/* Serves notes until init has exec'd (end of the conversation), or until the READY barrier was
 * answered when until_ready. A failed step comes back as an error with its origin. */
int launch_serve(struct launch *launch, struct err *err);

/* The same for `start`: launch->control is a connection to an init that was started by another
 * hull, so that it is not our child. */
int launch_serve_started(struct launch *launch, struct err *err);

/* Puts what hull-init noted of its steps into the trace. */
void launch_trace(struct launch *launch);

/* Kills and reaps a child that must not go on; closes descriptors. */
void launch_abort(struct launch *launch);

/* Renders a FAILED note: "ORIGIN: verb: errno". */
int launch_failure(const struct plan_note *note, struct err *err);
