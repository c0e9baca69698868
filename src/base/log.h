/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

struct err;

/* Where messages go. The one mutable global of hull (style.md, rule 8). */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* path NULL: stderr. The file is opened for appending, 0644, one write(2) a record, so that
 * several processes can share it. */
int log_open(const char *path, enum log_format format, enum log_level level, struct err *err);

/* Says something below the error level. Only src/cmd reports errors, with log_fatal. */
void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool log_wants(enum log_level level);

/* The one error record of a failed command: in the log's format, and as bare text on stderr too
 * when the log is a file (what go-runc and conmon read). */
void log_fatal(const char *text);
