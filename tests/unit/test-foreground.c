/* SPDX-License-Identifier: Apache-2.0 */
#include "container/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "sys/call.h"
#include "tap.h"

#define SYS_PIDFD_OPEN 434

/* Starts a shell script; its terminal is slave, or our stdio when that is -1. */
static pid_t start(const char *script, int slave)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	for (int fd = 0; slave >= 0 && fd < 3; fd++)
		dup2(slave, fd);
	if (slave >= 0)
		ioctl(0, TIOCSCTTY, 0);
	closefrom(3);
	execl("/bin/sh", "sh", "-c", script, NULL);
	_exit(127);
}

/* In a child of its own, since signals stay blocked and stdio is replaced: runs script in the
 * foreground; its exit code is that of foreground_wait. */
static pid_t run(const char *script, bool terminal, int in, int out)
{
	int master = -1, slave = -1, status = 99;
	struct err err = {0};
	pid_t self = fork(), pid;

	if (self != 0)
		return self;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (in >= 0)
		dup2(in, 0);
	if (out >= 0)
		dup2(out, 1);
	if (terminal) {
		master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		unlockpt(master);
		slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	foreground_hold();
	pid = start(script, slave);
	if (slave >= 0)
		close(slave);
	if (foreground_wait(pid, (int)sys_call(SYS_PIDFD_OPEN, pid, 0), master, &status, &err) < 0)
		fprintf(stderr, "# %s\n", err.text);
	_exit(status);
}

static int code_of(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_codes(void)
{
	is_int(code_of(run("exit 0", false, -1, -1)), 0, "exit code 0");
	is_int(code_of(run("exit 42", false, -1, -1)), 42, "exit code 42");
	is_int(code_of(run("kill -KILL $$", false, -1, -1)), 137, "death by SIGKILL");
	is_int(code_of(run("kill -TERM $$", false, -1, -1)), 143, "death by SIGTERM");
	is_int(code_of(run("(sleep 0.1; exit 3) & (sleep 0.2) & exec sleep 0.4", false, -1, -1)), 0,
	       "orphans are reaped");
}

/* A script that says when it is ready. */
static pid_t run_ready(const char *script, int *ret_out)
{
	int out[2];
	char byte;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid = run(script, false, -1, out[1]);
	close(out[1]);
	(void)!read(out[0], &byte, 1);
	*ret_out = out[0];
	return pid;
}

static void test_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGTSTP, SIGCONT, 37};
	char script[128];
	int out;
	pid_t pid;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		snprintf(script, sizeof script,
			 "trap 'exit 7' %d; echo; i=0; while test $i -lt 100; do sleep 0.1; "
			 "i=$((i+1)); done; exit 1",
			 numbers[i]);
		pid = run_ready(script, &out);
		kill(pid, numbers[i]);
		is_int(code_of(pid), 7, "signal %d reaches the process", numbers[i]);
		close(out);
	}
	pid = run_ready("echo; sleep 0.5; exit 5", &out);
	kill(pid, SIGURG);
	kill(pid, SIGCHLD);
	kill(pid, SIGWINCH);
	is_int(code_of(pid), 5, "SIGURG, SIGCHLD and SIGWINCH do not");
	close(out);
	pid = run_ready("echo; exec sleep 10", &out);
	kill(pid, SIGTERM);
	is_int(code_of(pid), 143, "an end by a signal that we passed on");
	close(out);
}

/* All that comes until the end. */
static size_t drain(int fd, char *text, size_t room)
{
	ssize_t n = io_read_full(fd, text, room - 1);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void test_terminal_output(void)
{
	static char text[1 << 20];
	int out[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return;
	pid = run("test -t 0 && test -t 1 && test -t 2 && echo yes", true, null, out[1]);
	close(out[1]);
	drain(out[0], text, sizeof text);
	is_str(text, "yes\r\n", "the process has a terminal, whose output comes here");
	is_int(code_of(pid), 0, "  and ends");

	for (int round = 0; round < 3; round++) {
		if (pipe2(out, O_CLOEXEC) < 0)
			return;
		pid = run("stty -opost; head -c 300000 /dev/zero | tr '\\0' x; printf END", true,
			  null, out[1]);
		close(out[1]);
		usleep(round ? 100000 : 0); /* a reader that comes late */
		n = drain(out[0], text, sizeof text);
		ok(n == 300003 && strcmp(text + 300000, "END") == 0,
		   "much output of a process that ends at once is not lost (%zu)", n);
		is_int(code_of(pid), 0, "  and its exit code is not, either");
	}
	close(null);
}

static void test_terminal_end(void)
{
	char text[256];
	int out[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return;
	/* The sleep has the terminal open, too, and setsid saves it from the hang-up. */
	pid = run("trap '' HUP; setsid sleep 5 & echo done; exit 4", true, null, out[1]);
	close(out[1]);
	alarm(4);
	is_int(code_of(pid), 4, "a process that stays behind with the terminal is not waited for");
	alarm(0);
	drain(out[0], text, sizeof text);
	is_str(text, "done\r\n", "  and the output is there");

	if (pipe2(out, O_CLOEXEC) < 0)
		return;
	pid = run("echo one; sleep 0.3; echo two; exit 6", true, null, out[1]);
	close(out[1]);
	close(out[0]);
	is_int(code_of(pid), 6, "nobody reads the output: the process lives on");
	close(null);
}

static void test_terminal_input(void)
{
	char text[256];
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return;
	pid = run("stty -echo; echo ready; read a; echo \"got $a\"; read b; echo \"got $b\"", true,
		  in[0], out[1]);
	close(in[0]);
	close(out[1]);
	(void)!read(out[0], text, 7);
	(void)!write(in[1], "first\nsecond\n", 13);
	drain(out[0], text, sizeof text);
	is_str(text, "got first\r\ngot second\r\n", "input reaches the process");
	is_int(code_of(pid), 0, "  which ends");
	close(in[1]);
}

/* Our own stdin is a terminal, too. */
static void test_own_terminal(void)
{
	char text[256] = "";
	int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, out[2];
	struct winsize size = {.ws_row = 33, .ws_col = 77};
	struct termios before, during, after;
	pid_t pid;

	unlockpt(ours);
	slave = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || pipe2(out, O_CLOEXEC) < 0)
		return;
	ioctl(ours, TIOCSWINSZ, &size);
	tcgetattr(slave, &before);
	pid = run(
		"stty size; trap 'stty size' WINCH; echo ready; until read x; do :; done; echo $x",
		true, slave, out[1]);
	close(out[1]);
	io_read_full(out[0], text, 14);
	is_str(text, "33 77\r\nready\r\n", "the size of our terminal is the one inside");
	tcgetattr(slave, &during);
	ok((before.c_lflag & ICANON) && !(during.c_lflag & ICANON), "our terminal is raw");
	size.ws_row = 44;
	ioctl(ours, TIOCSWINSZ, &size);
	kill(pid, SIGWINCH);
	memset(text, 0, sizeof text);
	io_read_full(out[0], text, 7);
	is_str(text, "44 77\r\n", "a change of size comes through");
	(void)!write(ours, "bye\r", 4);
	drain(out[0], text, sizeof text);
	is_str(text, "bye\r\nbye\r\n", "what is typed is echoed inside and read");
	is_int(code_of(pid), 0, "the end");
	tcgetattr(slave, &after);
	ok(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag &&
		   after.c_oflag == before.c_oflag,
	   "our terminal is as it was");
	close(slave);
	close(ours);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as hull does */
	test_codes();
	test_signals();
	test_terminal_output();
	test_terminal_end();
	test_terminal_input();
	test_own_terminal();
	return done_testing();
}
