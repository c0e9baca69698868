/* SPDX-License-Identifier: Apache-2.0 */

/* What the host does to a new process from outside. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "process/process.h"
#include "process/rlimit.h"

static int apply_rlimits(const struct oci_process *process, int pid, struct err *err)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
		int number = rlimit_number(limit->type);

		if (number < 0)
			return err_text(err, EINVAL, "process.rlimits[%zu]: unknown type %s", i,
					limit->type);
		if (prlimit(pid, (__rlimit_resource_t)number, &value, NULL) < 0)
			return err_set(err, errno, "process.rlimits[%zu] (%s): prlimit", i,
				       limit->type);
	}
	return 0;
}

static int apply_oom_score(const struct oci_process *process, int pid, struct err *err)
{
	char path[64], value[16];
	int r;

	if (!process->has_oom_score_adj)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
	snprintf(value, sizeof value, "%d", process->oom_score_adj);
	r = io_write_file(AT_FDCWD, path, value);
	return r < 0 ? err_set(err, -r, "process.oomScoreAdj: write %s to %s", value, path) : 0;
}

int process_apply(const struct oci_process *process, int pid, struct err *err)
{
	int r = apply_rlimits(process, pid, err);

	return r < 0 ? r : apply_oom_score(process, pid, err);
}

bool process_apply_harmless(const struct request *request, const struct oci_process *process)
{
	static const char *const harmless[] = {"RLIMIT_CORE",     "RLIMIT_LOCKS", "RLIMIT_MEMLOCK",
					       "RLIMIT_MSGQUEUE", "RLIMIT_NICE",  "RLIMIT_RSS",
					       "RLIMIT_RTPRIO"};
	/* Descriptors that hull-init may have at one time: one for each mount and a few. */
	uint64_t files = request->config->n_mounts + 256;

	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		bool good = strcmp(limit->type, "RLIMIT_NOFILE") == 0 && limit->soft >= files;

		for (size_t k = 0; k < COUNT_OF(harmless) && !good; k++)
			good = strcmp(limit->type, harmless[k]) == 0;
		if (!good)
			return false;
	}
	return true;
}

static void dump_limit(struct buf *buf, uint64_t value)
{
	if (value == RLIM_INFINITY)
		buf_str(buf, " unlimited");
	else
		buf_printf(buf, " %llu", (unsigned long long)value);
}

void process_apply_dump(const struct oci_process *process, struct buf *buf)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		buf_printf(buf, "prlimit %s", process->rlimits[i].type);
		dump_limit(buf, process->rlimits[i].soft);
		dump_limit(buf, process->rlimits[i].hard);
		buf_str(buf, "\n");
	}
	if (process->has_oom_score_adj)
		buf_printf(buf, "oom_score_adj %d\n", process->oom_score_adj);
}
