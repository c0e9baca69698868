/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: yajl's events walk the field tables and fill structs. There is never a tree. A stack
 * of frames, one for each open object or list, says where the next value goes.
 *
 * Two kinds of mistake: a wrong *shape* makes a finding and reading goes on; what makes the rest
 * of the text meaningless (syntax, nesting, sizes) is a finding and the end.
 */
#include "pool.h"
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* Every callback begins with this: yajl tells where the token ended that it reports. */
static void advance(struct reader *r)
{
	r->before = r->after;
	r->after = yajl_get_bytes_consumed(r->yajl);
}

/* Frames */

static int skip(struct reader *r, enum event event)
{
	return reader_push(r, event == EVENT_LIST ? FRAME_SKIP_LIST : FRAME_SKIP_OBJECT) != NULL;
}

/* Makes room for one more entry, and keeps one after it zero: the NULL that ends string lists. */
static char *new_entry(struct reader *r, struct frame *frame)
{
	const struct oci_field *field = frame->field;

	if (frame->count + 1 >= frame->room) {
		size_t room = frame->room ? frame->room * 2 : 4;

		frame->entries =
			arena_grow(r->arena, frame->entries, frame->count, room, field->entry);
		if (!frame->entries) {
			(void)reader_no_memory(r);
			return NULL;
		}
		frame->room = room;
	}
	return frame->entries + frame->count++ * field->entry;
}

/* Where the next value goes, and what it must be. */
struct slot {
	const struct oci_field *field;
	enum oci_shape shape;
	char *base; /* the struct that has it, if it is a member */
	char *at;
};

enum slot_answer {
	SLOT_STOP,
	SLOT_SKIP, /* a value that is not ours */
	SLOT_FILL,
};

static int too_many(struct reader *r, struct frame *frame)
{
	int more = reader_complain(r, OCI_ERROR, READER_HERE(r), "more than %llu entries",
				   (unsigned long long)frame->field->max);

	frame->kind = frame->kind == FRAME_MAP ? FRAME_SKIP_OBJECT : FRAME_SKIP_LIST;
	return more ? SLOT_SKIP : SLOT_STOP;
}

static enum slot_answer find_slot(struct reader *r, enum event event, struct slot *ret)
{
	struct frame *frame = reader_top(r);

	ret->field = frame->field;
	ret->shape = OCI_ONE;
	ret->base = NULL;
	switch (frame->kind) {
	case FRAME_SKIP_LIST:
		frame->count++;
		return SLOT_SKIP;
	case FRAME_SKIP_OBJECT:
		return SLOT_SKIP;
	case FRAME_OBJECT:
		if (!frame->field)
			return SLOT_SKIP;
		if (event != EVENT_NULL)
			frame->got |= frame->bit;
		ret->shape = frame->field->shape;
		ret->base = frame->base;
		ret->at = frame->base + frame->field->offset;
		return SLOT_FILL;
	case FRAME_LIST:
		if (frame->count >= frame->field->max)
			return (enum slot_answer)too_many(r, frame);
		ret->at = new_entry(r, frame);
		return ret->at ? SLOT_FILL : SLOT_STOP;
	case FRAME_MAP:
		ret->at = frame->entries + (frame->count - 1) * frame->field->entry;
		if (frame->field->kind == OCI_STRING)
			ret->at += offsetof(struct oci_pair, value);
		return SLOT_FILL;
	}
	return SLOT_STOP;
}

static void mark(const struct slot *slot)
{
	if (slot->base)
		*(bool *)(slot->base + slot->field->mark) = true;
}

/* Scalars */

static int on_null(void *context)
{
	struct reader *r = context;
	struct slot slot;
	enum slot_answer answer;

	advance(r);
	answer = find_slot(r, EVENT_NULL, &slot);
	/* A member that is null is absent; an entry or a whole text that is null is a mistake. */
	if (answer != SLOT_FILL || (slot.base && r->depth > 0))
		return answer != SLOT_STOP;
	return reader_mismatch(r, slot.field, slot.shape, EVENT_NULL, "", 0);
}

static int on_bool(void *context, int value)
{
	struct reader *r = context;
	struct slot slot;
	enum slot_answer answer;

	advance(r);
	answer = find_slot(r, EVENT_BOOL, &slot);
	if (answer != SLOT_FILL)
		return answer != SLOT_STOP;
	if (slot.shape != OCI_ONE || slot.field->kind != OCI_BOOL)
		return reader_mismatch(r, slot.field, slot.shape, EVENT_BOOL,
				       value ? "true" : "false", value ? 4 : 5);
	*(bool *)slot.at = value != 0;
	mark(&slot);
	return 1;
}

