/* SPDX-License-Identifier: Apache-2.0 */
#include "test-cgroups-tree.h"

#include "base/buf.h"
#include "base/err.h"
#include "cgroups/knob.h"
#include "cgroups/limits.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

/* linux.resources, what v1 (hybrid) and what v2 writes. A text that begins with "!" is the error.
 */
static const struct {
	const char *json, *v1, *v2;
} table[] = {
	{"{}", "", ""},
	/* what docker and containerd say when nobody asked for anything */
	{"{'memory':{'disableOOMKiller':false},'cpu':{'shares':0},'blockIO':{'weight':0}}", "", ""},
	{"{'memory':{'limit':0,'swap':0,'reservation':0},'cpu':{'quota':0,'period':0}}", "", ""},

	{"{'memory':{'limit':1048576}}", "memory.limit_in_bytes = \"1048576\"\n",
	 "memory.max = \"1048576\"\n"},
	{"{'memory':{'limit':100,'swap':300,'reservation':50}}",
	 "memory.limit_in_bytes = \"100\"\nmemory.memsw.limit_in_bytes = \"300\"\n"
	 "memory.soft_limit_in_bytes = \"50\"\n",
	 "memory.swap.max = \"200\"\nmemory.max = \"100\"\nmemory.low = \"50\"\n"},
	{"{'memory':{'limit':100,'swap':100}}",
	 "memory.limit_in_bytes = \"100\"\nmemory.memsw.limit_in_bytes = \"100\"\n",
	 "memory.swap.max = \"0\" (if there)\nmemory.max = \"100\"\n"},
	{"{'memory':{'limit':-1}}",
	 "memory.limit_in_bytes = \"-1\"\nmemory.memsw.limit_in_bytes = \"-1\" (if there)\n",
	 "memory.swap.max = \"max\" (if there)\nmemory.max = \"max\"\n"},
	{"{'memory':{'limit':100,'swap':-1}}",
	 "memory.limit_in_bytes = \"100\"\nmemory.memsw.limit_in_bytes = \"-1\" (if there)\n",
	 "memory.swap.max = \"max\" (if there)\nmemory.max = \"100\"\n"},
	{"{'memory':{'swap':100}}", "memory.memsw.limit_in_bytes = \"100\"\n",
	 "!linux.resources.memory.swap: needs a memory limit beside it"},
	{"{'memory':{'limit':100,'swap':99}}",
	 "!linux.resources.memory.swap: is memory and swap together: it must not be below the "
	 "memory limit",
	 "!linux.resources.memory.swap: is memory and swap together: it must not be below the "
	 "memory limit"},
	{"{'memory':{'limit':-2}}", "!linux.resources.memory.limit: -2 is no size",
	 "!linux.resources.memory.limit: -2 is no size"},
	{"{'memory':{'swappiness':0}}", "memory.swappiness = \"0\"\n",
	 "!linux.resources.memory.swappiness: cgroup v2 has no swappiness"},
	{"{'memory':{'swappiness':101}}",
	 "!linux.resources.memory.swappiness: 101 is not from 0 to 100",
	 "!linux.resources.memory.swappiness: 101 is not from 0 to 100"},
	{"{'memory':{'disableOOMKiller':true}}", "memory.oom_control = \"1\"\n",
	 "!linux.resources.memory.disableOOMKiller: cgroup v2 cannot disable it"},
	{"{'memory':{'useHierarchy':true}}", "memory.use_hierarchy = \"1\" (if there)\n", ""},

	{"{'cpu':{'shares':1024}}", "cpu.shares = \"1024\"\n", "cpu.weight = \"100\"\n"},
	{"{'cpu':{'shares':1}}", "!linux.resources.cpu.shares: the minimum allowed cpu-shares is 2",
	 "cpu.weight = \"1\"\n"},
	{"{'cpu':{'shares':300000}}",
	 "!linux.resources.cpu.shares: the maximum allowed cpu-shares is 262144",
	 "cpu.weight = \"10000\"\n"},
	{"{'cpu':{'quota':50000,'period':100000,'burst':1000}}",
	 "cpu.cfs_period_us = \"100000\"\ncpu.cfs_burst_us = \"1000\"\n"
	 "cpu.cfs_quota_us = \"50000\"\n",
	 "cpu.max.burst = \"1000\"\ncpu.max = \"50000 100000\"\n"},
	{"{'cpu':{'quota':50000}}", "cpu.cfs_quota_us = \"50000\"\n", "cpu.max = \"50000\"\n"},
	{"{'cpu':{'quota':-1}}", "cpu.cfs_quota_us = \"-1\"\n", "cpu.max = \"max\"\n"},
	{"{'cpu':{'period':200000}}", "cpu.cfs_period_us = \"200000\"\n",
	 "cpu.max = \"200000\" (keeps the quota)\n"},
	{"{'cpu':{'quota':1000,'burst':1001}}",
	 "!linux.resources.cpu.burst: 1001 is above the quota of 1000",
	 "!linux.resources.cpu.burst: 1001 is above the quota of 1000"},
	{"{'cpu':{'idle':1,'shares':2048}}", "cpu.idle = \"1\"\n", "cpu.idle = \"1\"\n"},
	{"{'cpu':{'idle':2}}", "!linux.resources.cpu.idle: 2 is not 0 or 1",
	 "!linux.resources.cpu.idle: 2 is not 0 or 1"},
	{"{'cpu':{'realtimeRuntime':950000,'realtimePeriod':1000000}}",
	 "cpu.rt_period_us = \"1000000\"\ncpu.rt_runtime_us = \"950000\"\n",
	 "!linux.resources.cpu.realtimeRuntime: cgroup v2 has no realtime limits"},
	{"{'cpu':{'cpus':'0-1','mems':'0'}}", "cpuset.cpus = \"0-1\"\ncpuset.mems = \"0\"\n",
	 "cpuset.cpus = \"0-1\"\ncpuset.mems = \"0\"\n"},
	{"{'cpu':{'cpus':'0\\n1'}}", "!linux.resources.cpu.cpus: \"0\n1\" is no list like 0-3,7",
	 "!linux.resources.cpu.cpus: \"0\n1\" is no list like 0-3,7"},

	{"{'pids':{'limit':100}}", "pids.max = \"100\"\n", "pids.max = \"100\"\n"},
	{"{'pids':{'limit':-1}}", "pids.max = \"max\"\n", "pids.max = \"max\"\n"},
	{"{'pids':{'limit':0}}", "pids.max = \"1\"\n", "pids.max = \"1\"\n"},

	{"{'blockIO':{'weight':500}}", "blkio.bfq.weight = \"500\" or blkio.weight = \"500\"\n",
	 "io.bfq.weight = \"500\" or io.weight = \"default 4950\"\n"},
	{"{'blockIO':{'leafWeight':10}}", "blkio.leaf_weight = \"10\"\n",
	 "!linux.resources.blockIO.leafWeight: cgroup v2 has no leaf weight"},
	{"{'blockIO':{'weightDevice':[{'major':8,'minor':0,'weight':500}]}}",
	 "blkio.bfq.weight_device = \"8:0 500\" or blkio.weight_device = \"8:0 500\"\n",
	 "io.bfq.weight = \"8:0 500\" or io.weight = \"8:0 4950\"\n"},
	{"{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':600}],"
	 "'throttleWriteIOPSDevice':[{'major':8,'minor':16,'rate':0}]}}",
	 "blkio.throttle.read_bps_device = \"8:0 600\"\n"
	 "blkio.throttle.write_iops_device = \"8:16 0\"\n",
	 "io.max = \"8:0 rbps=600\"\nio.max = \"8:16 wiops=max\"\n"},

	{"{'hugepageLimits':[{'pageSize':'2MB','limit':4194304}]}",
	 "hugetlb.2MB.limit_in_bytes = \"4194304\"\n"
	 "hugetlb.2MB.rsvd.limit_in_bytes = \"4194304\" (if there)\n",
	 "hugetlb.2MB.max = \"4194304\"\nhugetlb.2MB.rsvd.max = \"4194304\" (if there)\n"},

	/* the hybrid machine has rdma on its cgroup2, and no net_cls */
	{"{'rdma':{'mlx5_1':{'hcaHandles':3,'hcaObjects':10000}}}",
	 "rdma.max = \"mlx5_1 hca_handle=3 hca_object=10000\"\n",
	 "rdma.max = \"mlx5_1 hca_handle=3 hca_object=10000\"\n"},
	{"{'rdma':{'a b':{'hcaHandles':3}}}",
	 "!linux.resources.rdma[\"a b\"]: is no name of a device",
	 "!linux.resources.rdma[\"a b\"]: is no name of a device"},
	{"{'rdma':{'../x':{'hcaHandles':3}}}",
	 "!linux.resources.rdma[\"../x\"]: is no name of a device",
	 "!linux.resources.rdma[\"../x\"]: is no name of a device"},
	{"{'network':{'classID':1048577}}",
	 "!linux.resources.network.classID: the net_cls controller is not available on this "
	 "machine",
	 "!linux.resources.network.classID: cgroup v2 has no net_cls controller"},
	{"{'network':{'priorities':[{'name':'eth0','priority':5}]}}",
	 "!linux.resources.network.priorities: the net_prio controller is not available on this "
	 "machine",
	 "!linux.resources.network.priorities: cgroup v2 has no net_prio controller"},

	{"{'unified':{'memory.high':'1000','io.max':'8:0 rbps=1\\n8:16 wbps=2'}}",
	 "!linux.resources.unified: invalid configuration: cannot use unified on cgroup v1",
	 "memory.high = \"1000\"\nio.max = \"8:0 rbps=1\\n8:16 wbps=2\"\n"},
	{"{'unified':{'cgroup.max.depth':'3','hugetlb.2MB.max':'0'}}",
	 "!linux.resources.unified: invalid configuration: cannot use unified on cgroup v1",
	 "cgroup.max.depth = \"3\"\nhugetlb.2MB.max = \"0\"\n"},
};

