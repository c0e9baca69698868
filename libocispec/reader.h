/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The reader's state: a stack of frames, the findings and the keys it has seen. read.c moves it
 * on with each event. Functions that return int return what a callback of yajl returns: 1 to go
 * on, 0 to stop.
 */

#include "table.h"

struct yajl_handle_t;

enum frame_kind {
	FRAME_OBJECT, /* a struct is filled; the outermost frame is one, too: around the text */
	FRAME_LIST,
	FRAME_MAP,
	FRAME_SKIP_OBJECT, /* not ours: only checked for duplicate keys */
	FRAME_SKIP_LIST,
};

enum event {
	EVENT_NULL,
	EVENT_BOOL,
	EVENT_NUMBER,
	EVENT_STRING,
	EVENT_OBJECT,
	EVENT_LIST,
};

struct frame {
	enum frame_kind kind;
	const struct oci_type *type; /* of an object */
	const struct oci_field *field; /* the object's member that comes next (NULL: unknown), or
					  the member that is this list or map */
	char *base; /* the struct that has the member */
	char *entries; /* of a list or map */
	size_t count, room;
	const char *key; /* the key that came last, if it is not a known one */
	size_t key_size;
	uint64_t seen, got, bit; /* keys that came; of them not null; and the one that came last */
	size_t guess; /* the member that should come next: files keep the spec's order */
	size_t first_key; /* where this frame's keys begin in reader.keys */
	size_t start; /* offset of the bracket */
};

/* A key of a map or an unknown key, kept until its object ends, to find duplicates. */
struct key {
	const char *text;
	size_t size, offset;
};

struct reader {
	struct arena *arena;
	struct oci_report *report;
	const char *text;
	size_t size;
	char *copy; /* of the text, in the arena: what yajl reads and strings point into */
	struct yajl_handle_t *yajl;
	size_t before, after; /* offsets where the last token but one and the last token ended */
	int error; /* not 0: stop */
	struct key *keys;
	size_t n_keys, keys_room;
	size_t depth; /* of the innermost frame */
	struct frame frames[OCI_MAX_DEPTH + 1];
};

static inline struct frame *reader_top(struct reader *r)
{
	return &r->frames[r->depth];
}

#define READER_HERE(r) (reader_token((r), (r)->before)), NULL, 0

/*
 * A string that yajl reports, for keeping. Most are in our copy of the text, where the closing
 * quote, which yajl has behind it, makes room for the NUL; those that had escapes are in a buffer
 * of yajl.
 */
static inline const char *reader_keep_string(struct reader *r, const char *text, size_t size)
{
	uintptr_t at = (uintptr_t)text - (uintptr_t)r->copy;

	if (at >= r->size)
		return arena_strndup(r->arena, text, size);
	r->copy[at + size] = '\0';
	return r->copy + at;
}

/* The offset of the token after OFFSET: only space, commas and colons can be between. */
size_t reader_token(const struct reader *r, size_t offset);

int reader_no_memory(struct reader *r);

/*
 * A finding at OFFSET about the value that comes next or, if KEY is given, its member KEY.
 * Stops when enough is found.
 */
int reader_complain(struct reader *r, enum oci_severity severity, size_t offset, const char *key,
		    size_t key_size, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* A finding that ends the reading. */
int reader_fatal(struct reader *r, const char *message);

/* "expected a string, found the number 12". VALUE is what a scalar looks like. */
int reader_mismatch(struct reader *r, const struct oci_field *field, enum oci_shape shape,
		    enum event event, const char *value, size_t size);

int reader_duplicate(struct reader *r, const char *key, size_t size, size_t offset);

/* Keeps a key that is not a known one, until its object ends. */
int reader_keep_key(struct reader *r, const char *text, size_t size);

/* Looks for duplicates among the keys kept since FIRST, and forgets them. */
int reader_end_keys(struct reader *r, size_t first);

/* Opens an object or list; NULL: stop. */
struct frame *reader_push(struct reader *r, enum frame_kind kind);