static int on_number(void *context, const char *text, size_t size)
{
	struct reader *r = context;
	struct slot slot;
	enum slot_answer answer;
	enum oci_digits digits;
	uint64_t value;
	char expected[80], quoted[64];

	advance(r);
	answer = find_slot(r, EVENT_NUMBER, &slot);
	if (answer != SLOT_FILL)
		return answer != SLOT_STOP;
	if (slot.shape != OCI_ONE || slot.field->kind != OCI_NUMBER)
		return reader_mismatch(r, slot.field, slot.shape, EVENT_NUMBER, text, size);
	digits = oci_parse_number(slot.field, text, size, &value);
	if (digits != OCI_DIGITS_FINE) {
		oci_describe_number(expected, sizeof(expected), slot.field,
				    digits == OCI_DIGITS_NOT_WHOLE);
		oci_quote(quoted, sizeof(quoted), text, size);
		return reader_complain(r, OCI_ERROR, READER_HERE(r), "expected %s, found %s",
				       expected, quoted);
	}
	oci_store_number(slot.at, (enum oci_number_kind)slot.field->number, value);
	mark(&slot);
	return 1;
}

static int store_word(struct reader *r, const struct slot *slot, const char *text, size_t size)
{
	const struct oci_enum *words = slot->field->words;
	const char *near;
	char quoted[64];

	for (unsigned int value = 1; value < words->n_words; value++)
		if (strncmp(words->words[value], text, size) == 0 &&
		    words->words[value][size] == '\0') {
			memcpy(slot->at, &value, sizeof(value));
			mark(slot);
			return 1;
		}
	oci_quote(quoted, sizeof(quoted), text, size);
	if (!reader_complain(r, OCI_ERROR, READER_HERE(r), "unknown value \"%s\"", quoted))
		return 0;
	near = oci_nearest_word(words, text, size);
	if (near)
		oci_report_hint(r->report, "did you mean \"%s\"?", near);
	return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t size)
{
	struct reader *r = context;
	const char *text = (const char *)bytes, *copy;
	struct slot slot;
	enum slot_answer answer;
	char quoted[64];

	advance(r);
	if (size > OCI_MAX_STRING)
		return reader_fatal(r, "a string is longer than 1 MiB");
	answer = find_slot(r, EVENT_STRING, &slot);
	if (answer != SLOT_FILL)
		return answer != SLOT_STOP;
	if (slot.shape == OCI_ONE && slot.field->kind == OCI_ENUM)
		return store_word(r, &slot, text, size);
	if (slot.shape != OCI_ONE || slot.field->kind != OCI_STRING)
		return reader_mismatch(r, slot.field, slot.shape, EVENT_STRING, text, size);
	if (slot.field->form && !oci_form_matches(slot.field->form, text, size)) {
		oci_quote(quoted, sizeof(quoted), text, size);
		return reader_complain(r, OCI_ERROR, READER_HERE(r), "expected %s, found \"%s\"",
				       slot.field->form->description, quoted);
	}
	copy = reader_keep_string(r, text, size);
	if (!copy)
		return reader_no_memory(r);
	memcpy(slot.at, &copy, sizeof(copy));
	return 1;
}

/* Objects and lists */

static int start_object(struct reader *r, const struct slot *slot)
{
	const struct oci_type *type = slot->field->type;
	struct frame *frame;
	char *object = slot->at; /* entries of lists and maps are in place */

	if (slot->base) {
		object = arena_alloc(r->arena, type->size);
		if (!object)
			return reader_no_memory(r);
		memcpy(slot->at, &object, sizeof(object));
	}
	frame = reader_push(r, FRAME_OBJECT);
	if (!frame)
		return 0;
	frame->type = type;
	frame->base = object;
	return 1;
}

static int start(struct reader *r, enum event event)
{
	enum oci_shape shape = event == EVENT_LIST ? OCI_LIST : OCI_MAP;
	struct slot slot;
	struct frame *frame;
	enum slot_answer answer;

	advance(r);
	answer = find_slot(r, event, &slot);
	if (answer == SLOT_STOP)
		return 0;
	if (answer == SLOT_SKIP)
		return skip(r, event);
	if (slot.shape == shape) {
		frame = reader_push(r, event == EVENT_LIST ? FRAME_LIST : FRAME_MAP);
		if (!frame)
			return 0;
		frame->field = slot.field;
		frame->base = slot.base;
		return 1;
	}
	if (slot.shape == OCI_ONE && event == EVENT_OBJECT && slot.field->kind == OCI_OBJECT)
		return start_object(r, &slot);
	if (slot.shape == OCI_ONE && event == EVENT_OBJECT && slot.field->kind == OCI_FOREIGN) {
		mark(&slot);
		return skip(r, event);
	}
	return reader_mismatch(r, slot.field, slot.shape, event, "", 0) && skip(r, event);
}

