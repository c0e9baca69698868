/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The host's side of one conversation with hull-init, for create, run, start and exec: what is
 * done at each barrier and with each descriptor that init sends.
 */

#include "container/bundle.h"
#include "container/launch.h"
#include "container/status.h"
#include "container/store.h"

struct netdevices;
struct oci_hook;
struct rdt;

struct session {
	const struct hull *hull;
	const struct oci_config *config; /* for hooks and the seccomp listener */
	const struct request *request; /* create: whose mount sources are opened */
	const struct oci_process *process; /* limits to apply; NULL: none */
	const struct store_entry *entry;
	struct store_record *record;
	const char *id;
	const char *console_socket, *pidfd_socket, *pid_file;
	const char *pidfd_text; /* what goes beside the pidfd: "standard", "setns" */
	bool exec; /* not the container's init */
	bool hooks_ran; /* hooks were reached: poststop must run */
	int console; /* pty master for a foreground run, -1 */
	const struct rdt *rdt; /* where its process goes; NULL: nowhere */
	struct netdevices *net; /* moved into the container, if any */
	struct launch launch;
};

#define SESSION_INIT                                                                               \
	{                                                                                          \
		.console = -1, .launch = {.pidfd = -1, .control = -1, .cgroup = -1 }               \
	}

/* The note callback of struct launch; user is the session. */
int session_note(void *user, const struct plan_note *note, const int *fds, unsigned n_fds,
		 int *reply, unsigned *n_reply, struct err *err);

/* Runs hooks in the runtime's namespaces with the container's state in that status. */
int session_hooks(const struct session *session, const struct oci_hook *hook, size_t n,
		  const char *kind, enum status status, struct err *err);

/* The state as a readable memory file, for hooks in the container. fd or -errno. */
int session_state_file(const struct session *session, enum status status, int64_t pid,
		       struct err *err);

/* The pid by which a hook inside the container knows init. */
int64_t session_inner_pid(const struct session *session);

/* Moment in RFC 3339 with nanoseconds, UTC. */
const char *session_now(struct arena *arena);
