/* SPDX-License-Identifier: Apache-2.0 */

/* Making, joining and furnishing namespaces. */

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/message.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/text.h"

int step_unshare(struct init *in, const struct step_unshare *s)
{
	int pdeathsig = sys_pdeathsig();
	int r = sys_unshare(s->flags);

	sys_guard_again(pdeathsig); /* a new user namespace is a change of credentials */
	return init_doing(in, "unshare", r);
}

/* The planner has put these in the order in which we have the privileges for them. type makes the
 * kernel check that the descriptor is what the config says (setns(2)). */
int step_join(struct init *in, const struct step_join *s)
{
	int pdeathsig = sys_pdeathsig();
	int r = sys_setns(init_fd(in, s->ns), s->type);

	sys_guard_again(pdeathsig);
	if (r < 0)
		return init_doing(in, "setns", r);
	init_drop(in, s->ns);
	return 0;
}

int step_join_pidfd(struct init *in, const struct step_join_pidfd *s)
{
	int pdeathsig = sys_pdeathsig();
	int r = sys_setns(init_fd(in, s->pidfd), s->flags);

	sys_guard_again(pdeathsig);
	if (r < 0)
		return init_doing(in, "setns", r);
	init_drop(in, s->pidfd);
	return 0;
}

/* The old process: tells the host, then lets the child go on, and ends. */
static int hand_over(struct init *in, long pid, int go)
{
	struct plan_note note = {.message = MESSAGE_SIBLING, .value = (int32_t)pid};
	int r = message_send(in->control, &note, NULL, 0);

	if (r == 0 && sys_write(go, "", 1) == 1)
		sys_exit(0);
	sys_call(SYS_kill, pid, SIGKILL); /* our parent reaps it */
	return init_doing(in, "send to hull", r < 0 ? r : -EPIPE);
}

int step_sibling(struct init *in, const struct step_sibling *s)
{
	int go[2], pdeathsig = sys_pdeathsig();
	long pid, r = sys_call(SYS_pipe2, go, O_CLOEXEC);
	char byte;

	if (r < 0)
		return init_doing(in, "pipe2", r);
	/* CLONE_PARENT: hull stays the parent, so that it and whoever inherits the container from
	 * it (a shim, conmon) can wait for it. The kernel takes the exit signal from us then. */
	pid = sys_fork(CLONE_PARENT | s->flags, NULL);
	if (pid < 0)
		return init_doing(in, "clone", pid);
	if (pid > 0)
		return hand_over(in, pid, go[1]);
	sys_close(go[1]);
	/* hull must know us before we say anything. No byte: our predecessor has failed. */
	r = sys_read(go[0], &byte, 1);
	sys_close(go[0]);
	if (r != 1)
		sys_exit(127);
	sys_guard_again(pdeathsig); /* a child begins without one */
	return 0;
}

int step_become_root(struct init *in, const struct step_become_root *s)
{
	int pdeathsig = sys_pdeathsig();
	int r = init_doing(in, "setresgid 0 in the user namespace", sys_setresgid(0));

	(void)s;
	if (r == 0)
		r = init_doing(in, "setresuid 0 in the user namespace", sys_setresuid(0));
	sys_guard_again(pdeathsig);
	return r;
}

int step_hostname(struct init *in, const struct step_hostname *s)
{
	return init_doing(in, "sethostname",
			  sys_call(SYS_sethostname, s->name, text_length(s->name)));
}

int step_domainname(struct init *in, const struct step_domainname *s)
{
	return init_doing(in, "setdomainname",
			  sys_call(SYS_setdomainname, s->name, text_length(s->name)));
}

int step_loopback_up(struct init *in, const struct step_loopback_up *s)
{
	struct ifreq request;
	/* Interface calls work on any socket; this kind is in every kernel. */
	int r, fd = (int)sys_call(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)s;
	if (fd < 0)
		return init_doing(in, "socket", fd);
	__builtin_memset(&request, 0, sizeof request);
	text_copy(request.ifr_name, sizeof request.ifr_name, "lo");
	r = sys_ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (r == 0)
		r = sys_ioctl(fd, SIOCSIFFLAGS, &request);
	sys_close(fd);
	return init_doing(in, "ioctl SIOCSIFFLAGS lo", r);
}

int step_procfs(struct init *in, const struct step_procfs *s)
{
	const char *verb = NULL;
	int fd = procfs_new(s->whole, &verb);

	if (fd < 0)
		return init_doing(in, verb, fd);
	init_put(in, s->procfs, fd);
	return 0;
}

int step_proc_write(struct init *in, const struct step_proc_write *s)
{
	int r = procfs_write(init_fd(in, s->procfs), s->path, s->value, text_length(s->value));

	return init_doing(in, "write", r);
}
