/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of payload that look and tell. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

extern char **environ;

void put_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 32 || c > 126)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_list(const char *name, char *const *s)
{
	printf("{\"%s\":[", name);
	for (int i = 0; s[i]; i++) {
		if (i)
			putchar(',');
		put_string(s[i]);
	}
	printf("]}\n");
}

int c_args(int n, char **arg)
{
	(void)n;
	put_list("args", arg);
	return 0;
}

int c_env(int n, char **arg)
{
	(void)n, (void)arg;
	put_list("env", environ);
	return 0;
}

int c_ids(int n, char **arg)
{
	uid_t r, e, s;
	gid_t gr, ge, gs, list[1024];
	int count = getgroups(1024, list);

	(void)n, (void)arg;
	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("{\"uid\":[%u,%u,%u],\"gid\":[%u,%u,%u],\"groups\":[", r, e, s, gr, ge, gs);
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? "," : "", list[i]);
	printf("]}\n");
	return 0;
}

static unsigned long long cap_bits(int option, unsigned long sub)
{
	unsigned long long bits = 0;

	for (unsigned long c = 0; c < 64; c++) {
		int r = option == PR_CAPBSET_READ ? prctl(option, c) : prctl(option, sub, c, 0, 0);
		if (r == 1)
			bits |= 1ULL << c;
	}
	return bits;
}

static unsigned long long whole(unsigned low, unsigned high)
{
	return low | (unsigned long long)high << 32;
}

int c_caps(int n, char **arg)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};

	(void)n, (void)arg;
	syscall(SYS_capget, &header, data);
	printf("{\"effective\":\"%llx\",\"permitted\":\"%llx\",\"inheritable\":\"%llx\","
	       "\"bounding\":\"%llx\",\"ambient\":\"%llx\",\"noNewPrivileges\":%d,\"seccomp\":%d,"
	       "\"securebits\":%d,\"dumpable\":%d}\n",
	       whole(data[0].effective, data[1].effective),
	       whole(data[0].permitted, data[1].permitted),
	       whole(data[0].inheritable, data[1].inheritable), cap_bits(PR_CAPBSET_READ, 0),
	       cap_bits(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET),
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP),
	       prctl(PR_GET_SECUREBITS), prctl(PR_GET_DUMPABLE));
	return 0;
}

int c_status(int n, char **arg)
{
	FILE *f = fopen(n > 0 ? arg[0] : "/proc/self/status", "re");
	char line[4096], *colon, *value;
	int first = 1;

	if (!f)
		return 1;
	printf("{");
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = 0;
		value = colon + 1 + strspn(colon + 1, " \t");
		printf(first ? "" : ",");
		first = 0;
		put_string(line);
		putchar(':');
		put_string(value);
	}
	printf("}\n");
	fclose(f);
	return 0;
}

int c_fds(int n, char **arg)
{
	char path[64], target[4096];
	struct stat st;
	int first = 1;

	(void)n, (void)arg;
	printf("{\"fds\":[");
	for (int fd = 0; fd < 8192; fd++) {
		int flags = fcntl(fd, F_GETFL);
		ssize_t l;

		if (flags < 0 || fstat(fd, &st) < 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		l = readlink(path, target, sizeof target - 1);
		target[l > 0 ? l : 0] = 0;
		printf("%s{\"fd\":%d,\"flags\":%d,\"mode\":\"%o\",\"uid\":%u,\"dev\":%lu,\"ino\":%"
		       "lu,"
		       "\"rdev\":\"%u:%u\",\"path\":",
		       first ? "" : ",", fd, flags, st.st_mode, st.st_uid, st.st_dev, st.st_ino,
		       major(st.st_rdev), minor(st.st_rdev));
		put_string(target);
		putchar('}');
		first = 0;
	}
	printf("]}\n");
	return 0;
}

static void put_mount(char *line)
{
	char *word[32] = {NULL};
	int count = 0, dash = 0;

	for (char *w = strtok(line, " "); w && count < 32; w = strtok(NULL, " ")) {
		if (!strcmp(w, "-"))
			dash = count;
		word[count++] = w;
	}
	printf("{\"id\":%s,\"parent\":%s,\"dev\":\"%s\",\"root\":", word[0], word[1], word[2]);
	put_string(word[3]);
	printf(",\"dest\":");
	put_string(word[4]);
	printf(",\"options\":\"%s\",\"optional\":\"", word[5]);
	for (int i = 6; i < dash; i++)
		printf("%s%s", i > 6 ? " " : "", word[i]);
	printf("\",\"type\":\"%s\",\"source\":", word[dash + 1]);
	put_string(word[dash + 2]);
	printf(",\"super\":");
	put_string(dash + 3 < count ? word[dash + 3] : "");
	putchar('}');
}

int c_mounts(int n, char **arg)
{
	FILE *f = fopen(n > 0 ? arg[0] : "/proc/self/mountinfo", "re");
	char line[8192];
	int first = 1;

	if (!f)
		return 1;
	printf("{\"mounts\":[");
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		printf(first ? "" : ",");
		first = 0;
		put_mount(line);
	}
	printf("]}\n");
	fclose(f);
	return 0;
}

