/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes are read as each kind of text. What is accepted must be written, read again and
 * written again to the same bytes; what is refused must have said why; and no path that a report
 * names may upset oci_find. The checks abort: a fuzzer sees that as a crash.
 */
#include "ocispec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_report(const struct oci_report *report, int r, const char *text, size_t size)
{
	char line[200];
	struct oci_place place;

	require(r == 0 || r == -EINVAL || r == -ENOMEM);
	require((r == -EINVAL) == (report->n_errors > 0) || r == -ENOMEM);
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct oci_finding *finding = &report->findings[i];

		require(finding->line > 0 && finding->column > 0 && *finding->message);
		(void)oci_finding_format(finding, "fuzz", line, sizeof(line));
		r = oci_find(text, size, finding->path, &place);
		require(r < 0 || place.offset + place.size <= size);
	}
}

#define ROUND_TRIP(name)                                                                           \
	static void try_##name(const char *text, size_t size)                                      \
	{                                                                                          \
		ARENA_AUTO struct arena arena = ARENA_INIT;                                        \
		struct oci_report report;                                                          \
		struct oci_##name *value = NULL;                                                   \
		const char *first, *second;                                                        \
		size_t first_size, second_size;                                                    \
		int r;                                                                             \
                                                                                                   \
		oci_report_init(&report, &arena);                                                  \
		report.warn_unknown = size % 2;                                                    \
		r = oci_##name##_read(&arena, text, size, &report, &value);                        \
		check_report(&report, r, text, size);                                              \
		if (r < 0)                                                                         \
			return;                                                                    \
		require(oci_##name##_write(&arena, value, 0, &first, &first_size) == 0);           \
		require(oci_##name##_read(&arena, first, first_size, &report, &value) == 0);       \
		require(oci_##name##_write(&arena, value, 0, &second, &second_size) == 0);         \
		require(first_size == second_size && memcmp(first, second, first_size) == 0);      \
		require(oci_##name##_write(&arena, value, 2, &first, &first_size) == 0);           \
		require(oci_##name##_read(&arena, first, first_size, &report, &value) == 0);       \
	}

ROUND_TRIP(config)
ROUND_TRIP(process)
ROUND_TRIP(resources)
ROUND_TRIP(seccomp)
ROUND_TRIP(state)
ROUND_TRIP(seccomp_state)
ROUND_TRIP(features)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = memchr(text, '\0', size);
	size_t path_size = nul ? (size_t)(nul - text) : 0;
	struct oci_place place;

	/* bytes up to a NUL are also a path into the rest */
	if (nul && oci_find(nul + 1, size - path_size - 1, text, &place) == 0)
		require(place.offset + place.size <= size - path_size - 1);
	try_config(text, size);
	try_process(text, size);
	try_resources(text, size);
	try_seccomp(text, size);
	try_state(text, size);
	try_seccomp_state(text, size);
	try_features(text, size);
	return 0;
}