/* Keys of unified that must never become a path or move a process. */
static const char *const bad_keys[] = {
	"../x",
	"a/b",
	"../memory.max",
	"memory.max/..",
	"/etc/passwd",
	"cgroup.procs",
	"cgroup.threads",
	"cgroup.subtree_control",
	"cgroup.kill",
	"cgroup.freeze",
	"cgroup.type",
	"memory",
	"memory.",
	".max",
	"",
	"memoryx.max",
	"unknown.max",
	"devices.allow",
	"cpuacct.usage",
	"memory.max ",
	"freezer.x",
	"memory/../x.max",
};

static const char *const bad_sizes[] = {"../../x", "2MB/..", "2mb",  "MB",
					"02MB",    "2TB",    "2MB ", ""};

static struct oci_resources *read_resources(struct arena *arena, const char *json)
{
	struct oci_resources *resources = NULL;
	struct oci_report report;
	char *text = arena_strdup(arena, json);

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	oci_report_init(&report, arena);
	if (oci_resources_read(arena, text, strlen(text), &report, &resources) < 0)
		printf("# not read: %s: %s\n", text,
		       report.n_findings ? report.findings[0].message : "?");
	return resources;
}

static void check(struct arena *arena, struct layout *layout, const char *json, const char *want)
{
	struct err err = {0};
	struct limits l = {.arena = arena, .layout = layout, .err = &err};
	AUTO_BUF struct buf buf = BUF_INIT;
	int r = limits_build(&l, read_resources(arena, json));

	if (r == 0)
		limits_dump(&l, &buf);
	else
		buf_printf(&buf, "!%s", err.text);
	is_str(buf.data ? buf.data : "", want, "%s %s", layout->unified ? "v2" : "v1", json);
}

