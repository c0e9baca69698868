/* SPDX-License-Identifier: Apache-2.0 */

/* From root in the container to the user of the process, and exec. */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "process/capability.h"
#include "process/environment.h"
#include "process/plan.h"
#include "process/process.h"

bool process_in_userns(const struct request *request)
{
	const struct oci_linux *config = request->config->linux_;

	if (request_has(request, CLONE_NEWUSER))
		return true;
	/* exec: ns_new and ns_joined say what the plan makes, not what the container has. */
	for (size_t i = 0; config && i < config->n_namespaces; i++)
		if (config->namespaces[i].type == OCI_NAMESPACE_USER)
			return true;
	return false;
}

uint64_t process_capabilities_available(const struct request *request)
{
	return request->dry ? UINT64_MAX : capability_available(process_in_userns(request));
}

static bool has_filter(const struct process_seccomp *seccomp)
{
	return seccomp && seccomp->filter.size;
}

static void plan_filter(const struct process_seccomp *seccomp, struct plan *plan)
{
	const struct plan_bytes filter = {seccomp->filter.data, seccomp->filter.size};
	int listener;

	plan_origin(plan, "linux.seccomp");
	if (!seccomp->notify) {
		plan_seccomp(plan, filter, seccomp->flags);
		return;
	}
	listener = plan_slot(plan, "seccomp listener");
	plan_seccomp_listener(plan, filter, seccomp->flags, listener);
	plan_send(plan, MESSAGE_LISTENER, listener);
}

/* Without no_new_privs the kernel wants CAP_SYS_ADMIN for a filter (seccomp(2)): hull-init keeps it
 * permitted, but not effective, until then. 0 when it is not needed, or not to be had. */
static uint64_t filter_capability(const struct request *request, const struct oci_process *process,
				  const struct process_seccomp *seccomp)
{
	if (!has_filter(seccomp) || process->no_new_privileges)
		return 0;
	return process_capabilities_available(request) & UINT64_C(1) << CAP_SYS_ADMIN;
}

/* All that has to be allowed by the filter itself is what follows: capset (without no_new_privs)
 * and execve. */
static void plan_filter_as_user(const struct request *request, const struct oci_process *process,
				const struct process_seccomp *seccomp, struct plan *plan)
{
	struct capability_sets sets =
		capability_sets_of(process->capabilities, process_capabilities_available(request));
	uint64_t admin = filter_capability(request, process, seccomp);

	if (admin) {
		plan_origin(plan, "linux.seccomp");
		plan_caps(plan, admin, sets.permitted | admin, sets.inheritable);
	}
	plan_filter(seccomp, plan);
	if (admin) {
		plan_origin(plan, "process.capabilities");
		plan_caps(plan, sets.effective, sets.permitted, sets.inheritable);
	}
}

/* Whether hull itself lives where setgroups is denied, as in a user namespace that a user made
 * alone (user_namespaces(7)). */
static bool setgroups_denied(const struct request *request)
{
	char *text;
	size_t size;

	if (request->dry ||
	    io_read_file(request->arena, AT_FDCWD, "/proc/self/setgroups", 64, &text, &size) < 0)
		return false;
	return str_after(text, "deny");
}

/* Other runtimes' way to leave a rootless user the groups that it has. */
static bool keeps_groups(const struct request *request)
{
	const struct oci_config *config = request->config;

	for (size_t i = 0; i < config->n_annotations; i++)
		if (str_eq(config->annotations[i].key, "run.oci.keep_original_groups"))
			return str_eq(config->annotations[i].value, "1") ||
			       str_eq(config->annotations[i].value, "true");
	return false;
}

static void plan_ids_of(const struct request *request, const struct oci_process *process,
			struct plan *plan)
{
	const struct oci_user *user = process->user;
	struct plan_ids gids = {user ? user->additional_gids : NULL,
				user ? user->n_additional_gids : 0};

