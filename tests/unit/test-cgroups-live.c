/* SPDX-License-Identifier: Apache-2.0 */

/* Real cgroups: needs root and a writable cgroup file system, else everything is skipped. What can
 * be tried of cgroup2 beside v1 (hybrid) is tried there too: the core files and the devices. */

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "cgroups/tree.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;
static struct err err;
static char path[64];
static struct layout_source source;

static struct cgroups *decided(const struct oci_resources *resources)
{
	struct cgroups_wish wish = {.path = path, .id = "x", .resources = resources};
	struct cgroups *c;

	if (decide(&arena, &source, &wish, &c, &err) < 0) {
		printf("Bail out! decide: %s\n", err.text);
		exit(99);
	}
	return c;
}

static struct cgroups *made(const struct oci_resources *resources)
{
	struct cgroups *c = decided(resources);

	if (cgroups_make(c, &err) < 0) {
		printf("Bail out! make: %s\n", err.text);
		(void)cgroups_destroy(c, &err);
		exit(99);
	}
	return c;
}

/* A child in the cgroups, by the way that is meant for their version. The child returns 0. */
static pid_t joined(const struct cgroups *c)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	unsigned n = cgroups_request(c)->tasks;
	int fds[64];
	pid_t pid;

	if (cgroups_directory(c) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cgroups_directory(c);
		return (pid_t)syscall(SYS_clone3, &args, sizeof args);
	}
	if (n > 64 || cgroups_open_tasks(c, fds, &err) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		for (unsigned i = 0; i < n; i++)
			if (write(fds[i], "0", 1) != 1)
				_exit(97);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_gone(const struct cgroups *c)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (access(c->place[i].dir, F_OK) == 0)
			return false;
	return true;
}

static void end(struct cgroups *c)
{
	ok(cgroups_destroy(c, &err) == 0 && is_gone(c), "destroyed, nothing is left");
	cgroups_close(c);
}

static void wait_processes(const struct cgroups *c, size_t want)
{
	size_t n = 0;
	pid_t *list;

	for (int i = 0; i < 500 && n != want; i++, sleep_ms(10))
		if (cgroups_pids(&arena, c, &list, &n, &err) < 0)
			break;
	is_int(n, want, "processes in it");
}

static void test_empty(void)
{
	struct cgroups *c = made(NULL), *again;

	ok(!is_gone(c), "made");
	is_int(cgroups_frozen(c), 0, "not frozen");
	wait_processes(c, 0);
	again = decided(NULL);
	is_int(cgroups_make(again, &err), 0, "an empty one that exists is taken");
	cgroups_close(again);
	end(c);
	is_int(cgroups_destroy(c, &err), 0, "destroyed twice");
	is_int(cgroups_frozen(c), 0, "what is gone is not frozen");
	wait_processes(c, 0);
	is_int(cgroups_kill(c, SIGKILL, &err), 0, "nobody to kill");
}

/* A cgroup with somebody else's processes is refused, and they survive the cleaning up. */
static void test_foreign(void)
{
	struct cgroups_wish wish = {.path = path, .id = "x"};
	struct cgroups *c = decided(NULL), *owner = made(NULL), *other;
	pid_t pid = joined(owner);

	if (pid == 0) {
		pause();
		_exit(0);
	}
	wait_processes(owner, 1);
	is_int(decide(&arena, &source, &wish, &other, &err), -EBUSY, "in use: %s", err.text);
	is_int(cgroups_make(c, &err), -EBUSY, "in use since it was decided: %s", err.text);
	(void)cgroups_destroy(c, &err);
	is_int(waitpid(pid, NULL, WNOHANG), 0, "its process was not killed");
	wait_processes(owner, 1);
	end(owner);
	is_int(status_of(pid), 128 + SIGKILL, "its owner does kill it");
}

/* Deeper than descriptors or a path's length allow to hold open. */
static void make_deep(const char *dir, int depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth && fd >= 0; i++) {
		int next;

		if (mkdirat(fd, "a", 0755) < 0 || mkdirat(fd, "b", 0755) < 0)
			break;
		next = openat(fd, "b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	if (fd >= 0) {
		(void)knob_write(fd, "cgroup.procs", "0");
		close(fd);
	}
}

