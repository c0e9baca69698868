/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process inside of a container sees, as JSON, one object a line.
 *
 *	payload COMMAND [ARG...] [+ COMMAND [ARG...]]...
 *
 * Static and without any need of /proc where a system call can tell, so that it works in the barest
 * root file system. Commands are in the table at the end; facts.c has those that only look.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

/* What failed is told as JSON; an exit code would be taken for the runtime's. */
static int result(const char *command, long r)
{
	int e = r < 0 ? errno : 0;

	printf("{\"%s\":%ld,\"errno\":%d,\"error\":", command, r, e);
	put_string(e ? strerrorname_np(e) : "");
	printf("}\n");
	return 0;
}

static int c_exit(int n, char **arg)
{
	fflush(stdout);
	exit(n > 0 ? atoi(arg[0]) : 0);
}

static int c_sleep(int n, char **arg)
{
	double s = n > 0 ? atof(arg[0]) : 1;
	struct timespec t = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9)};

	fflush(stdout);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

/* Waits for SIGTERM, SIGINT or SIGHUP, then ends with 0. As pid 1 it also reaps. */
static int c_pause(int n, char **arg)
{
	sigset_t set;
	int sig;

	(void)n, (void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("{\"ready\":%d}\n", getpid());
	fflush(stdout);
	for (;;) {
		sigwait(&set, &sig);
		if (sig != SIGCHLD)
			exit(0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Tells every signal that comes in; SIGTERM ends it with 42. */
static int c_trap(int n, char **arg)
{
	sigset_t set;
	siginfo_t info;
	struct winsize w;

	(void)n, (void)arg;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("{\"ready\":%d}\n", getpid());
	for (;;) {
		fflush(stdout);
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo == SIGCHLD)
			continue;
		memset(&w, 0, sizeof w);
		(void)ioctl(0, TIOCGWINSZ, &w);
		printf("{\"signal\":%d,\"rows\":%d,\"columns\":%d}\n", info.si_signo, w.ws_row,
		       w.ws_col);
		fflush(stdout);
		if (info.si_signo == SIGTERM)
			exit(42);
	}
}

static int c_kill_self(int n, char **arg)
{
	int sig = n > 0 ? atoi(arg[0]) : SIGKILL;

	fflush(stdout);
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	/* Process 1 of a PID namespace is not killed by what it sends itself: a fault does it. */
	if (sig == SIGSEGV)
		*(volatile int *)8 = 1;
	sleep(5);
	return 3;
}

static int c_hog(int n, char **arg)
{
	size_t mb = n > 0 ? strtoul(arg[0], NULL, 10) : 64, i;

	for (i = 0; i < mb; i++) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
		if (p == MAP_FAILED)
			break;
		memset(p, 1, 1 << 20);
	}
	printf("{\"hog\":%zu}\n", i);
	return 0;
}

/* Uses all of one CPU for some seconds of wall time and tells the share that it got. */
static int c_burn(int n, char **arg)
{
	double want = n > 0 ? atof(arg[0]) : 1, wall, used;
	struct timespec t0, t1, c;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		for (volatile int i = 0; i < 20000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &t1);
		wall = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	} while (wall < want);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &c);
	used = (double)c.tv_sec + (double)c.tv_nsec / 1e9;
	printf("{\"wall\":%.3f,\"cpu\":%.3f,\"share\":%.3f}\n", wall, used, used / wall);
	return 0;
}

