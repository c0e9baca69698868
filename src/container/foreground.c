/* SPDX-License-Identifier: Apache-2.0 */
#include "container/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "sys/call.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* one number on every architecture */
#endif

/* How long a terminal stays open for output of others once the process has ended. */
#define QUIET_MS 100

/* One direction of the terminal. */
struct stream {
	int from, to;
	bool open; /* more can come */
	bool stuck; /* not now: a background process must not read its terminal */
	char data[4096];
	size_t start, size;
};

struct foreground {
	pid_t pid;
	int pidfd;
	int signals;
	int master;
	struct stream in, out;
	bool raw;
	struct termios before;
};

/* All that can be caught, but: SIGPIPE is about our own writes, SIGURG is not for people (runtimes
 * of languages send it to themselves all the time). Faults of hull itself are not stopped by this:
 * the kernel delivers them anyway. */
static void forwarded(sigset_t *set)
{
	sigfillset(set);
	sigdelset(set, SIGPIPE);
	sigdelset(set, SIGURG);
}

void foreground_hold(void)
{
	sigset_t set;

	forwarded(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void resize(const struct foreground *fg)
{
	struct winsize size;

	if (fg->master >= 0 && (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 ||
				ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0))
		(void)ioctl(fg->master, TIOCSWINSZ, &size); /* nothing depends on it */
}

static void make_raw(struct foreground *fg)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &fg->before) < 0)
		return;
	raw = fg->before;
	cfmakeraw(&raw);
	/* SIGTTOU is blocked, so this works (and stays undone at the end) in the background, too.
	 */
	fg->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

/* As a subreaper we inherit what the container's processes leave behind. */
static void reap_others(pid_t pid)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
		    info.si_pid == pid)
			return;
		(void)waitid(P_PID, (id_t)info.si_pid, NULL, WEXITED | WNOHANG);
	}
}

static void take_signal(struct foreground *fg)
{
	struct signalfd_siginfo info;

	if (read(fg->signals, &info, sizeof info) != sizeof info)
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		reap_others(fg->pid);
		return;
	case SIGWINCH:
		resize(fg);
		return;
	case SIGCONT:
		fg->in.stuck = false;
		break;
	default:
		break;
	}
	/* ESRCH: it has just ended, and the loop will see that. */
	(void)sys_call(SYS_pidfd_send_signal, fg->pidfd, (int)info.ssi_signo, NULL, 0);
}

static bool again(int code)
{
	return code == EINTR || code == EAGAIN;
}

static void stream_fill(struct stream *stream)
{
	ssize_t n = read(stream->from, stream->data, sizeof stream->data);

	if (n > 0) {
		stream->start = 0;
		stream->size = (size_t)n;
	} else if (n < 0 && errno == EIO && stream->from == STDIN_FILENO) {
		stream->stuck = true; /* SIGTTIN is blocked: EIO instead (tty_ioctl(4)) */
	} else if (n == 0 || !again(errno)) {
		stream->open = false;
	}
}

static void stream_flush(struct stream *stream)
{
	ssize_t n = write(stream->to, stream->data + stream->start, stream->size);

	if (n < 0 && again(errno))
		return;
	/* Nobody reads what the container writes: it must not block for that. */
	if (n < 0)
		n = (ssize_t)stream->size;
	stream->start += (size_t)n;
	stream->size -= (size_t)n;
}

static struct pollfd stream_poll(const struct stream *stream)
{
	if (stream->size)
		return (struct pollfd){stream->to, POLLOUT, 0};
	return (struct pollfd){stream->open && !stream->stuck ? stream->from : -1, POLLIN, 0};
}

static void stream_step(struct stream *stream, short revents)
{
	if (!revents)
		return;
	if (stream->size)
		stream_flush(stream);
	else
		stream_fill(stream);
}

static int serve(struct foreground *fg, struct err *err)
{
	for (;;) {
		struct pollfd fds[] = {
			{fg->signals, POLLIN, 0},
			{fg->pidfd, POLLIN, 0},
			stream_poll(&fg->in),
			stream_poll(&fg->out),
		};

		if (poll(fds, 4, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(err, errno, "wait for the container's process");
		}
		if (fds[0].revents)
			take_signal(fg);
		stream_step(&fg->in, fds[2].revents);
		stream_step(&fg->out, fds[3].revents);
		if (fds[1].revents)
			return 0;
	}
}

/* What the terminal still holds. Its end is EIO, once nobody has it open any more; but a process
 * that outlives the one we waited for may keep it, and then silence is the end. */
static void drain(struct foreground *fg)
{
	while (fg->out.open || fg->out.size) {
		struct pollfd fds = stream_poll(&fg->out);

		if (poll(&fds, 1, fg->out.size ? -1 : QUIET_MS) == 0)
			return;
		stream_step(&fg->out, fds.revents);
	}
}

static int begin(struct foreground *fg, struct err *err)
{
	sigset_t set;

	foreground_hold();
	forwarded(&set);
	fg->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fg->signals < 0)
		return err_set(err, errno, "signalfd");
	if (fg->master < 0)
		return 0;
	if (fcntl(fg->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return err_set(err, errno, "prepare the terminal");
	fg->in = (struct stream){.from = STDIN_FILENO, .to = fg->master, .open = true};
	fg->out = (struct stream){.from = fg->master, .to = STDOUT_FILENO, .open = true};
	resize(fg);
	make_raw(fg);
	return 0;
}

int foreground_wait(pid_t pid, int pidfd, int pty_master, int *ret_status, struct err *err)
{
	struct foreground fg = {.pid = pid, .pidfd = pidfd, .signals = -1, .master = pty_master};
	siginfo_t info = {0};
	int r = begin(&fg, err);

	if (r == 0)
		r = serve(&fg, err);
	if (r == 0)
		drain(&fg);
	if (fg.raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &fg.before); /* it may be gone */
	fd_close(&fg.signals);
	if (r < 0)
		return r;
	if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return err_set(err, errno, "wait for the container's process");
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}
