/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "base/err.h"
#include "base/fd.h"
#include "cgroups/cgroups.h"
#include "container/container.h"
#include "hull.h"
#include "sys/call.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* one number on every architecture */
#endif

static int signal_init(const struct container *container, int signal, struct err *err)
{
	AUTO_CLOSE int pidfd = status_pidfd(&container->record);
	int r = pidfd < 0 ? pidfd : (int)sys_call(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);

	if (r == -ESRCH)
		return err_text(err, ESRCH, "container not running");
	if (r < 0)
		return err_set(err, -r, "send signal %d to container %s", signal,
			       container->entry.id);
	return 0;
}

/* Without a PID namespace of its own the death of its first process ends nobody else. */
static bool whole_cgroup(const struct container *container, int signal, bool all)
{
	return container->cgroups &&
	       (all || (signal == SIGKILL && !(container->record.ns_new & CLONE_NEWPID)));
}

int hull_kill(const struct hull *hull, const char *id, int signal, bool all, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open(hull, id, false, &container, err);

	if (r < 0)
		return r;
	/* --all reaches what the first process has left behind, so there need not be one. */
	if (!all || container.status == STATUS_CREATING)
		r = status_allow(COMMAND_KILL, container.status, id, err);
	if (r < 0)
		return r;
	if (whole_cgroup(&container, signal, all))
		return cgroups_kill(container.cgroups, signal, err);
	if (all && container.status == STATUS_STOPPED)
		return 0;
	r = signal_init(&container, signal, err);
	/* cgroup v1: a frozen process dies only when it is thawed. */
	if (r == 0 && signal == SIGKILL && container.status == STATUS_PAUSED)
		r = cgroups_freeze(container.cgroups, false, err);
	return r;
}