static void test_children(void)
{
	struct rlimit old, few = {64, 64};
	struct cgroups *c = made(NULL);
	const struct place *p = place_of(c, CONTROLLER_FREEZER);
	pid_t pid;

	if (!p) {
		skip_test("children", "no freezer");
		end(c);
		return;
	}
	pid = joined(c);
	if (pid == 0) {
		make_deep(p->dir, 100);
		pause();
		_exit(0);
	}
	sleep_ms(300);
	wait_processes(c, 1);
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	end(c);
	setrlimit(RLIMIT_NOFILE, &old);
	is_int(status_of(pid), 128 + SIGKILL, "the process far below was killed");
}

/* Forks without end; the kill must be faster. */
static void test_fork_bomb(void)
{
	struct oci_pids pids = {.limit = 60, .has_limit = true};
	struct oci_resources resources = {.pids = &pids};
	struct cgroups *c = made(source.root == layout_host.root ? &resources : NULL);
	pid_t pid = joined(c);

	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (int i = 0;; i++)
			if (fork() == 0 || i > 40)
				sleep_ms(1);
			else if (i > 20)
				_exit(0);
	}
	sleep_ms(100);
	end(c);
	ok(status_of(pid) >= 0, "a fork bomb does not get away");
}

static void test_signals(void)
{
	struct cgroups *c = made(NULL);
	pid_t one = joined(c), two;

	if (one == 0) {
		pause();
		_exit(0);
	}
	two = joined(c);
	if (two == 0) {
		pause();
		_exit(0);
	}
	wait_processes(c, 2);
	is_int(cgroups_kill(c, SIGTERM, &err), 0, "SIGTERM to all");
	is_int(status_of(one), 128 + SIGTERM, "the first got it");
	is_int(status_of(two), 128 + SIGTERM, "and the second");
	end(c);
}

static void test_freezer(void)
{
	volatile unsigned *count =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct cgroups *c = made(NULL), *loaded;
	unsigned before;
	pid_t pid;

	pid = joined(c);
	while (pid == 0) {
		++*count;
		sleep_ms(1);
	}
	wait_processes(c, 1);
	is_int(cgroups_freeze(c, true, &err), 0, "frozen");
	before = *count;
	sleep_ms(50);
	is_int(*count, before, "nothing runs");
	is_int(cgroups_load(&arena, CGROUPS_CGROUPFS, cgroups_record(c), &loaded, &err), 0, "load");
	is_int(cgroups_frozen(loaded), 1, "seen from the record");
	is_int(cgroups_kill(loaded, SIGTERM, &err), 0, "SIGTERM to a frozen one");
	is_int(cgroups_frozen(loaded), 1, "leaves it frozen");
	is_int(cgroups_freeze(loaded, false, &err), 0, "thawed");
	is_int(cgroups_frozen(c), 0, "not frozen");
	is_int(status_of(pid), 128 + SIGTERM, "and the signal arrives");

	pid = joined(c);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	wait_processes(c, 1);
	is_int(cgroups_freeze(c, true, &err), 0, "frozen again");
	end(loaded);
	is_int(status_of(pid), 128 + SIGKILL, "a frozen one is destroyed too");
	cgroups_close(c);
	munmap((void *)(uintptr_t)count, 4096);
}

/* 0 when a node of a device can be made and opened in the cgroup, else the errno. The node is on a
 * file system of the child's own, since /tmp is often mounted with nodev. */
static int try_device(const struct cgroups *c, unsigned major, unsigned minor, int flags)
{
	pid_t pid = joined(c);

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 ||
		    mknod("/tmp/node", S_IFCHR | 0600, makedev(major, minor)) < 0)
			_exit(98);
		_exit(open("/tmp/node", flags) >= 0 ? 0 : errno);
	}
	return status_of(pid);
}

