/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hostile half of the attack tests: what a process in a container, or one that shares a folder
 * with it, can try against the runtime.
 *
 *	attacker watch		looks at every new process for a way out; ends with SIGTERM
 *	attacker flip A B	exchanges two names, for ever
 *	attacker flip-link P A B	replaces the link P, pointing to A and to B in turn
 *	attacker tiocsti TEXT	types TEXT into the terminal on descriptor 0
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static long seen;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* One thing got hold of: said once for each file. */
static void found(const char *what, const struct stat *st, int writable)
{
	static struct {
		char what[24];
		dev_t dev;
		ino_t ino;
		int writable;
	} known[4096];
	static int n;

	for (int i = 0; i < n; i++)
		if (known[i].dev == st->st_dev && known[i].ino == st->st_ino &&
		    known[i].writable == writable && !strcmp(known[i].what, what))
			return;
	if (n == 4096)
		return;
	snprintf(known[n].what, sizeof known[n].what, "%s", what);
	known[n].dev = st->st_dev;
	known[n].ino = st->st_ino;
	known[n++].writable = writable;
	printf("{\"found\":\"%s\",\"dev\":%lu,\"ino\":%lu,\"mode\":\"%o\",\"writable\":%d}\n", what,
	       st->st_dev, st->st_ino, st->st_mode, writable);
	fflush(stdout);
}

/* Takes hold of PATH, then tries to get a writable descriptor through the one that it has. */
static void try_path(const char *what, const char *path)
{
	char again[64];
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC), w;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0) {
		found(what, &st, 0);
		if (S_ISREG(st.st_mode)) {
			snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
			w = open(again, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
			/* A sealed memory file can be opened, but no byte of it changed. */
			if (w >= 0) {
				int seals = fcntl(w, F_GET_SEALS);
				found(what, &st, seals < 0 || !(seals & F_SEAL_WRITE));
				close(w);
			}
		}
	}
	close(fd);
}

static void try_process(int pid)
{
	static const char *const name[] = {"exe", "root", "cwd"};
	char path[300];
	DIR *d;

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/proc/%d/%s", pid, name[i]);
		try_path(name[i], path);
	}
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, e->d_name);
		try_path("fd", path);
		snprintf(path, sizeof path, "/proc/%d/fd/%s/..", pid, e->d_name);
		try_path("fd", path);
	}
	closedir(d);
}

static int watch(void)
{
	int self = getpid();

	signal(SIGTERM, on_term);
	printf("{\"ready\":%d}\n", self);
	fflush(stdout);
	while (!stop) {
		DIR *d = opendir("/proc");
		if (!d)
			return 1;
		for (struct dirent *e; (e = readdir(d));) {
			int pid = atoi(e->d_name);
			if (pid <= 0 || pid == self)
				continue;
			seen++;
			try_process(pid);
		}
		closedir(d);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	printf("{\"looks\":%ld}\n", seen);
	return 0;
}

static int flip(const char *a, const char *b)
{
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
	return 0;
}

static int flip_link(const char *path, const char *a, const char *b)
{
	char temporary[4096];

	snprintf(temporary, sizeof temporary, "%s.new", path);
	for (unsigned i = 0;; i++) {
		unlink(temporary);
		if (symlink(i & 1 ? a : b, temporary) == 0)
			rename(temporary, path);
	}
	return 0;
}

static int tiocsti(const char *text)
{
	for (; *text; text++)
		if (ioctl(0, TIOCSTI, text) < 0) {
			printf("{\"tiocsti\":-1,\"error\":\"%s\"}\n", strerrorname_np(errno));
			return 0;
		}
	printf("{\"tiocsti\":0,\"error\":\"\"}\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "watch"))
		return watch();
	if (argc > 3 && !strcmp(argv[1], "flip"))
		return flip(argv[2], argv[3]);
	if (argc > 4 && !strcmp(argv[1], "flip-link"))
		return flip_link(argv[2], argv[3], argv[4]);
	if (argc > 2 && !strcmp(argv[1], "tiocsti"))
		return tiocsti(argv[2]);
	fprintf(stderr, "attacker: what?\n");
	return 2;
}
