/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"

static struct {
	int fd;
	enum log_format format;
	enum log_level level;
} sink = {.fd = STDERR_FILENO, .format = LOG_TEXT, .level = LOG_ERROR};

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARNING:
		return "warning";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "error";
}

int log_open(const char *path, enum log_format format, enum log_level level, struct err *err)
{
	sink.format = format;
	sink.level = level;
	if (path) {
		int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

		if (fd < 0)
			return err_set(err, errno, "open log file %s", path);
		sink.fd = fd;
	}
	return 0;
}

bool log_wants(enum log_level level)
{
	return level <= sink.level;
}

static void log_record(enum log_level level, const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT;
	char when[40];
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm))
		when[0] = '\0';
	if (sink.format == LOG_JSON) {
		buf_printf(&line, "{\"level\":\"%s\",\"msg\":", level_name(level));
		buf_json(&line, text);
		buf_printf(&line, ",\"time\":\"%s\"}\n", when);
	} else if (sink.fd == STDERR_FILENO) {
		buf_printf(&line, "hull: %s%s%s\n", level == LOG_ERROR ? "" : level_name(level),
			   level == LOG_ERROR ? "" : ": ", text);
	} else {
		buf_printf(&line, "time=\"%s\" level=%s msg=", when, level_name(level));
		buf_json(&line, text);
		buf_add(&line, "\n", 1);
	}
	if (!line.failed)
		(void)io_write_all(sink.fd, line.data, line.size); /* nowhere left to complain */
}

void log_say(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_record(level, text);
}

void log_fatal(const char *text)
{
	log_record(LOG_ERROR, text);
	if (sink.fd != STDERR_FILENO)
		dprintf(STDERR_FILENO, "%s\n", text);
}
