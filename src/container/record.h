/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The text of a record, apart from where it is kept:
 *
 *	hull-record 1
 *	bundle /var/lib/bundle
 *	pid 4711
 *	cgroup memory:/sys/fs/cgroup/memory/x
 *	annotation org.example.key the value
 *	end
 *
 * One "key value" a line; backslash and newline in a value are escaped, in an annotation's key the
 * blank as well. The reader tolerates nothing: an unknown or repeated or missing key, a number that
 * does not parse to its end, a missing "end" all make it -ENODATA, "not a whole record".
 */

#include <stddef.h>

struct arena;
struct buf;
struct store_record;

#define RECORD_SIZE_MAX ((size_t)16 << 20)

/* A failure to get memory sticks in buf. */
void record_write(const struct store_record *record, struct buf *buf);

/* text has size bytes. 0, -ENODATA or -ENOMEM; *ret is written only on success. */
int record_parse(struct arena *arena, const char *text, size_t size, struct store_record *ret);
