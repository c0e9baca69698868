/* SPDX-License-Identifier: Apache-2.0 */
#include "test-cgroups-tree.h"

#include "base/err.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

/* The directory that the record has for a hierarchy, below the made-up root; NULL: none. */
static const char *recorded(const struct cgroups *cgroups, const char *name)
{
	const char *const *record = cgroups_record(cgroups);

	for (size_t i = 0; record[i]; i++) {
		const char *dir = str_after(record[i], name);

		if (dir && *dir == ':')
			return str_after(dir + 1, fake_root);
	}
	return NULL;
}

static const struct request_hierarchy *requested(const struct cgroups *cgroups, const char *name)
{
	const struct request_cgroups *request = cgroups_request(cgroups);

	for (size_t i = 0; i < request->n_hierarchies; i++)
		if (str_eq(request->hierarchy[i].name, name))
			return &request->hierarchy[i];
	return NULL;
}

static void test_hybrid(void)
{
	struct layout_source source = fake_hybrid();
	struct cgroups_wish wish = {.path = "/docker/ID", .id = "ID"};
	const struct request_hierarchy *h;
	struct cgroups *c;
	struct err err;

	is_int(decide(&arena, &source, &wish, &c, &err), 0, "an absolute path");
	is_str(recorded(c, "memory"), "/cgroup/memory/docker/ID", "memory");
	is_str(recorded(c, "cpu,cpuacct"), "/cgroup/cpu,cpuacct/docker/ID", "joined controllers");
	is_str(recorded(c, "name=systemd"), "/cgroup/systemd/docker/ID", "systemd's hierarchy");
	ok(!recorded(c, "unified"), "cgroup2 is left alone when nothing needs it");
	ok(!cgroups_request(c)->unified, "not unified");
	is_int(cgroups_request(c)->tasks, 9, "nine tasks files");
	is_int(cgroups_request(c)->n_hierarchies, 9, "nine hierarchies for mounts");
	is_int(cgroups_directory(c), -1, "no directory for clone3");
	h = requested(c, "cpu,cpuacct");
	ok(h && str_eq(h->options, "cpu,cpuacct") && str_eq(h->path, "/docker/ID"),
	   "cpu,cpuacct as a mount");
	h = requested(c, "systemd");
	ok(h && str_eq(h->options, "none,name=systemd"), "systemd's as a mount");

	wish.path = NULL;
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "no path");
	is_str(recorded(c, "memory"), "/cgroup/memory/ID", "is /ID");
	wish.path = "";
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "an empty path");
	is_str(recorded(c, "memory"), "/cgroup/memory/ID", "is /ID too");
	wish.path = "rel/./x";
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "a relative path");
	is_str(recorded(c, "memory"), "/cgroup/memory/user/me/rel/x", "is below hull's own");
	is_str(recorded(c, "freezer"), "/cgroup/freezer/rel/x", "which differs");
	wish.path = "../../../etc";
	is_int(decide(&arena, &source, &wish, &c, &err), -EINVAL, "escape: %s", err.text);
	wish.path = "/";
	is_int(decide(&arena, &source, &wish, &c, &err), -EINVAL, "root: %s", err.text);
	fake_end();
}

/* A controller that only the cgroup2 beside v1 has. */
static void test_hybrid_v2(void)
{
	struct layout_source source = fake_hybrid();
	struct oci_rdma rdma = {.key = "mlx", .hca_handles = 1, .has_hca_handles = true};
	struct oci_resources resources = {.rdma = &rdma, .n_rdma = 1};
	struct cgroups_wish wish = {.path = "/x", .id = "ID", .resources = &resources};
	struct cgroups *c;
	struct err err;

	is_int(decide(&arena, &source, &wish, &c, &err), 0, "an rdma limit");
	is_str(recorded(c, "unified"), "/cgroup/unified/x", "cgroup2 is used for it");
	is_int(cgroups_request(c)->tasks, 10, "and joined");
	ok(place_of(c, CONTROLLER_RDMA) && place_of(c, CONTROLLER_RDMA)->v2, "rdma is there");
	ok(!place_of(c, CONTROLLER_MEMORY)->v2, "memory is not");
	fake_end();
}

static void test_unified(void)
{
	struct layout_source source = fake_unified();
	struct cgroups_wish wish = {.path = "/docker/ID", .id = "ID"};
	struct cgroups *c;
	struct err err;

	is_int(decide(&arena, &source, &wish, &c, &err), 0, "an absolute path");
	is_str(recorded(c, "unified"), "/cgroup/docker/ID", "one directory");
	ok(cgroups_request(c)->unified && cgroups_request(c)->tasks == 0, "unified");
	is_str(cgroups_request(c)->hierarchy[0].path, "/docker/ID", "path for mounts");
	wish.path = "x";
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "a relative path");
	is_str(recorded(c, "unified"), "/cgroup/user.slice/x",
	       "is beside hull's own, which has processes in it");
	fake_end();
}

