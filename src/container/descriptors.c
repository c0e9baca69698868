/* SPDX-License-Identifier: Apache-2.0 */
#include "container/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/request.h"

/* For all but mount sources: what our caller left open, sockets, cgroup files, namespaces. */
enum { DESCRIPTORS_SPARE = 256 };

int descriptors_check(unsigned n, struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		int flags = i <= INT_MAX - 3 ? fcntl(3 + (int)i, F_GETFD) : -1;

		/* Ours (the log, say) have the flag from birth; the caller's came through exec. */
		if (flags < 0 || flags & FD_CLOEXEC)
			return err_text(err, EBADF, "--preserve-fds %u: descriptor %u is not open",
					n, 3 + i);
	}
	return 0;
}

int descriptors_reserve(struct request *request, struct err *err)
{
	const struct oci_config *config = request->config;
	rlim_t need = DESCRIPTORS_SPARE + config->n_mounts;
	struct rlimit limit;

	if (config->linux_)
		need += config->linux_->n_devices;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, errno, "read the limit of open files");
	if (limit.rlim_cur >= need || limit.rlim_cur >= limit.rlim_max)
		return 0;
	request->nofile = limit.rlim_cur;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, errno, "raise the limit of open files to %llu",
			       (unsigned long long)limit.rlim_cur);
	return 0;
}

/* pid 0: ours. */
static int set_soft(const struct request *request, int pid)
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0)
		return -errno;
	limit.rlim_cur = request->nofile;
	return prlimit(pid, RLIMIT_NOFILE, &limit, NULL) < 0 ? -errno : 0;
}

void descriptors_release(const struct request *request)
{
	if (request->nofile)
		(void)set_soft(request, 0); /* lowering our own soft limit does not fail */
}

int descriptors_limit(const struct request *request, const struct oci_process *process, int pid,
		      struct err *err)
{
	int r;

	if (!request->nofile)
		return 0;
	for (size_t i = 0; i < process->n_rlimits; i++)
		if (str_eq(process->rlimits[i].type, "RLIMIT_NOFILE"))
			return 0;
	r = set_soft(request, pid);
	return r < 0 ? err_set(err, -r, "restore the limit of open files") : 0;
}