static void test_devices(void)
{
	struct oci_device_rule allow[] = {
		{.allow = false, .access = "rwm"},
		{.allow = true,
		 .type = "c",
		 .access = "r",
		 .major = 1,
		 .has_major = true,
		 .minor = 11,
		 .has_minor = true},
	};
	struct oci_resources none = {0}, empty = {.devices = allow, .n_devices = 0};
	struct oci_resources deny = {.devices = allow, .n_devices = 1};
	struct oci_resources some = {.devices = allow, .n_devices = 2};
	const struct oci_resources *lists[] = {NULL, &none, &empty, &deny};
	static const char *const names[] = {"no resources", "no list", "empty list", "deny all"};
	struct cgroups *c;

	/* 1:11 is kmsg: any root may open it */
	for (size_t i = 0; i < 4; i++) {
		c = made(lists[i]);
		is_int(try_device(c, 1, 3, O_RDWR), 0, "%s: null", names[i]);
		is_int(try_device(c, 1, 11, O_RDONLY), EPERM, "%s: not kmsg", names[i]);
		end(c);
	}
	c = made(&some);
	is_int(try_device(c, 1, 11, O_RDONLY), 0, "allowed: kmsg");
	is_int(try_device(c, 1, 11, O_WRONLY), EPERM, "but not for writing");
	is_int(cgroups_update(c, &empty, &err), 0, "an update without devices");
	is_int(try_device(c, 1, 11, O_RDONLY), 0, "changes nothing");
	is_int(cgroups_update(c, &deny, &err), 0, "an update that denies");
	is_int(try_device(c, 1, 11, O_RDONLY), EPERM, "takes kmsg away");
	is_int(try_device(c, 1, 3, O_RDWR), 0, "but not null");
	is_int(cgroups_update(c, &some, &err), 0, "an update that allows");
	is_int(try_device(c, 1, 11, O_RDONLY), 0, "gives it back");
	allow[0].allow = true;
	is_int(cgroups_update(c, &deny, &err), 0, "an update that allows all");
	is_int(try_device(c, 1, 11, O_WRONLY), 0, "is taken");
	end(c);
}

/* A limit that the kernel refuses: the error says which, and nothing stays behind. */
static void test_refused(void)
{
	struct oci_cpu cpu = {.cpus = "4000-4001"};
	struct oci_resources resources = {.cpu = &cpu};
	struct cgroups *c = decided(&resources);

	ok(cgroups_make(c, &err) < 0 && strstr(err.text, "linux.resources.cpu.cpus: write"),
	   "refused: %s", err.text);
	ok(is_gone(c), "nothing is left of it");
	end(c);
}

static bool usable(const struct cgroups *c, enum controller controller, const char *name)
{
	if (place_of(c, controller))
		return true;
	skip_test(name, "no such controller on this machine");
	return false;
}