static int on_start_object(void *context)
{
	return start(context, EVENT_OBJECT);
}

static int on_start_list(void *context)
{
	return start(context, EVENT_LIST);
}

static int unknown_key(struct reader *r, struct frame *frame, const char *key, size_t size)
{
	const char *near;

	frame->field = NULL;
	frame->bit = 0;
	if (!reader_keep_key(r, key, size))
		return 0;
	if (!r->report->warn_unknown)
		return 1;
	if (!reader_complain(r, OCI_WARNING, READER_HERE(r),
			     "the spec has no such key, it is ignored"))
		return 0;
	/* a hostile file has many unknown keys: only those that are shown are worth the search */
	near = r->report->hint_ready ? oci_nearest_key(frame->type, key, size) : NULL;
	if (near)
		oci_report_hint(r->report, "did you mean \"%s\"?", near);
	return 1;
}

static int member_key(struct reader *r, struct frame *frame, const char *key, size_t size)
{
	const struct oci_type *type = frame->type;
	size_t at = frame->guess;

	for (size_t tries = 0; tries < type->n_fields; tries++, at++) {
		const struct oci_field *field;

		if (at >= type->n_fields)
			at = 0;
		field = &type->fields[at];
		if (field->key_size != size || memcmp(field->key, key, size) != 0)
			continue;
		frame->field = field;
		frame->bit = (uint64_t)1 << at;
		frame->guess = at + 1;
		frame->key = NULL;
		if (frame->seen & frame->bit) {
			frame->field = NULL; /* the second value goes nowhere */
			return reader_duplicate(r, key, size, r->before);
		}
		frame->seen |= frame->bit;
		return 1;
	}
	return unknown_key(r, frame, key, size);
}

static int map_key(struct reader *r, struct frame *frame, const char *key, size_t size)
{
	char *entry;

	if (!reader_keep_key(r, key, size))
		return 0;
	if (frame->count >= frame->field->max)
		return too_many(r, frame) != SLOT_STOP;
	entry = new_entry(r, frame);
	if (!entry)
		return 0;
	memcpy(entry, &frame->key, sizeof(frame->key)); /* pairs and keyed structs begin so */
	return 1;
}

static int on_key(void *context, const unsigned char *bytes, size_t size)
{
	struct reader *r = context;
	const char *key = (const char *)bytes;
	struct frame *frame = reader_top(r);

	advance(r);
	if (size > OCI_MAX_STRING)
		return reader_fatal(r, "a key is longer than 1 MiB");
	if (frame->kind == FRAME_OBJECT)
		return member_key(r, frame, key, size);
	if (frame->kind == FRAME_MAP)
		return map_key(r, frame, key, size);
	return reader_keep_key(r, key, size);
}

static int missing(struct reader *r, const struct frame *frame)
{
	const struct oci_type *type = frame->type;
	uint64_t left = type->required & ~frame->got;

	for (size_t i = 0; left != 0; i++, left >>= 1)
		if ((left & 1) && !reader_complain(r, OCI_ERROR, reader_token(r, frame->start),
						   type->fields[i].key, type->fields[i].key_size,
						   "missing, the spec requires it"))
			return 0;
	return 1;
}

/* Gives a finished list or map to the struct that it belongs to. */
static int end_entries(struct reader *r, const struct frame *frame)
{
	const struct oci_field *field = frame->field;
	char *entries = frame->entries;

	if (frame->count < (size_t)field->min &&
	    !reader_complain(r, OCI_ERROR, reader_token(r, frame->start), NULL, 0,
			     "needs at least %lld entry", (long long)field->min))
		return 0;
	if (!entries)
		entries = arena_alloc(r->arena, field->entry); /* empty is not absent */
	if (!entries)
		return reader_no_memory(r);
	memcpy(frame->base + field->offset, &entries, sizeof(entries));
	memcpy(frame->base + field->mark, &frame->count, sizeof(frame->count));
	return 1;
}

