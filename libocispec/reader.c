/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The token after OFFSET: yajl reports no commas and colons, so only such can be between. */
size_t reader_token(const struct reader *r, size_t offset)
{
	while (offset < r->size && memchr(" \t\r\n,:", r->text[offset], 6))
		offset++;
	return offset;
}

int reader_no_memory(struct reader *r)
{
	r->error = -ENOMEM;
	return 0;
}

/* The path of the value that comes next: a very long one is cut. */
static void path_here(const struct reader *r, char *path, size_t room)
{
	path[0] = '\0';
	for (size_t i = 1; i <= r->depth; i++) {
		const struct frame *frame = &r->frames[i];
		size_t used = strlen(path);

		if (frame->kind == FRAME_LIST || frame->kind == FRAME_SKIP_LIST)
			(void)snprintf(path + used, room - used, "[%zu]",
				       frame->count > 0 ? frame->count - 1 : 0);
		else if (frame->kind == FRAME_OBJECT && frame->field)
			oci_path_add(path, room, frame->field->key, frame->field->key_size);
		else if (frame->key)
			oci_path_add(path, room, frame->key, frame->key_size);
	}
}

/*
 * A finding at OFFSET about the value that comes next or, if KEY is given, its member KEY.
 * Returns what a callback returns: whether to go on.
 */
int reader_complain(struct reader *r, enum oci_severity severity, size_t offset, const char *key,
		    size_t key_size, const char *fmt, ...)
{
	struct oci_finding *finding;
	char path[1024];
	va_list args;

	finding = oci_report_new(r->report, severity, r->text, r->size, offset);
	if (finding) {
		path_here(r, path, sizeof(path));
		if (key)
			oci_path_add(path, sizeof(path), key, key_size);
		va_start(args, fmt);
		finding->path = arena_strdup(r->report->arena, path);
		finding->message = arena_vprintf(r->report->arena, fmt, args);
		va_end(args);
		if (!finding->path || !finding->message) {
			finding->path = finding->message = "";
			return reader_no_memory(r);
		}
	} else if (!r->report->findings) {
		return reader_no_memory(r);
	}
	if (r->report->n_errors >= OCI_REPORT_MAX)
		r->error = -EINVAL; /* enough is known */
	return r->error == 0;
}

int reader_fatal(struct reader *r, const char *message)
{
	(void)reader_complain(r, OCI_ERROR, READER_HERE(r), "%s",
			      message); /* the end in any case */
	r->error = r->error ? r->error : -EINVAL;
	return 0;
}

int reader_mismatch(struct reader *r, const struct oci_field *field, enum oci_shape shape,
		    enum event event, const char *value, size_t size)
{
	static const char *const found[] = {
		[EVENT_NULL] = "null",          [EVENT_BOOL] = "",
		[EVENT_NUMBER] = "the number ", [EVENT_STRING] = "the string ",
		[EVENT_OBJECT] = "an object",   [EVENT_LIST] = "a list"};
	const char *quote = event == EVENT_STRING ? "\"" : "";
	char expected[80], quoted[64];

	oci_describe(expected, sizeof(expected), field, shape);
	oci_quote(quoted, sizeof(quoted), value, size);
	return reader_complain(r, OCI_ERROR, READER_HERE(r), "expected %s, found %s%s%s%s",
			       expected, found[event], quote, quoted, quote);
}

static int key_order(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	order = memcmp(a->text, b->text, a->size);
	if (order != 0)
		return order;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

int reader_duplicate(struct reader *r, const char *key, size_t size, size_t offset)
{
	return reader_complain(r, OCI_ERROR, reader_token(r, offset), key, size,
			       "this key is there twice in one object");
}

/*
 * At the end of an object: its unknown keys are sorted and neighbours compared. Sorting needs no
 * hash that a hostile file could aim at.
 */
int reader_end_keys(struct reader *r, size_t first)
{
	size_t n = r->n_keys - first;
	struct key *keys;

	r->n_keys = first;
	if (n < 2)
		return 1;
	keys = r->keys + first;
	qsort(keys, n, sizeof(*keys), key_order);
	for (size_t i = 1; i < n; i++)
		if (keys[i].size == keys[i - 1].size &&
		    memcmp(keys[i].text, keys[i - 1].text, keys[i].size) == 0 &&
		    !reader_duplicate(r, keys[i].text, keys[i].size, keys[i].offset))
			return 0;
	return 1;
}

/* Keeps a key until its object ends. */
int reader_keep_key(struct reader *r, const char *text, size_t size)
{
	struct frame *frame = reader_top(r);

	if (r->n_keys >= OCI_MAX_KEYS)
		return reader_fatal(r, "too many keys");
	if (r->n_keys == r->keys_room) {
		size_t room = r->keys_room ? r->keys_room * 2 : 32;

		r->keys = arena_grow(r->arena, r->keys, r->n_keys, room, sizeof(*r->keys));
		if (!r->keys)
			return reader_no_memory(r);
		r->keys_room = room;
	}
	text = reader_keep_string(r, text, size);
	if (!text)
		return reader_no_memory(r);
	r->keys[r->n_keys++] = (struct key){text, size, r->before};
	frame->key = text;
	frame->key_size = size;
	return 1;
}

struct frame *reader_push(struct reader *r, enum frame_kind kind)
{
	struct frame *frame;

	if (r->depth >= OCI_MAX_DEPTH) {
		(void)reader_fatal(r, "nested too deeply");
		return NULL;
	}
	frame = &r->frames[++r->depth];
	memset(frame, 0, sizeof(*frame));
	frame->kind = kind;
	frame->first_key = r->n_keys;
	frame->start = r->before;
	return frame;
}
