/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The floor under every runtime's time: a program that does for the bench bundle, hard-coded, the
 * kernel work that its config.json asks for, and nothing else. No JSON, no state, no checks beyond
 * "did the call succeed", no C library. What a runtime needs more than this is its own cost.
 *
 *	floor run ROOTFS EMPTY FILTER UNIFIED HIERARCHY... : runs /bin/true
 *	floor exec PID GROUP UNIFIED HIERARCHY... : runs /bin/true beside PID; GROUP is its cgroup
 *
 * EMPTY is an empty directory (it masks others), FILTER a file of struct sock_filter or "-",
 * UNIFIED the mount point of cgroup2 or "-", HIERARCHY names of v1 hierarchies below
 * /sys/fs/cgroup. With FLOOR_TRACE=1 in the environment the time of each part goes to stderr.
 *
 * On a machine with cgroup v2 alone it attaches no device program, which the runtimes do.
 *
 * It is meant to be as fast as a C program can do the job: the host's cgroup work runs beside the
 * making of namespaces in the child, and each call is the cheapest known for its purpose.
 */

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "sys/call.h"
#include "sys/text.h"

enum { MAX_HIERARCHIES = 16, GROUP_ROOM = 64, FILTER_ROOM = 4096 };

/* Everything lives here; a process forked from this one shares the counters below. */
struct floor {
	const char *rootfs, *empty, *filter, *unified;
	const char *const *hierarchy; /* NULL-terminated */
	char name[32]; /* of the cgroups */
	struct shared {
		unsigned cgroups_ready; /* futex */
	} * shared;
	unsigned trace;
	struct timespec last;
};

static char scratch[8][256];

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	while (n--) {
		*t++ = *f++;
		__asm__ volatile("" : : : "memory"); /* not to become a call of itself */
	}
	return to;
}

void *memset(void *to, int c, size_t n)
{
	char *t = to;

	while (n--) {
		*t++ = (char)c;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		sys_call(SYS_exit_group, status);
}

static void say(const char *text, unsigned long number)
{
	struct text t = {scratch[7], sizeof scratch[7], 0};

	text_adds(&t, text);
	text_adds(&t, " ");
	text_add_number(&t, number);
	text_adds(&t, "\n");
	sys_call(SYS_write, 2, t.data, t.used);
}

/* Every call must succeed: a floor that skips work is none. */
static long must(const char *what, long r)
{
	if (r < 0) {
		say(what, (unsigned long)-r);
		leave(125);
	}
	return r;
}

/* Says how long it took since the last mark. */
static void mark(struct floor *f, const char *what)
{
	struct timespec now;

	if (!f->trace)
		return;
	sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	if (f->last.tv_sec)
		say(what, (unsigned long)((now.tv_sec - f->last.tv_sec) * 1000000 +
					  (now.tv_nsec - f->last.tv_nsec) / 1000));
	sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, &f->last);
}

/* a/b/c in one of eight buffers */
static const char *join(unsigned buffer, const char *a, const char *b, const char *c)
{
	struct text t = {scratch[buffer], sizeof scratch[buffer], 0};

	text_adds(&t, a);
	if (b) {
		text_adds(&t, "/");
		text_adds(&t, b);
	}
	if (c) {
		text_adds(&t, "/");
		text_adds(&t, c);
	}
	must("path too long", t.used < t.room ? 0 : -36);
	return t.data;
}

static void write_file(const char *path, const char *value, size_t size)
{
	long fd = must(path, sys_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));

	must(path, sys_call(SYS_write, fd, value, size));
	sys_call(SYS_close, fd);
}

/* -- cgroups, host side ------------------------------------------------------------------- */

/* A v1 cpuset is empty at birth and takes no process so: the parent's values are copied. */
static void fill_cpuset(const char *group, const char *file)
{
	long fd = must("cpuset",
		       sys_call(SYS_openat, AT_FDCWD, join(1, "/sys/fs/cgroup/cpuset", file, NULL),
				O_RDONLY | O_CLOEXEC, 0));
	long n = must("cpuset", sys_call(SYS_read, fd, scratch[2], sizeof scratch[2]));

	sys_call(SYS_close, fd);
	write_file(join(1, group, file, NULL), scratch[2], (size_t)n);
}

