/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

/*
 * yajl's generator refuses everything after its first failure, so nothing here looks at single
 * results: `bad` is looked at once, at the end.
 */
struct writer {
	yajl_gen gen;
	bool bad;
};

static void check(struct writer *w, yajl_gen_status status)
{
	w->bad |= status != yajl_gen_status_ok;
}

/* yajl puts an empty line into an empty list or object: hand it over as one token. */
static void raw(struct writer *w, const char *text)
{
	check(w, yajl_gen_number(w->gen, text, strlen(text)));
}

static void string(struct writer *w, const char *text)
{
	if (!text || !oci_is_utf8(text, strlen(text))) {
		w->bad = true;
		return;
	}
	check(w, yajl_gen_string(w->gen, (const unsigned char *)text, strlen(text)));
}

static void number(struct writer *w, uint8_t kind, const char *at)
{
	char text[24];

	switch ((enum oci_number_kind)kind) {
	case OCI_NUMBER_INT:
	case OCI_NUMBER_I32:
		(void)snprintf(text, sizeof(text), "%" PRId32, *(const int32_t *)(const void *)at);
		break;
	case OCI_NUMBER_I64:
		(void)snprintf(text, sizeof(text), "%" PRId64, *(const int64_t *)(const void *)at);
		break;
	case OCI_NUMBER_U16:
		(void)snprintf(text, sizeof(text), "%" PRIu16, *(const uint16_t *)(const void *)at);
		break;
	case OCI_NUMBER_U32:
		(void)snprintf(text, sizeof(text), "%" PRIu32, *(const uint32_t *)(const void *)at);
		break;
	case OCI_NUMBER_U64:
		(void)snprintf(text, sizeof(text), "%" PRIu64, *(const uint64_t *)(const void *)at);
		break;
	}
	raw(w, text);
}

static const char *pointer(const char *at)
{
	const char *value;

	memcpy(&value, at, sizeof(value)); /* members are pointers of several types */
	return value;
}

static bool is_set(const struct oci_field *field, const char *base)
{
	if (field->shape == OCI_ONE && field->kind != OCI_STRING && field->kind != OCI_OBJECT)
		return *(const bool *)(base + field->mark);
	return pointer(base + field->offset) != NULL;
}

static void object(struct writer *w, const struct oci_type *type, const char *base);

static void one(struct writer *w, const struct oci_field *field, const char *at)
{
	unsigned int word;

	switch ((enum oci_kind)field->kind) {
	case OCI_STRING:
		string(w, pointer(at));
		break;
	case OCI_BOOL:
		check(w, yajl_gen_bool(w->gen, *(const bool *)at));
		break;
	case OCI_NUMBER:
		number(w, field->number, at);
		break;
	case OCI_ENUM:
		memcpy(&word, at, sizeof(word));
		string(w, oci_enum_word(field->words, word));
		break;
	case OCI_OBJECT:
		object(w, field->type, at);
		break;
	case OCI_FOREIGN:
		raw(w, "{}"); /* all that was kept is that it was there */
		break;
	}
}

static void many(struct writer *w, const struct oci_field *field, const char *base)
{
	const char *entry = pointer(base + field->offset);
	bool map = field->shape == OCI_MAP;
	size_t count;

	memcpy(&count, base + field->mark, sizeof(count));
	if (count == 0) {
		raw(w, map ? "{}" : "[]");
		return;
	}
	check(w, map ? yajl_gen_map_open(w->gen) : yajl_gen_array_open(w->gen));
	for (; count > 0; count--, entry += field->entry) {
		if (map)
			string(w, pointer(entry)); /* the key comes first, in a pair, too */
		if (map && field->kind == OCI_STRING)
			string(w, pointer(entry + offsetof(struct oci_pair, value)));
		else
			one(w, field, entry);
	}
	check(w, map ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
}

static void object(struct writer *w, const struct oci_type *type, const char *base)
{
	bool empty = true;

	for (size_t i = 0; i < type->n_fields; i++) {
		const struct oci_field *field = &type->fields[i];
		const char *at = base + field->offset;

		if (!is_set(field, base))
			continue;
		if (empty)
			check(w, yajl_gen_map_open(w->gen));
		empty = false;
		string(w, field->key);
		if (field->shape != OCI_ONE)
			many(w, field, base);
		else
			one(w, field, field->kind == OCI_OBJECT ? pointer(at) : at);
	}
	if (empty)
		raw(w, "{}");
	else
		check(w, yajl_gen_map_close(w->gen));
}

static int take_text(struct writer *w, struct arena *arena, const char **ret, size_t *ret_size)
{
	const unsigned char *text;
	size_t size;
	char *copy;

	if (w->bad || yajl_gen_get_buf(w->gen, &text, &size) != yajl_gen_status_ok)
		return -EINVAL;
	if (size > 0 && text[size - 1] == '\n')
		size--;
	copy = arena_strndup(arena, (const char *)text, size);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	*ret_size = size;
	return 0;
}

/* One value into a generator that is ready. */
static int write_with(yajl_gen gen, struct arena *arena, const struct oci_field *field,
		      const char *base, int indent, const char **ret, size_t *ret_size)
{
	static const char spaces[] = "        ";
	struct writer w = {.gen = gen};
	int r;

	if (indent > 8)
		indent = 8;
	if (indent != 0) {
		const char *step = indent < 0 ? "\t" : spaces + 8 - indent;

		yajl_gen_config(w.gen, yajl_gen_beautify, 1);
		yajl_gen_config(w.gen, yajl_gen_indent_string, step);
	}
	if (field->shape == OCI_ONE)
		one(&w, field, base);
	else
		many(&w, field, base);
	r = take_text(&w, arena, ret, ret_size);
	yajl_gen_free(w.gen);
	return r;
}

/* Writes one value as the member that FIELD describes in the struct at BASE. */
static int write_value(struct arena *arena, const struct oci_field *field, const char *base,
		       int indent, const char **ret, size_t *ret_size)
{
	struct oci_pool pool = {.arena = arena};
	yajl_alloc_funcs functions = {oci_pool_get, oci_pool_grow, oci_pool_drop, &pool};

	if (setjmp(pool.give_up))
		return -ENOMEM;
	return write_with(yajl_gen_alloc(&functions), arena, field, base, indent, ret, ret_size);
}

#define OCI_ROOT(name)                                                                             \
	int oci_##name##_write(struct arena *arena, const struct oci_##name *name, int indent,     \
			       const char **ret, size_t *ret_size)                                 \
	{                                                                                          \
		static const struct oci_field root = {.kind = OCI_OBJECT,                          \
						      .shape = OCI_ONE,                            \
						      .type = &oci_type_##name};                   \
                                                                                                   \
		return write_value(arena, &root, (const char *)name, indent, ret, ret_size);       \
	}
#include "roots.def"
#undef OCI_ROOT

int oci_states_write(struct arena *arena, const struct oci_state *states, size_t n, int indent,
		     const char **ret, size_t *ret_size)
{
	struct list {
		const struct oci_state *entries;
		size_t n;
	} list = {states, n};
	static const struct oci_field root = {.kind = OCI_OBJECT,
					      .shape = OCI_LIST,
					      .entry = sizeof(*states),
					      .offset = offsetof(struct list, entries),
					      .mark = offsetof(struct list, n),
					      .type = &oci_type_state};

	return write_value(arena, &root, (const char *)&list, indent, ret, ret_size);
}
