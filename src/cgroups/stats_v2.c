/* SPDX-License-Identifier: Apache-2.0 */

/* Statistics of cgroup v2. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "cgroups/stats.h"
#include "libocispec/arena.h"
#include "sys/file.h"

static void read_cpu(struct stats *stats, int dir)
{
	struct stats_named *list;
	size_t n;

	/* microseconds there, nanoseconds here */
	stats_lines(stats, dir, "cpu.stat", &list, &n);
	stats->cpu_total = stats_value(list, n, "usage_usec") * 1000;
	stats->cpu_user = stats_value(list, n, "user_usec") * 1000;
	stats->cpu_kernel = stats_value(list, n, "system_usec") * 1000;
	stats->periods = stats_value(list, n, "nr_periods");
	stats->throttled = stats_value(list, n, "nr_throttled");
	stats->throttled_time = stats_value(list, n, "throttled_usec") * 1000;
	stats->cpu_pressure = stats_text(stats, dir, "cpu.pressure");
	stats->cpus = stats_text(stats, dir, "cpuset.cpus.effective");
	stats->mems = stats_text(stats, dir, "cpuset.mems.effective");
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Readers know v1's meaning of swap: memory and swap together. */
static void read_memory(struct stats *stats, int dir)
{
	struct stats_memory *m = &stats->memory, *s = &stats->swap;
	struct stats_named *list;
	size_t n;

	stats_lines(stats, dir, "memory.stat", &stats->raw, &stats->n_raw);
	stats->cache = stats_value(stats->raw, stats->n_raw, "file");
	m->limit = stats_number(dir, "memory.max");
	m->usage = stats_number(dir, "memory.current");
	m->max = stats_number(dir, "memory.peak");
	stats_lines(stats, dir, "memory.events", &list, &n);
	m->failures = stats_value(list, n, "max");
	s->limit = sum(m->limit, stats_number(dir, "memory.swap.max"));
	s->usage = sum(m->usage, stats_number(dir, "memory.swap.current"));
	s->max = stats_number(dir, "memory.swap.peak");
	stats_lines(stats, dir, "memory.swap.events", &list, &n);
	s->failures = stats_value(list, n, "max");
	stats->kernel.usage = stats_value(stats->raw, stats->n_raw, "kernel");
	stats->memory_pressure = stats_text(stats, dir, "memory.pressure");
}

/* io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6". */
static void read_io_line(struct stats *stats, char *line)
{
	static const struct {
		const char *key, *op;
		enum stats_io_kind kind;
	} keys[] = {
		{"rbytes=", "Read", STATS_IO_BYTES},    {"wbytes=", "Write", STATS_IO_BYTES},
		{"dbytes=", "Discard", STATS_IO_BYTES}, {"rios=", "Read", STATS_IO_SERVICED},
		{"wios=", "Write", STATS_IO_SERVICED},  {"dios=", "Discard", STATS_IO_SERVICED},
	};
	struct stats_io io = {0};
	char *save = NULL;

	if (sscanf(line, "%" SCNu64 ":%" SCNu64, &io.major, &io.minor) != 2)
		return;
	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		for (size_t i = 0; i < COUNT_OF(keys); i++) {
			const char *value = str_after(w, keys[i].key);

			if (!value || sscanf(value, "%" SCNu64, &io.value) != 1)
				continue;
			io.op = keys[i].op;
			(void)stats_add_io(stats, keys[i].kind, &io); /* no memory: one less */
		}
}

static void read_io(struct stats *stats, int dir)
{
	char *text = stats_text(stats, dir, "io.stat"), *save = NULL;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save))
		read_io_line(stats, l);
	stats->io_pressure = stats_text(stats, dir, "io.pressure");
}

static void read_huge(struct stats *stats, int dir)
{
	stats_huge_sizes(stats);
	for (size_t i = 0; i < stats->n_huge; i++) {
		struct stats_huge *h = &stats->huge[i];
		struct stats_named *list;
		char file[64];
		size_t n;

		snprintf(file, sizeof file, "hugetlb.%s.current", h->size);
		h->usage = stats_number(dir, file);
		snprintf(file, sizeof file, "hugetlb.%s.events", h->size);
		stats_lines(stats, dir, file, &list, &n);
		h->failures = stats_value(list, n, "max");
	}
}

/* -1 when the controller is one of v1 here, or not there. */
static int open_place(const struct cgroups *cgroups, enum controller c)
{
	const struct place *p = place_of(cgroups, c);

	return p && p->v2 ? sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0) : -1;
}

void stats_read_v2(const struct cgroups *cgroups, struct stats *stats)
{
	AUTO_CLOSE int cpu = open_place(cgroups, CONTROLLER_CPU);
	AUTO_CLOSE int memory = open_place(cgroups, CONTROLLER_MEMORY);
	AUTO_CLOSE int pids = open_place(cgroups, CONTROLLER_PIDS);
	AUTO_CLOSE int io = open_place(cgroups, CONTROLLER_IO);
	AUTO_CLOSE int huge = open_place(cgroups, CONTROLLER_HUGETLB);

	if (cpu >= 0)
		read_cpu(stats, cpu);
	if (memory >= 0)
		read_memory(stats, memory);
	if (pids >= 0) {
		stats->pids = stats_number(pids, "pids.current");
		stats->pids_limit = stats_number(pids, "pids.max");
	}
	if (stats->pids_limit == UINT64_MAX)
		stats->pids_limit = 0;
	if (io >= 0)
		read_io(stats, io);
	if (huge >= 0)
		read_huge(stats, huge);
}
