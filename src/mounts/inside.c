/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mount sources for a container with a user namespace: copies of copies.
 *
 * mount_namespaces(7): when a mount namespace is made that belongs to another user namespace, the
 * kernel locks what it copies. Flags (ro, nosuid, nodev, noexec, the access time) cannot be cleared
 * there any more, and a mount that covers something cannot be taken away. Only this copying locks:
 * a tree that hull clones in its own mount namespace and hands over has no locks, so root in the
 * container, with CAP_SYS_ADMIN in its user namespace, could make a read-only file system of the
 * host writable. Hence the sources are opened in the container's mount namespace, after its user
 * namespace has got it and before anything is mounted in it; but with our privileges, since
 * hull-init may not even be allowed to search the directories on the way.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "sys/clone.h"
#include "sys/file.h"
#include "sys/message.h"
#include "sys/mount.h"

enum { VISITOR_STACK = 32 * 1024 };

/* What the process that visits the mount namespace is told, and what it tells. Its memory is
 * shared with us also where it is no thread of ours (sys/clone-libc.c). */
struct visitor {
	int pidfd, root;
	const struct mount_source *source;
	unsigned n;
	unsigned opened; /* so many of fd are open */
	int code; /* why it is not n: a positive errno */
	const char *doing; /* NULL: opening the source number opened */
	int fd[MESSAGE_FDS_MAX];
	_Alignas(16) char stack[VISITOR_STACK];
};

static int visit_fail(struct visitor *v, const char *doing, long r)
{
	v->doing = doing;
	v->code = (int)-r;
	return 1;
}

/* Shares our memory and our descriptor table, so raw kernel calls only; what it opens is ours. */
static int visit(void *arg)
{
	struct visitor *v = arg;
	long r = sys_call(SYS_setns, v->pidfd, CLONE_NEWNS);

	if (r < 0)
		return visit_fail(v, "enter the container's mount namespace", r);
	/* setns(2) leads to the namespace's own root, but paths are meant as hull sees them, and
	 * hull may be in a chroot: hull-init's root is the copy of ours. */
	r = sys_fchdir(v->root);
	if (r == 0)
		r = sys_chroot(".");
	if (r < 0)
		return visit_fail(v, "enter the copy of the root directory", r);
	for (; v->opened < v->n; v->opened++) {
		const struct mount_source *source = &v->source[v->opened];

		r = sys_open_tree(AT_FDCWD, source->path,
				  (source->recursive ? AT_RECURSIVE : 0u) |
					  (source->nofollow ? AT_SYMLINK_NOFOLLOW : 0u));
		if (r < 0)
			return visit_fail(v, NULL, r);
		v->fd[v->opened] = (int)r;
	}
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
	int status = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = sys_clone_call(&args, sizeof args, visit, v);
	while (pid > 0 && waitpid((pid_t)pid, &status, 0) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return (int)pid;
	return WIFEXITED(status) ? 0 : -ECHILD;
}

static int open_all(struct visitor *v, int pid, struct err *err)
{
	char path[64];
	AUTO_CLOSE int root = -1;
	int r;

	snprintf(path, sizeof path, "/proc/%d/root", pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(err, errno, "open %s", path);
	v->root = root;
	r = send_visitor(v);
	if (r < 0)
		return err_set(err, -r, "open the mount sources");
	if (v->doing)
		return err_set(err, v->code, "mount sources: %s", v->doing);
	for (unsigned i = 0; i < v->opened; i++)
		if (source_idmap(&v->source[i], v->fd[i], err) < 0)
			return err_at(err, "%s", v->source[i].place);
	if (v->opened == v->n)
		return 0;
	source_error(&v->source[v->opened], v->code, err);
	return err_at(err, "%s", v->source[v->opened].place);
}

int mounts_open_sources(const struct request *request, int pid, int pidfd, int *fds,
			unsigned *ret_n, struct err *err)
{
	struct mounts_state *state = request->mounts;
	size_t left = state ? state->n_sources - state->n_sent : 0;
	struct visitor *v;
	int r;

	v = mmap(NULL, sizeof *v, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		return err_set(err, errno, "open the mount sources");
	v->pidfd = pidfd;
	v->source = left ? state->source + state->n_sent : NULL;
	v->n = left > MESSAGE_FDS_MAX ? MESSAGE_FDS_MAX : (unsigned)left;
	r = open_all(v, pid, err);
	memcpy(fds, v->fd, v->opened * sizeof *fds);
	*ret_n = v->opened;
	if (left)
		state->n_sent += v->opened;
	munmap(v, sizeof *v);
	return r;
}
