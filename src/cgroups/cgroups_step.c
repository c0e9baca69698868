/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/step.h"
#include "sys/file.h"

/*
 * "0" is the writer itself. In a v1 `tasks` file it moves one thread, and for a thread that moves
 * itself the kernel does not take the lock that stops every fork and exit on the machine
 * (cgroup_threadgroup_rwsem, milliseconds when it was idle); hull-init has only one.
 */
int step_cgroup_join(struct init *in, const struct step_cgroup_join *s)
{
	long r = sys_write(init_fd(in, s->tasks), "0", 1);

	init_drop(in, s->tasks);
	return init_doing(in, "write tasks", r < 0 ? r : 0);
}
