/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"

uint64_t trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void trace_add(struct trace *trace, int lane, uint64_t begin, uint64_t end, const char *fmt, ...)
{
	struct trace_event *event;
	va_list ap;

	if (!trace || trace->n == TRACE_EVENTS_MAX)
		return;
	event = &trace->event[trace->n++];
	event->lane = lane;
	event->begin = begin;
	event->end = end;
	va_start(ap, fmt);
	vsnprintf(event->name, sizeof event->name, fmt, ap);
	va_end(ap);
}

void trace_mark(struct trace *trace, const char *name)
{
	uint64_t now;

	if (!trace)
		return;
	now = trace_now();
	if (trace->last)
		trace_add(trace, TRACE_HOST, trace->last, now, "%s", name);
	trace->last = now;
}

int trace_write(const struct trace *trace, const char *path, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int r;

	buf_str(&text, "[");
	for (size_t i = 0; i < trace->n; i++) {
		const struct trace_event *event = &trace->event[i];

		/* One thread for each lane; "ts" and "dur" are microseconds. */
		buf_printf(&text,
			   "%s\n{\"ph\":\"X\",\"pid\":1,\"tid\":\"%s\",\"ts\":%.3f,\"dur\":%.3f,"
			   "\"name\":",
			   i ? "," : "", event->lane == TRACE_HOST ? "hull" : "hull-init",
			   (double)event->begin / 1000, (double)(event->end - event->begin) / 1000);
		buf_json(&text, event->name);
		buf_str(&text, "}");
	}
	buf_str(&text, "\n]\n");
	if (text.failed)
		return err_set(err, ENOMEM, "--trace %s", path);
	r = io_replace_file(AT_FDCWD, path, text.data, text.size, 0644);
	return r < 0 ? err_set(err, -r, "--trace %s", path) : 0;
}
