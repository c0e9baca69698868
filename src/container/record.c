/* SPDX-License-Identifier: Apache-2.0 */
#include "container/record.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/str.h"
#include "container/store.h"
#include "libocispec/arena.h"

#define FIRST_LINE "hull-record 1"
#define LAST_LINE "end"

enum kind { TEXT, SIGNED, UNSIGNED, ID, SMALL, FLAG };

/* The members that stand exactly once in every record. */
static const struct field {
	const char *key;
	enum kind kind;
	size_t offset;
} fields[] = {
	{"bundle", TEXT, offsetof(struct store_record, bundle)},
	{"rootfs", TEXT, offsetof(struct store_record, rootfs)},
	{"created", TEXT, offsetof(struct store_record, created)},
	{"boot", TEXT, offsetof(struct store_record, boot_id)},
	{"pid", SIGNED, offsetof(struct store_record, pid)},
	{"start-time", UNSIGNED, offsetof(struct store_record, start_time)},
	{"cgroup-driver", SMALL, offsetof(struct store_record, cgroup_driver)},
	{"created-done", FLAG, offsetof(struct store_record, created_done)},
	{"started", FLAG, offsetof(struct store_record, started)},
	{"owner", ID, offsetof(struct store_record, owner)},
	{"namespaces", UNSIGNED, offsetof(struct store_record, ns_new)},
};

static void write_escaped(struct buf *buf, const char *text, bool key)
{
	for (; *text; text++) {
		if (*text == '\\')
			buf_str(buf, "\\\\");
		else if (*text == '\n')
			buf_str(buf, "\\n");
		else if (*text == ' ' && key)
			buf_str(buf, "\\s");
		else
			buf_add(buf, text, 1);
	}
}

static void write_field(const struct field *field, const struct store_record *record,
			struct buf *buf)
{
	const void *member = (const char *)record + field->offset;
	const char *text;

	buf_printf(buf, "%s ", field->key);
	switch (field->kind) {
	case TEXT:
		text = *(const char *const *)member;
		write_escaped(buf, text ? text : "", false);
		break;
	case SIGNED:
		buf_printf(buf, "%lld", (long long)*(const int64_t *)member);
		break;
	case UNSIGNED:
		buf_printf(buf, "%llu", (unsigned long long)*(const uint64_t *)member);
		break;
	case ID:
		buf_printf(buf, "%u", *(const uint32_t *)member);
		break;
	case SMALL:
		buf_printf(buf, "%d", *(const int *)member);
		break;
	case FLAG:
		buf_printf(buf, "%d", *(const bool *)member);
		break;
	}
	buf_add(buf, "\n", 1);
}

static void write_list(const char *key, const char *const *list, struct buf *buf)
{
	for (; list && *list; list++) {
		buf_printf(buf, "%s ", key);
		write_escaped(buf, *list, false);
		buf_add(buf, "\n", 1);
	}
}

void record_write(const struct store_record *record, struct buf *buf)
{
	buf_str(buf, FIRST_LINE "\n");
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		write_field(&fields[i], record, buf);
	write_list("cgroup", record->cgroups, buf);
	write_list("rdt", record->rdt, buf);
	for (size_t i = 0; i < record->n_annotations; i++) {
		buf_str(buf, "annotation ");
		write_escaped(buf, record->annotation[i].key, true);
		buf_add(buf, " ", 1);
		write_escaped(buf, record->annotation[i].value, false);
		buf_add(buf, "\n", 1);
	}
	buf_str(buf, LAST_LINE "\n");
}

/* Undoes write_escaped in place; false for an escape that it never writes. */
static bool unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		text++;
		if (*text == '\\')
			*to++ = '\\';
		else if (*text == 'n')
			*to++ = '\n';
		else if (*text == 's')
			*to++ = ' ';
		else
			return false;
	}
	*to = '\0';
	return true;
}

static bool read_field(const struct field *field, char *value, struct store_record *record)
{
	void *member = (char *)record + field->offset;
	uint64_t number = 0;

	switch (field->kind) {
	case TEXT:
		*(const char **)member = value;
		return unescape(value);
	case SIGNED:
		return number_i64(value, INT64_MIN, INT64_MAX, member) == 0;
	case UNSIGNED:
		return number_u64(value, UINT64_MAX, member) == 0;
	case ID:
		return number_id(value, member) == 0;
	case SMALL:
		if (number_u64(value, 9, &number) < 0)
			return false;
		*(int *)member = (int)number;
		return true;
	case FLAG:
		if (number_u64(value, 1, &number) < 0)
			return false;
		*(bool *)member = number != 0;
		return true;
	}
	return false;
}

/* What is filled while the lines are read. The arrays have room for one entry a line. */
struct reading {
	struct store_record record;
	const char **cgroups, **rdt;
	size_t n_cgroups, n_rdt;
	struct store_pair *annotation;
	size_t n_annotations;
	uint64_t seen; /* bit i: fields[i] */
};

static bool read_annotation(struct reading *reading, char *key)
{
	struct store_pair *pair = &reading->annotation[reading->n_annotations];
	char *value = strchr(key, ' ');

	if (!value)
		return false;
	*value++ = '\0';
	if (!unescape(key) || !unescape(value))
		return false;
	*pair = (struct store_pair){key, value};
	reading->n_annotations++;
	return true;
}

static bool read_line(struct reading *reading, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return false;
	*value++ = '\0';
	if (str_eq(line, "cgroup")) {
		reading->cgroups[reading->n_cgroups++] = value;
		return unescape(value);
	}
	if (str_eq(line, "rdt")) {
		reading->rdt[reading->n_rdt++] = value;
		return unescape(value);
	}
	if (str_eq(line, "annotation"))
		return read_annotation(reading, value);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (!str_eq(line, fields[i].key))
			continue;
		if (reading->seen & (UINT64_C(1) << i))
			return false;
		reading->seen |= UINT64_C(1) << i;
		return read_field(&fields[i], value, &reading->record);
	}
	return false;
}

/* Cuts the next line off *text; NULL when no whole line is left. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static int read_lines(struct reading *reading, char *text)
{
	char *line = next_line(&text);

	if (!line || !str_eq(line, FIRST_LINE))
		return -ENODATA;
	while ((line = next_line(&text)) && !str_eq(line, LAST_LINE))
		if (!read_line(reading, line))
			return -ENODATA;
	if (!line || *text || reading->seen != (UINT64_C(1) << COUNT_OF(fields)) - 1)
		return -ENODATA;
	return 0;
}

int record_parse(struct arena *arena, const char *text, size_t size, struct store_record *ret)
{
	struct reading reading = {.seen = 0};
	size_t lines = 0;
	char *copy;
	int r;

	/* A NUL would end the lines early and hide what follows. */
	if (size > RECORD_SIZE_MAX || memchr(text, '\0', size))
		return -ENODATA;
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	copy = arena_strndup(arena, text, size);
	reading.cgroups = arena_array(arena, lines + 1, sizeof *reading.cgroups);
	reading.rdt = arena_array(arena, lines + 1, sizeof *reading.rdt);
	reading.annotation = arena_array(arena, lines + 1, sizeof *reading.annotation);
	if (!copy || !reading.cgroups || !reading.rdt || !reading.annotation)
		return -ENOMEM;
	r = read_lines(&reading, copy);
	if (r < 0)
		return r;
	reading.record.cgroups = reading.n_cgroups ? reading.cgroups : NULL;
	reading.record.rdt = reading.n_rdt ? reading.rdt : NULL;
	reading.record.annotation = reading.annotation;
	reading.record.n_annotations = reading.n_annotations;
	*ret = reading.record;
	return 0;
}
