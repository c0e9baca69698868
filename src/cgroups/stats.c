/* SPDX-License-Identifier: Apache-2.0 */

/* Statistics as JSON: the members and their order that engines know from runc's events, where most
 * zeros are left out. */

#include "cgroups/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/number.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "libocispec/arena.h"

enum { TEXT_LIMIT = 1 << 20, CPUS_MAX = 1 << 14, HUGE_MAX = 16 };

uint64_t stats_number(int dir, const char *file)
{
	char value[32];
	uint64_t number;

	if (dir < 0 || knob_read(dir, file, value, sizeof value) < 0)
		return 0;
	if (str_eq(value, "max"))
		return UINT64_MAX;
	return number_u64(value, UINT64_MAX, &number) == 0 ? number : 0;
}

char *stats_text(struct stats *stats, int dir, const char *file)
{
	char *text;
	size_t size;

	if (dir < 0 || io_read_file(stats->arena, dir, file, TEXT_LIMIT, &text, &size) < 0)
		return NULL;
	return text;
}

void stats_lines(struct stats *stats, int dir, const char *file, struct stats_named **ret,
		 size_t *ret_n)
{
	char *text = stats_text(stats, dir, file), *save = NULL;
	struct stats_named *list;
	size_t n = 0, lines = 1;

	*ret = NULL;
	*ret_n = 0;
	for (const char *c = text; c && *c; c++)
		lines += *c == '\n';
	list = arena_array(stats->arena, lines, sizeof *list);
	if (!text || !list)
		return;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(l, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		list[n].name = l;
		if (number_u64(blank + 1, UINT64_MAX, &list[n].value) == 0)
			n++;
	}
	*ret = list;
	*ret_n = n;
}

uint64_t stats_value(const struct stats_named *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].name, name))
			return list[i].value;
	return 0;
}

bool stats_add_io(struct stats *stats, enum stats_io_kind kind, const struct stats_io *io)
{
	struct stats_io_list *list = &stats->io[kind];

	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct stats_io *grown =
			arena_grow(stats->arena, list->item, list->n, room, sizeof *grown);

		if (!grown)
			return false;
		list->item = grown;
		list->room = room;
	}
	list->item[list->n++] = *io;
	return true;
}

/* "hugepages-2048kB" is "2MB" in the names of the controller's files. */
static const char *huge_size(struct stats *stats, const char *name)
{
	const char *text = str_after(name, "hugepages-");
	size_t n = text ? strspn(text, "0123456789") : 0;
	char digits[24] = "";
	uint64_t kb;

	if (!n || n >= sizeof digits || !str_eq(text + n, "kB"))
		return NULL;
	memcpy(digits, text, n);
	if (number_u64(digits, UINT32_MAX, &kb) < 0)
		return NULL;
	if (kb >= 1 << 20)
		return arena_printf(stats->arena, "%" PRIu64 "GB", kb >> 20);
	if (kb >= 1 << 10)
		return arena_printf(stats->arena, "%" PRIu64 "MB", kb >> 10);
	return arena_printf(stats->arena, "%" PRIu64 "KB", kb);
}

void stats_huge_sizes(struct stats *stats)
{
	DIR *dir = opendir("/sys/kernel/mm/hugepages");
	const struct dirent *e;

	stats->huge = arena_array(stats->arena, HUGE_MAX, sizeof *stats->huge);
	while (dir && stats->huge && stats->n_huge < HUGE_MAX && (e = readdir(dir))) {
		const char *size = huge_size(stats, e->d_name);

		if (size)
			stats->huge[stats->n_huge++].size = size;
	}
	if (dir)
		closedir(dir);
}

/* The comma before every member but the first of an object or array. */
static void comma(struct buf *json)
{
	char last = json->size ? json->data[json->size - 1] : '{';

	if (last != '{' && last != '[')
		buf_str(json, ",");
}

static void member(struct buf *json, const char *name)
{
	comma(json);
	buf_json(json, name);
	buf_str(json, ":");
}

static void number(struct buf *json, const char *name, uint64_t value)
{
	member(json, name);
	buf_printf(json, "%" PRIu64, value);
}

static void nonzero(struct buf *json, const char *name, uint64_t value)
{
	if (value)
		number(json, name, value);
}

static void open_object(struct buf *json, const char *name)
{
	member(json, name);
	buf_str(json, "{");
}

static void numbers(struct buf *json, const char *name, const uint64_t *list, size_t n)
{
	if (!n)
		return;
	member(json, name);
	buf_str(json, "[");
	for (size_t i = 0; i < n; i++) {
		comma(json);
		buf_printf(json, "%" PRIu64, list[i]);
	}
	buf_str(json, "]");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": each line one object. */
static void pressure(struct stats *stats, struct buf *json, const char *text)
{
	char *copy = text ? arena_strdup(stats->arena, text) : NULL, *save = NULL;

	if (!copy || !*copy)
		return;
	open_object(json, "psi");
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char kind[8];
		double avg[3];
		unsigned long long total;

		if (sscanf(l, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &avg[0],
			   &avg[1], &avg[2], &total) != 5)
			continue;
		open_object(json, kind);
		buf_printf(json, "\"avg10\":%g,\"avg60\":%g,\"avg300\":%g,\"total\":%llu}", avg[0],
			   avg[1], avg[2], total);
	}
	buf_str(json, "}");
}