	/* Always, for an empty list too: the caller's groups must not come along
	 * (CVE-2022-2989 and others). */
	if (!keeps_groups(request)) {
		plan_origin(plan, "process.user.additionalGids");
		plan_groups(plan, gids, process_in_userns(request) || setgroups_denied(request));
	}
	plan_origin(plan, "process.user (%u:%u)", process_uid(process), process_gid(process));
	plan_ids(plan, process_uid(process), process_gid(process));
}

int process_plan_user(struct request *request, const struct oci_process *process,
		      const struct process_seccomp *seccomp, struct plan *plan, struct err *err)
{
	struct capability_sets sets =
		capability_sets_of(process->capabilities, process_capabilities_available(request));
	struct environment environment;
	int r = environment_of(request->arena, process, &environment);

	if (r < 0)
		return err_set(err, -r, "process.env");
	if (request->nofile ||
	    ((process->n_rlimits || process->has_oom_score_adj) && !request->limits_early)) {
		plan_origin(plan, "process.rlimits");
		plan_barrier(plan, MESSAGE_LIMITS, PLAN_NO_SLOT, 0);
	}
	/* The bounding set needs CAP_SETPCAP, groups and ids need theirs: all before the user is
	 * switched. The permitted set has to outlive that for capset to choose from. */
	plan_origin(plan, "process.capabilities.bounding");
	plan_bounding(plan, sets.bounding);
	plan_keep_caps(plan);
	plan_ids_of(request, process, plan);
	/* Both as the user: what it may not enter or execute is not there for it. While the
	 * capabilities of root are still permitted but no longer effective. */
	plan_origin(plan, "chdir to cwd (\"%s\") set in config.json failed", process->cwd);
	plan_chdir(plan, process->cwd, false, true);
	plan_origin(plan, "process.capabilities");
	plan_caps(plan, sets.effective,
		  sets.permitted | filter_capability(request, process, seccomp), sets.inheritable);
	/* Last of the sets: each bit has to be permitted and inheritable already. Empty: cleared,
	 * since the caller may have some. */
	plan_origin(plan, "process.capabilities.ambient");
	plan_ambient(plan, sets.ambient);
	plan_origin(plan, "exec: \"%s\"", process->args[0]);
	plan_find_program(plan, process->args[0], environment.path);
	if (process->no_new_privileges) {
		plan_origin(plan, "process.noNewPrivileges");
		plan_no_new_privs(plan);
	}
	/* The agent gets its descriptor from `create`, which is gone later. */
	if (has_filter(seccomp) && seccomp->notify)
		plan_filter_as_user(request, process, seccomp, plan);
	return 0;
}

/* With process.env where a hook has no env: they run in the container, and other runtimes do so. */
static void plan_start_hooks(const struct request *request, const char *const *process_env,
			     int state, struct plan *plan)
{
	const struct oci_hooks *hooks = request->config->hooks;

	for (size_t i = 0; hooks && i < hooks->n_start_container; i++) {
		const struct oci_hook *hook = &hooks->start_container[i];
		const char *const only_path[] = {hook->path, NULL};

		plan_origin(plan, "hooks.startContainer[%zu] (%s)", i, hook->path);
		plan_hook(plan, hook->path, hook->n_args ? hook->args : only_path,
			  hook->env ? hook->env : process_env, state,
			  hook->has_timeout ? hook->timeout : 0);
	}
	plan_close(plan, state);
}

int process_plan_exec(struct request *request, const struct oci_process *process,
		      const struct process_seccomp *seccomp, int state, struct plan *plan,
		      struct err *err)
{
	struct environment environment;
	int r = environment_of(request->arena, process, &environment);

	if (r < 0)
		return err_set(err, -r, "process.env");
	plan_origin(plan, "descriptors (--preserve-fds %u)", request->preserve_fds);
	plan_tidy(plan, request->preserve_fds, state);
	if (has_filter(seccomp) && !seccomp->notify)
		plan_filter_as_user(request, process, seccomp, plan);
	if (state != PLAN_NO_SLOT)
		plan_start_hooks(request, environment.list, state, plan);
	plan_origin(plan, "exec: \"%s\"", process->args[0]);
	plan_exec(plan, (plan_list)process->args, environment.list);
	return 0;
}