static void test_table(struct arena *arena, struct layout *v1, struct layout *v2)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		check(arena, v1, table[i].json, table[i].v1);
		check(arena, v2, table[i].json, table[i].v2);
	}
}

static bool refused(struct arena *arena, struct layout *layout, const struct oci_resources *res)
{
	struct err err = {0};
	struct limits l = {.arena = arena, .layout = layout, .err = &err};

	return limits_build(&l, res) == -EINVAL && *err.text && l.n == 0;
}

static void test_traversal(struct arena *arena, struct layout *v1, struct layout *v2)
{
	for (size_t i = 0; i < sizeof bad_keys / sizeof bad_keys[0]; i++) {
		struct oci_pair pair = {bad_keys[i], "1"};
		struct oci_resources res = {.unified = &pair, .n_unified = 1};

		ok(refused(arena, v2, &res), "unified key \"%s\" is refused", bad_keys[i]);
	}
	for (size_t i = 0; i < sizeof bad_sizes / sizeof bad_sizes[0]; i++) {
		struct oci_hugepage_limit h = {.page_size = bad_sizes[i], .limit = 1};
		struct oci_resources res = {.hugepage_limits = &h, .n_hugepage_limits = 1};

		ok(refused(arena, v1, &res) && refused(arena, v2, &res),
		   "page size \"%s\" is refused", bad_sizes[i]);
	}
}

