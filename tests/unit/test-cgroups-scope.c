/* SPDX-License-Identifier: Apache-2.0 */

/* The systemd driver with a real systemd: needs root, else everything is skipped. */

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "cgroups/systemd.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;
static struct err err;
static char path[64], id[32];

/* The number in a controller's file; -1: none. */
static int64_t knob_number(const struct cgroups *c, enum controller controller, const char *v1,
			   const char *v2)
{
	const struct place *p = place_of(c, controller);
	int dir = p ? open(p->dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int64_t value = -1;

	if (dir < 0)
		return -1;
	(void)knob_read_number(dir, p->v2 ? v2 : v1, &value);
	close(dir);
	return value;
}

static int64_t memory_limit(const struct cgroups *c)
{
	return knob_number(c, CONTROLLER_MEMORY, "memory.limit_in_bytes", "memory.max");
}

static int64_t quota(const struct cgroups *c)
{
	return knob_number(c, CONTROLLER_CPU, "cpu.cfs_quota_us", "cpu.max");
}

static bool is_gone(const struct cgroups *c)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (access(c->place[i].dir, F_OK) == 0)
			return false;
	return true;
}

/* As the first process of a container: waits until it has been moved. 0 in the child. */
static pid_t started(struct cgroups *c, int want)
{
	int go[2];
	char byte;
	pid_t pid;
	int r;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(90);
		return 0;
	}
	r = cgroups_make(c, &err);
	if (r == 0)
		r = cgroups_attach(c, pid, &err);
	is_int(r, want, "unit started: %s", r ? err.text : "ok");
	if (r == 0)
		(void)!write(go[1], "", 1);
	close(go[0]);
	close(go[1]);
	return pid;
}

/* As exec: into the cgroup of a container that runs. */
static pid_t joined(struct cgroups *c)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int dir = -1;
	pid_t pid;

	if (cgroups_exec_directory(c, 1, &dir, &err) < 0)
		return -1;
	if (dir < 0) {
		struct cgroups *loaded;
		int fds[64];
		unsigned n;

		if (cgroups_load(&arena, CGROUPS_SYSTEMD, cgroups_record(c), &loaded, &err) < 0 ||
		    cgroups_open_tasks(loaded, fds, &err) < 0)
			return -1;
		n = cgroups_request(loaded)->tasks;
		pid = fork();
		if (pid == 0)
			for (unsigned i = 0; i < n; i++)
				if (write(fds[i], "0", 1) != 1)
					_exit(97);
		for (unsigned i = 0; i < n; i++)
			close(fds[i]);
		return pid;
	}
	args.cgroup = (unsigned)dir;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid != 0)
		close(dir);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int try_kmsg(struct cgroups *c)
{
	pid_t pid = joined(c);

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 ||
		    mknod("/tmp/node", S_IFCHR | 0600, makedev(1, 11)) < 0)
			_exit(98);
		_exit(open("/tmp/node", O_RDONLY) >= 0 ? 0 : errno);
	}
	return status_of(pid);
}

static int reload(void)
{
	struct systemd systemd = {.dbus = DBUS_INIT};
	struct dbus_call call = {.destination = "org.freedesktop.systemd1",
				 .path = "/org/freedesktop/systemd1",
				 .interface = "org.freedesktop.systemd1.Manager",
				 .member = "Reload"};
	struct dbus_message reply;
	int r = systemd_connect(&systemd, &err);

	if (r == 0)
		r = dbus_ask(&systemd.dbus, &call, &reply, &err);
	dbus_close(&systemd.dbus);
	return r;
}

static struct cgroups *decided(const struct oci_resources *resources)
{
	struct oci_pair annotations[] = {
		{"org.systemd.property.TimeoutStopUSec", "uint64 5000000"},
		{"org.systemd.property.After", "['basic.target', 'local-fs.target']"},
		{"org.systemd.property.Description", "'a container of a test'"},
	};
	struct cgroups_wish wish = {.driver = CGROUPS_SYSTEMD,
				    .path = path,
				    .id = id,
				    .resources = resources,
				    .annotations = annotations,
				    .n_annotations = 3};
	struct cgroups *c;

	if (cgroups_decide(&arena, &wish, &c, &err) < 0) {
		printf("Bail out! decide: %s\n", err.text);
		exit(99);
	}
	return c;
}