/* Makes children until it is refused. */
static int c_forks(int n, char **arg)
{
	int want = n > 0 ? atoi(arg[0]) : 100, i, e = 0;
	pid_t pid[1024];

	for (i = 0; i < want && i < 1024; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			pause();
			_exit(0);
		}
		if (pid[i] < 0) {
			e = errno;
			break;
		}
	}
	printf("{\"forks\":%d,\"error\":\"%s\"}\n", i, e ? strerrorname_np(e) : "");
	while (i > 0)
		kill(pid[--i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

static int c_open(int n, char **arg)
{
	const char *mode = n > 1 ? arg[1] : "r";
	int flags = O_RDONLY;
	int fd;

	if (!strcmp(mode, "w"))
		flags = O_WRONLY;
	else if (!strcmp(mode, "rw"))
		flags = O_RDWR;
	else if (!strcmp(mode, "create"))
		flags = O_WRONLY | O_CREAT;
	fd = open(n > 0 ? arg[0] : "", flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	result("open", fd);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int c_read(int n, char **arg)
{
	static char text[1 << 16];
	int fd = open(n > 0 ? arg[0] : "", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t r = fd < 0 ? -1 : 0, more = r;
	int e;

	/* To its end: procfs gives a page at a time. */
	while (r >= 0 && (size_t)r < sizeof text - 1 &&
	       (more = read(fd, text + r, sizeof text - 1 - (size_t)r)) > 0)
		r += more;
	e = errno;
	if (more < 0 && r == 0)
		r = -1;

	if (r < 0) {
		errno = e;
		return result("read", -1);
	}
	text[r] = 0;
	printf("{\"read\":%zd,\"errno\":0,\"text\":", r);
	put_string(text);
	printf("}\n");
	close(fd);
	return 0;
}

static int c_write(int n, char **arg)
{
	int fd = open(n > 0 ? arg[0] : "", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	long r = fd < 0 ? -1 : write(fd, n > 1 ? arg[1] : "x", strlen(n > 1 ? arg[1] : "x"));

	return result("write", r);
}

static int c_mknod(int n, char **arg)
{
	mode_t type = n > 1 && arg[1][0] == 'b' ? S_IFBLK : S_IFCHR;

	if (n < 4)
		return 2;
	return result("mknod", mknod(arg[0], type | 0600,
				     makedev((unsigned)atoi(arg[2]), (unsigned)atoi(arg[3]))));
}

static int c_chown(int n, char **arg)
{
	if (n < 3)
		return 2;
	return result("chown", chown(arg[0], (uid_t)atoi(arg[1]), (gid_t)atoi(arg[2])));
}

static int c_mkdir(int n, char **arg)
{
	return result("mkdir", mkdir(n > 0 ? arg[0] : "", 0755));
}

static int c_chdir(int n, char **arg)
{
	return result("chdir", chdir(n > 0 ? arg[0] : ""));
}

static int c_listen(int n, char **arg)
{
	long r = listen(n > 0 ? atoi(arg[0]) : 3, 1);

	return result("listen", r);
}

/* One system call by name, with arguments that do no harm when it is let through. */
static int c_syscall(int n, char **arg)
{
	const char *name = n > 0 ? arg[0] : "";
	long r;

	errno = 0;
	if (!strcmp(name, "mount"))
		r = mount("tmpfs", "/", "nonesuchfs", 0, "");
	else if (!strcmp(name, "mount-tmpfs"))
		r = mount("tmpfs", n > 1 ? arg[1] : "/mnt", "tmpfs", 0, "");
	else if (!strcmp(name, "umount"))
		r = umount2(n > 1 ? arg[1] : "/mnt", MNT_DETACH);
	else if (!strcmp(name, "remount-rw"))
		r = mount(NULL, n > 1 ? arg[1] : "/", NULL, MS_REMOUNT | MS_BIND, NULL);
	else if (!strcmp(name, "ptrace"))
		r = ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	else if (!strcmp(name, "keyctl"))
		r = syscall(SYS_keyctl, 0 /* get id */, -3 /* session */, 0);
	else if (!strcmp(name, "unshare-user"))
		r = syscall(SYS_unshare, 0x10000000);
	else if (!strcmp(name, "getppid"))
		r = syscall(SYS_getppid);
	else if (!strcmp(name, "personality"))
		r = syscall(SYS_personality, n > 1 ? strtoul(arg[1], NULL, 0) : 0xffffffff);
	else if (!strcmp(name, "socket"))
		r = socket(n > 1 ? atoi(arg[1]) : AF_UNIX, SOCK_STREAM, 0);
	else if (!strcmp(name, "mkdir"))
		r = mkdir(n > 1 ? arg[1] : "/tmp/syscall", 0755);
	else if (!strcmp(name, "sethostname"))
		r = sethostname("x", 1);
	else if (!strcmp(name, "reboot"))
		r = syscall(SYS_reboot, 0, 0, 0, 0);
	else if (!strcmp(name, "number"))
		r = syscall(n > 1 ? atol(arg[1]) : 9999, 0, 0, 0, 0, 0, 0);
	else if (!strcmp(name, "nice"))
		r = syscall(SYS_setpriority, 0, 0, -5);
	else
		return 2;
	return result(name, r);
}

static int c_spawn(int n, char **arg)
{
	int status;
	pid_t pid;

	if (n < 1)
		return 2;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execvp(arg[0], arg);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Goes on as another program: what was set up by the commands before stays. */
static int c_exec(int n, char **arg)
{
	fflush(stdout);
	if (n > 0)
		execvp(arg[0], arg);
	return result("exec", -1);
}

/* A process that outlives its parent, for tests of kill and delete. */
static int c_daemon(int n, char **arg)
{
	pid_t pid = fork();

	(void)n, (void)arg;
	if (pid == 0) {
		setsid();
		for (int s = 1; s < 32; s++)
			signal(s, SIG_IGN);
		for (;;)
			pause();
	}
	printf("{\"daemon\":%d}\n", pid);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(int n, char **arg);
} command[] = {
#define C(name)                                                                                    \
	{                                                                                          \
#name, c_##name                                                                    \
	}
	C(exit),
	C(sleep),
	C(pause),
	C(trap),
	C(hog),
	C(burn),
	C(forks),
	C(open),
	C(read),
	C(write),
	C(mknod),
	C(chown),
	C(mkdir),
	C(chdir),
	C(listen),
	C(spawn),
	C(daemon),
	C(syscall),
	C(exec),
	C(args),
	C(ids),
	C(caps),
	C(status),
	C(fds),
	C(mounts),
	C(ns),
	C(rlimits),
	C(env),
	C(cwd),
	C(cgroup),
	C(stat),
	C(ls),
	C(statfs),
	C(tty),
	C(sched),
	C(timens),
	C(uts),
	C(oom),
	C(umask),
	C(self),
	C(signals),
#undef C
	{"kill-self", c_kill_self},
};

static int one(int n, char **arg)
{
	for (size_t i = 0; i < sizeof command / sizeof *command; i++)
		if (!strcmp(command[i].name, arg[0]))
			return command[i].run(n - 1, arg + 1);
	fprintf(stderr, "payload: no such command: %s\n", arg[0]);
	return 2;
}

int main(int argc, char **argv)
{
	int r = 0, from = 1;

	/* A command that is a link to this program, for tests of PATH and of scripts. */
	if (argc < 2)
		return one(1, (char *[]){(char *)"args", argv[0], NULL});
	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "+"))
			continue;
		argv[i] = NULL;
		if (i > from)
			r = one(i - from, argv + from);
		fflush(stdout);
		from = i + 1;
	}
	return r;
}
