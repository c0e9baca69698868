/* SPDX-License-Identifier: Apache-2.0 */
#include "container/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/trace.h"
#include "init/run.h"
#include "plan/build.h"
#include "sys/clone.h"
#include "sys/file.h"
#include "sys/message.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* init/embed.S */
extern const char launch_init_image[], launch_init_image_end[];

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* A sealed memory file: nobody, not even root in the container, can change it any more. */
static int sealed_file(const char *name, const void *data, size_t size, unsigned exec_flag)
{
	AUTO_CLOSE int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | exec_flag);
	int r;

	/* Before Linux 6.3 these flags do not exist and every memory file is executable. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = io_write_all(fd, data, size);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return fd_take(&fd);
}

/* What the child needs between clone and exec; it shares our memory, so it lives until then. */
struct child {
	int maps; /* the id maps are written when this reads one byte; -1: no user namespace */
	int maps_writer; /* the other end of maps */
	int control;
	int init;
	int plan;
	const int *inherit; /* descriptors in the plan's slots */
	size_t n_inherit;
	const char *argv[3];
	struct plan_note failure;
	char *stack;
};

enum { CHILD_STACK = 64 * 1024 };

static int child_fail(struct child *child, const char *verb, long r)
{
	__builtin_strncpy(child->failure.text, verb, sizeof child->failure.text - 1);
	child->failure.message = MESSAGE_FAILED;
	child->failure.value = -1;
	child->failure.code = (int32_t)-r;
	(void)message_send(child->control, &child->failure, NULL, 0); /* EOF tells as much */
	return 127;
}

/*
 * Runs in the new process with our memory: raw kernel calls only. A process that execs without an
 * id in its user namespace loses all capabilities there, so it waits for the id maps first.
 */
static int child_main(void *arg)
{
	static const char *const environment[] = {NULL};
	struct child *child = arg;
	char byte;
	long r;

	if (child->maps >= 0) {
		/* Our copy of the writer would keep us waiting for a hull that was killed. */
		sys_close(child->maps_writer);
		if (sys_read(child->maps, &byte, 1) != 1)
			return 127;
		r = sys_call(SYS_setresgid, 0, 0, 0);
		if (r == 0)
			r = sys_call(SYS_setresuid, 0, 0, 0);
		if (r < 0)
			return child_fail(child, "become root of the user namespace", r);
	}
	for (size_t i = 0; i < child->n_inherit; i++)
		sys_fcntl(child->inherit[i], F_SETFD, 0);
	sys_fcntl(child->plan, F_SETFD, 0);
	sys_fcntl(child->control, F_SETFD, 0);
	r = sys_call(SYS_execveat, child->init, "", child->argv, environment, AT_EMPTY_PATH);
	return child_fail(child, "execveat hull-init", r);
}

/* What exec would close: hull's lock on the container, for one, which is to end with hull. */
static void close_on_exec(const struct child *child)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	for (size_t i = 0; i < child->n_inherit; i++)
		sys_fcntl(child->inherit[i], F_SETFD, 0);
	for (int fd = 3; fd < (int)limit.rlim_cur; fd++)
		if (fd != child->plan && fd != child->control &&
		    sys_fcntl(fd, F_GETFD, 0) == FD_CLOEXEC)
			sys_close(fd);
}

/* HULL_INIT=fork: the same steps in a forked copy of hull, for a debugger and for coverage. */
static int fork_main(struct child *child)
{
	static struct init init;
	char byte;

	if (child->maps >= 0) {
		sys_close(child->maps_writer);
		if (sys_read(child->maps, &byte, 1) != 1)
			return 127;
	}
	if (child->maps >= 0 &&
	    (sys_call(SYS_setresgid, 0, 0, 0) < 0 || sys_call(SYS_setresuid, 0, 0, 0) < 0))
		return 127;
	close_on_exec(child);
	if (init_load(&init, child->plan) == 0)
		(void)init_run(&init); /* it has told the host */
	return 127;
}

static long clone_child(struct launch *launch, struct child *child)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_PIDFD | launch->ns_at_birth,
		.pidfd = (uint64_t)(uintptr_t)&launch->pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)child->stack,
		.stack_size = CHILD_STACK,
	};
	const char *mode = getenv("HULL_INIT");
	long pid;

	if (launch->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (__u64)launch->cgroup;
	}
	if (!mode || strcmp(mode, "fork") != 0)
		return sys_clone_call(&args, sizeof args, child_main, child);
	args.flags &= ~(uint64_t)CLONE_VM;
	args.stack = args.stack_size = 0;
	pid = sys_call(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		_exit(fork_main(child));
	return pid;
}