static void test_in_use(void)
{
	struct layout_source source = fake_hybrid();
	struct cgroups_wish wish = {.path = "/used", .id = "ID"};
	struct cgroups *c;
	struct err err;

	fake_file("", "cgroup/pids/used/cgroup.procs");
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "a cgroup that exists, empty");
	fake_file("4194000\n4194001\n", "cgroup/pids/used/below/cgroup.procs");
	is_int(decide(&arena, &source, &wish, &c, &err), -EBUSY, "one with processes");
	ok(str_after(err.text, "container's cgroup is not empty: 2 process(es) found"), "%s",
	   err.text);
	wish.dry = true;
	is_int(decide(&arena, &source, &wish, &c, &err), 0, "does not matter for a plan only");
	wish.dry = false;
	wish.path = "/frozen";
	fake_file("FROZEN\n", "cgroup/freezer/frozen/freezer.state");
	fake_file("", "cgroup/freezer/frozen/cgroup.procs");
	is_int(decide(&arena, &source, &wish, &c, &err), -EBUSY, "a frozen one");
	is_str(err.text, "container's cgroup unexpectedly frozen", "text");
	fake_end();
}

static void rootless(const struct layout_source *source, const char *where)
{
	struct oci_memory memory = {.limit = 1 << 20, .has_limit = true};
	struct oci_pids pids = {.limit = 10, .has_limit = true};
	struct oci_resources resources = {.pids = &pids};
	struct cgroups_wish wish = {.id = "ID", .rootless = true};
	struct cgroups *c;
	struct err err;

	is_int(decide(&arena, source, &wish, &c, &err), 0, "rootless without limits");
	is_str(recorded(c, "memory"), where, "uses what is delegated");
	ok(!recorded(c, "pids"), "and not what is not");
	is_str(requested(c, "pids")->path, "/user/me", "a mount shows the cgroup it is in");
	is_int(cgroups_request(c)->tasks, 1, "one tasks file");
	wish.resources = &resources;
	is_int(decide(&arena, source, &wish, &c, &err), -EACCES, "a limit that cannot be set");
	is_str(err.text,
	       "linux.resources.pids.limit: no permission for a cgroup of the pids controller: "
	       "permission denied",
	       "text");
	resources = (struct oci_resources){.memory = &memory};
	is_int(decide(&arena, source, &wish, &c, &err), 0, "one that can");
	ok(!c->devices_wanted, "device rules are root's");
}

/* All but the memory cgroup. */
static void change_mode(mode_t mode)
{
	static const char *const others[] = {
		"pids/user/me", "cpu,cpuacct/user", "cpuset",          "devices", "freezer",
		"blkio",        "hugetlb",          "systemd/user/me",
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		char path[200];

		snprintf(path, sizeof path, "cgroup/%s", others[i]);
		if (chmod(fake_path(path), mode) < 0)
			fake_die(path);
	}
}

static void test_rootless(void)
{
	enum { NOBODY = 65534 };
	struct layout_source source = fake_hybrid();
	bool root = geteuid() == 0;

	if (chmod(fake_root, 0755) < 0)
		fake_die("chmod");
	if (root && chown(fake_path("cgroup/memory/user/me"), NOBODY, NOBODY) < 0)
		fake_die("chown");
	change_mode(0555);
	if (root && seteuid(NOBODY) < 0)
		fake_die("seteuid");
	rootless(&source, "/cgroup/memory/user/me/ID");
	if (root && seteuid(0) < 0)
		fake_die("seteuid");
	change_mode(0755);
	fake_end();
}

static void test_drivers(void)
{
	struct cgroups_wish wish = {.driver = CGROUPS_DISABLED, .id = "ID"};
	struct cgroups *c;
	struct err err;

	is_int(cgroups_decide(&arena, &wish, &c, &err), 0, "disabled");
	ok(!cgroups_request(c) && !cgroups_record(c)[0], "has nothing");
	is_int(cgroups_make(c, &err), 0, "makes nothing");
	is_int(cgroups_destroy(c, &err), 0, "destroys nothing");
	is_int(cgroups_frozen(c), 0, "is not frozen");
	wish.driver = CGROUPS_SYSTEMD;
	wish.path = "/docker/x";
	is_int(cgroups_decide(&arena, &wish, &c, &err), -EINVAL, "systemd: %s", err.text);
}