int c_ns(int n, char **arg)
{
	static const char *const kind[] = {"cgroup", "ipc",  "mnt",  "net",
					   "pid",    "time", "user", "uts"};
	char path[64];
	struct stat st;

	(void)n, (void)arg;
	printf("{");
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", kind[i]);
		printf("%s\"%s\":%lu", i ? "," : "", kind[i], stat(path, &st) < 0 ? 0 : st.st_ino);
	}
	printf("}\n");
	return 0;
}

int c_rlimits(int n, char **arg)
{
	static const struct {
		const char *name;
		int number;
	} limit[] = {
#define L(x) {#x, x}
		L(RLIMIT_AS),     L(RLIMIT_CORE),   L(RLIMIT_CPU),        L(RLIMIT_DATA),
		L(RLIMIT_FSIZE),  L(RLIMIT_LOCKS),  L(RLIMIT_MEMLOCK),    L(RLIMIT_MSGQUEUE),
		L(RLIMIT_NICE),   L(RLIMIT_NOFILE), L(RLIMIT_NPROC),      L(RLIMIT_RSS),
		L(RLIMIT_RTPRIO), L(RLIMIT_RTTIME), L(RLIMIT_SIGPENDING), L(RLIMIT_STACK),
#undef L
	};
	struct rlimit r;

	(void)n, (void)arg;
	printf("{");
	for (size_t i = 0; i < sizeof limit / sizeof *limit; i++) {
		getrlimit((__rlimit_resource_t)limit[i].number, &r);
		printf("%s\"%s\":[%llu,%llu]", i ? "," : "", limit[i].name,
		       (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
	}
	printf("}\n");
	return 0;
}

/* The system call's answer itself: "(unreachable)" tells of a directory outside of the root. */
int c_cwd(int n, char **arg)
{
	char path[8192] = "";
	long r = syscall(SYS_getcwd, path, sizeof path);

	(void)n, (void)arg;
	printf("{\"cwd\":");
	put_string(r < 0 ? strerrorname_np(errno) : path);
	printf("}\n");
	return 0;
}

int c_cgroup(int n, char **arg)
{
	FILE *f = fopen(n > 0 ? arg[0] : "/proc/self/cgroup", "re");
	char line[8192], *a, *b;
	int first = 1;

	if (!f)
		return 1;
	printf("{");
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		a = strchr(line, ':');
		b = a ? strchr(a + 1, ':') : NULL;
		if (!b)
			continue;
		*b = 0;
		printf(first ? "" : ",");
		first = 0;
		put_string(a + 1);
		putchar(':');
		put_string(b + 1);
	}
	printf("}\n");
	fclose(f);
	return 0;
}

int c_stat(int n, char **arg)
{
	char target[4096] = "";
	struct stat st;

	for (int i = 0; i < n; i++) {
		printf("{\"stat\":");
		put_string(arg[i]);
		if (lstat(arg[i], &st) < 0) {
			printf(",\"error\":\"%s\"}\n", strerrorname_np(errno));
			continue;
		}
		memset(target, 0, sizeof target);
		(void)!readlink(arg[i], target, sizeof target - 1);
		printf(",\"error\":\"\",\"type\":\"%s\",\"mode\":\"%o\",\"uid\":%u,\"gid\":%u,"
		       "\"size\":%ld,\"dev\":%lu,\"ino\":%lu,\"rdev\":\"%u:%u\",\"link\":",
		       S_ISREG(st.st_mode)    ? "file"
		       : S_ISDIR(st.st_mode)  ? "dir"
		       : S_ISLNK(st.st_mode)  ? "link"
		       : S_ISCHR(st.st_mode)  ? "char"
		       : S_ISBLK(st.st_mode)  ? "block"
		       : S_ISFIFO(st.st_mode) ? "fifo"
					      : "socket",
		       st.st_mode & 07777, st.st_uid, st.st_gid, st.st_size, st.st_dev, st.st_ino,
		       major(st.st_rdev), minor(st.st_rdev));
		put_string(target);
		printf("}\n");
	}
	return 0;
}

int c_ls(int n, char **arg)
{
	DIR *d = opendir(n > 0 ? arg[0] : ".");
	int first = 1;

	if (!d) {
		printf("{\"ls\":null,\"error\":\"%s\"}\n", strerrorname_np(errno));
		return 0;
	}
	printf("{\"ls\":[");
	for (struct dirent *e; (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		printf(first ? "" : ",");
		first = 0;
		put_string(e->d_name);
	}
	printf("],\"error\":\"\"}\n");
	closedir(d);
	return 0;
}

int c_statfs(int n, char **arg)
{
	struct statfs s;

	if (statfs(n > 0 ? arg[0] : "/", &s) < 0) {
		printf("{\"statfs\":null,\"error\":\"%s\"}\n", strerrorname_np(errno));
		return 0;
	}
	printf("{\"statfs\":\"%lx\",\"size\":%lu,\"files\":%lu,\"error\":\"\"}\n",
	       (unsigned long)s.f_type, s.f_blocks * (unsigned long)s.f_bsize, s.f_files);
	return 0;
}

int c_tty(int n, char **arg)
{
	struct winsize w = {0, 0, 0, 0};
	char name[256] = "";
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	(void)n, (void)arg;
	(void)ioctl(0, TIOCGWINSZ, &w);
	(void)ttyname_r(0, name, sizeof name);
	printf("{\"tty\":[%d,%d,%d],\"rows\":%d,\"columns\":%d,\"controlling\":%d,\"sid\":%d,"
	       "\"foreground\":%d,\"name\":",
	       isatty(0), isatty(1), isatty(2), w.ws_row, w.ws_col, fd >= 0, getsid(0),
	       fd >= 0 ? tcgetpgrp(fd) : -1);
	put_string(name);
	printf("}\n");
	if (fd >= 0)
		close(fd);
	return 0;
}

int c_sched(int n, char **arg)
{
	struct {
		unsigned size, policy;
		unsigned long long flags;
		int nice;
		unsigned priority;
		unsigned long long runtime, deadline, period;
		unsigned min, max;
	} a = {0};
	cpu_set_t set;
	long io = syscall(SYS_ioprio_get, 1, 0);

	(void)n, (void)arg;
	syscall(SYS_sched_getattr, 0, &a, sizeof a, 0);
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof set, &set);
	printf("{\"policy\":%u,\"flags\":%llu,\"nice\":%d,\"priority\":%u,\"runtime\":%llu,"
	       "\"deadline\":%llu,\"period\":%llu,\"ioClass\":%ld,\"ioPriority\":%ld,"
	       "\"personality\":%ld,\"machine\":",
	       a.policy, a.flags, a.nice, a.priority, a.runtime, a.deadline, a.period, io >> 13,
	       io & 0x1fff, syscall(SYS_personality, 0xffffffff));
	struct utsname u;
	uname(&u);
	put_string(u.machine);
	printf(",\"cpus\":[");
	for (int c = 0, first = 1; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, &set)) {
			printf("%s%d", first ? "" : ",", c);
			first = 0;
		}
	printf("]}\n");
	return 0;
}