static void test_memory(void)
{
	enum { MB = 1 << 20 };
	struct oci_memory memory = {.limit = 32 * MB, .has_limit = true};
	struct oci_resources resources = {.memory = &memory};
	struct cgroups *c = made(&resources);
	pid_t pid = joined(c);

	if (pid == 0) {
		char *room = mmap(NULL, 128 * MB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(room, 1, 128 * MB);
		_exit(room[5] == 1 ? 0 : 1);
	}
	is_int(status_of(pid), 128 + SIGKILL, "beyond the memory limit is death");
	/* swap is added and both grow and shrink: the order of the writes matters on v1 */
	memory.limit = 256 * (int64_t)MB;
	is_int(cgroups_update(c, &resources, &err), 0, "a higher limit");
	pid = joined(c);
	if (pid == 0) {
		char *room = mmap(NULL, 128 * MB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(room, 1, 128 * MB);
		_exit(room[5] == 1 ? 0 : 1);
	}
	is_int(status_of(pid), 0, "is room enough");
	memory.swap = 300 * (int64_t)MB;
	memory.has_swap = true;
	if (cgroups_update(c, &resources, &err) == 0) {
		memory.limit = memory.swap = 600 * (int64_t)MB;
		is_int(cgroups_update(c, &resources, &err), 0, "limit above the old sum");
		memory.limit = memory.swap = 100 * (int64_t)MB;
		is_int(cgroups_update(c, &resources, &err), 0, "and below the old limit");
		memory = (struct oci_memory){.swap = 200 * (int64_t)MB, .has_swap = true};
		is_int(cgroups_update(c, &resources, &err), 0, "the sum alone");
	} else {
		skip_test("limit and sum", err.text);
	}
	end(c);
}

static void test_pids(void)
{
	struct oci_pids pids = {.limit = 3, .has_limit = true};
	struct oci_resources resources = {.pids = &pids};
	struct cgroups *c = made(&resources);
	AUTO_BUF struct buf json = BUF_INIT;
	pid_t pid = joined(c);

	if (pid == 0) {
		int n = 0;

		while (n < 10 && fork() != -1)
			n++; /* children too: all fail together */
		pause();
		_exit(n);
	}
	sleep_ms(100);
	wait_processes(c, 3);
	is_int(cgroups_stats(c, &json, &err), 0, "statistics");
	ok(strstr(json.data, "\"pids\":{\"current\":3,\"limit\":3}") != NULL,
	   "count the processes");
	end(c);
	is_int(status_of(pid), 128 + SIGKILL, "killed");
}

static void test_cpu(void)
{
	struct oci_cpu cpu = {.quota = 20000,
			      .has_quota = true,
			      .period = 100000,
			      .has_period = true};
	struct oci_resources resources = {.cpu = &cpu};
	struct cgroups *c = made(&resources);
	struct rusage usage;
	int64_t start;
	pid_t pid;

	pid = joined(c);
	start = now_ms();
	while (pid == 0)
		if (now_ms() - start > 600)
			_exit(0);
	while (wait4(pid, NULL, 0, &usage) < 0 && errno == EINTR)
		;
	ok(usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 300000,
	   "a fifth of a CPU: %ld ms of 600", (long)(usage.ru_utime.tv_usec / 1000));
	cpu = (struct oci_cpu){.period = 50000, .has_period = true};
	is_int(cgroups_update(c, &resources, &err), 0, "another period: %s", err.text);
	cpu = (struct oci_cpu){.idle = 1, .has_idle = true};
	is_int(cgroups_update(c, &resources, &err), 0, "idle");
	cpu = (struct oci_cpu){.idle = 0, .has_idle = true, .shares = 512, .has_shares = true};
	is_int(cgroups_update(c, &resources, &err), 0, "not idle, with shares");
	end(c);
}

static void test_controllers(void)
{
	struct cgroups *c = decided(NULL);

	if (usable(c, CONTROLLER_MEMORY, "memory"))
		test_memory();
	if (usable(c, CONTROLLER_PIDS, "pids"))
		test_pids();
	if (usable(c, CONTROLLER_CPU, "cpu"))
		test_cpu();
	if (usable(c, CONTROLLER_CPUSET, "cpuset"))
		test_refused();
}

/* cgroups_exec_directory: v2 only. */
static void test_exec_directory(void)
{
	struct cgroups *c = made(NULL);
	int fd = -1;

	is_int(cgroups_exec_directory(c, getpid(), &fd, &err), 0, "a directory for exec");
	ok((fd >= 0) == (cgroups_directory(c) >= 0), "on v2");
	if (fd >= 0)
		close(fd);
	end(c);
}

static void test_all(const char *name)
{
	printf("# %s\n", name);
	test_empty();
	test_foreign();
	test_children();
	test_fork_bomb();
	test_signals();
	test_freezer();
	test_devices();
	test_controllers();
	test_exec_directory();
}

static bool is_possible(void)
{
	struct cgroups_wish wish = {.path = path, .id = "x"};
	struct cgroups *c;
	bool possible = geteuid() == 0 && decide(&arena, &source, &wish, &c, &err) == 0 &&
			cgroups_make(c, &err) == 0;

	if (possible) {
		(void)cgroups_destroy(c, &err);
		cgroups_close(c);
	}
	return possible;
}

static void remove_parents(const char *parent)
{
	struct layout layout;

	if (layout_probe(&arena, &source, &layout, &err) < 0)
		return;
	for (size_t i = 0; i < layout.n; i++) {
		char *dir = arena_printf(&arena, "%s%s", layout.hierarchy[i].mountpoint, parent);

		(void)tree_remove(dir);
	}
}

int main(void)
{
	char parent[48];
	struct layout layout;

	snprintf(parent, sizeof parent, "/hull-cgroups-%d", (int)getpid());
	snprintf(path, sizeof path, "%s/container", parent);
	source = layout_host;
	if (!is_possible()) {
		skip_test("live cgroups", geteuid() ? "needs root" : err.text);
		return done_testing();
	}
	test_all("the machine's cgroups");
	remove_parents(parent);
	if (layout_probe(&arena, &source, &layout, &err) == 0 && !layout.unified && layout.v2) {
		source.root = layout.v2->mountpoint;
		if (is_possible())
			test_all("the cgroup2 beside v1");
		remove_parents(parent);
	}
	arena_free(&arena);
	return done_testing();
}