/* With signals blocked: a handler must not run on the child's borrowed memory. */
static long clone_blocked(struct launch *launch, struct child *child)
{
	sigset_t all, before;
	long pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone_child(launch, child);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int let_child_go(struct launch *launch, int maps_writer, struct err *err)
{
	int r;

	if (maps_writer < 0)
		return 0;
	r = launch->write_maps(launch->user, launch->pid, err);
	if (r == 0 && sys_write(maps_writer, "", 1) != 1)
		r = err_set(err, EPIPE, "start hull-init");
	return r;
}

static int launch_settle(struct launch *launch, struct err *err);

/* Memory that hull-init shares with us for its times; a trace without them is a trace, too. */
static int trace_file(struct launch *launch)
{
	size_t size = plan_n_steps(launch->plan) * sizeof *launch->step_end;
	AUTO_CLOSE int fd = -1;
	void *memory;

	if (!launch->trace)
		return -1;
	fd = memfd_create("hull-trace", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return -1;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	launch->step_end = memory;
	plan_trace_to(launch->plan, fd);
	return fd_take(&fd);
}

void launch_trace(struct launch *launch)
{
	uint64_t begin;

	if (!launch->step_end)
		return;
	begin = launch->cloned;
	for (uint32_t n = 0; n < plan_n_steps(launch->plan); n++) {
		if (!launch->step_end[n])
			continue; /* exec has no end */
		trace_add(launch->trace, TRACE_INIT, begin, launch->step_end[n], "%s %s",
			  plan_step_name(launch->plan, n), plan_step_origin(launch->plan, n));
		begin = launch->step_end[n];
	}
}

int launch_start(struct launch *launch, struct err *err)
{
	/* One for the process's life: a child that shares our memory may use it until it execs. */
	static struct child child;
	static char number[16];
	AUTO_CLOSE int control = -1, control_init = -1, init = -1, plan_fd = -1;
	AUTO_CLOSE int maps = -1, maps_writer = -1, trace = -1;
	const void *image;
	size_t size;
	int pair[2], r;
	long pid;

	launch->pidfd = launch->control = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "socketpair");
	control = pair[0];
	control_init = pair[1];
	if (launch->ns_at_birth & CLONE_NEWUSER) {
		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_set(err, errno, "pipe");
		maps = pair[0];
		maps_writer = pair[1];
	}
	trace = trace_file(launch);
	r = plan_finish(launch->plan, control_init, &image, &size, err);
	if (r < 0)
		return r;
	plan_fd = sealed_file("hull-plan", image, size, MFD_NOEXEC_SEAL);
	if (plan_fd < 0)
		return err_set(err, -plan_fd, "make the plan's memory file");
	init = sealed_file("hull-init", launch_init_image,
			   (size_t)(launch_init_image_end - launch_init_image), MFD_EXEC);
	if (init < 0)
		return err_set(err, -init, "make hull-init's memory file");

	snprintf(number, sizeof number, "%d", plan_fd);
	child = (struct child){.maps = maps,
			       .maps_writer = maps_writer,
			       .control = control_init,
			       .init = init,
			       .plan = plan_fd,
			       .argv = {"hull-init", number, NULL},
			       .stack = child.stack};
	child.n_inherit = plan_fds(launch->plan, &child.inherit);
	if (!child.stack) {
		void *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

		if (stack == MAP_FAILED)
			return err_set(err, errno, "start hull-init");
		child.stack = stack;
	}
	trace_mark(launch->trace, "plan and memory files");
	pid = clone_blocked(launch, &child);
	launch->cloned = launch->trace ? trace_now() : 0;
	trace_mark(launch->trace, "clone3");
	if (pid < 0)
		return err_set(err, (int)-pid, "clone the container's first process");
	launch->pid = (pid_t)pid;
	launch->control = fd_take(&control);
	fd_close(&maps);
	fd_close(&control_init);
	r = let_child_go(launch, maps_writer, err);
	if (r == 0)
		r = launch_settle(launch, err);
	if (r < 0)
		launch_abort(launch);
	return r;
}

int launch_tell(struct launch *launch, enum plan_message message, const int *fds, unsigned n,
		struct err *err)
{
	struct plan_note note = {.message = (uint32_t)message};
	int r = message_send(launch->control, &note, fds, n);

	/* It is dead; launch_serve finds out why. */
	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	return r < 0 ? err_set(err, -r, "talk to hull-init") : 0;
}

int launch_failure(const struct plan_note *note, struct err *err)
{
	const char *colon = note->origin[0] ? ": " : "";

	/* A text that already says it all begins with '='. */
	if (note->text[0] == '=')
		return err_text(err, note->code, "%s%s%s", note->origin, colon, note->text + 1);
	return err_set(err, note->code, "%s%s%s", note->origin, note->text[0] ? colon : "",
		       note->text);
}

/* The process ended without a word: killed, most likely. */
static int launch_died(struct launch *launch, struct err *err)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)launch->pidfd, &info, WEXITED | WNOWAIT) < 0)
		return err_set(err, errno, "hull-init is gone");
	if (info.si_code == CLD_EXITED)
		return err_text(err, ECHILD,
				"hull-init ended with exit code %d before the "
				"container's program was started",
				info.si_status);
	return err_text(err, ECHILD,
			"hull-init was killed by signal %d (%s) before the "
			"container's program was started%s",
			info.si_status,
			sigabbrev_np(info.si_status) ? sigabbrev_np(info.si_status) : "?",
			info.si_status == SIGKILL ? "; the memory limit may be too low" : "");
}