int c_timens(int n, char **arg)
{
	struct timespec m, b;

	(void)n, (void)arg;
	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_BOOTTIME, &b);
	printf("{\"monotonic\":%ld,\"boottime\":%ld}\n", m.tv_sec, b.tv_sec);
	return 0;
}

int c_uts(int n, char **arg)
{
	struct utsname u;

	(void)n, (void)arg;
	uname(&u);
	printf("{\"hostname\":");
	put_string(u.nodename);
	printf(",\"domainname\":");
	put_string(u.domainname);
	printf("}\n");
	return 0;
}

int c_oom(int n, char **arg)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "re");
	int adj = -9999;

	(void)n, (void)arg;
	if (f) {
		(void)!fscanf(f, "%d", &adj);
		fclose(f);
	}
	printf("{\"oomScoreAdj\":%d}\n", adj);
	return 0;
}

int c_umask(int n, char **arg)
{
	mode_t m = umask(0);

	(void)n, (void)arg;
	umask(m);
	printf("{\"umask\":\"%03o\"}\n", m);
	return 0;
}

int c_self(int n, char **arg)
{
	(void)n, (void)arg;
	printf("{\"pid\":%d,\"ppid\":%d,\"sid\":%d,\"pgid\":%d}\n", getpid(), getppid(), getsid(0),
	       getpgid(0));
	return 0;
}

/* Which signals are blocked, and which are not at their default: both should be none. */
int c_signals(int n, char **arg)
{
	struct sigaction sa;
	sigset_t set;

	(void)n, (void)arg;
	sigprocmask(SIG_BLOCK, NULL, &set);
	printf("{\"blocked\":[");
	for (int s = 1, first = 1; s < 65; s++)
		if (sigismember(&set, s) == 1) {
			printf("%s%d", first ? "" : ",", s);
			first = 0;
		}
	printf("],\"ignored\":[");
	for (int s = 1, first = 1; s < 65; s++)
		if (sigaction(s, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN) {
			printf("%s%d", first ? "" : ",", s);
			first = 0;
		}
	printf("]}\n");
	return 0;
}
