/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;
struct oci_process;
struct oci_report;

/* Meaning of `process` (path is "process", or "" for a file of exec --process). */
void process_check(const struct request *request, const struct oci_process *process,
		   const char *path, struct oci_report *report);

/* Terminal, when process->terminal: opens the pty in the container's devpts, sends the master to
 * the host (MESSAGE_CONSOLE), binds /dev/console (create only). After devices. */
int process_plan_terminal(struct request *request, const struct oci_process *process,
			  const struct request_slots *slots, bool exec, struct plan *plan,
			  struct err *err);
/* Makes it the controlling terminal and the standard streams. In the process that is going to exec,
 * which must lead its session by now. */
void process_plan_terminal_own(const struct oci_process *process, const struct request_slots *slots,
			       struct plan *plan);

/* The CPUs that exec's process runs on before it enters the container's cgroup
 * (execCPUAffinity.initial): the first steps of exec. */
int process_plan_affinity(struct request *request, const struct oci_process *process,
			  struct plan *plan, struct err *err);

/* After pivot, before process_plan_user: keyring, umask, scheduling, memory policy, personality,
 * HOME, cwd, stdio ownership: all that needs the container's files, or root in it. */
int process_plan_prepare(struct request *request, const struct oci_process *process,
			 const struct request_slots *slots, bool exec, struct plan *plan,
			 struct err *err);

/* A compiled filter, as src/seccomp makes it. */
struct process_seccomp {
	struct plan_bytes_ref {
		const void *data;
		size_t size;
	} filter; /* size 0: none */
	uint64_t flags; /* SECCOMP_FILTER_FLAG_* */
	bool notify; /* listener wanted: MESSAGE_LISTENER */
};

/* Becomes the user of the process: bounding set, groups, ids, capabilities, no_new_privs; finds
 * the program as that user. After lsm_plan (a label is harder to set under no_new_privs), before
 * READY: a user that cannot be, or a program that is not there, must fail `create`; and what waits
 * for `start`, maybe for days, has no privilege in effect that the program will not have. A filter
 * that notifies the host is loaded here. */
int process_plan_user(struct request *request, const struct oci_process *process,
		      const struct process_seccomp *seccomp, struct plan *plan, struct err *err);

/* The last steps, after `start`: the filter (if process_plan_user has not loaded it, so late that
 * it need not allow more than execve), the startContainer hooks, which come from the image and so
 * get no more privileges than the program, exec. state: slot of the state for the hooks, which is
 * closed; PLAN_NO_SLOT: no hooks (exec). */
int process_plan_exec(struct request *request, const struct oci_process *process,
		      const struct process_seccomp *seccomp, int state, struct plan *plan,
		      struct err *err);

/* What the host does to the new process from outside, since hull-init may not be allowed to in a
 * user namespace: prlimit and oom_score_adj. Called at the barrier MESSAGE_LIMITS, which
 * process_plan_user adds where there is something to do: prlimit(2) without CAP_SYS_RESOURCE works
 * only while the process still has our ids. */
int process_apply(const struct oci_process *process, int pid, struct err *err);
/* Whether hull-init can do its work with these limits already in force, so that they need no
 * barrier of their own: a small number of files or little memory would stop it. */
bool process_apply_harmless(const struct request *request, const struct oci_process *process);
/* The same as text for `hull plan`. */
struct buf;
void process_apply_dump(const struct oci_process *process, struct buf *buf);

/* Capability names. -1 when unknown. */
int capability_number(const char *name);
const char *capability_name(int number);
/* Highest capability of the running kernel. */
int capability_last(void);
/* Whether names newer than this table can be looked up in libcap. */
bool capability_library_built(void);
