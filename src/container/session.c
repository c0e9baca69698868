/* SPDX-License-Identifier: Apache-2.0 */
#include "container/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "container/descriptors.h"
#include "container/hooks.h"
#include "container/socket.h"
#include "container/state.h"
#include "container/status.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "net/net.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "seccomp/filter.h"

const char *session_now(struct arena *arena)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || !gmtime_r(&now.tv_sec, &tm))
		return NULL;
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(arena, "%s.%09ldZ", text, now.tv_nsec);
}

int session_state_file(const struct session *session, enum status status, int64_t pid,
		       struct err *err)
{
	AUTO_CLOSE int fd = memfd_create("hull-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *text;
	int r;

	if (fd < 0)
		return err_set(err, errno, "memfd_create");
	r = state_text(session->hull->arena, session->record, session->id, status, pid, &text, err);
	if (r < 0)
		return r;
	r = io_write_all(fd, text, strlen(text));
	if (r < 0)
		return err_set(err, -r, "write the container's state");
	/* Hooks in the container share it: one must not write for the next. */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_set(err, errno, "seal the container's state");
	lseek(fd, 0, SEEK_SET);
	return fd_take(&fd);
}

int64_t session_inner_pid(const struct session *session)
{
	return session->record->ns_new & CLONE_NEWPID ? 1 : session->record->pid;
}

int session_hooks(const struct session *session, const struct oci_hook *hook, size_t n,
		  const char *kind, enum status status, struct err *err)
{
	const char *state;
	int r;

	if (!n)
		return 0;
	r = state_text(session->hull->arena, session->record, session->id, status,
		       session->record->pid, &state, err);
	return r < 0 ? r : hooks_run(hook, n, kind, state, session->record->bundle, err);
}

static int on_create_runtime(struct session *session, struct err *err)
{
	const struct oci_hooks *hooks = session->config->hooks;
	int r;

	session->hooks_ran = true;
	r = session_hooks(session, hooks->prestart, hooks->n_prestart, "prestart", STATUS_CREATING,
			  err);
	if (r < 0)
		return r;
	return session_hooks(session, hooks->create_runtime, hooks->n_create_runtime,
			     "createRuntime", STATUS_CREATING, err);
}

/* The terminal goes to the caller's socket, or stays here for a foreground run to copy. */
static int on_console(struct session *session, int master, struct err *err)
{
	AUTO_CLOSE int owned = master;

	if (!session->console_socket) {
		struct winsize size;

		/* The program must not see 0 x 0 in its first moment. */
		if (!session->process->console_size && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
			(void)ioctl(owned, TIOCSWINSZ, &size); /* as it is, then */
		session->console = fd_take(&owned);
		return 0;
	}
	return socket_send_fd(session->console_socket, "--console-socket", owned, "/dev/pts/0",
			      err);
}

/* config-linux.md, "The Container Process State": what a seccomp agent gets. */
static int on_listener(struct session *session, int listener, struct err *err)
{
	const struct oci_seccomp *seccomp = session->config->linux_->seccomp;
	enum status status = session->exec ? STATUS_RUNNING : STATUS_CREATING;
	AUTO_CLOSE int owned = listener;
	const char *text;
	int r;

	r = state_of_process(session->hull->arena, session->record, session->id, status,
			     session->launch.pid, seccomp->listener_metadata, &text, err);
	return r < 0 ? r : filter_send_listener(seccomp->listener_path, owned, text, err);
}

static int write_pid_file(const struct session *session, struct err *err)
{
	char text[16];
	mode_t mask = umask(022);
	int r;

	umask(mask);
	snprintf(text, sizeof text, "%d", (int)session->launch.pid);
	r = io_replace_file(AT_FDCWD, session->pid_file, text, strlen(text), 0666 & ~mask);
	return r < 0 ? err_set(err, -r, "--pid-file %s", session->pid_file) : 0;
}

/* Everything but the program stands: the caller is told who it is, then it is written down. */
static int on_ready(struct session *session, struct err *err)
{
	struct store_record *record = session->record;
	int r = rdt_attach(session->rdt, session->launch.pid, err);

	if (r == 0 && session->pid_file)
		r = write_pid_file(session, err);
	if (r == 0 && session->pidfd_socket)
		r = socket_send_fd(session->pidfd_socket, "--pidfd-socket", session->launch.pidfd,
				   session->pidfd_text, err);
	if (r < 0 || session->exec)
		return r;
	record->pid = session->launch.pid;
	record->start_time = status_start_time(record->pid);
	record->created_done = true;
	return store_save(session->entry, record, err);
}

static int on_limits(const struct session *session, struct err *err)
{
	int r = 0, pid = session->launch.pid;

	if (session->process)
		r = process_apply(session->process, pid, err);
	if (r == 0 && session->process && session->request)
		r = descriptors_limit(session->request, session->process, pid, err);
	return r;
}

int session_note(void *user, const struct plan_note *note, const int *fds, unsigned n_fds,
		 int *reply, unsigned *n_reply, struct err *err)
{
	struct session *session = user;
	int fd;

	switch ((enum plan_message)note->message) {
	case MESSAGE_SOURCES:
		if (session->request)
			return mounts_open_sources(session->request, session->launch.pid,
						   session->launch.pidfd, reply, n_reply, err);
		break;
	case MESSAGE_NETWORK:
		if (session->request)
			return netdevices_move(session->request, session->launch.pid, &session->net,
					       err);
		break;
	case MESSAGE_CREATE_RUNTIME:
		return on_create_runtime(session, err);
	case MESSAGE_CREATE_CONTAINER:
		session->hooks_ran = true;
		fd = session_state_file(session, STATUS_CREATING, session_inner_pid(session), err);
		if (fd < 0)
			return fd;
		reply[(*n_reply)++] = fd;
		return 0;
	case MESSAGE_CONSOLE:
		if (n_fds == 1)
			return on_console(session, fds[0], err);
		break;
	case MESSAGE_LISTENER:
		if (n_fds == 1)
			return on_listener(session, fds[0], err);
		break;
	case MESSAGE_READY:
		fd = on_ready(session, err);
		if (fd < 0)
			return fd;
		/* run: startContainer hooks get their state with the permission to go on */
		if (!session->exec && !session->launch.until_ready && session->config->hooks &&
		    session->config->hooks->n_start_container) {
			fd = session_state_file(session, STATUS_CREATED, session_inner_pid(session),
						err);
			if (fd < 0)
				return fd;
			reply[(*n_reply)++] = fd;
		}
		return 0;
	case MESSAGE_LIMITS:
		return on_limits(session, err);
	case MESSAGE_FAILED:
	case MESSAGE_SIBLING:
	case MESSAGE_CGROUP:
	case MESSAGE_START:
	case MESSAGE_ID_MAPS: /* launch.c has done it */
		break;
	}
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	return err_text(err, EPROTO, "hull-init said something unexpected (message %u)",
			note->message);
}
