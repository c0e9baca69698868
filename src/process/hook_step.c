/* SPDX-License-Identifier: Apache-2.0 */

/* Hooks that run inside the container (createContainer, startContainer). */

#include <errno.h>
#include <fcntl.h>
#include <linux/time_types.h>
#include <linux/wait.h>
#include <asm/poll.h>
#include <asm/signal.h>

#include "plan/step.h"
#include "process/tidy.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/text.h"

enum { HOOK_NO_EXEC = 127 };

__attribute__((noreturn)) static void hook_child(const struct step_hook *s, int state)
{
	/* A group of its own, so that a hook that is too late dies with what it started. */
	sys_call(SYS_setpgid, 0, 0);
	if (sys_call(SYS_lseek, state, 0, 0 /* SEEK_SET */) < 0 || sys_dup3(state, 0, 0) < 0 ||
	    process_tidy(0) < 0)
		sys_exit(HOOK_NO_EXEC);
	sys_execve(s->path, s->args, s->env);
	sys_exit(HOOK_NO_EXEC);
}

/* Waits until the hook has ended. 1, 0 when the time is up, or -errno. */
static long wait_until(int pidfd, int64_t seconds)
{
	struct pollfd poll = {.fd = pidfd, .events = POLLIN};
	struct __kernel_timespec left = {.tv_sec = seconds};
	long r;

	/* ppoll(2) writes the time that is left back, so a restart does not begin anew. */
	do
		r = sys_call(SYS_ppoll, &poll, 1, seconds ? &left : NULL, 0, 0);
	while (r == -EINTR);
	return r;
}

static int hook_failed(struct init *in, const char *what, unsigned number, const char *unit, int r)
{
	struct text text = {in->path, sizeof in->path, 0};

	text_adds(&text, what);
	text_add_number(&text, number);
	text_adds(&text, unit);
	return init_doing(in, in->path, r);
}

int step_hook(struct init *in, const struct step_hook *s)
{
	int pidfd = -1, status = 0;
	long r, pid = sys_fork(CLONE_PIDFD | SIGCHLD, &pidfd);

	if (pid == 0)
		hook_child(s, init_fd(in, s->state));
	if (pid < 0)
		return init_doing(in, "clone", pid);
	r = wait_until(pidfd, s->timeout);
	if (r <= 0) {
		sys_call(SYS_kill, -pid, SIGKILL); /* it may not have its group yet */
		sys_call(SYS_kill, pid, SIGKILL);
	}
	sys_close(pidfd);
	while (sys_call(SYS_wait4, pid, &status, __WALL, 0) == -EINTR)
		;
	if (r < 0)
		return init_doing(in, "ppoll", r);
	if (r == 0)
		return hook_failed(in, "=hook ran past specified timeout of ", (unsigned)s->timeout,
				   "s", -ETIMEDOUT);
	if (status & 0x7f)
		return hook_failed(in, "=killed by signal ", (unsigned)status & 0x7f, "",
				   -ECANCELED);
	if (status >> 8)
		return hook_failed(in, "=exit status ", (unsigned)status >> 8 & 0xff, "",
				   -ECANCELED);
	return 0;
}