/* Deny all, then what every container may use: the default list of the runtimes. */
static void limit_devices(const char *group)
{
	static const char allowed[][16] = {"c *:* m",     "b *:* m",   "c 1:3 rwm", "c 1:8 rwm",
					   "c 1:7 rwm",   "c 5:0 rwm", "c 1:5 rwm", "c 1:9 rwm",
					   "c 136:* rwm", "c 5:2 rwm", "c 5:1 rwm"};
	long fd;

	write_file(join(1, group, "devices.deny", NULL), "a", 1);
	fd = must("devices", sys_call(SYS_openat, AT_FDCWD, join(1, group, "devices.allow", NULL),
				      O_WRONLY | O_CLOEXEC, 0));
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		must("devices", sys_call(SYS_write, fd, allowed[i], text_length(allowed[i])));
	sys_call(SYS_close, fd);
}

static void make_cgroups(struct floor *f)
{
	for (unsigned i = 0; f->hierarchy[i]; i++) {
		const char *group = join(0, "/sys/fs/cgroup", f->hierarchy[i], f->name);

		must("mkdir cgroup", sys_call(SYS_mkdirat, AT_FDCWD, group, 0755));
		if (text_equal(f->hierarchy[i], "cpuset")) {
			fill_cpuset(group, "cpuset.cpus");
			fill_cpuset(group, "cpuset.mems");
		} else if (text_equal(f->hierarchy[i], "devices")) {
			limit_devices(group);
		}
	}
}

static void remove_cgroups(struct floor *f)
{
	for (unsigned i = 0; f->hierarchy[i]; i++)
		must("rmdir cgroup",
		     sys_call(SYS_unlinkat, AT_FDCWD,
			      join(0, "/sys/fs/cgroup", f->hierarchy[i], f->name), AT_REMOVEDIR));
	if (f->unified)
		must("rmdir unified", sys_call(SYS_unlinkat, AT_FDCWD,
					       join(0, f->unified, f->name, NULL), AT_REMOVEDIR));
}

/* A single thread that writes "0" into `tasks` moves itself without the lock that waits for an RCU
 * grace period; moving another process, or by cgroup.procs, waits. */
static void join_cgroups(struct floor *f, const char *group)
{
	for (unsigned i = 0; f->hierarchy[i]; i++) {
		join(0, "/sys/fs/cgroup", f->hierarchy[i], group);
		write_file(join(1, scratch[0], "tasks", NULL), "0", 1);
	}
}

/* -- mounts, container side ------------------------------------------------------------------ */

static void mount_one(const char *source, const char *target, const char *type, unsigned long flags,
		      const char *options)
{
	must(target, sys_call(SYS_mount, source, target, type, flags, options));
}

/* A bind mount if there is something to mount it on. */
static bool mount_there(const char *source, const char *target)
{
	long r = sys_call(SYS_mount, source, target, NULL, MS_BIND, NULL);

	if (r == -2 /* ENOENT */)
		return false;
	must(target, r);
	return true;
}