static int on_end(void *context)
{
	struct reader *r = context;
	const struct frame *frame = reader_top(r);

	advance(r);
	r->depth--; /* findings from here on are about the finished value */
	if (!reader_end_keys(r, frame->first_key))
		return 0;
	if (frame->kind == FRAME_OBJECT)
		return missing(r, frame);
	if (frame->kind == FRAME_LIST || frame->kind == FRAME_MAP)
		return end_entries(r, frame);
	return 1;
}

/* The whole text */

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number, /* the raw text: RLIM_INFINITY does not fit yajl's integers */
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_list,
	.yajl_end_array = on_end,
};

static void syntax_error(struct reader *r, size_t offset)
{
	unsigned char *text = yajl_get_error(r->yajl, 0, NULL, 0);
	const char *message = text ? (const char *)text : "unknown error";
	const char *colon = strstr(message, ": ");

	r->depth = 0; /* where it broke has a place but hardly a path */
	if (colon)
		message = colon + 2; /* after "parse error" or "lexical error" */
	(void)reader_complain(r, OCI_ERROR, offset, NULL, 0, "not JSON: %.*s",
			      (int)strcspn(message, "\n"), message); /* the end in any case */
	yajl_free_error(r->yajl, text);
	r->error = r->error ? r->error : -EINVAL;
}

static void parse(struct reader *r)
{
	struct oci_pool pool = {.arena = r->arena};
	yajl_alloc_funcs functions = {oci_pool_get, oci_pool_grow, oci_pool_drop, &pool};
	yajl_status status;

	r->copy = arena_strndup(r->arena, r->text, r->size);
	if (!r->copy || setjmp(pool.give_up)) {
		(void)reader_no_memory(r);
		return;
	}
	r->yajl = yajl_alloc(&callbacks, &functions, r);
	(void)yajl_config(r->yajl, yajl_dont_validate_strings, 1); /* oci_check_text did it */
	status = yajl_parse(r->yajl, (const unsigned char *)r->copy, r->size);
	if (status == yajl_status_error) {
		syntax_error(r, yajl_get_bytes_consumed(r->yajl));
	} else if (status == yajl_status_ok) {
		status = yajl_complete_parse(r->yajl);
		if (status == yajl_status_error)
			syntax_error(r, r->size);
	}
	yajl_free(r->yajl);
}

/* Reads TEXT as the member that ROOT describes into the struct at BASE. */
static int read_value(struct arena *arena, const char *text, size_t size, struct oci_report *report,
		      const struct oci_field *root, void *base)
{
	size_t errors = report->n_errors, offset = 0;
	struct reader r = {.arena = arena, .report = report, .text = text, .size = size};
	const char *message;

	r.frames[0].kind = FRAME_OBJECT;
	r.frames[0].field = root;
	r.frames[0].base = base;
	message = size > OCI_MAX_SIZE ? "longer than 16 MiB" : oci_check_text(text, size, &offset);
	if (message)
		(void)reader_complain(&r, OCI_ERROR, offset, NULL, 0, "%s", message);
	else
		parse(&r);
	if (r.error)
		return r.error;
	return report->n_errors > errors ? -EINVAL : 0;
}

#define OCI_ROOT(name)                                                                             \
	int oci_##name##_read(struct arena *arena, const char *text, size_t size,                  \
			      struct oci_report *report, struct oci_##name **ret)                  \
	{                                                                                          \
		static const struct oci_field root = {.key = "",                                   \
						      .kind = OCI_OBJECT,                          \
						      .shape = OCI_ONE,                            \
						      .type = &oci_type_##name};                   \
		struct oci_##name *value = NULL;                                                   \
		int r = read_value(arena, text, size, report, &root, &value);                      \
                                                                                                   \
		if (r == 0)                                                                        \
			*ret = value;                                                              \
		return r;                                                                          \
	}
#include "roots.def"
#undef OCI_ROOT

int oci_mounts_read(struct arena *arena, const char *text, size_t size, struct oci_report *report,
		    struct oci_mount **ret, size_t *ret_n)
{
	struct list {
		struct oci_mount *mounts;
		size_t n;
	} list = {NULL, 0};
	static const struct oci_field root = {.key = "",
					      .kind = OCI_OBJECT,
					      .shape = OCI_LIST,
					      .entry = sizeof(struct oci_mount),
					      .offset = offsetof(struct list, mounts),
					      .mark = offsetof(struct list, n),
					      .max = OCI_MAX_MOUNTS,
					      .type = &oci_type_mount};
	int r = read_value(arena, text, size, report, &root, &list);

	if (r < 0)
		return r;
	*ret = list.mounts;
	*ret_n = list.n;
	return 0;
}
