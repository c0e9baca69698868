/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parts of a start that need no kernel, timed in this process.
 *
 *	bench-config CONFIG ROUNDS [FILTER]
 *
 * Says the median microseconds of: reading CONFIG; compiling its linux.seccomp; taking the same
 * from the cache. With FILTER the compiled filter is written there (bench's floor loads it).
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"

struct input {
	char *text;
	size_t size;
	struct oci_place seccomp;
	int cache;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Read only, with an arena of its own as a command has; microseconds or -1. */
static double time_read(const struct input *in)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;
	double start = now();

	oci_report_init(&report, &arena);
	if (oci_config_read(&arena, in->text, in->size, &report, &config) < 0)
		return -1;
	return now() - start;
}

/* Compiles, or takes from the cache when there is one. */
static double time_filter(const struct input *in, int cache, const char *out)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_seccomp *seccomp;
	struct filter filter;
	struct err err;
	const char *text = in->text + in->seccomp.offset;
	double start;

	oci_report_init(&report, &arena);
	if (oci_seccomp_read(&arena, text, in->seccomp.size, &report, &seccomp) < 0)
		return -1;
	start = now();
	if (filter_compile(&arena, seccomp, text, in->seccomp.size, cache, &filter, &err) < 0) {
		fprintf(stderr, "bench-config: %s\n", err.text);
		return -1;
	}
	start = now() - start;
	if (out && io_replace_file(AT_FDCWD, out, filter.data, filter.size, 0600) < 0)
		return -1;
	return start;
}

enum what { READ, COMPILE, CACHED };

static double once(const struct input *in, enum what what)
{
	switch (what) {
	case READ:
		return time_read(in);
	case COMPILE:
		return time_filter(in, -1, NULL);
	case CACHED:
		return time_filter(in, in->cache, NULL);
	}
	return -1;
}

static double median(const struct input *in, enum what what, size_t rounds)
{
	double *sample = calloc(rounds, sizeof *sample), middle;

	if (!sample)
		return -1;
	for (size_t i = 0; i < rounds; i++)
		sample[i] = once(in, what);
	qsort(sample, rounds, sizeof *sample, compare);
	middle = sample[0] < 0 ? -1 : sample[rounds / 2];
	free(sample);
	return middle;
}

static int bench(struct input *in, size_t rounds, const char *out)
{
	char dir[] = "/tmp/hull-bench-XXXXXX", command[64];

	printf("read\t%.1f\n", median(in, READ, rounds));
	if (oci_find(in->text, in->size, "linux.seccomp", &in->seccomp) < 0)
		return 0;
	if (!mkdtemp(dir))
		return 1;
	in->cache = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	printf("compile\t%.1f\n", median(in, COMPILE, rounds > 10 ? 10 : rounds));
	printf("cached\t%.1f\n", median(in, CACHED, rounds));
	close(in->cache);
	snprintf(command, sizeof command, "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	return out && time_filter(in, -1, out) < 0;
}

int main(int argc, char **argv)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct input in = {.cache = -1};
	size_t rounds = argc > 2 ? (size_t)atoi(argv[2]) : 0;

	if (rounds == 0 ||
	    io_read_file(&arena, AT_FDCWD, argv[1], OCI_MAX_SIZE, &in.text, &in.size) < 0) {
		fprintf(stderr, "usage: bench-config CONFIG ROUNDS [FILTER]\n");
		return 2;
	}
	return bench(&in, rounds, argc > 3 ? argv[3] : NULL);
}