/* The process went on in a child of ours (step sibling): the old one is reaped. */
static int take_sibling(struct launch *launch, const struct plan_note *note, struct err *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, note->value, 0);

	if (pidfd < 0)
		return err_set(err, errno, "pidfd_open of the container's process");
	(void)waitid(P_PIDFD, (id_t)launch->pidfd, NULL, WEXITED); /* it exits at once */
	close(launch->pidfd);
	launch->pidfd = pidfd;
	launch->pid = note->value;
	return 0;
}

static int answer(struct launch *launch, const struct plan_note *note, const int *fds,
		  unsigned n_fds, struct err *err);

/* Until it has its id maps, its last pid and its mount sources hull-init waits for nothing else, so
 * neither do we. */
static int launch_settle(struct launch *launch, struct err *err)
{
	uint64_t late = launch->ns_late;
	unsigned sources = launch->sources;

	while (late || sources) {
		struct plan_note note;
		unsigned n;
		int r = message_receive(launch->control, &note, NULL, 0, &n);

		if (r < 0 && r != -ECONNRESET)
			return err_set(err, -r, "talk to hull-init");
		if (r <= 0)
			return launch_died(launch, err);
		if (note.message == MESSAGE_FAILED)
			return launch_failure(&note, err);
		if (note.message == MESSAGE_SIBLING && (late & CLONE_NEWPID)) {
			late &= ~(uint64_t)CLONE_NEWPID;
			r = take_sibling(launch, &note, err);
		} else if (note.message == MESSAGE_ID_MAPS && (late & CLONE_NEWUSER)) {
			late &= ~(uint64_t)CLONE_NEWUSER;
			r = launch->write_maps(launch->user, launch->pid, err);
			if (r == 0)
				r = launch_tell(launch, MESSAGE_ID_MAPS, NULL, 0, err);
		} else if (note.message == MESSAGE_SOURCES && !late) {
			sources--;
			r = answer(launch, &note, NULL, 0, err);
		} else {
			r = err_text(err, EPROTO,
				     "hull-init said something unexpected (message %u)",
				     note.message);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_barrier(uint32_t message)
{
	return message == MESSAGE_SOURCES || message == MESSAGE_CREATE_RUNTIME ||
	       message == MESSAGE_CREATE_CONTAINER || message == MESSAGE_LIMITS ||
	       message == MESSAGE_READY || message == MESSAGE_NETWORK;
}

static int answer(struct launch *launch, const struct plan_note *note, const int *fds,
		  unsigned n_fds, struct err *err)
{
	int reply[MESSAGE_FDS_MAX];
	unsigned n = 0;
	int r = launch->note(launch->user, note, fds, n_fds, reply, &n, err);

	if (r == 0 && is_barrier(note->message))
		r = launch_tell(launch, (enum plan_message)note->message, reply, n, err);
	for (unsigned i = 0; i < n; i++)
		close(reply[i]);
	return r;
}

static int serve(struct launch *launch, bool ready, struct err *err)
{
	for (;;) {
		struct plan_note note;
		int fds[MESSAGE_FDS_MAX];
		unsigned n;
		int r = message_receive(launch->control, &note, fds, MESSAGE_FDS_MAX, &n);

		if (r == -ECONNRESET)
			r = 0;
		if (r < 0)
			return err_set(err, -r, "talk to hull-init");
		if (r == 0)
			return ready ? 0 : launch_died(launch, err);
		if (note.message == MESSAGE_FAILED)
			return launch_failure(&note, err);
		if (note.message == MESSAGE_SIBLING)
			r = take_sibling(launch, &note, err);
		else
			r = answer(launch, &note, fds, n, err);
		if (r < 0)
			return r;
		ready = ready || note.message == MESSAGE_READY;
		if (launch->until_ready && ready)
			return 0;
	}
}

int launch_serve(struct launch *launch, struct err *err)
{
	return serve(launch, false, err);
}

int launch_serve_started(struct launch *launch, struct err *err)
{
	return serve(launch, true, err);
}

void launch_abort(struct launch *launch)
{
	if (launch->pidfd >= 0) {
		/* -ESRCH is as good: it has died by itself, or was reaped. */
		(void)syscall(SYS_pidfd_send_signal, launch->pidfd, SIGKILL, NULL, 0);
		(void)waitid(P_PIDFD, (id_t)launch->pidfd, NULL, WEXITED);
	}
	fd_close(&launch->pidfd);
	fd_close(&launch->control);
}
