/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * --trace FILE: where the time of a start went, as a picture. Host and hull-init put down when
 * something ended; a viewer of the Trace Event Format (chrome://tracing, ui.perfetto.dev) shows
 * both side by side. All functions do nothing when trace is NULL, which costs nothing else.
 */

#include <stddef.h>
#include <stdint.h>

struct err;

enum { TRACE_HOST, TRACE_INIT };

enum { TRACE_EVENTS_MAX = 2048 };

struct trace_event {
	int lane; /* TRACE_HOST, TRACE_INIT */
	uint64_t begin, end; /* CLOCK_MONOTONIC, ns */
	char name[56];
};

struct trace {
	struct trace_event event[TRACE_EVENTS_MAX];
	size_t n;
	uint64_t last; /* when the host's last event ended */
};

/* CLOCK_MONOTONIC in ns. */
uint64_t trace_now(void);

/* The host has done name since its last mark (or the first call). */
void trace_mark(struct trace *trace, const char *name);

/* Something that hull-init did. */
void trace_add(struct trace *trace, int lane, uint64_t begin, uint64_t end, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Writes all as JSON. 0 or -errno. */
int trace_write(const struct trace *trace, const char *path, struct err *err);
