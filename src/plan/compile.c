/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order of everything. Each domain knows what to do; only this page knows when.
 */

#include "plan/compile.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/err.h"
#include "libocispec/ocispec.h"
#include "lsm/lsm.h"
#include "mounts/mounts.h"
#include "namespaces/namespaces.h"
#include "net/net.h"
#include "plan/build.h"
#include "process/process.h"

#define TRY(call)                                                                                  \
	do {                                                                                       \
		int try_result = (call);                                                           \
		if (try_result < 0)                                                                \
			return try_result;                                                         \
	} while (0)

/* We enter our cgroups (v1; on v2 clone3 has put us there), and only then make the cgroup
 * namespace: its root is the cgroup that its maker is in. */
static void cgroup_ready(struct request *request, struct plan *plan)
{
	const struct request_cgroups *cgroups = request->cgroups;
	int first = PLAN_NO_SLOT;

	plan_origin(plan, "linux.cgroupsPath");
	if (cgroups && cgroups->tasks) {
		for (unsigned i = 0; i < cgroups->tasks; i++) {
			int slot = plan_slot(plan, "tasks");

			first = i ? first : slot;
		}
		plan_await(plan, MESSAGE_CGROUP, first, cgroups->tasks);
		for (unsigned i = 0; i < cgroups->tasks; i++)
			plan_cgroup_join(plan, first + (int)i);
	} else if (cgroups && cgroups->attach) {
		/* The host moves us (systemd driver); its message says that it is done. */
		plan_await(plan, MESSAGE_CGROUP, PLAN_NO_SLOT, 0);
	}
	namespaces_plan_cgroup(request, plan);
}

static void hooks_plan(const struct request *request, const struct oci_hook *hook, size_t n,
		       const char *kind, int state, struct plan *plan)
{
	static const char *const none[] = {NULL};

	(void)request;
	for (size_t i = 0; i < n; i++) {
		const char *const path[] = {hook[i].path, NULL};

		plan_origin(plan, "hooks.%s[%zu] (%s)", kind, i, hook[i].path);
		plan_hook(plan, hook[i].path, hook[i].n_args ? hook[i].args : path,
			  hook[i].env ? hook[i].env : none, state,
			  hook[i].has_timeout ? hook[i].timeout : 0);
	}
}

static void runtime_hooks(const struct request *request, struct plan *plan)
{
	const struct oci_hooks *hooks = request->config->hooks;

	if (!hooks)
		return;
	if (hooks->n_prestart || hooks->n_create_runtime) {
		plan_origin(plan, "hooks.createRuntime");
		plan_barrier(plan, MESSAGE_CREATE_RUNTIME, PLAN_NO_SLOT, 0);
	}
	if (hooks->n_create_container) {
		int state = plan_slot(plan, "state");

		plan_origin(plan, "hooks.createContainer");
		plan_barrier(plan, MESSAGE_CREATE_CONTAINER, state, 1);
		hooks_plan(request, hooks->create_container, hooks->n_create_container,
			   "createContainer", state, plan);
		plan_close(plan, state);
	}
}

/* Lets the host go, and waits until somebody starts us. The slot of the state for startContainer
 * hooks, if there are any. */
static int ready(const struct request *request, const struct request_slots *slots,
		 struct plan *plan)
{
	const struct oci_hooks *hooks = request->config->hooks;
	bool start_hooks = hooks && hooks->n_start_container;
	int state = start_hooks ? plan_slot(plan, "state") : PLAN_NO_SLOT;

	plan_origin(plan, "start");
	/* Before the barrier: `create` may exit right after it, and must not take us along. From
	 * here on a dead host is noticed by the end of the conversation. */
	plan_pdeathsig(plan, 0);
	if (request->listener) {
		plan_barrier(plan, MESSAGE_READY, PLAN_NO_SLOT, 0);
		plan_wait_start(plan, slots->listener, state);
	} else {
		plan_barrier(plan, MESSAGE_READY, state, start_hooks);
	}
	return state;
}

static void plan_cwd(const struct oci_process *process, const struct request_slots *slots,
		     struct plan *plan)
{
	int cwd;

	if (strcmp(process->cwd, "/") == 0)
		return;
	cwd = plan_slot(plan, "cwd");
	plan_origin(plan, "process.cwd (%s)", process->cwd);
	plan_target(plan, slots->root, process->cwd, PLAN_DIRECTORY, PLAN_NO_SLOT,
		    PLAN_TARGET_ROOT | PLAN_TARGET_ON_PROC, cwd);
	plan_close(plan, cwd);
}

