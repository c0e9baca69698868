/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/number.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/quantity.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

struct update {
	const char *resources, *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *cpu_idle;
	const char *memory, *memory_reservation, *memory_swap, *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define TEXT(name, member, value, help)                                                            \
	{                                                                                          \
		name, 0, OPTION_STRING, offsetof(struct update, member), value, help               \
	}

static const struct option options[] = {
	{"resources", 'r', OPTION_STRING, offsetof(struct update, resources), "FILE",
	 "file (- is stdin) with a resources object; all else is ignored then"},
	TEXT("blkio-weight", blkio_weight, "N", "weight of its block I/O, 10 to 1000"),
	TEXT("cpu-period", cpu_period, "US", "period for --cpu-quota, microseconds"),
	TEXT("cpu-quota", cpu_quota, "US", "CPU time in a period"),
	TEXT("cpu-burst", cpu_burst, "US", "CPU time that it may save up for later periods"),
	TEXT("cpu-share", cpu_share, "N", "relative weight of its CPU time"),
	TEXT("cpu-rt-period", cpu_rt_period, "US", "period for --cpu-rt-runtime"),
	TEXT("cpu-rt-runtime", cpu_rt_runtime, "US", "realtime CPU time in a period"),
	TEXT("cpuset-cpus", cpuset_cpus, "LIST", "CPUs that it may use: 0-3,7"),
	TEXT("cpuset-mems", cpuset_mems, "LIST", "memory nodes that it may use"),
	TEXT("cpu-idle", cpu_idle, "0|1", "1: it gets only CPU time that nobody else wants"),
	TEXT("memory", memory, "BYTES", "memory limit (units k, m, g; -1: none)"),
	TEXT("memory-reservation", memory_reservation, "BYTES", "memory that is left to it"),
	TEXT("memory-swap", memory_swap, "BYTES", "limit of memory and swap together"),
	TEXT("pids-limit", pids_limit, "N", "number of its processes (-1: no limit)"),
	TEXT("l3-cache-schema", l3_cache_schema, "SCHEMA", "Intel RDT cache schema"),
	TEXT("mem-bw-schema", mem_bw_schema, "SCHEMA", "Intel RDT memory bandwidth schema"),
	{"kernel-memory", 0, OPTION_NO_STRING, 0, "BYTES", NULL},
	{"kernel-memory-tcp", 0, OPTION_NO_STRING, 0, "BYTES", NULL},
	{0},
};

#undef TEXT

/* A resources object with room for what the flags can tell. */
struct limits {
	struct oci_resources resources;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_pids pids;
	struct oci_block_io block_io;
};

static int bad(const char *flag, const char *text, struct err *err)
{
	return err_text(err, EINVAL, "invalid value for %s: %s", flag, text);
}

static int set_signed(const char *flag, const char *text, int64_t *value, bool *has,
		      struct err *err)
{
	if (!text)
		return 0;
	*has = true;
	return number_i64(text, INT64_MIN, INT64_MAX, value) < 0 ? bad(flag, text, err) : 0;
}

static int set_unsigned(const char *flag, const char *text, uint64_t *value, bool *has,
			struct err *err)
{
	if (!text)
		return 0;
	*has = true;
	return number_u64(text, UINT64_MAX, value) < 0 ? bad(flag, text, err) : 0;
}

static int set_bytes(const char *flag, const char *text, int64_t *value, bool *has, struct err *err)
{
	if (!text)
		return 0;
	*has = true;
	return quantity_bytes(text, value) < 0 ? bad(flag, text, err) : 0;
}

static int set_memory(const struct update *given, struct limits *limits, struct err *err)
{
	struct oci_memory *memory = &limits->memory;
	int r = set_bytes("memory", given->memory, &memory->limit, &memory->has_limit, err);

	if (r == 0)
		r = set_bytes("memory-reservation", given->memory_reservation, &memory->reservation,
			      &memory->has_reservation, err);
	if (r == 0)
		r = set_bytes("memory-swap", given->memory_swap, &memory->swap, &memory->has_swap,
			      err);
	if (given->memory || given->memory_reservation || given->memory_swap)
		limits->resources.memory = memory;
	return r;
}

static int set_cpu(const struct update *given, struct limits *limits, struct err *err)
{
	struct oci_cpu *cpu = &limits->cpu;
	int r = set_unsigned("cpu-period", given->cpu_period, &cpu->period, &cpu->has_period, err);

	if (r == 0)
		r = set_signed("cpu-quota", given->cpu_quota, &cpu->quota, &cpu->has_quota, err);
	if (r == 0)
		r = set_unsigned("cpu-burst", given->cpu_burst, &cpu->burst, &cpu->has_burst, err);
	if (r == 0)
		r = set_unsigned("cpu-share", given->cpu_share, &cpu->shares, &cpu->has_shares,
				 err);
	if (r == 0)
		r = set_unsigned("cpu-rt-period", given->cpu_rt_period, &cpu->realtime_period,
				 &cpu->has_realtime_period, err);
	if (r == 0)
		r = set_signed("cpu-rt-runtime", given->cpu_rt_runtime, &cpu->realtime_runtime,
			       &cpu->has_realtime_runtime, err);
	if (r == 0)
		r = set_signed("cpu-idle", given->cpu_idle, &cpu->idle, &cpu->has_idle, err);
	cpu->cpus = given->cpuset_cpus;
	cpu->mems = given->cpuset_mems;
	if (cpu->has_period || cpu->has_quota || cpu->has_burst || cpu->has_shares ||
	    cpu->has_realtime_period || cpu->has_realtime_runtime || cpu->has_idle || cpu->cpus ||
	    cpu->mems)
		limits->resources.cpu = cpu;
	return r;
}

static int set_others(const struct update *given, struct limits *limits, struct err *err)
{
	uint64_t weight;

	if (given->blkio_weight) {
		if (number_u64(given->blkio_weight, UINT16_MAX, &weight) < 0)
			return bad("blkio-weight", given->blkio_weight, err);
		limits->block_io.weight = (uint16_t)weight;
		limits->block_io.has_weight = true;
		limits->resources.block_io = &limits->block_io;
	}
	if (given->pids_limit)
		limits->resources.pids = &limits->pids;
	return set_signed("pids-limit", given->pids_limit, &limits->pids.limit,
			  &limits->pids.has_limit, err);
}

static int read_resources(struct arena *arena, const char *path, struct oci_resources **ret,
			  struct err *err)
{
	struct oci_report report;
	char *text, line[512];
	size_t size;
	int r;