static bool found(const struct oci_report *report, const char *path)
{
	for (size_t i = 0; i < report->n_findings; i++)
		if (str_eq(report->findings[i].path, path))
			return true;
	return false;
}

/* `hull check`: all mistakes at once, each at its place. */
static void test_check(void)
{
	struct oci_memory memory = {.limit = -5, .has_limit = true};
	struct oci_device_rule device = {.allow = true, .access = "x"};
	struct oci_resources resources = {.memory = &memory, .devices = &device, .n_devices = 1};
	struct oci_linux linux_ = {.cgroups_path = "../x", .resources = &resources};
	struct oci_config config = {.linux_ = &linux_};
	struct request request = {.arena = &arena, .config = &config, .id = "ID"};
	struct layout layout;
	struct oci_report report;
	struct err err;

	oci_report_init(&report, &arena);
	cgroups_check(&request, CGROUPS_CGROUPFS, &report);
	ok(found(&report, "linux.cgroupsPath"), "a path that leads out is found");
	if (layout_probe(&arena, &layout_host, &layout, &err) == 0) {
		ok(found(&report, "linux.resources.memory.limit"), "so is a bad limit");
		ok(found(&report, "linux.resources.devices[0]"), "and a bad device rule");
		is_int(report.n_errors, 3, "and nothing else");
	} else {
		skip_test("bad limits", err.text);
	}
	oci_report_init(&report, &arena);
	cgroups_check(&request, CGROUPS_DISABLED, &report);
	is_int(report.n_findings, 0, "without cgroups nothing matters");
	linux_ = (struct oci_linux){.cgroups_path = "/docker/x"};
	cgroups_check(&request, CGROUPS_SYSTEMD, &report);
	ok(found(&report, "linux.cgroupsPath"), "a path is no unit");
	linux_.cgroups_path = "system.slice:docker:x";
	oci_report_init(&report, &arena);
	cgroups_check(&request, CGROUPS_SYSTEMD, &report);
	is_int(report.n_errors, 0, "a unit is");
}

/* A record on disk could be anything. */
static void test_load(void)
{
	static const char *const bad[] = {
		"memory",       "memory:",    "memory:relative", "memory:/a/../b", "memory:/a/./b",
		"memory:/a//b", "memory:/a/", "memory:/",        "/sys/fs/cgroup", "memory:/a/b/..",
	};
	const char *good[] = {"memory:/sys/fs/cgroup/memory/x",
			      "cpu,cpuacct:/sys/fs/cgroup/cpu,cpuacct/x", NULL};
	struct cgroups *c;
	struct err err;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *record[] = {bad[i], NULL};

		is_int(cgroups_load(&arena, CGROUPS_CGROUPFS, record, &c, &err), -EINVAL,
		       "refused: %s", err.text);
	}
	is_int(cgroups_load(&arena, CGROUPS_CGROUPFS, good, &c, &err), 0, "a good one");
	is_int(c->n_places, 2, "two places");
	is_int(cgroups_request(c)->tasks, 2, "two tasks files");
	ok(place_of(c, CONTROLLER_CPUACCT) == &c->place[1], "controllers are known by the names");
	is_str(cgroups_record(c)[1], good[1], "the record is kept");
	is_int(cgroups_load(&arena, CGROUPS_CGROUPFS, NULL, &c, &err), 0, "no record");
	is_int(cgroups_destroy(c, &err), 0, "is nothing to destroy");
}

/* Whatever the record says: only cgroups are removed. */
static void test_not_a_cgroup(void)
{
	const char *record[2] = {NULL, NULL};
	struct cgroups *c;
	struct err err;

	(void)fake_begin();
	fake_file("", "victim/sub/file");
	unlink(fake_path("victim/sub/file"));
	record[0] = arena_printf(&arena, "memory:%s", fake_path("victim"));
	is_int(cgroups_load(&arena, CGROUPS_CGROUPFS, record, &c, &err), 0,
	       "a directory elsewhere");
	is_int(cgroups_destroy(c, &err), -EINVAL, "is not removed: %s", err.text);
	is_int(access(fake_path("victim/sub"), F_OK), 0, "nor what is in it");
	fake_end();
}

int main(void)
{
	test_hybrid();
	test_hybrid_v2();
	test_unified();
	test_in_use();
	test_rootless();
	test_drivers();
	test_check();
	test_load();
	test_not_a_cgroup();
	arena_free(&arena);
	return done_testing();
}
