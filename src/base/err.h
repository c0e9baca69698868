/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors are values with a place.
 *
 * A function that can fail returns 0 or a negative errno and fills the caller's struct err where
 * the failure happens, with verb and object ("open /x: no such file or directory"). Each level
 * above adds only where it was ("mounts[3] (/data)") with err_at. Nobody prints except src/cmd.
 *
 * The struct needs no allocation, so out of memory can be reported too; a text that does not fit
 * is cut and ends in "...".
 */
struct err {
	int code; /* a positive errno; 0 when nothing failed */
	char text[1024];
};

/* Sets the text, followed by ": " and the text of errno value code when code is not 0.
 * Returns -code; -EINVAL when code is 0 (a failure that no errno describes). err may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Same, without the errno's text: for messages that already say it all. */
int err_text(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "place: " in front of the text. Returns -err->code (or -EINVAL), to end a function with. */
int err_at(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The kernel's words for an errno with a small first letter ("no such file or directory"), which
 * is what the engines look for in a runtime's messages. Static storage; never NULL. */
const char *err_name(int code);
