/* SPDX-License-Identifier: Apache-2.0 */

/* Scheduling, CPU lists, memory policy: what would make the kernel refuse it, and what it would
 * ignore silently. */

#include <errno.h>

#include "process/check.h"
#include "process/number_list.h"
#include "process/process.h"

static void check_nice(const struct check *c, const struct oci_scheduler *s)
{
	bool fair = s->policy == OCI_SCHED_OTHER || s->policy == OCI_SCHED_BATCH;
	bool real_time = s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR;

	if (s->nice && !fair)
		check_add(c, OCI_ERROR, "scheduler.nice",
			  "only SCHED_OTHER and SCHED_BATCH have a nice value");
	else if (s->nice < -20 || s->nice > 19)
		check_add(c, OCI_ERROR, "scheduler.nice", "must be from -20 to 19");
	if (s->priority && !real_time)
		check_add(c, OCI_ERROR, "scheduler.priority",
			  "only SCHED_FIFO and SCHED_RR have a priority");
	else if (real_time && (s->priority < 1 || s->priority > 99))
		check_add(c, OCI_ERROR, "scheduler.priority",
			  "must be from 1 to 99 for this policy");
}

/* sched(7): 1 us <= runtime <= deadline <= period; a period of 0 is the deadline. */
static void check_deadline(const struct check *c, const struct oci_scheduler *s)
{
	if (s->policy != OCI_SCHED_DEADLINE) {
		if (s->runtime || s->deadline || s->period)
			check_add(c, OCI_ERROR, "scheduler",
				  "runtime, deadline and period are for SCHED_DEADLINE only");
		return;
	}
	if (s->runtime < 1024)
		check_add(c, OCI_ERROR, "scheduler.runtime",
			  "SCHED_DEADLINE needs at least 1024 nanoseconds");
	if (s->runtime > s->deadline)
		check_add(c, OCI_ERROR, "scheduler.deadline", "must not be less than runtime");
	if (s->period && s->deadline > s->period)
		check_add(c, OCI_ERROR, "scheduler.period", "must not be less than deadline");
	if (s->runtime > INT64_MAX || s->deadline > INT64_MAX || s->period > INT64_MAX)
		check_add(c, OCI_ERROR, "scheduler", "a time has more than 63 bits");
}

static void check_cpus(const struct check *c, const char *member, const char *text)
{
	struct number_list list;
	int r = text ? number_list_parse(text, &list) : 0;

	if (r == -ERANGE)
		check_add(c, OCI_ERROR, member, "no CPU has a number above %d",
			  NUMBER_LIST_MAX - 1);
	else if (r < 0)
		check_add(c, OCI_ERROR, member, "\"%s\" is not a list of CPUs like 0-3,7", text);
}

void check_scheduling(const struct check *c, const struct oci_process *process)
{
	const struct oci_cpu_affinity *affinity = process->exec_cpu_affinity;

	if (process->scheduler) {
		check_nice(c, process->scheduler);
		check_deadline(c, process->scheduler);
	}
	if (process->io_priority &&
	    (process->io_priority->priority < 0 || process->io_priority->priority > 7))
		check_add(c, OCI_ERROR, "ioPriority.priority", "must be from 0 to 7");
	if (affinity) {
		check_cpus(c, "execCPUAffinity.initial", affinity->initial);
		check_cpus(c, "execCPUAffinity.final", affinity->final);
	}
}

static void check_memory_policy(const struct check *c, const struct oci_memory_policy *policy)
{
	struct number_list nodes = {.n = 0};
	unsigned flags = 0;

	if (!policy->has_mode) {
		check_add(c, OCI_ERROR, "memoryPolicy.mode", "missing, the spec requires it");
		return;
	}
	if (policy->nodes && number_list_parse(policy->nodes, &nodes) < 0) {
		check_add(c, OCI_ERROR, "memoryPolicy.nodes",
			  "\"%s\" is not a list of nodes like 0-3,7", policy->nodes);
		return;
	}
	for (size_t i = 0; i < policy->n_flags; i++)
		flags |= 1u << policy->flags[i];
	/* set_mempolicy(2) */
	if (policy->mode == OCI_MPOL_DEFAULT || policy->mode == OCI_MPOL_LOCAL) {
		if (nodes.n)
			check_add(c, OCI_ERROR, "memoryPolicy.nodes", "this mode takes no nodes");
		if (flags)
			check_add(c, OCI_ERROR, "memoryPolicy.flags", "this mode takes no flags");
	} else if (!nodes.n && policy->mode != OCI_MPOL_PREFERRED) {
		check_add(c, OCI_ERROR, "memoryPolicy.nodes", "this mode needs at least one node");
	}
	if (flags >> OCI_MPOL_F_STATIC_NODES & flags >> OCI_MPOL_F_RELATIVE_NODES & 1)
		check_add(c, OCI_ERROR, "memoryPolicy.flags",
			  "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
}

void check_linux(const struct check *process)
{
	const struct check c = {process->request, "linux", process->report};
	const struct oci_linux *config = c.request->config->linux_;

	if (!config)
		return;
	if (config->personality && config->personality->n_flags)
		check_add(&c, OCI_ERROR, "personality.flags",
			  "the spec defines no personality flags");
	if (config->personality && !config->personality->has_domain)
		check_add(&c, OCI_ERROR, "personality.domain", "missing, the spec requires it");
	if (config->memory_policy)
		check_memory_policy(&c, config->memory_policy);
}
