/* SPDX-License-Identifier: Apache-2.0 */
#include "process/tidy.h"

#include <errno.h>
#include <fcntl.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/process.h"

enum { SIGNALS = 64 };

/* A program starts with what its caller ignored and blocked (signal(7)): ours must not depend on
 * who called hull. */
static void reset_signals(void)
{
	/* struct sigaction as the kernel has it, all zero: SIG_DFL; and an empty mask. */
	static const unsigned long zero[8];

	for (int signal = 1; signal <= SIGNALS; signal++)
		sys_call(SYS_rt_sigaction, signal, zero, 0, SIGNALS / 8); /* not KILL and STOP */
	sys_call(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, zero, 0, SIGNALS / 8);
}

/* Close-on-exec for all descriptors from first on. */
static int mark_descriptors(unsigned first)
{
	int r = sys_close_range(first, ~0u, SYS_CLOSE_RANGE_CLOEXEC);

	/*
	 * Before Linux 5.11 one by one. All of ours have the flag from birth and are found again
	 * here below a few hundred; those of a careless caller are below its limit.
	 */
	if (r == -ENOSYS || r == -EINVAL || r == -EPERM)
		for (unsigned fd = first; fd < 65536; fd++)
			(void)sys_fcntl((int)fd, F_SETFD, FD_CLOEXEC); /* -EBADF: not open */
	else if (r < 0)
		return r;
	return 0;
}

int process_tidy(unsigned preserve)
{
	reset_signals();
	sys_prctl(PR_SET_PDEATHSIG, 0);
	return mark_descriptors(3 + preserve);
}

/* A hole among the descriptors to hand on is an error: somebody counted wrongly. */
static int check_preserved(unsigned preserve)
{
	for (unsigned fd = 3; fd < 3 + preserve; fd++) {
		int r = sys_fcntl((int)fd, F_SETFD, 0);

		if (r < 0)
			return r;
	}
	return 0;
}

int step_tidy(struct init *in, const struct step_tidy *s)
{
	int r = check_preserved((unsigned)s->preserve);

	if (r < 0)
		return init_doing(in, "descriptor to preserve", r);
	return init_doing(in, "close_range", process_tidy((unsigned)s->preserve));
}
