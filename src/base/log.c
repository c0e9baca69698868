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

enum { HIGH = 200 };

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
		/* The low numbers are our caller's to hand on (--preserve-fds). */
		sink.fd = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
		if (sink.fd < 0)
			sink.fd = fd; /* RLIMIT_NOFILE is lower than that */
		else
			close(fd);
	}
	return 0;
}

bool log_wants(enum log_level level)
{
	return level <= sink.level;
}

/* Names in a config or an image may hold anything: a message stays one line, and does nothing to
 * the terminal that shows it. */
static void add_printable(struct buf *line, const char *text)
{
	for (; *text; text++) {
		bool control = (unsigned char)*text < ' ' || *text == 0x7f;

		buf_add(line, control ? "?" : text, 1);
	}
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
		buf_printf(&line, "hull: %s%s", level == LOG_ERROR ? "" : level_name(level),
			   level == LOG_ERROR ? "" : ": ");
		add_printable(&line, text);
		buf_add(&line, "\n", 1);
	} else {
		buf_printf(&line, "time=\"%s\" level=%s msg=", when, level_name(level));
		buf_json(&line, text);
		buf_add(&line, "\n", 1);
	}
	/* Nowhere is left to complain. */
	if (!line.failed)
		(void)io_write_all(sink.fd, line.data, line.size);
	else
		dprintf(sink.fd, "hull: cannot allocate memory\n");
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
	AUTO_BUF struct buf line = BUF_INIT;

	log_record(LOG_ERROR, text);
	if (sink.fd == STDERR_FILENO)
		return;
	add_printable(&line, text);
	buf_add(&line, "\n", 1);
	if (!line.failed)
		(void)io_write_all(STDERR_FILENO, line.data, line.size);
}