	if (str_eq(path, "-"))
		r = io_read_fd(arena, STDIN_FILENO, OCI_MAX_SIZE, &text, &size);
	else
		r = io_read_file(arena, AT_FDCWD, path, OCI_MAX_SIZE, &text, &size);
	if (r < 0)
		return err_set(err, -r, "read %s", path);
	oci_report_init(&report, arena);
	r = oci_resources_read(arena, text, size, &report, ret);
	if (r == -EINVAL && report.n_findings) {
		oci_finding_format(&report.findings[0], path, line, sizeof line);
		return err_text(err, EINVAL, "%s", line);
	}
	return r < 0 ? err_set(err, -r, "read %s", path) : 0;
}

static int run(const struct call *call, struct err *err)
{
	const struct update *given = call->options;
	struct limits limits = {.resources = {.memory = NULL}};
	struct oci_resources *resources = &limits.resources;
	int r;

	if (given->resources) {
		r = read_resources(call->hull->arena, given->resources, &resources, err);
	} else {
		r = set_memory(given, &limits, err);
		if (r == 0)
			r = set_cpu(given, &limits, err);
		if (r == 0)
			r = set_others(given, &limits, err);
	}
	if (r == 0)
		r = hull_update(call->hull, call->args[0], resources, err);
	if (r == 0 && (given->l3_cache_schema || given->mem_bw_schema))
		r = hull_update_rdt(call->hull, call->args[0], given->l3_cache_schema,
				    given->mem_bw_schema, err);
	return r;
}

const struct command cmd_update = {
	.name = "update",
	.args = "ID",
	.help = "change the limits of a container",
	.options = options,
	.size = sizeof(struct update),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
