/* SPDX-License-Identifier: Apache-2.0 */
#include "process/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/text.h"

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

static bool is_ours(const struct init *in, int fd)
{
	for (uint32_t i = 0; i < in->n_slots; i++)
		if (in->slot[i] == fd)
			return true;
	return fd == in->control;
}

/* A hole among the descriptors to hand on is an error: the caller counted wrongly, and something of
 * ours may have filled it, which has the flag from birth, or is in a slot. */
static int check_preserved(struct init *in, int first, int end)
{
	struct text text = {in->path, sizeof in->path, 0};

	for (int fd = first; fd < end; fd++) {
		int flags = sys_fcntl(fd, F_GETFD, 0);

		if (flags >= 0 && !(flags & FD_CLOEXEC) && !is_ours(in, fd))
			continue;
		text_adds(&text, "=descriptor ");
		text_add_number(&text, (unsigned long)fd);
		text_adds(&text, " is not open");
		return init_doing(in, in->path, -EBADF);
	}
	return 0;
}

/* Moves a descriptor to a number, close-on-exec. */
static int move(int *fd, int to)
{
	int r = *fd == to ? 0 : sys_dup3(*fd, to, O_CLOEXEC);

	if (r >= 0)
		*fd = to;
	return r;
}

/*
 * Closes all but 0, 1, 2, what is handed on, the control socket and what is kept for hooks, which
 * move right behind them: close-on-exec is not enough, since execve resolves the program's path
 * while such descriptors are still open (/proc/self/fd/N in args[0]; CVE-2024-21626).
 */
static int close_descriptors(struct init *in, int end, int keep)
{
	int r, kept = init_fd(in, keep);

	if (kept >= 0) {
		/* Out of the way of the socket first. */
		kept = sys_fcntl(kept, F_DUPFD_CLOEXEC, end + 2);
		if (kept < 0)
			return kept;
	}
	r = in->control >= 0 ? move(&in->control, end++) : 0;
	if (r >= 0 && kept >= 0)
		r = move(&kept, end++);
	if (r < 0)
		return r;
	if (kept >= 0)
		init_put(in, keep, kept);
	r = sys_close_range((unsigned)end, ~0u, 0);
	/* Before Linux 5.9: process_tidy has marked them. */
	return r == -ENOSYS ? 0 : r;
}

int step_tidy(struct init *in, const struct step_tidy *s)
{
	int end = 3 + (int)s->preserve;
	int r = check_preserved(in, 3, end);

	if (r == 0)
		r = init_doing(in, "close_range", process_tidy((unsigned)s->preserve));
	return r < 0 ? r : init_doing(in, "close descriptors", close_descriptors(in, end, s->keep));
}
