/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ioprio.h>
#include <string.h>
#include <sys/personality.h>

#include "base/err.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "process/environment.h"
#include "process/number_list.h"
#include "process/plan.h"
#include "process/process.h"
#include "process/schedule.h"

static void plan_keyring_of(const struct request *request, const struct oci_process *process,
			    struct plan *plan)
{
	const char *label = process->selinux_label;
	const char *name = arena_printf(request->arena, "_ses.%s", request->id);
	int procfs = PLAN_NO_SLOT;

	if (request->no_new_keyring)
		return;
	plan_origin(plan, "session keyring");
	if (label && !*label)
		label = NULL;
	if (label) {
		procfs = plan_slot(plan, "procfs");
		plan_procfs(plan, false, procfs);
	}
	/* exec gives the same name: it joins the container's keyring. */
	plan_keyring(plan, name, procfs, label);
	if (label)
		plan_close(plan, procfs);
}

/* The spec leaves the default open; other runtimes take 022. A process of exec gets the umask that
 * the container was made with unless it has its own. */
static uint32_t umask_of(const struct request *request, const struct oci_process *process)
{
	const struct oci_process *init = request->config->process;

	if (process->user && process->user->has_umask)
		return process->user->umask;
	if (init && init->user && init->user->has_umask)
		return init->user->umask;
	return 022;
}

static void plan_scheduler_of(const struct oci_scheduler *s, struct plan *plan)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < s->n_flags; i++)
		flags |= schedule_flag(s->flags[i]);
	plan_origin(plan, "process.scheduler");
	plan_scheduler(plan, schedule_policy(s->policy), s->nice, s->priority, flags,
		       (int64_t)s->runtime, (int64_t)s->deadline, (int64_t)s->period);
}

static int add_affinity(const struct request *request, const char *text, const char *member,
			struct plan *plan, struct err *err)
{
	struct number_list *list = arena_alloc(request->arena, sizeof *list);

	if (!list)
		return err_set(err, ENOMEM, "process.execCPUAffinity.%s", member);
	plan_origin(plan, "process.execCPUAffinity.%s (%s)", member, text);
	if (number_list_parse(text, list) < 0)
		return err_text(err, EINVAL,
				"process.execCPUAffinity.%s: \"%s\" is not a list of CPUs", member,
				text);
	if (list->n)
		plan_cpu_affinity(plan, (struct plan_bytes){list->bits, number_list_size(list)});
	return 0;
}

int process_plan_affinity(struct request *request, const struct oci_process *process,
			  struct plan *plan, struct err *err)
{
	const struct oci_cpu_affinity *affinity = process->exec_cpu_affinity;

	if (!affinity || !affinity->initial)
		return 0;
	return add_affinity(request, affinity->initial, "initial", plan, err);
}

/*
 * Whoever called hull may have bound itself to some CPUs; the container gets all that its cgroup
 * allows: since Linux 6.2 an affinity that was asked for outlives the move into a cgroup. The
 * kernel cuts the mask down to what there is.
 */
static int plan_affinity_of(const struct request *request, const struct oci_process *process,
			    bool exec, struct plan *plan, struct err *err)
{
	const struct oci_cpu_affinity *affinity = exec ? process->exec_cpu_affinity : NULL;
	unsigned char *all;

	if (affinity && affinity->final)
		return add_affinity(request, affinity->final, "final", plan, err);
	/* Bound for its first moments only: then the kernel decides (config.md). */
	if (affinity && affinity->initial)
		return 0;
	all = arena_alloc(request->arena, NUMBER_LIST_MAX / 8);
	if (!all)
		return err_set(err, ENOMEM, "CPU affinity");
	memset(all, 0xff, NUMBER_LIST_MAX / 8);
	plan_origin(plan, "CPU affinity");
	plan_cpu_affinity(plan, (struct plan_bytes){all, NUMBER_LIST_MAX / 8});
	return 0;
}

static int plan_memory_policy_of(const struct request *request,
				 const struct oci_memory_policy *policy, struct plan *plan,
				 struct err *err)
{
	struct number_list *list = arena_alloc(request->arena, sizeof *list);
	int mode = schedule_memory_mode(policy->mode);

	if (!list)
		return err_set(err, ENOMEM, "linux.memoryPolicy");
	if (policy->nodes && number_list_parse(policy->nodes, list) < 0)
		return err_text(err, EINVAL,
				"linux.memoryPolicy.nodes: \"%s\" is not a list of nodes",
				policy->nodes);
	for (size_t i = 0; i < policy->n_flags; i++)
		mode |= schedule_memory_flag(policy->flags[i]);
	plan_origin(plan, "linux.memoryPolicy");
	plan_memory_policy(plan, mode,
			   (struct plan_bytes){list->bits, list->n ? number_list_size(list) : 0});
	return 0;
}

static int plan_scheduling(const struct request *request, const struct oci_process *process,
			   bool exec, struct plan *plan, struct err *err)
{
	const struct oci_linux *config = request->config->linux_;
	int r = plan_affinity_of(request, process, exec, plan, err);

	if (r < 0)
		return r;
	if (process->scheduler)
		plan_scheduler_of(process->scheduler, plan);
	if (process->io_priority) {
		plan_origin(plan, "process.ioPriority");
		plan_io_priority(plan, (int64_t)schedule_io_class(process->io_priority->class)
						       << IOPRIO_CLASS_SHIFT |
					       process->io_priority->priority);
	}
	if (config && config->personality) {
		plan_origin(plan, "linux.personality");
		plan_personality(plan, config->personality->domain == OCI_PERSONALITY_LINUX32
					       ? PER_LINUX32
					       : PER_LINUX);
	}
	if (config && config->memory_policy)
		r = plan_memory_policy_of(request, config->memory_policy, plan, err);
	return r;
}

int process_plan_prepare(struct request *request, const struct oci_process *process,
			 const struct request_slots *slots, bool exec, struct plan *plan,
			 struct err *err)
{
	struct environment environment;
	int r = environment_of(request->arena, process, &environment);

	if (r < 0)
		return err_set(err, -r, "process.env");
	plan_keyring_of(request, process, plan);
	r = plan_scheduling(request, process, exec, plan, err);
	if (r < 0)
		return r;
	if (!environment.has_home) {
		plan_origin(plan, "HOME of uid %u", process_uid(process));
		plan_home(plan, slots->root, process_uid(process));
	}
	/* Before the umask is the container's: directories that have to be made get 0755. */
	plan_origin(plan, "chdir to cwd (\"%s\") set in config.json failed", process->cwd);
	plan_chdir(plan, process->cwd, !exec, false);
	plan_origin(plan, "process.user.umask");
	plan_umask(plan, umask_of(request, process));
	if (!process->terminal) {
		plan_origin(plan, "standard streams");
		plan_stdio_owner(plan, process_uid(process));
	}
	return 0;
}
