/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a container uses, read from the files of v1 or v2 into one form. A file that cannot be read
 * leaves zeros: kernels differ in what they count. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cgroups;

struct stats_memory {
	uint64_t limit, usage, max, failures; /* bytes; no limit: UINT64_MAX */
};

struct stats_named {
	const char *name;
	uint64_t value;
};

struct stats_io {
	uint64_t major, minor, value;
	const char *op; /* "Read", "Write", ... */
};

struct stats_io_list {
	struct stats_io *item;
	size_t n, room;
};

enum stats_io_kind {
	STATS_IO_BYTES,
	STATS_IO_SERVICED,
	STATS_IO_QUEUED,
	STATS_IO_SERVICE_TIME,
	STATS_IO_WAIT_TIME,
	STATS_IO_MERGED,
	STATS_IO_TIME,
	STATS_IO_SECTORS,
	STATS_IO_KINDS
};

struct stats_huge {
	const char *size; /* "2MB" */
	uint64_t usage, max, failures;
};

struct stats {
	struct arena *arena;
	uint64_t cpu_total, cpu_kernel, cpu_user; /* nanoseconds */
	uint64_t *percpu, *percpu_kernel, *percpu_user;
	size_t n_percpu, n_percpu_kernel;
	uint64_t periods, throttled, throttled_time;
	const char *cpus, *mems; /* lists like "0-3,7" */
	struct stats_named cpuset[9];
	size_t n_cpuset;
	uint64_t cache;
	struct stats_memory memory, swap, kernel, kernel_tcp;
	struct stats_named *raw; /* memory.stat */
	size_t n_raw;
	uint64_t pids, pids_limit; /* no limit: 0 */
	struct stats_io_list io[STATS_IO_KINDS];
	struct stats_huge *huge;
	size_t n_huge;
	const char *cpu_pressure, *memory_pressure, *io_pressure; /* text of the files, or NULL */
};

void stats_read_v1(const struct cgroups *cgroups, struct stats *stats);
void stats_read_v2(const struct cgroups *cgroups, struct stats *stats);

/* Help for both. dir may be -1: nothing is read then. */
uint64_t stats_number(int dir, const char *file);
/* "name value" lines. */
void stats_lines(struct stats *stats, int dir, const char *file, struct stats_named **ret,
		 size_t *ret_n);
uint64_t stats_value(const struct stats_named *list, size_t n, const char *name);
/* The whole file; NULL when there is none. */
char *stats_text(struct stats *stats, int dir, const char *file);
bool stats_add_io(struct stats *stats, enum stats_io_kind kind, const struct stats_io *io);
/* "2MB", "1GB", ...: the sizes of this machine. */
void stats_huge_sizes(struct stats *stats);
