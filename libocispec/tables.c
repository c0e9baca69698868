/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Enumerations: words[value], the first word has the value 1. */

#define ENUM_BEGIN(name) static const char *const words_##name[] = {
#define ENUM_FIRST(name, value, word) [value] = (word),
#define ENUM_WORD(name, value, word) [value] = (word),
#define ENUM_END(name)                                                                             \
	}                                                                                          \
	;                                                                                          \
	const struct oci_enum oci_enum_##name = {#name, words_##name, COUNT(words_##name)};
#include "enums.def"
#undef ENUM_BEGIN
#undef ENUM_FIRST
#undef ENUM_WORD
#undef ENUM_END

#define STRING_FORM(name, pattern, description)                                                    \
	static const struct oci_form form_##name = {(pattern), (description)};
#include "forms.def"
#undef STRING_FORM

/* Whole ranges for NUMBER rows. Enumerators, since C11 takes no const object in an initializer. */
#define NUMBER_KIND(kind, type, min, max)                                                          \
	enum { min_##kind = (min) };                                                               \
	enum { max_##kind = (max) };
#include "numbers.def"
#undef NUMBER_KIND

/* The number of each row in its table, for the masks of required members below. */
#define OBJECT(name) enum {
#define KEYED_OBJECT(name) OBJECT(name)
#define END(name)                                                                                  \
	count_##name                                                                               \
	}                                                                                          \
	;                                                                                          \
	_Static_assert(count_##name <= 64, "the reader has 64 marks for " #name);
#define ROW(object, member) row_##object##_##member,
#define STRING(object, member, key, need) ROW(object, member)
#define FORM(object, member, key, need, form) ROW(object, member)
#define BOOL(object, member, key, need) ROW(object, member)
#define NUMBER(object, member, key, need, kind) ROW(object, member)
#define NUMBER_IN(object, member, key, need, kind, min, max) ROW(object, member)
#define ENUM(object, member, key, need, words) ROW(object, member)
#define FOREIGN(object, member, key, need) ROW(object, member)
#define CHILD(object, member, key, need, child) ROW(object, member)
#define STRINGS(object, member, key, need, min, max) ROW(object, member)
#define U32S(object, member, key, need, max) ROW(object, member)
#define ENUMS(object, member, key, need, words) ROW(object, member)
#define CHILDREN(object, member, key, need, child, max) ROW(object, member)
#define PAIRS(object, member, key, need) ROW(object, member)
#define MAP(object, member, key, need, child) ROW(object, member)
#include "spec.def"
#include "rows-undef.h"
#undef ROW

/* The tables. */

enum { OPTIONAL = false, REQUIRED = true };

#define OBJECT(name) static const struct oci_field fields_##name[] = {
#define KEYED_OBJECT(name) OBJECT(name)
#define END(name)                                                                                  \
	}                                                                                          \
	;
#define ROW(object, member, text, need, kind_, shape_, ...)                                        \
	{.key = (text),                                                                            \
	 .key_size = sizeof(text) - 1,                                                             \
	 .required = (need),                                                                       \
	 .kind = (kind_),                                                                          \
	 .shape = (shape_),                                                                        \
	 .offset = offsetof(struct oci_##object, member),                                          \
	 __VA_ARGS__},
#define MARK(object, mark_) .mark = offsetof(struct oci_##object, mark_)
#define ENTRY(object, member) .entry = sizeof(*((struct oci_##object *)0)->member)

#define STRING(object, member, key, need)                                                          \
	ROW(object, member, key, need, OCI_STRING, OCI_ONE, .form = NULL)
#define FORM(object, member, key, need, which)                                                     \
	ROW(object, member, key, need, OCI_STRING, OCI_ONE, .form = &form_##which)
#define BOOL(object, member, key, need)                                                            \
	ROW(object, member, key, need, OCI_BOOL, OCI_ONE, MARK(object, has_##member))
#define NUMBER_IN(object, member, key, need, kind, min_, max_)                                     \
	ROW(object, member, key, need, OCI_NUMBER, OCI_ONE, MARK(object, has_##member),            \
	    .number = OCI_NUMBER_##kind, .min = (min_), .max = (max_))
#define NUMBER(object, member, key, need, kind)                                                    \
	NUMBER_IN(object, member, key, need, kind, min_##kind, max_##kind)
#define ENUM(object, member, key, need, words_)                                                    \
	ROW(object, member, key, need, OCI_ENUM, OCI_ONE, MARK(object, has_##member),              \
	    .words = &oci_enum_##words_)
#define FOREIGN(object, member, key, need)                                                         \
	ROW(object, has_##member, key, need, OCI_FOREIGN, OCI_ONE, MARK(object, has_##member))
#define CHILD(object, member, key, need, child)                                                    \
	ROW(object, member, key, need, OCI_OBJECT, OCI_ONE, .type = &oci_type_##child)
#define MANY(object, member, key, need, kind, shape, min_, max_, ...)                              \
	ROW(object, member, key, need, kind, shape, MARK(object, n_##member),                      \
	    ENTRY(object, member), .min = (min_), .max = (max_), __VA_ARGS__)
#define STRINGS(object, member, key, need, min, max)                                               \
	MANY(object, member, key, need, OCI_STRING, OCI_LIST, min, max, .form = NULL)
#define U32S(object, member, key, need, max)                                                       \
	MANY(object, member, key, need, OCI_NUMBER, OCI_LIST, 0, max, .number = OCI_NUMBER_U32)
#define ENUMS(object, member, key, need, words_)                                                   \
	MANY(object, member, key, need, OCI_ENUM, OCI_LIST, 0, OCI_MAX_ENTRIES,                    \
	     .words = &oci_enum_##words_)
#define CHILDREN(object, member, key, need, child, max)                                            \
	MANY(object, member, key, need, OCI_OBJECT, OCI_LIST, 0, max, .type = &oci_type_##child)
#define PAIRS(object, member, key, need)                                                           \
	MANY(object, member, key, need, OCI_STRING, OCI_MAP, 0, OCI_MAX_ENTRIES, .form = NULL)
#define MAP(object, member, key, need, child)                                                      \
	MANY(object, member, key, need, OCI_OBJECT, OCI_MAP, 0, OCI_MAX_ENTRIES,                   \
	     .type = &oci_type_##child)
#include "spec.def"
#include "rows-undef.h"
#undef ROW

/* The types: one bit in `required` for each row that is. */
#define OBJECT(name)                                                                               \
	const struct oci_type oci_type_##name = {#name, sizeof(struct oci_##name), fields_##name,  \
						 COUNT(fields_##name), 0
#define KEYED_OBJECT(name) OBJECT(name)
#define END(name)                                                                                  \
	}                                                                                          \
	;
#define ROW(object, member, need) | (uint64_t)(need) << row_##object##_##member
#define STRING(object, member, key, need) ROW(object, member, need)
#define FORM(object, member, key, need, form) ROW(object, member, need)
#define BOOL(object, member, key, need) ROW(object, member, need)
#define NUMBER(object, member, key, need, kind) ROW(object, member, need)
#define NUMBER_IN(object, member, key, need, kind, min, max) ROW(object, member, need)
#define ENUM(object, member, key, need, words) ROW(object, member, need)
#define FOREIGN(object, member, key, need) ROW(object, member, need)
#define CHILD(object, member, key, need, child) ROW(object, member, need)
#define STRINGS(object, member, key, need, min, max) ROW(object, member, need)
#define U32S(object, member, key, need, max) ROW(object, member, need)
#define ENUMS(object, member, key, need, words) ROW(object, member, need)
#define CHILDREN(object, member, key, need, child, max) ROW(object, member, need)
#define PAIRS(object, member, key, need) ROW(object, member, need)
#define MAP(object, member, key, need, child) ROW(object, member, need)
#include "spec.def"
#include "rows-undef.h"
#undef ROW

const char *oci_enum_word(const struct oci_enum *words, unsigned int value)
{
	return value < words->n_words ? words->words[value] : NULL;
}

unsigned int oci_enum_value(const struct oci_enum *words, const char *word)
{
	for (unsigned int value = 1; value < words->n_words; value++)
		if (strcmp(words->words[value], word) == 0)
			return value;
	return 0;
}

/* Whether C is one of the characters at *SET, which begins with '['; moves *SET past the ']'. */
static bool in_set(const char **set, char c)
{
	const char *p = *set + 1;
	bool negate = *p == '^', found = false;

	for (p += negate; *p != ']'; p++) {
		if (p[1] == '-' && p[2] != ']') {
			found |= p[0] <= c && c <= p[2];
			p += 2;
		} else {
			found |= *p == c;
		}
	}
	*set = p + 1;
	return found != negate;
}

/*
 * Matches as much as it can and never goes back, which is right for patterns where what follows a
 * repeated set is not in the set; those in forms.def are such, and a test tries each.
 */
bool oci_form_matches(const struct oci_form *form, const char *text, size_t size)
{
	const char *p = form->pattern + 1; /* after the ^ */
	size_t at = 0;

	while (*p != '$' || p[1] != '\0') {
		const char *next = p;
		size_t count = 0;
		char repeat;

		(void)(*p == '[' ? in_set(&next, 0) : *next++); /* only moves on */
		repeat = *next;
		while (at < size) {
			const char *unused = p;

			if (!(*p == '[' ? in_set(&unused, text[at]) : *p == text[at]))
				break;
			at++;
			count++;
			if (repeat != '*' && repeat != '+')
				break;
		}
		if (count == 0 && repeat != '*')
			return false;
		p = next + (repeat == '*' || repeat == '+');
	}
	return at == size;
}