static void test_scope(void)
{
	struct oci_memory memory = {.limit = 64 << 20, .has_limit = true};
	struct oci_pids pids = {.limit = 20, .has_limit = true};
	struct oci_cpu cpu = {.quota = 12345, .has_quota = true, .shares = 512, .has_shares = true};
	struct oci_resources resources = {.memory = &memory, .pids = &pids, .cpu = &cpu};
	struct cgroups *c = decided(&resources), *loaded;
	const char *want = arena_printf(&arena, "/hulltest.slice/%s.scope", id);
	int64_t start;
	pid_t pid;

	ok(strstr(cgroups_record(c)[0], want) != NULL, "where it will be: %s",
	   cgroups_record(c)[0]);
	ok(cgroups_request(c)->attach && cgroups_directory(c) == -1, "the host moves the process");
	start = now_ms();
	pid = started(c, 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	printf("# started in %lld ms\n", (long long)(now_ms() - start));
	is_int(memory_limit(c), 64 << 20, "memory");
	is_int(knob_number(c, CONTROLLER_PIDS, "pids.max", "pids.max"), 20, "pids");
	is_int(quota(c), 12345, "cpu: exact, not in percents");
	is_int(knob_number(c, CONTROLLER_CPU, "cpu.shares", "cpu.weight"), c->unified ? 59 : 512,
	       "shares");
	is_int(try_kmsg(c), EPERM, "devices are denied");
	is_int(reload(), 0, "systemd is told to reload");
	is_int(memory_limit(c), 64 << 20, "memory as before");
	is_int(quota(c), 12345, "cpu as before");
	is_int(try_kmsg(c), EPERM, "devices as before");
	cgroups_close(c);

	is_int(cgroups_load(&arena, CGROUPS_SYSTEMD, cgroups_record(c), &loaded, &err), 0, "load");
	memory.limit = 96 << 20;
	is_int(cgroups_update(loaded, &resources, &err), 0, "update");
	is_int(memory_limit(c), 96 << 20, "new limit");
	is_int(try_kmsg(c), EPERM, "devices are denied still");
	is_int(cgroups_freeze(loaded, true, &err), 0, "frozen");
	is_int(cgroups_frozen(loaded), 1, "is seen");
	start = now_ms();
	is_int(cgroups_destroy(loaded, &err), 0, "destroyed");
	printf("# destroyed in %lld ms\n", (long long)(now_ms() - start));
	ok(is_gone(c), "its cgroups are gone");
	is_int(status_of(pid), 128 + SIGKILL, "so is its process");
	cgroups_close(loaded);
}

/* A unit that failed, for lack of memory, does not stand in the way of the next of its name. */
static void test_again(void)
{
	struct oci_memory memory = {.limit = 16 << 20, .has_limit = true};
	struct oci_resources resources = {.memory = &memory};
	struct cgroups *c = decided(&resources);
	pid_t pid = started(c, 0);

	if (pid == 0) {
		char *room = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(room, 1, 64 << 20);
		_exit(room[5]);
	}
	is_int(status_of(pid), 128 + SIGKILL, "out of memory");
	is_int(cgroups_destroy(c, &err), 0, "destroyed");
	is_int(cgroups_destroy(c, &err), 0, "twice");
	cgroups_close(c);
	c = decided(NULL);
	pid = started(c, 0);
	if (pid == 0)
		_exit(7);
	is_int(status_of(pid), 7, "the next of this name runs");
	is_int(cgroups_destroy(c, &err), 0, "destroyed");
	cgroups_close(c);
}

/* The same unit name in another slice belongs to somebody else: it must survive. */
static void test_other_slice(void)
{
	struct cgroups *owner = decided(NULL), *other;
	pid_t pid = started(owner, 0), second;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof path, "hullother.slice::%s", id);
	other = decided(NULL);
	second = started(other, -EREMOTEIO);
	if (second == 0)
		_exit(0);
	is_int(status_of(second), 90, "the process was not let go");
	is_int(cgroups_destroy(other, &err), 0, "what failed is cleaned up");
	is_int(waitpid(pid, NULL, WNOHANG), 0, "the owner's process lives");
	snprintf(path, sizeof path, "hulltest.slice::%s", id);
	is_int(cgroups_destroy(owner, &err), 0, "destroyed");
	is_int(status_of(pid), 128 + SIGKILL, "now it does not");
	cgroups_close(owner);
	cgroups_close(other);
}

int main(void)
{
	struct cgroups_wish wish = {.driver = CGROUPS_SYSTEMD, .path = path, .id = id};
	struct cgroups *c;
	int r;

	snprintf(id, sizeof id, "hull-%d", (int)getpid());
	snprintf(path, sizeof path, "hulltest.slice::%s", id);
	r = geteuid() == 0 ? cgroups_decide(&arena, &wish, &c, &err) : -EPERM;
	if (r < 0) {
		skip_test("scope units", r == -EPERM ? "needs root" : err.text);
		return done_testing();
	}
	cgroups_close(c);
	test_scope();
	test_again();
	test_other_slice();
	arena_free(&arena);
	return done_testing();
}