int compile_create(struct request *request, const struct request_slots *slots,
		   const struct process_seccomp *seccomp, struct plan *plan, struct err *err)
{
	const struct oci_process *process = request->config->process;
	int state;

	/* Until hull has written down that we exist, we die with it. */
	plan_origin(plan, "namespaces");
	plan_pdeathsig(plan, SIGKILL);
	/* Out of the caller's session: its terminal must not become ours (CVE-2017-5226). */
	plan_new_session(plan);
	TRY(namespaces_plan(request, plan, err));

	/* The new root at its host path, then everything in it by descriptor. The host's tree is
	 * still there: hooks of the runtime see both. */
	TRY(mounts_plan_root(request, slots, plan, err));
	TRY(mounts_plan_all(request, slots, plan, cgroup_ready, err));
	TRY(mounts_plan_devices(request, slots, plan, err));
	/* /dev/pts is there now. */
	TRY(process_plan_terminal(request, process, slots, false, plan, err));
	process_plan_terminal_own(process, slots, plan);
	/* Not earlier, since a creation that fails later has to give the devices back; not later,
	 * since hooks of the runtime may look for them. */
	net_plan(request, plan);
	runtime_hooks(request, plan);

	/* A missing cwd is made, also below a root that is read-only from the pivot on. */
	plan_cwd(process, slots, plan);

	/* From here on there is no host. Masks come after the pivot, when nothing that is mounted
	 * later can cover them; sysctls before the masks, through a procfs of our own. */
	TRY(mounts_plan_pivot(request, slots, plan, err));
	TRY(namespaces_plan_names(request, plan, err));
	TRY(mounts_plan_masks(request, slots, plan, err));

	/* What needs files or descriptors, and what should fail `create` and not `start`. */
	TRY(process_plan_prepare(request, process, slots, false, plan, err));
	/* Labels are written while we may still open procfs; they take effect at exec. */
	TRY(lsm_plan(request, process, plan, err));
	TRY(process_plan_user(request, process, seccomp, plan, err));
	state = ready(request, slots, plan);
	return process_plan_exec(request, process, seccomp, state, plan, err);
}

/*
 * The step into the container's PID namespace, which makes us visible to its processes. One that
 * has CAP_SYS_PTRACE in our user namespace may trace us whatever we are (ptrace(2)), so the later
 * we appear and the less we can do by then, the better (CVE-2016-9962).
 */
static void appear(struct plan *plan)
{
	plan_origin(plan, "join the container's PID namespace");
	plan_sibling(plan, 0);
	plan_pdeathsig(plan, SIGKILL);
	/* The sibling leads no session: without one it could not own a terminal. */
	plan_new_session(plan);
}

int compile_exec(struct request *request, const struct oci_process *process,
		 const struct compile_join *join, const struct request_slots *slots,
		 const struct process_seccomp *seccomp, struct plan *plan, struct err *err)
{
	bool pid = (join->ns & CLONE_NEWPID) != 0;
	bool early;

	plan_origin(plan, "exec");
	plan_pdeathsig(plan, SIGKILL);
	plan_new_session(plan);
	TRY(process_plan_affinity(request, process, plan, err));
	/* Our own cgroups first: afterwards the host's cgroup files are out of reach. */
	cgroup_ready(request, plan);
	plan_origin(plan, "join the container's namespaces");
	if (join->ns)
		plan_join_pidfd(plan, plan_slot_fd(plan, "init", join->pidfd), join->ns);
	if (join->userns)
		plan_become_root(plan);
	/* A procfs for labels can be made in a user namespace only by who is in a PID namespace of
	 * it; and what we could lose there is only what the container's root has. */
	early = join->userns;
	/* What is scheduled with SCHED_DEADLINE may not fork, and SCHED_FLAG_RESET_ON_FORK would
	 * end the policy with the fork (sched(7)): that comes first, then. */
	early = early || process->scheduler;
	if (pid && early)
		appear(plan);
	plan_origin(plan, "exec");
	plan_root_open(plan, slots->root);
	TRY(process_plan_terminal(request, process, slots, true, plan, err));
	TRY(process_plan_prepare(request, process, slots, true, plan, err));
	TRY(lsm_plan(request, process, plan, err));
	TRY(process_plan_user(request, process, seccomp, plan, err));
	if (pid && !early)
		appear(plan);
	process_plan_terminal_own(process, slots, plan);
	plan_origin(plan, "exec");
	plan_pdeathsig(plan, 0);
	plan_barrier(plan, MESSAGE_READY, PLAN_NO_SLOT, 0);
	return process_plan_exec(request, process, seccomp, PLAN_NO_SLOT, plan, err);
}
