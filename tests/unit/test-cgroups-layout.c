/* SPDX-License-Identifier: Apache-2.0 */
#include "test-cgroups-tree.h"

#include "base/err.h"
#include "base/str.h"
#include "cgroups/mountinfo.h"
#include "libocispec/arena.h"
#include "tap.h"

static const struct hierarchy *named(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->n; i++)
		if (str_eq(layout->hierarchy[i].name, name))
			return &layout->hierarchy[i];
	return NULL;
}

static const char *mountpoint(const struct layout *layout, const char *name)
{
	const struct hierarchy *h = named(layout, name);

	return h ? h->mountpoint : NULL;
}

static void test_hybrid(struct arena *arena)
{
	struct layout_source source = fake_hybrid();
	struct layout layout;
	const char *own;

	is_int(layout_probe(arena, &source, &layout, NULL), 0, "hybrid is probed");
	ok(!layout.unified, "it is not unified");
	is_int(layout.n, 10, "nine v1 hierarchies and cgroup2");
	is_str(mountpoint(&layout, "cpu,cpuacct"), fake_path("cgroup/cpu,cpuacct"),
	       "two controllers at one place");
	is_str(mountpoint(&layout, "name=systemd"), fake_path("cgroup/systemd"), "systemd's");
	ok(!named(&layout, "name=elsewhere"), "other named hierarchies are not ours");
	ok(layout_find(&layout, CONTROLLER_CPUACCT) == named(&layout, "cpu,cpuacct"),
	   "cpuacct is found beside cpu");
	ok(layout_find(&layout, CONTROLLER_IO) == named(&layout, "blkio"), "io is called blkio");
	ok(layout_find(&layout, CONTROLLER_RDMA) == named(&layout, "unified"),
	   "what v1 does not have is looked for on cgroup2");
	ok(layout_find(&layout, CONTROLLER_DEVICES) == named(&layout, "devices"), "v1 comes first");
	ok(!layout_find(&layout, CONTROLLER_NET_CLS), "net_cls is nowhere");
	ok(!layout.mountinfo, "mountinfo is not read when the names fit");
	is_int(layout_own(&layout, named(&layout, "memory"), &own, NULL), 0, "own cgroup");
	is_str(own, "/user/me", "hull's own memory cgroup");
	fake_end();
}

static void test_unified(struct arena *arena)
{
	struct layout_source source = fake_unified();
	struct layout layout;
	const char *own;

	is_int(layout_probe(arena, &source, &layout, NULL), 0, "unified is probed");
	ok(layout.unified && layout.n == 1, "one hierarchy");
	is_str(layout.hierarchy[0].mountpoint, fake_path("cgroup"), "its mount point");
	ok(layout_find(&layout, CONTROLLER_MEMORY) != NULL, "memory");
	ok(layout_find(&layout, CONTROLLER_DEVICES) != NULL, "devices need no controller");
	ok(layout_find(&layout, CONTROLLER_FREEZER) != NULL, "nor does the freezer");
	ok(!layout_find(&layout, CONTROLLER_NET_PRIO), "net_prio does not exist");
	is_int(layout_own(&layout, &layout.hierarchy[0], &own, NULL), 0, "own cgroup");
	is_str(own, "/user.slice/me.scope", "hull's own cgroup");
	fake_end();
}

/* Mounts at other places, with blanks in their names; roots that are not "/". */
static void test_mountinfo(struct arena *arena)
{
	struct layout_source source = fake_begin();
	char text[16384];
	struct layout layout;
	const char *own;

	fake_file("", "else where/cp/tasks");
	fake_file("", "cgroup/memory/tasks");
	fake_file("", "cgroup/memory/inner/tasks");
	fake_file("3:cpu,cpuacct:/docker/id/inner\n2:memory:/docker/id/inner\n1:pids:/\n", "own");
	snprintf(text, sizeof text,
		 "20 1 0:20 / /proc rw,relatime - proc proc rw\n"
		 "30 1 0:30 /docker/id %s/else\\040where/cp rw shared:7 - cgroup cgroup "
		 "rw,noprefix,cpuacct,cpu\n"
		 "31 1 0:31 /docker/id %s/cgroup/memory rw - cgroup cgroup rw,memory\n"
		 "32 1 0:32 / /cut/short",
		 fake_root, fake_root);
	fake_file(text, "mountinfo");
	is_int(layout_probe(arena, &source, &layout, NULL), 0, "probed");
	is_str(mountpoint(&layout, "cpu,cpuacct"), fake_path("else where/cp"),
	       "found in mountinfo, unescaped, names in another order");
	ok(!named(&layout, "pids"), "a hierarchy that is not mounted is not there");
	is_int(layout_own(&layout, named(&layout, "memory"), &own, NULL), 0, "own cgroup");
	is_str(own, "/inner", "the root of the mount is taken off");
	fake_end();
}

static void test_nothing(struct arena *arena)
{
	struct layout_source source = fake_begin();
	struct layout layout;
	struct err err;

	fake_file("", "own");
	is_int(layout_probe(arena, &source, &layout, &err), -ENOENT, "no cgroups at all");
	is_int(layout.n, 0, "no hierarchy");
	fake_file("0::/x\n", "own");
	is_int(layout_probe(arena, &source, &layout, &err), -ENOENT, "cgroup2 that is not mounted");
	fake_file("garbage\n\n::\n7:memory\n6:cpu:relative\n:::/\n", "own");
	is_int(layout_probe(arena, &source, &layout, &err), -ENOENT,
	       "odd lines are no hierarchies");
	unlink(fake_path("own"));
	is_int(layout_probe(arena, &source, &layout, &err), -ENOENT, "no /proc");
	fake_end();
}

static void test_outside(struct arena *arena)
{
	struct layout_source source = fake_unified();
	struct layout layout;
	const char *own;

	fake_file("0::/../other\n", "own");
	is_int(layout_probe(arena, &source, &layout, NULL), 0, "probed");
	is_int(layout_own(&layout, &layout.hierarchy[0], &own, NULL), 0, "own cgroup");
	is_str(own, "/", "a cgroup above the namespace's root is never climbed to");
	fake_end();
}

static void test_escapes(struct arena *arena)
{
	struct mountinfo info;

	(void)fake_begin();
	fake_file("1 1 0:1 / /a\\134b\\011c\\0 rw - cgroup x rw,memory\n", "mountinfo");
	is_int(mountinfo_read(arena, fake_path("mountinfo"), &info), 0, "read");
	is_str(mountinfo_find(&info, "memory"), "/a\\b\tc\\0", "octal only when it is whole");
	ok(!mountinfo_find(&info, "mem"), "a part of a name is no name");
	ok(!mountinfo_find(&info, NULL), "not cgroup2");
	is_str(mountinfo_root(&info, "/a\\b\tc\\0"), "/", "root of the mount");
	fake_end();
}

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	test_hybrid(&arena);
	test_unified(&arena);
	test_mountinfo(&arena);
	test_nothing(&arena);
	test_outside(&arena);
	test_escapes(&arena);
	return done_testing();
}
