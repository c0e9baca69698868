/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The field tables that spec.def becomes. Only this folder and its tests look at them. */

#include "ocispec.h"

enum oci_kind {
	OCI_STRING = 1,
	OCI_BOOL,
	OCI_NUMBER,
	OCI_ENUM,
	OCI_OBJECT,
	OCI_FOREIGN,
};

/* Whether the member holds one value of its kind or many. */
enum oci_shape {
	OCI_ONE = 1,
	OCI_LIST,
	OCI_MAP,
};

enum oci_number_kind {
#define NUMBER_KIND(kind, type, min, max) OCI_NUMBER_##kind,
#include "numbers.def"
#undef NUMBER_KIND
};

struct oci_form {
	const char *pattern, *description;
};

struct oci_field {
	const char *key;
	uint8_t key_size;
	uint8_t kind, shape; /* enum oci_kind, oci_shape */
	uint8_t number; /* enum oci_number_kind */
	bool required;
	uint16_t offset; /* of the member */
	uint16_t mark; /* of has_ or n_, where there is one */
	uint16_t entry; /* bytes of one entry of a list or map */
	int64_t min; /* of a number; of the count of entries */
	uint64_t max;
	union {
		const struct oci_type *type;
		const struct oci_enum *words;
		const struct oci_form *form; /* may be NULL */
	};
};

struct oci_type {
	const char *name;
	size_t size;
	const struct oci_field *fields;
	size_t n_fields; /* at most 64: the reader marks them in a uint64_t */
	uint64_t required;
};

#define OBJECT(name) extern const struct oci_type oci_type_##name;
#define KEYED_OBJECT(name) OBJECT(name)
#define END(name)
#define STRING(object, member, key, need)
#define FORM(object, member, key, need, form)
#define BOOL(object, member, key, need)
#define NUMBER(object, member, key, need, kind)
#define NUMBER_IN(object, member, key, need, kind, min, max)
#define ENUM(object, member, key, need, words)
#define FOREIGN(object, member, key, need)
#define CHILD(object, member, key, need, child)
#define STRINGS(object, member, key, need, min, max)
#define U32S(object, member, key, need, max)
#define ENUMS(object, member, key, need, words)
#define CHILDREN(object, member, key, need, child, max)
#define PAIRS(object, member, key, need)
#define MAP(object, member, key, need, child)
#include "spec.def"
#include "rows-undef.h"

/* Whether SIZE bytes of TEXT have the form. */
bool oci_form_matches(const struct oci_form *form, const char *text, size_t size);

/* The word nearest to SIZE bytes of TEXT, if it is near enough to be meant; else NULL. */
const char *oci_nearest_word(const struct oci_enum *words, const char *text, size_t size);
const char *oci_nearest_key(const struct oci_type *type, const char *text, size_t size);

/*
 * Line and column of an offset, from 1. A column counts characters, not bytes.
 */
void oci_line_column(const char *text, size_t size, size_t offset, unsigned int *ret_line,
		     unsigned int *ret_column);

/* The offset of the value at PATH, or of the innermost value around it that is there. */
size_t oci_find_nearest(const char *text, size_t size, const char *path);

/*
 * Looks for what yajl lets through: invalid UTF-8 (yajl takes overlong forms and surrogates),
 * \u0000, and halves of surrogate pairs (yajl makes '?' or invalid UTF-8 of them).
 * Returns NULL, or a message with the offset of the mistake.
 */
const char *oci_check_text(const char *text, size_t size, size_t *ret_offset);

bool oci_is_utf8(const char *text, size_t size);

/*
 * For the reader: a new finding at an offset, the message made by the caller in the arena.
 * Counted in any case; NULL if there is no room for it.
 */
struct oci_finding *oci_report_new(struct oci_report *report, enum oci_severity severity,
				   const char *text, size_t size, size_t offset);

/*
 * Writes at most SIZE bytes of TEXT into BUF so that a terminal is safe from it: control
 * characters as \n or \u001b, quotes and backslashes escaped, cut with "..." after ROOM.
 */
void oci_quote(char *buf, size_t room, const char *text, size_t size);

/* Adds a member to a path: `.key`, or `["key"]` if it has other characters than a name has. */
void oci_path_add(char *path, size_t room, const char *key, size_t size);

/* "a number from 0 to 255", with "whole" where the one found was not. */
void oci_describe_number(char *buf, size_t room, const struct oci_field *field, bool whole);

/* "a list of strings", "true or false", ... : what must be there for a member or an entry. */
void oci_describe(char *buf, size_t room, const struct oci_field *field, enum oci_shape shape);

enum oci_digits {
	OCI_DIGITS_FINE,
	OCI_DIGITS_NOT_WHOLE,
	OCI_DIGITS_OUT_OF_RANGE,
};

/*
 * An exact number: no doubles, no rounding; 1.5 and 1e3 are refused, as Go does for integers.
 * *ret is the number modulo 2^64.
 */
enum oci_digits oci_parse_number(const struct oci_field *field, const char *text, size_t size,
				 uint64_t *ret);

/* Stores what oci_parse_number found fine. */
void oci_store_number(char *at, enum oci_number_kind kind, uint64_t value);