static void make_dev(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} device[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
		      {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
	static const char *const link[][2] = {{"/proc/self/fd", "dev/fd"},
					      {"/proc/self/fd/0", "dev/stdin"},
					      {"/proc/self/fd/1", "dev/stdout"},
					      {"/proc/self/fd/2", "dev/stderr"},
					      {"/proc/kcore", "dev/core"},
					      {"pts/ptmx", "dev/ptmx"}};

	mount_one("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		must(device[i].path, sys_call(SYS_mknodat, AT_FDCWD, device[i].path, S_IFCHR | 0666,
					      device[i].major << 8 | device[i].minor));
	for (size_t i = 0; i < sizeof link / sizeof *link; i++)
		must(link[i][1], sys_call(SYS_symlinkat, link[i][0], AT_FDCWD, link[i][1]));
	must("dev/pts", sys_call(SYS_mkdirat, AT_FDCWD, "dev/pts", 0755));
	must("dev/shm", sys_call(SYS_mkdirat, AT_FDCWD, "dev/shm", 0755));
	must("dev/mqueue", sys_call(SYS_mkdirat, AT_FDCWD, "dev/mqueue", 0755));
	mount_one("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_one("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV,
		  "mode=1777,size=65536k");
	mount_one("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
}

static void mount_cgroups(struct floor *f)
{
	const unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	mount_one("sysfs", "sys", "sysfs", flags | MS_RDONLY, NULL);
	if (!f->hierarchy[0]) {
		mount_one("cgroup", "sys/fs/cgroup", "cgroup2", flags | MS_RDONLY, NULL);
		return;
	}
	mount_one("tmpfs", "sys/fs/cgroup", "tmpfs", flags, "mode=755");
	for (unsigned i = 0; f->hierarchy[i]; i++) {
		const char *name = f->hierarchy[i];
		const char *target = join(0, "sys/fs/cgroup", name, NULL);

		must(target, sys_call(SYS_mkdirat, AT_FDCWD, target, 0755));
		mount_one("cgroup", target, "cgroup", flags | MS_RDONLY,
			  text_equal(name, "systemd") ? "none,name=systemd" : name);
	}
	mount_one(NULL, "sys/fs/cgroup", NULL, flags | MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

/* The kind is known: a bind mount that fails (a file over a directory) has already made a mount and
 * waits for an RCU grace period to undo it. */
static void mask(struct floor *f)
{
	static const char *const file[] = {"kcore",      "keys",        "latency_stats",
					   "timer_list", "timer_stats", "sched_debug"};
	static const char *const directory[] = {"acpi", "asound", "scsi", "../sys/firmware"};
	static const char *const readonly[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};

	must("chdir", sys_call(SYS_chdir, "proc"));
	for (size_t i = 0; i < sizeof file / sizeof *file; i++)
		mount_there("../dev/null", file[i]);
	for (size_t i = 0; i < sizeof directory / sizeof *directory; i++)
		if (mount_there(f->empty, directory[i]))
			mount_one(NULL, directory[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	for (size_t i = 0; i < sizeof readonly / sizeof *readonly; i++)
		if (mount_there(readonly[i], readonly[i]))
			mount_one(NULL, readonly[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	must("chdir", sys_call(SYS_chdir, ".."));
}

/* The root file system becomes a mount and everything is mounted below it, relative to it. */
static void enter_rootfs(struct floor *f)
{
	mount_one(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	mount_one(f->rootfs, f->rootfs, NULL, MS_BIND | MS_REC, NULL);
	must("chdir", sys_call(SYS_chdir, f->rootfs));
}

static void leave_host(void)
{
	mount_one(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	must("pivot_root", sys_call(SYS_pivot_root, ".", "."));
	must("umount", sys_call(SYS_umount2, ".", MNT_DETACH));
	must("chdir", sys_call(SYS_chdir, "/"));
}

/* -- the process ---------------------------------------------------------------------------------
 */

static void bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	long fd = must("socket", sys_call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	must("lo", sys_call(SYS_ioctl, fd, 0x8914 /* SIOCSIFFLAGS */, &request));
	sys_call(SYS_close, fd);
}

static void drop_privileges(void)
{
	const unsigned keep = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{keep, keep, keep}, {0, 0, 0}};
	const struct rlimit files = {1024, 1024};

	must("prlimit", sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &files, 0));
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(keep & 1u << cap))
			must("bounding", sys_call(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0));
	must("setgroups", sys_call(SYS_setgroups, 0, 0));
	must("setresgid", sys_call(SYS_setresgid, 0, 0, 0));
	must("setresuid", sys_call(SYS_setresuid, 0, 0, 0));
	must("capset", sys_call(SYS_capset, &header, data));
	for (unsigned cap = 0; cap < 32; cap++)
		if (keep & 1u << cap)
			must("ambient",
			     sys_call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
	must("no_new_privs", sys_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static struct sock_filter code[FILTER_ROOM];
static struct sock_fprog program = {0, code};

static void read_filter(const char *path)
{
	long fd = must(path, sys_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
	long n = must(path, sys_call(SYS_read, fd, code, sizeof code));

	program.len = (unsigned short)((size_t)n / sizeof *code);
	sys_call(SYS_close, fd);
}

__attribute__((noreturn)) static void execute(void)
{
	static const char *const args[] = {"/bin/true", NULL};
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
		NULL};

	drop_privileges();
	if (program.len)
		must("seccomp", sys_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
					 SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program));
	must("exec", sys_call(SYS_execve, "/bin/true", args, env));
	leave(125);
}

static void wait_for_cgroups(struct floor *f)
{
	unsigned *word = &f->shared->cgroups_ready;

	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
		sys_call(SYS_futex, word, 0 /* FUTEX_WAIT */, 0, 0);
}

__attribute__((noreturn)) static void container(struct floor *f)
{
	mark(f, "child: start");
	must("unshare", sys_call(SYS_unshare, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
	mark(f, "child: mnt, uts, ipc");
	must("unshare", sys_call(SYS_unshare, CLONE_NEWNET));
	mark(f, "child: net");
	enter_rootfs(f);
	mark(f, "child: rootfs");
	mount_one("proc", "proc", "proc", 0, NULL);
	mark(f, "child: proc");
	make_dev();
	mark(f, "child: dev");
	sys_call(SYS_setsid);
	must("keyring", sys_call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0));
	must("sethostname", sys_call(SYS_sethostname, "floor", 5));
	bring_up_loopback();
	mark(f, "child: hostname, lo");
	wait_for_cgroups(f);
	mark(f, "child: wait");
	join_cgroups(f, f->name);
	mark(f, "child: join");
	must("unshare", sys_call(SYS_unshare, CLONE_NEWCGROUP));
	mount_cgroups(f);
	mark(f, "child: cgroup mounts");
	mask(f);
	mark(f, "child: masks");
	leave_host();
	mark(f, "child: pivot");
	sys_call(SYS_umask, 022);
	execute();
}

static int run(struct floor *f)
{
	struct clone_args args = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
	struct text name = {f->name, sizeof f->name, 0};
	int status;
	long pid, unified = -1;

	mark(f, "");
	text_adds(&name, "floor-");
	text_add_number(&name, (unsigned long)sys_call(SYS_getpid));
	if (f->filter)
		read_filter(f->filter);
	f->shared = (void *)must("mmap", sys_call(SYS_mmap, 0, 4096, 3, 0x21, -1, 0));
	sys_call(SYS_umask, 0);
	if (f->unified) {
		const char *group = join(0, f->unified, f->name, NULL);

		must("mkdir unified", sys_call(SYS_mkdirat, AT_FDCWD, group, 0755));
		unified = must("open unified", sys_call(SYS_openat, AT_FDCWD, group,
							O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned long)unified;
	}
	mark(f, "host: unified");
	pid = must("clone3", sys_call(SYS_clone3, &args, sizeof args));
	if (pid == 0)
		container(f);
	mark(f, "host: clone");
	make_cgroups(f);
	mark(f, "host: cgroups");
	__atomic_store_n(&f->shared->cgroups_ready, 1u, __ATOMIC_RELEASE);
	sys_call(SYS_futex, &f->shared->cgroups_ready, 1 /* FUTEX_WAKE */, 1);
	must("wait4", sys_call(SYS_wait4, pid, &status, 0, 0));
	mark(f, "host: waited");
	remove_cgroups(f);
	mark(f, "host: rmdir");
	return status == 0 ? 0 : 126;
}

/* -- exec ----------------------------------------------------------------------------------------
 */

static int exec(struct floor *f, const char *group, int pid)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	int status;
	long fd = must("pidfd_open", sys_call(SYS_pidfd_open, pid, 0));
	long child;

	if (f->unified) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned long)must("open unified",
						  sys_call(SYS_openat, AT_FDCWD,
							   join(0, f->unified, group, NULL),
							   O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
	}
	must("setns pid", sys_call(SYS_setns, fd, CLONE_NEWPID));
	child = must("clone3", sys_call(SYS_clone3, &args, sizeof args));
	if (child == 0) {
		join_cgroups(f, group);
		must("setns", sys_call(SYS_setns, fd,
				       CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
					       CLONE_NEWCGROUP));
		sys_call(SYS_setsid);
		must("keyring", sys_call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0));
		execute();
	}
	must("wait4", sys_call(SYS_wait4, child, &status, 0, 0));
	return status == 0 ? 0 : 126;
}

static int number(const char *text)
{
	int n = 0;

	while (*text >= '0' && *text <= '9')
		n = n * 10 + (*text++ - '0');
	return n;
}

static const char *unless_dash(const char *arg)
{
	return text_equal(arg, "-") ? NULL : arg;
}

static int floor_main(int argc, const char *const *argv, const char *const *env)
{
	struct floor f = {0};

	for (; *env; env++)
		if (text_equal(*env, "FLOOR_TRACE=1"))
			f.trace = 1;
	if (argc >= 6 && text_equal(argv[1], "run")) {
		f.rootfs = argv[2];
		f.empty = argv[3];
		f.filter = unless_dash(argv[4]);
		f.unified = unless_dash(argv[5]);
		f.hierarchy = argv + 6;
		return run(&f);
	}
	if (argc >= 5 && text_equal(argv[1], "exec")) {
		f.unified = unless_dash(argv[4]);
		f.hierarchy = argv + 5;
		return exec(&f, argv[3], number(argv[2]));
	}
	say("usage: floor run ROOTFS EMPTY FILTER|- UNIFIED|- HIERARCHY...\n"
	    "       floor exec PID GROUP UNIFIED|- HIERARCHY...",
	    0);
	return 125;
}

#if defined(__x86_64__)

/* The stack at entry: argc, argv[], NULL, env[], NULL. */
__attribute__((used, noreturn)) static void floor_start(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);

	leave(floor_main((int)stack[0], argv, argv + stack[0] + 1));
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call floor_start\n");

#else

int main(int argc, char **argv, char **env)
{
	return floor_main(argc, (const char *const *)argv, (const char *const *)env);
}

#endif