static void write_cpu(struct stats *stats, struct buf *json)
{
	open_object(json, "cpu");
	open_object(json, "usage");
	nonzero(json, "total", stats->cpu_total);
	numbers(json, "percpu", stats->percpu, stats->n_percpu);
	numbers(json, "percpu_kernel", stats->percpu_kernel, stats->n_percpu_kernel);
	numbers(json, "percpu_user", stats->percpu_user, stats->n_percpu_kernel);
	number(json, "kernel", stats->cpu_kernel);
	number(json, "user", stats->cpu_user);
	buf_str(json, "}");
	open_object(json, "throttling");
	nonzero(json, "periods", stats->periods);
	nonzero(json, "throttledPeriods", stats->throttled);
	nonzero(json, "throttledTime", stats->throttled_time);
	buf_str(json, "}");
	pressure(stats, json, stats->cpu_pressure);
	buf_str(json, "}");
}

/* "0-3,7" as [0,1,2,3,7]. */
static void cpu_list(struct buf *json, const char *name, const char *list)
{
	size_t n = 0;

	if (!list || !*list)
		return;
	member(json, name);
	buf_str(json, "[");
	while (*list) {
		unsigned first, last;
		int used = 0;

		if (sscanf(list, "%u%n", &first, &used) != 1)
			break;
		list += used;
		last = first;
		if (*list == '-' && sscanf(list, "-%u%n", &last, &used) == 1)
			list += used;
		for (; first <= last && n < CPUS_MAX; first++, n++) {
			comma(json);
			buf_printf(json, "%u", first);
		}
		list += *list == ',';
	}
	buf_str(json, "]");
}

static void write_cpuset(const struct stats *stats, struct buf *json)
{
	static const char *const names[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};

	open_object(json, "cpuset");
	cpu_list(json, "cpus", stats->cpus);
	cpu_list(json, "mems", stats->mems);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		number(json, names[i], stats_value(stats->cpuset, stats->n_cpuset, names[i]));
	buf_str(json, "}");
}

static void write_memory_entry(struct buf *json, const char *name, const struct stats_memory *m)
{
	open_object(json, name);
	number(json, "limit", m->limit);
	nonzero(json, "usage", m->usage);
	nonzero(json, "max", m->max);
	number(json, "failcnt", m->failures);
	buf_str(json, "}");
}

static void write_memory(struct stats *stats, struct buf *json)
{
	open_object(json, "memory");
	nonzero(json, "cache", stats->cache);
	write_memory_entry(json, "usage", &stats->memory);
	write_memory_entry(json, "swap", &stats->swap);
	write_memory_entry(json, "kernel", &stats->kernel);
	write_memory_entry(json, "kernelTCP", &stats->kernel_tcp);
	if (stats->n_raw) {
		open_object(json, "raw");
		for (size_t i = 0; i < stats->n_raw; i++)
			number(json, stats->raw[i].name, stats->raw[i].value);
		buf_str(json, "}");
	}
	pressure(stats, json, stats->memory_pressure);
	buf_str(json, "}");
}

static void write_io(struct stats *stats, struct buf *json)
{
	static const char *const names[STATS_IO_KINDS] = {
		"ioServiceBytesRecursive", "ioServicedRecursive", "ioQueueRecursive",
		"ioServiceTimeRecursive",  "ioWaitTimeRecursive", "ioMergedRecursive",
		"ioTimeRecursive",         "sectorsRecursive",
	};

	open_object(json, "blkio");
	for (size_t k = 0; k < STATS_IO_KINDS; k++) {
		const struct stats_io_list *list = &stats->io[k];

		if (!list->n)
			continue;
		member(json, names[k]);
		buf_str(json, "[");
		for (size_t i = 0; i < list->n; i++) {
			comma(json);
			buf_str(json, "{");
			nonzero(json, "major", list->item[i].major);
			nonzero(json, "minor", list->item[i].minor);
			if (list->item[i].op) {
				member(json, "op");
				buf_json(json, list->item[i].op);
			}
			nonzero(json, "value", list->item[i].value);
			buf_str(json, "}");
		}
		buf_str(json, "]");
	}
	pressure(stats, json, stats->io_pressure);
	buf_str(json, "}");
}

static void write_huge(const struct stats *stats, struct buf *json)
{
	open_object(json, "hugetlb");
	for (size_t i = 0; i < stats->n_huge; i++) {
		open_object(json, stats->huge[i].size);
		nonzero(json, "usage", stats->huge[i].usage);
		nonzero(json, "max", stats->huge[i].max);
		number(json, "failcnt", stats->huge[i].failures);
		buf_str(json, "}");
	}
	buf_str(json, "}");
}

int cgroups_stats(const struct cgroups *cgroups, struct buf *json, struct err *err)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct stats stats = {.arena = &arena};

	/* Each reads what its version has: a hybrid machine has controllers of both. */
	stats_read_v1(cgroups, &stats);
	stats_read_v2(cgroups, &stats);
	buf_str(json, "{");
	write_cpu(&stats, json);
	write_cpuset(&stats, json);
	write_memory(&stats, json);
	open_object(json, "pids");
	nonzero(json, "current", stats.pids);
	nonzero(json, "limit", stats.pids_limit);
	buf_str(json, "}");
	write_io(&stats, json);
	write_huge(&stats, json);
	buf_str(json, ",\"intel_rdt\":{},\"network_interfaces\":null}");
	return json->failed ? err_set(err, ENOMEM, "statistics") : 0;
}
