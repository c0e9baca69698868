/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/*
 * The files of the OCI runtime specification 1.3.0 as C structs: read, written, and with the
 * place of each value. spec.def describes every object once; this header makes the types of it.
 *
 *	struct oci_config *config;
 *	struct oci_report report;
 *
 *	oci_report_init(&report, &arena);
 *	r = oci_config_read(&arena, text, size, &report, &config);
 *	if (r == 0 && config->process && config->process->user)
 *		uid = config->process->user->uid;
 *
 * How a member looks in C:
 *
 *	string		const char *name;			NULL: absent
 *	number, bool,	T name; bool has_name;			has_name false: absent, name is 0
 *	  enumeration	(enum oci_x name;)			no enumerator has the value 0
 *	object		struct oci_x *name;			NULL: absent
 *	list		T *name; size_t n_name;			NULL: absent; not NULL with n 0: []
 *	  of strings	const char **name; size_t n_name;	with a NULL after the last
 *	  of objects	struct oci_x *name; size_t n_name;	an array of structs
 *	map to strings	struct oci_pair *name; size_t n_name;	in the order of the file
 *	map to objects	struct oci_x *name; size_t n_name;	first member: const char *key
 *	other platform	bool has_name;				the content is not kept
 *
 * Names are the JSON keys in snake_case; `linux` is `linux_`.
 */

/* GNU C predefines `linux` as 1, and an object of the spec has that name. */
#undef linux

/* The text itself, nesting, one string: beyond these a file is refused. */
#define OCI_MAX_SIZE ((size_t)16 << 20)
#define OCI_MAX_DEPTH 64
#define OCI_MAX_STRING ((size_t)1 << 20)

/* Entries in one list or map; OCI_MAX_KEYS: map keys and unknown keys open at one time. */
#define OCI_MAX_ENTRIES 65536
#define OCI_MAX_ARGS (1 << 18)
#define OCI_MAX_MOUNTS 8192
#define OCI_MAX_DEVICE_RULES 4096
#define OCI_MAX_KEYS (1 << 18)

/* enum oci_namespace_type, enum oci_seccomp_action, ...: the words are in enums.def. */
#define ENUM_BEGIN(name)                                                                           \
	enum oci_##name                                                                            \
	{
#define ENUM_FIRST(name, value, word) value = 1,
#define ENUM_WORD(name, value, word) value,
#define ENUM_END(name)                                                                             \
	}                                                                                          \
	;
#include "enums.def"
#undef ENUM_BEGIN
#undef ENUM_FIRST
#undef ENUM_WORD
#undef ENUM_END

/* The words of an enumeration: words[value], for 1 <= value < n_words; words[0] is NULL. */
struct oci_enum {
	const char *name;
	const char *const *words;
	size_t n_words;
};

/* oci_enum_namespace_type, oci_enum_seccomp_action, ... */
#define ENUM_BEGIN(name) extern const struct oci_enum oci_enum_##name;
#define ENUM_FIRST(name, value, word)
#define ENUM_WORD(name, value, word)
#define ENUM_END(name)
#include "enums.def"
#undef ENUM_BEGIN
#undef ENUM_FIRST
#undef ENUM_WORD
#undef ENUM_END

/* The word for a value: oci_enum_word(&oci_enum_status, OCI_STATUS_RUNNING). NULL for no value. */
const char *oci_enum_word(const struct oci_enum *words, unsigned int value);

/* The value for a word, 0 if there is none. */
unsigned int oci_enum_value(const struct oci_enum *words, const char *word);

struct oci_pair {
	const char *key, *value;
};

/* oci_I32, oci_U64, ...: only to spell the members below. */
#define NUMBER_KIND(kind, type, min, max) typedef type oci_##kind;
#include "numbers.def"
#undef NUMBER_KIND

#define OBJECT(name) struct oci_##name {
#define KEYED_OBJECT(name)                                                                         \
	struct oci_##name {                                                                        \
		const char *key;
#define END(name)                                                                                  \
	}                                                                                          \
	;
#define STRING(object, member, key, need) const char *member;
#define FORM(object, member, key, need, form) const char *member;
#define BOOL(object, member, key, need) bool member, has_##member;
#define NUMBER(object, member, key, need, kind)                                                    \
	oci_##kind member;                                                                         \
	bool has_##member;
#define NUMBER_IN(object, member, key, need, kind, min, max) NUMBER(object, member, key, need, kind)
#define ENUM(object, member, key, need, words)                                                     \
	enum oci_##words member;                                                                   \
	bool has_##member;
#define FOREIGN(object, member, key, need) bool has_##member;
#define CHILD(object, member, key, need, child) struct oci_##child *member;
#define STRINGS(object, member, key, need, min, max)                                               \
	const char **member;                                                                       \
	size_t n_##member;
#define U32S(object, member, key, need, max)                                                       \
	uint32_t *member;                                                                          \
	size_t n_##member;
