/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"

int step_cgroup_join(struct init *in, const struct step_cgroup_join *s)
{
	/*
	 * "0" is the writer itself. For a single-threaded process that moves itself through `tasks`
	 * the kernel skips cgroup_threadgroup_rwsem, whose write side waits for an RCU grace
	 * period: microseconds instead of milliseconds for each hierarchy.
	 */
	long r = sys_write(init_fd(in, s->tasks), "0", 1);

	if (r < 0)
		return init_doing(in, "join the cgroup", r);
	init_drop(in, s->tasks);
	return 0;
}
