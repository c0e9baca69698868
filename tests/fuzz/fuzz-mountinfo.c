/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as /proc/self/mountinfo, as far as cgroups look at it. */
#include "cgroups/mountinfo.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libocispec/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t seen;

static void see(const char *text)
{
	seen += text ? strlen(text) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[32];
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct mountinfo info;

	if (fd < 0) {
		fd = memfd_create("mountinfo", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (mountinfo_read(&arena, path, &info) < 0)
		return 0;
	for (size_t i = 0; i < info.n; i++) {
		see(info.mount[i].root);
		see(info.mount[i].options);
		if (!mountinfo_root(&info, info.mount[i].mountpoint))
			abort();
		if (info.mount[i].v2 && !mountinfo_find(&info, NULL))
			abort();
		see(mountinfo_find(&info, info.mount[i].options));
	}
	see(mountinfo_find(&info, "cpu,cpuacct"));
	see(mountinfo_find(&info, "name=systemd"));
	see(mountinfo_find(&info, ""));
	return 0;
}
