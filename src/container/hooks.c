/* SPDX-License-Identifier: Apache-2.0 */
#include "container/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "libocispec/ocispec.h"
#include "sys/call.h"
#include "sys/file.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* one number on every architecture */
#endif

/* The end of what a hook printed: what fits into an error beside its name. */
struct tail {
	char text[640];
	size_t size;
	bool cut;
};

struct run {
	pid_t pid;
	int pidfd;
	int output; /* read end: its stdout and stderr */
	int failure; /* read end: errno, when it could not be executed */
	struct tail tail;
};

static void tail_add(struct tail *tail, const char *data, size_t size)
{
	size_t over;

	if (size > sizeof tail->text) {
		data += size - sizeof tail->text;
		size = sizeof tail->text;
		tail->cut = true;
	}
	over = tail->size + size > sizeof tail->text ? tail->size + size - sizeof tail->text : 0;
	memmove(tail->text, tail->text + over, tail->size - over);
	tail->size -= over;
	tail->cut |= over > 0;
	memcpy(tail->text + tail->size, data, size);
	tail->size += size;
}

static int state_file(const char *state)
{
	AUTO_CLOSE int fd = memfd_create("hook-state", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, state, strlen(state));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd_take(&fd);
}

/* Signals that hull ignores or blocks must not be so in the hook: both survive exec. */
static void default_signals(void)
{
	/* struct sigaction as the kernel has it, all zero: SIG_DFL. By the kernel's call, since the
	 * C library keeps the first two real-time signals to itself. */
	static const unsigned long action[8];
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		sys_call(SYS_rt_sigaction, n, action, NULL, NSIG / 8); /* not KILL and STOP */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * In the forked child. Attack S54 (CVE-2025-23266): a hook runs with the runtime's rights on the
 * host, so it gets exactly the environment that the config gives it, a directory that the container
 * cannot choose, and no descriptor but its three.
 */
static _Noreturn void hook_exec(const struct oci_hook *hook, const char *bundle, int state,
				int output, int failure)
{
	static char *const nothing[] = {NULL};
	const char *alone[] = {hook->path, NULL};
	const char *const *args = hook->n_args ? hook->args : alone;
	char *const *env = hook->env ? (char *const *)(uintptr_t)hook->env : nothing;
	int code;

	(void)setpgid(0, 0); /* the parent does it as well: whoever is first */
	default_signals();
	if (dup2(state, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0 && chdir(bundle) == 0) {
		/* Ours are close-on-exec; others came from our caller (--preserve-fds). The loop is
		 * for kernels before 5.11. */
		if (sys_call(SYS_close_range, 3, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0)
			for (int fd = 3; fd < 1024; fd++)
				if (fd != failure)
					close(fd);
		execve(hook->path, (char *const *)(uintptr_t)args, env);
	}
	code = errno;
	(void)io_write_all(failure, &code, sizeof code); /* else the exit code tells */
	_exit(127);
}

static int hook_fork(const struct oci_hook *hook, const char *bundle, int state, struct run *run)
{
	AUTO_CLOSE int output = -1, failure = -1;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	run->output = pair[0];
	output = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	run->failure = pair[0];
	failure = pair[1];
	run->pid = fork();
	if (run->pid < 0)
		return -errno;
	if (run->pid == 0)
		hook_exec(hook, bundle, state, output, failure);
	(void)setpgid(run->pid, run->pid); /* EACCES: it has executed, after its own setpgid */
	run->pidfd = (int)sys_call(SYS_pidfd_open, run->pid, 0);
	return run->pidfd < 0 ? run->pidfd : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what is in the pipe; closes it at its end. */
static void take_output(struct run *run)
{
	char data[4096];
	ssize_t n = read(run->output, data, sizeof data);

	if (n > 0)
		tail_add(&run->tail, data, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		fd_close(&run->output);
}

/* After the end of the hook: what it left in the pipe, but not what a daemon goes on writing. */
static void take_rest(struct run *run)
{
	struct pollfd left = {run->output, POLLIN, 0};

	for (int i = 0; i < 16 && run->output >= 0 && poll(&left, 1, 0) == 1; i++)
		take_output(run);
}

/*
 * Until the hook's own process has ended: a daemon that it leaves behind may hold the pipe open for
 * ever (attack S55), so the pipe's end is not what is waited for. Returns -ETIMEDOUT when the time
 * is over; a negative timeout is none.
 */
static int hook_wait(struct run *run, int64_t timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd fds[] = {{run->pidfd, POLLIN, 0}, {run->output, POLLIN, 0}};
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();

		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, left > 60000 || left < 0 ? 60000 : (int)left) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[0].revents) {
			take_rest(run);
			return 0;
		}
		if (fds[1].revents)
			take_output(run);
	}
}

/* One line, without control characters. */
static const char *tail_text(struct tail *tail, char *text, size_t room)
{
	size_t from = 0, n = 0;

	while (tail->size && (unsigned char)tail->text[tail->size - 1] <= ' ')
		tail->size--;
	if (tail->size > room - 8)
		from = tail->size - (room - 8);
	if (!tail->size)
		return "";
	n = (size_t)(stpcpy(text, tail->cut || from ? ": ..." : ": ") - text);
	for (; from < tail->size; from++) {
		unsigned char c = (unsigned char)tail->text[from];

		text[n++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	text[n] = '\0';
	return text;
}

static int hook_result(struct run *run, struct err *err)
{
	char text[sizeof run->tail.text + 16];
	siginfo_t info = {0};
	int code = 0;

	if (waitid(P_PID, (id_t)run->pid, &info, WEXITED) < 0)
		return err_set(err, errno, "wait");
	if (io_read_full(run->failure, &code, sizeof code) == sizeof code)
		return err_set(err, code, "execute");
	if (info.si_code != CLD_EXITED)
		return err_text(err, EIO, "killed by signal %d%s", info.si_status,
				tail_text(&run->tail, text, sizeof text));
	if (info.si_status != 0)
		return err_text(err, EIO, "exit status %d%s", info.si_status,
				tail_text(&run->tail, text, sizeof text));
	return 0;
}

static void hook_kill(struct run *run)
{
	(void)kill(-run->pid, SIGKILL); /* ESRCH: nobody is left */
	(void)kill(run->pid, SIGKILL); /* not reaped yet, so the pid is still its own */
	(void)waitid(P_PID, (id_t)run->pid, NULL, WEXITED);
}

static int hook_supervise(const struct oci_hook *hook, struct run *run, struct err *err)
{
	char text[sizeof run->tail.text + 16];
	int r = hook_wait(run, hook->has_timeout ? (int64_t)hook->timeout * 1000 : -1);

	if (r == 0)
		return hook_result(run, err);
	hook_kill(run);
	if (r != -ETIMEDOUT)
		return err_set(err, -r, "wait");
	return err_text(err, ETIMEDOUT, "hook ran past specified timeout of %.1fs%s",
			(double)hook->timeout, tail_text(&run->tail, text, sizeof text));
}

static int hook_run(const struct oci_hook *hook, const char *state, const char *bundle,
		    struct err *err)
{
	struct run run = {.pidfd = -1, .output = -1, .failure = -1};
	AUTO_CLOSE int input = -1;
	int r;

	if (*hook->path != '/')
		return err_text(err, EINVAL, "the path must be absolute");
	input = state_file(state);
	if (input < 0)
		return err_set(err, -input, "make its standard input");
	r = hook_fork(hook, bundle, input, &run);
	if (r < 0) {
		if (run.pid > 0)
			hook_kill(&run);
		err_set(err, -r, "start");
	} else {
		r = hook_supervise(hook, &run, err);
	}
	fd_close(&run.pidfd);
	fd_close(&run.output);
	fd_close(&run.failure);
	return r;
}

static int hook_run_at(const struct oci_hook *hook, size_t i, const char *kind, const char *state,
		       const char *bundle, struct err *err)
{
	int r = hook_run(&hook[i], state, bundle, err);

	return r < 0 ? err_at(err, "hooks.%s[%zu] (%s)", kind, i, hook[i].path) : 0;
}

int hooks_run(const struct oci_hook *hook, size_t n, const char *kind, const char *state,
	      const char *bundle, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = hook_run_at(hook, i, kind, state, bundle, err);
	return r;
}

void hooks_run_all(const struct oci_hook *hook, size_t n, const char *kind, const char *state,
		   const char *bundle)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};

		if (hook_run_at(hook, i, kind, state, bundle, &err) < 0)
			log_say(LOG_WARNING, "%s", err.text);
	}
}
