/* SPDX-License-Identifier: Apache-2.0 */

/* Statistics of cgroup v1. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "cgroups/stats.h"
#include "libocispec/arena.h"
#include "sys/file.h"

enum { CPUS_MAX = 1 << 13 };

/* -1 when the container has no cgroup of that controller, or that of v2. */
static int open_place(const struct cgroups *cgroups, enum controller c)
{
	const struct place *p = place_of(cgroups, c);

	return p && !p->v2 ? sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0) : -1;
}

/* cpuacct.usage_percpu: "1234 5678 \n". */
static void read_percpu(struct stats *stats, int dir)
{
	char *text = stats_text(stats, dir, "cpuacct.usage_percpu"), *save = NULL;

	stats->percpu = arena_array(stats->arena, CPUS_MAX, sizeof *stats->percpu);
	if (!text || !stats->percpu)
		return;
	for (char *w = strtok_r(text, " \n", &save); w && stats->n_percpu < CPUS_MAX;
	     w = strtok_r(NULL, " \n", &save))
		if (number_u64(w, UINT64_MAX, &stats->percpu[stats->n_percpu]) == 0)
			stats->n_percpu++;
}

/* cpuacct.usage_all: "cpu user system\n0 12 34\n1 56 78\n". */
static void read_modes(struct stats *stats, int dir)
{
	char *text = stats_text(stats, dir, "cpuacct.usage_all"), *save = NULL;
	size_t n = 0;

	stats->percpu_user = arena_array(stats->arena, CPUS_MAX, sizeof *stats->percpu_user);
	stats->percpu_kernel = arena_array(stats->arena, CPUS_MAX, sizeof *stats->percpu_kernel);
	if (!text || !stats->percpu_user || !stats->percpu_kernel)
		return;
	for (char *l = strtok_r(text, "\n", &save); l && n < CPUS_MAX;
	     l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "%*u %" SCNu64 " %" SCNu64, &stats->percpu_user[n],
			   &stats->percpu_kernel[n]) == 2)
			n++;
	stats->n_percpu_kernel = n;
}

static void read_cpu(const struct cgroups *cgroups, struct stats *stats)
{
	AUTO_CLOSE int cpu = open_place(cgroups, CONTROLLER_CPU);
	AUTO_CLOSE int account = open_place(cgroups, CONTROLLER_CPUACCT);
	struct stats_named *list;
	size_t n;

	stats->cpu_total = stats_number(account, "cpuacct.usage");
	stats->cpu_user = stats_number(account, "cpuacct.usage_user");
	stats->cpu_kernel = stats_number(account, "cpuacct.usage_sys");
	read_percpu(stats, account);
	read_modes(stats, account);
	stats_lines(stats, cpu, "cpu.stat", &list, &n);
	stats->periods = stats_value(list, n, "nr_periods");
	stats->throttled = stats_value(list, n, "nr_throttled");
	stats->throttled_time = stats_value(list, n, "throttled_time");
}

static void read_cpuset(const struct cgroups *cgroups, struct stats *stats)
{
	static const char *const files[] = {
		"cpuset.cpu_exclusive",
		"cpuset.mem_hardwall",
		"cpuset.mem_exclusive",
		"cpuset.memory_migrate",
		"cpuset.memory_spread_page",
		"cpuset.memory_spread_slab",
		"cpuset.memory_pressure",
		"cpuset.sched_load_balance",
		"cpuset.sched_relax_domain_level",
	};
	AUTO_CLOSE int dir = open_place(cgroups, CONTROLLER_CPUSET);

	stats->cpus = stats_text(stats, dir, "cpuset.cpus");
	stats->mems = stats_text(stats, dir, "cpuset.mems");
	for (size_t i = 0; i < COUNT_OF(files); i++)
		stats->cpuset[i] = (struct stats_named){strchr(files[i], '.') + 1,
							stats_number(dir, files[i])};
	stats->n_cpuset = COUNT_OF(files);
}

static void read_memory_entry(int dir, const char *prefix, struct stats_memory *to)
{
	static const char *const files[] = {"limit_in_bytes", "usage_in_bytes",
					    "max_usage_in_bytes", "failcnt"};
	uint64_t *const value[] = {&to->limit, &to->usage, &to->max, &to->failures};

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char file[64];

		snprintf(file, sizeof file, "%s.%s", prefix, files[i]);
		*value[i] = stats_number(dir, file);
	}
}

static void read_memory(const struct cgroups *cgroups, struct stats *stats)
{
	AUTO_CLOSE int dir = open_place(cgroups, CONTROLLER_MEMORY);

	read_memory_entry(dir, "memory", &stats->memory);
	read_memory_entry(dir, "memory.memsw", &stats->swap);
	read_memory_entry(dir, "memory.kmem", &stats->kernel);
	read_memory_entry(dir, "memory.kmem.tcp", &stats->kernel_tcp);
	stats_lines(stats, dir, "memory.stat", &stats->raw, &stats->n_raw);
	stats->cache = stats_value(stats->raw, stats->n_raw, "cache");
}