#define ENUMS(object, member, key, need, words)                                                    \
	enum oci_##words *member;                                                                  \
	size_t n_##member;
#define CHILDREN(object, member, key, need, child, max)                                            \
	struct oci_##child *member;                                                                \
	size_t n_##member;
#define PAIRS(object, member, key, need)                                                           \
	struct oci_pair *member;                                                                   \
	size_t n_##member;
#define MAP(object, member, key, need, child)                                                      \
	struct oci_##child *member;                                                                \
	size_t n_##member;
#include "spec.def"
#include "rows-undef.h"

/*
 * What was found wrong with a text, for people. A report lives as long as its arena.
 * It keeps the first OCI_REPORT_MAX findings (warnings leave half of the room to errors) and
 * counts all.
 */
#define OCI_REPORT_MAX 100

enum oci_severity {
	OCI_ERROR = 1,
	OCI_WARNING,
};

struct oci_finding {
	enum oci_severity severity;
	unsigned int line, column; /* from 1, the column in characters; 0: no place known */
	const char *path; /* like mounts[3].options[1]; "" for the whole text */
	const char *message; /* "missing, the spec requires it" */
	const char *hint; /* "did you mean \"network\"?" or NULL */
};

struct oci_report {
	struct arena *arena;
	struct oci_finding *findings;
	size_t n_findings;
	size_t n_errors, n_warnings;
	bool warn_unknown; /* set it to get a warning for each unknown key */
	bool hint_ready; /* whether oci_report_hint has a finding to hint at */
	const char *text; /* where findings that are added without a text are looked for, or NULL */
	size_t text_size;
};

void oci_report_init(struct oci_report *report, struct arena *arena);

/*
 * Adds a finding of the caller at PATH of TEXT (which must be what a read accepted or refused; it
 * may be NULL). If there is no such value, because it is missing, the finding is placed at the
 * nearest object around it. Costs a walk over the text: for findings, not for the usual way.
 */
void oci_report_add(struct oci_report *report, const char *text, size_t size, const char *path,
		    enum oci_severity severity, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Gives the finding added last a hint: what to do about it. */
void oci_report_hint(struct oci_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * One finding as `NAME:LINE:COLUMN: PATH: message; hint` in BUF, always NUL-terminated, without a
 * newline and without control characters. Returns the full length like snprintf.
 */
size_t oci_finding_format(const struct oci_finding *finding, const char *name, char *buf,
			  size_t room);

/*
 * Readers. TEXT is SIZE bytes of JSON (no NUL needed after them) and may go away afterwards:
 * *ret is wholly in the arena. Checked is shape only: types, ranges, words, required keys;
 * and that the text can be read in just one way: no duplicate keys anywhere, no trailing data,
 * no invalid UTF-8, no NUL. After a wrong shape reading goes on, to find all mistakes.
 *
 * 0: fine, *ret is set. -EINVAL: the report has at least one error (more), *ret is untouched.
 * -ENOMEM: no memory, or more than the arena's limit; *ret is untouched.
 *
 *	config		config.json
 *	process		`exec --process`
 *	resources	`update --resources`
 *	seccomp		linux.seccomp alone
 *	state		what the state command prints, what hooks get
 *	seccomp_state	what a seccomp agent gets
 *	features	what the features command prints
 *
 * Writers. They give the text in the arena, NUL-terminated, without a newline at its end.
 * INDENT is a number of spaces up to 8, or OCI_TAB; 0 makes one line. Absent members are left
 * out, empty lists are written as []. A string that is not UTF-8 is -EINVAL; also -ENOMEM.
 */
#define OCI_TAB (-1)

#define OCI_ROOT(name)                                                                             \
	int oci_##name##_read(struct arena *arena, const char *text, size_t size,                  \
			      struct oci_report *report, struct oci_##name **ret);                 \
	int oci_##name##_write(struct arena *arena, const struct oci_##name *name, int indent,     \
			       const char **ret, size_t *ret_size);
#include "roots.def"
#undef OCI_ROOT

/* A JSON array of mounts alone; as above. */
int oci_mounts_read(struct arena *arena, const char *text, size_t size, struct oci_report *report,
		    struct oci_mount **ret, size_t *ret_n);

/* A JSON array of states, as `list` prints it. */
int oci_states_write(struct arena *arena, const struct oci_state *states, size_t n, int indent,
		     const char **ret, size_t *ret_size);

/* Where a value is in a text: its bytes are text[offset] to text[offset + size - 1]. */
struct oci_place {
	size_t offset, size;
	unsigned int line, column; /* from 1, the column in characters */
};

/*
 * The place of the value at PATH, like `linux.seccomp` or `mounts[3].options[1]` or
 * `annotations["org.example.key"]`; "" is the whole value. -ENOENT: not in this text;
 * -EINVAL: the text or the path is malformed. Any text is safe, but duplicate keys give the first.
 */
int oci_find(const char *text, size_t size, const char *path, struct oci_place *ret);