/* In a report every mistake is found, at its path. */
static void test_report(struct arena *arena, struct layout *v1)
{
	struct oci_report report;
	struct limits l = {.arena = arena, .layout = v1, .report = &report};

	oci_report_init(&report, arena);
	(void)limits_build(&l, read_resources(arena, "{'memory':{'limit':-3,'kernel':1},"
						     "'cpu':{'shares':1},'unified':{'x.y':'1'}}"));
	is_int(report.n_errors, 3, "three errors");
	is_int(report.n_warnings, 1, "and a warning");
	is_str(report.findings[0].path, "linux.resources.memory.limit", "path of the first");
	is_str(report.findings[1].path, "linux.resources.memory.kernel", "path of the warning");
	is_str(report.findings[2].path, "linux.resources.cpu.shares", "path of the second");
	is_str(report.findings[3].path, "linux.resources.unified", "path of the third");
}

static void build(struct arena *arena, struct layout *layout, struct limits *l, const char *json)
{
	*l = (struct limits){.arena = arena, .layout = layout};
	(void)limits_build(l, read_resources(arena, json));
}

static const char *knob(int dir, const char *file)
{
	static char value[256];

	return knob_read(dir, file, value, sizeof value) < 0 ? NULL : value;
}

static void test_apply(struct arena *arena, struct layout *v1, struct layout *v2)
{
	struct limits l;
	struct err err;
	int dir;

	fake_file("", "leaf/memory.limit_in_bytes");
	fake_file("", "leaf/blkio.weight");
	fake_file("max 1\n", "leaf/cpu.max"); /* a file is not cut off, unlike a knob */
	fake_file("", "leaf/cpus");
	dir = open(fake_path("leaf"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	build(arena, v1, &l, "{'memory':{'limit':100},'blockIO':{'weight':10},'cpu':{'cpus':'1'}}");
	is_int(limits_apply(&l, dir, "leaf", CONTROLLER_BIT(CONTROLLER_MEMORY), &err), 0, "memory");
	is_str(knob(dir, "memory.limit_in_bytes"), "100", "is written");
	is_str(knob(dir, "blkio.weight"), "", "other controllers' are not");
	is_int(limits_apply(&l, dir, "leaf", ~0u, &err), 0, "all");
	is_str(knob(dir, "blkio.weight"), "10", "the other file is taken");
	is_str(knob(dir, "cpus"), "1", "a hierarchy without prefixes");

	build(arena, v2, &l, "{'cpu':{'period':50000}}");
	is_int(limits_apply(&l, dir, "leaf", ~0u, &err), 0, "a period alone");
	is_str(knob(dir, "cpu.max"), "max 50000", "keeps the quota");

	build(arena, v1, &l, "{'memory':{'limit':-1}}");
	is_int(limits_apply(&l, dir, "leaf", ~0u, &err), 0, "no swap accounting, no swap limit");
	build(arena, v1, &l, "{'memory':{'limit':200,'swap':300}}");
	is_int(limits_apply(&l, dir, "leaf", ~0u, &err), -ENOENT,
	       "a swap limit that cannot be set");
	is_str(err.text,
	       "linux.resources.memory.swap: write \"300\" to leaf/memory.memsw.limit_in_bytes: no "
	       "such file or directory",
	       "is an error with place and reason");
	close(dir);
}

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct layout_source source = fake_hybrid();
	struct layout v1, v2;

	is_int(layout_probe(&arena, &source, &v1, NULL), 0, "hybrid");
	ok(layout_find(&v1, CONTROLLER_RDMA) != NULL, "with rdma on cgroup2");
	fake_end();
	source = fake_unified();
	is_int(layout_probe(&arena, &source, &v2, NULL), 0, "unified");
	ok(layout_find(&v2, CONTROLLER_RDMA) != NULL, "with rdma");
	test_table(&arena, &v1, &v2);
	test_traversal(&arena, &v1, &v2);
	test_report(&arena, &v1);
	test_apply(&arena, &v1, &v2);
	fake_end();
	return done_testing();
}
