/* SPDX-License-Identifier: Apache-2.0 */

/* Attributes of the process that no privilege depends on: session, keyring, scheduling, memory. */

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/sched/types.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/text.h"

int step_pdeathsig(struct init *in, const struct step_pdeathsig *s)
{
	return init_doing(in, "prctl PR_SET_PDEATHSIG",
			  sys_prctl(PR_SET_PDEATHSIG, (unsigned long)s->signal));
}

int step_new_session(struct init *in, const struct step_new_session *s)
{
	(void)s;
	return init_doing(in, "setsid", sys_call(SYS_setsid));
}

/* Possessor: all; user: view, read, search, link. "search" lets a process of the user that got the
 * keyring's number (systemd, login) use it, as other runtimes do (keyctl_setperm(3)). */
#define KEYRING_PERMISSIONS 0x3f1b0000u

static int set_keyring_label(struct init *in, const struct step_keyring *s, const char *label)
{
	int r = procfs_write(init_fd(in, s->procfs), "thread-self/attr/keycreate", label,
			     text_length(label) + 1);

	return init_doing(in, "write attr/keycreate", r);
}

int step_keyring(struct init *in, const struct step_keyring *s)
{
	long id;
	int r;

	if (s->label) {
		r = set_keyring_label(in, s, s->label);
		if (r < 0)
			return r;
	}
	id = sys_call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, s->name, 0, 0, 0);
	/* A kernel without keyrings has none to share with the host either. */
	if (id < 0 && id != -ENOSYS)
		return init_doing(in, "keyctl KEYCTL_JOIN_SESSION_KEYRING", id);
	if (s->label) {
		r = set_keyring_label(in, s, "");
		if (r < 0)
			return r;
	}
	if (id < 0)
		return 0;
	return init_doing(in, "keyctl KEYCTL_SETPERM",
			  sys_call(SYS_keyctl, KEYCTL_SETPERM, id, KEYRING_PERMISSIONS, 0, 0));
}

int step_umask(struct init *in, const struct step_umask *s)
{
	(void)in;
	sys_call(SYS_umask, s->mask); /* cannot fail */
	return 0;
}

int step_personality(struct init *in, const struct step_personality *s)
{
	return init_doing(in, "personality", sys_call(SYS_personality, s->persona));
}

int step_scheduler(struct init *in, const struct step_scheduler *s)
{
	struct sched_attr attr;

	__builtin_memset(&attr, 0, sizeof attr);
	/* The first version of the structure: all that the spec has, and no kernel refuses it. */
	attr.size = SCHED_ATTR_SIZE_VER0;
	attr.sched_policy = (uint32_t)s->policy;
	attr.sched_flags = s->flags;
	attr.sched_nice = (int32_t)s->nice;
	attr.sched_priority = (uint32_t)s->priority;
	attr.sched_runtime = (uint64_t)s->runtime;
	attr.sched_deadline = (uint64_t)s->deadline;
	attr.sched_period = (uint64_t)s->period;
	return init_doing(in, "sched_setattr", sys_call(SYS_sched_setattr, 0, &attr, 0));
}

int step_io_priority(struct init *in, const struct step_io_priority *s)
{
	return init_doing(in, "ioprio_set",
			  sys_call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, s->value));
}

int step_cpu_affinity(struct init *in, const struct step_cpu_affinity *s)
{
	return init_doing(in, "sched_setaffinity",
			  sys_call(SYS_sched_setaffinity, 0, s->mask.size, s->mask.data));
}

int step_memory_policy(struct init *in, const struct step_memory_policy *s)
{
	const void *nodes = s->nodes.size ? s->nodes.data : NULL;
	/* The kernel takes one bit less than it is told (get_nodes in mm/mempolicy.c). */
	size_t bits = s->nodes.size ? s->nodes.size * 8 + 1 : 0;

	return init_doing(in, "set_mempolicy", sys_call(SYS_set_mempolicy, s->mode, nodes, bits));
}