/* "8:0 Read 4096", "8:0 4096" (no operation), "Total 4096". True when there was something. */
static bool read_io_file(struct stats *stats, int dir, const char *file, enum stats_io_kind kind)
{
	char *text = stats_text(stats, dir, file), *save = NULL;
	bool found = false;

	if (!text)
		return false;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct stats_io io = {0};
		char op[24] = "";

		if (sscanf(l, "%" SCNu64 ":%" SCNu64 " %23[A-Za-z] %" SCNu64, &io.major, &io.minor,
			   op, &io.value) == 4)
			io.op = arena_strdup(stats->arena, op);
		else if (sscanf(l, "%" SCNu64 ":%" SCNu64 " %" SCNu64, &io.major, &io.minor,
				&io.value) != 3)
			continue;
		found |= stats_add_io(stats, kind, &io);
	}
	return found;
}

/* Which scheduler counts differs: BFQ, CFQ before Linux 5.0, or the throttling alone. */
static void read_io(const struct cgroups *cgroups, struct stats *stats)
{
	static const struct {
		enum stats_io_kind kind;
		const char *file;
	} files[] = {
		{STATS_IO_BYTES, "blkio.bfq.io_service_bytes_recursive"},
		{STATS_IO_BYTES, "blkio.io_service_bytes_recursive"},
		{STATS_IO_BYTES, "blkio.throttle.io_service_bytes_recursive"},
		{STATS_IO_SERVICED, "blkio.bfq.io_serviced_recursive"},
		{STATS_IO_SERVICED, "blkio.io_serviced_recursive"},
		{STATS_IO_SERVICED, "blkio.throttle.io_serviced_recursive"},
		{STATS_IO_QUEUED, "blkio.bfq.io_queued_recursive"},
		{STATS_IO_QUEUED, "blkio.io_queued_recursive"},
		{STATS_IO_SERVICE_TIME, "blkio.bfq.io_service_time_recursive"},
		{STATS_IO_SERVICE_TIME, "blkio.io_service_time_recursive"},
		{STATS_IO_WAIT_TIME, "blkio.bfq.io_wait_time_recursive"},
		{STATS_IO_WAIT_TIME, "blkio.io_wait_time_recursive"},
		{STATS_IO_MERGED, "blkio.bfq.io_merged_recursive"},
		{STATS_IO_MERGED, "blkio.io_merged_recursive"},
		{STATS_IO_TIME, "blkio.bfq.time_recursive"},
		{STATS_IO_TIME, "blkio.time_recursive"},
		{STATS_IO_SECTORS, "blkio.bfq.sectors_recursive"},
		{STATS_IO_SECTORS, "blkio.sectors_recursive"},
	};
	AUTO_CLOSE int dir = open_place(cgroups, CONTROLLER_IO);
	bool found[STATS_IO_KINDS] = {false};

	for (size_t i = 0; i < COUNT_OF(files) && dir >= 0; i++)
		if (!found[files[i].kind])
			found[files[i].kind] =
				read_io_file(stats, dir, files[i].file, files[i].kind);
}

static void read_huge(const struct cgroups *cgroups, struct stats *stats)
{
	AUTO_CLOSE int dir = open_place(cgroups, CONTROLLER_HUGETLB);

	if (dir < 0)
		return;
	stats_huge_sizes(stats);
	for (size_t i = 0; i < stats->n_huge; i++) {
		struct stats_huge *h = &stats->huge[i];
		char file[64];

		snprintf(file, sizeof file, "hugetlb.%s.usage_in_bytes", h->size);
		h->usage = stats_number(dir, file);
		snprintf(file, sizeof file, "hugetlb.%s.max_usage_in_bytes", h->size);
		h->max = stats_number(dir, file);
		snprintf(file, sizeof file, "hugetlb.%s.failcnt", h->size);
		h->failures = stats_number(dir, file);
	}
}

void stats_read_v1(const struct cgroups *cgroups, struct stats *stats)
{
	AUTO_CLOSE int pids = open_place(cgroups, CONTROLLER_PIDS);

	read_cpu(cgroups, stats);
	read_cpuset(cgroups, stats);
	read_memory(cgroups, stats);
	stats->pids = stats_number(pids, "pids.current");
	stats->pids_limit = stats_number(pids, "pids.max");
	if (stats->pids_limit == UINT64_MAX)
		stats->pids_limit = 0;
	read_io(cgroups, stats);
	read_huge(cgroups, stats);
}
