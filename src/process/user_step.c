/* SPDX-License-Identifier: Apache-2.0 */

/* Who the process is: user, groups, capabilities. The planner's order is in user_plan.c. */

#include <errno.h>
#include <fcntl.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/process.h"

static bool is_owned_stream(int fd, const struct statx *st, uint32_t uid)
{
	int flags;

	if (st->stx_uid == uid)
		return false;
	switch (st->stx_mode & S_IFMT) {
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	case S_IFREG:
		/* A log file. What was opened only for reading (`hull run < /etc/passwd`) is some
		 * file of the caller's. */
		flags = sys_fcntl(fd, F_GETFL, 0);
		return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
	default:
		/* Devices are shared with the whole machine, /dev/null before all others, and a
		 * terminal belongs to its user. */
		return false;
	}
}

/*
 * The program may open /dev/stdout again, which the kernel checks like any open(2): the streams
 * that the caller made for this container are given to its user. The group stays.
 */
int step_stdio_owner(struct init *in, const struct step_stdio_owner *s)
{
	for (int fd = 0; fd < 3; fd++) {
		struct statx st;
		int r;

		/* A closed stream has no owner. */
		if (sys_fstatx(fd, &st) < 0 || !is_owned_stream(fd, &st, (uint32_t)s->uid))
			continue;
		r = sys_fchownat(fd, "", (uint32_t)s->uid, (uint32_t)-1, AT_EMPTY_PATH);
		/* Not ours to give (rootless, an id that is not mapped), or on a file system that
		 * has no owners: it works all the same as long as it is not opened again. */
		if (r < 0 && r != -EPERM && r != -EROFS && r != -EINVAL && r != -EOVERFLOW)
			return init_doing(in, "fchown stdio", r);
	}
	return 0;
}

int step_groups(struct init *in, const struct step_groups *s)
{
	int r = sys_setgroups(s->gids.n, s->gids.id);

	/* Where setgroups is denied (user_namespaces(7)) nobody can drop the caller's groups: that
	 * is the point of denying it. They are not mapped, so nothing new can be reached. */
	if (r == -EPERM && s->gids.n == 0 && s->denied_ok)
		r = 0;
	return init_doing(in, "setgroups", r);
}

int step_ids(struct init *in, const struct step_ids *s)
{
	int pdeathsig = sys_pdeathsig();
	int r = init_doing(in, "setresgid", sys_setresgid((uint32_t)s->gid));

	if (r == 0)
		r = init_doing(in, "setresuid", sys_setresuid((uint32_t)s->uid));
	sys_guard_again(pdeathsig);
	return r;
}

int step_keep_caps(struct init *in, const struct step_keep_caps *s)
{
	(void)s;
	/* Permitted capabilities survive the change from uid 0; exec takes the flag back. */
	return init_doing(in, "prctl PR_SET_KEEPCAPS", sys_prctl(PR_SET_KEEPCAPS, 1));
}

int step_bounding(struct init *in, const struct step_bounding *s)
{
	/* Up to what this kernel knows: the first number that it does not know is -EINVAL. */
	for (unsigned long cap = 0; cap < 64; cap++) {
		int r = sys_prctl(PR_CAPBSET_READ, cap);

		if (r == -EINVAL)
			break;
		if (r == 1 && !(s->keep >> cap & 1))
			r = sys_prctl(PR_CAPBSET_DROP, cap);
		if (r < 0)
			return init_doing(in, "prctl PR_CAPBSET_DROP", r);
	}
	return 0;
}

int step_caps(struct init *in, const struct step_caps *s)
{
	/* Never adds to the permitted set, so we stay as guarded as before (sys_guard_again). */
	return init_doing(in, "capset", sys_capset(s->effective, s->permitted, s->inheritable));
}

int step_ambient(struct init *in, const struct step_ambient *s)
{
	long r = sys_call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);

	for (unsigned long cap = 0; r == 0 && cap < 64; cap++)
		if (s->raise >> cap & 1)
			r = sys_call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	return init_doing(in, "prctl PR_CAP_AMBIENT", r);
}

int step_no_new_privs(struct init *in, const struct step_no_new_privs *s)
{
	(void)s;
	return init_doing(in, "prctl PR_SET_NO_NEW_PRIVS", sys_prctl(PR_SET_NO_NEW_PRIVS, 1));
}
