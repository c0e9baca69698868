/* SPDX-License-Identifier: Apache-2.0 */
#include "net/visit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/err.h"
#include "net/netlink.h"
#include "sys/clone.h"
#include "sys/process.h"

enum { VISITOR_STACK = 16 * 1024 };

/* In memory that is shared also where the visitor is no thread of ours (sys/clone-libc.c). */
struct visitor {
	int ns;
	int socket; /* or -errno */
	const char *doing;
	_Alignas(16) char stack[VISITOR_STACK];
};

/* Shares our memory and our descriptor table, so raw kernel calls only; what it opens is ours. A
 * socket goes on belonging to the network namespace that it was made in (network_namespaces(7)). */
static int visit(void *arg)
{
	struct visitor *v = arg;

	v->doing = "enter the container's network namespace";
	v->socket = sys_setns(v->ns, CLONE_NEWNET);
	if (v->socket < 0)
		return 0;
	v->doing = "socket AF_NETLINK";
	v->socket = netlink_open();
	return 0;
}

/* With signals blocked: a handler must not run on the visitor's borrowed memory. */
static int send_visitor(struct visitor *v)
{
	const struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)v->stack,
		.stack_size = sizeof v->stack,
	};
	sigset_t all, before;
	long pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = sys_clone_call(&args, sizeof args, visit, v);
	while (pid > 0 && waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? (int)pid : 0;
}

int visit_netlink(int ns, struct err *err)
{
	struct visitor *v =
		mmap(NULL, sizeof *v, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (v == MAP_FAILED)
		return err_set(err, errno, "enter the container's network namespace");
	*v = (struct visitor){.ns = ns, .socket = -ECHILD, .doing = "clone"};
	r = send_visitor(v);
	if (r < 0)
		v->socket = r;
	r = v->socket < 0 ? err_set(err, -v->socket, "%s", v->doing) : v->socket;
	munmap(v, sizeof *v);
	return r;
}
