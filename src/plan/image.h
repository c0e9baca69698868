/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* struct plan from the inside, for build.c, check.c and dump.c. */

#include "base/buf.h"
#include "plan/build.h"

struct plan_slot_info {
	const char *name;
	int fd; /* inherited descriptor; -1: filled by a step (or a dry run) */
	bool held; /* holds a descriptor from the start */
	bool adopted; /* plan_free closes fd */
};

struct plan {
	struct arena *arena;
	struct buf data; /* strings, vectors and bytes; offsets count from the image's start */
	struct buf records; /* struct plan_record and operand words */
	uint32_t *record_at; /* offset of each record in records */
	uint32_t n_steps, room_steps;
	struct plan_slot_info *slot;
	uint32_t n_slots, room_slots;
	int *inherit; /* descriptors for the child */
	size_t n_inherit;
	uint32_t origin; /* offset of the current origin string */
	bool failed;
	int trace; /* plan_trace_to, or -1 */
};

/* Data begins right behind the header, so that references are final when they are made. */
#define PLAN_DATA_START ((uint32_t)sizeof(struct plan_header))

static inline const struct plan_record *plan_record_at(const struct plan *p, uint32_t n)
{
	return (const void *)(p->records.data + p->record_at[n]);
}

static inline const uint64_t *plan_words(const struct plan_record *record)
{
	return (const void *)(record + 1);
}

/* What a reference points at; NULL for the zero reference. */
static inline const char *plan_data_at(const struct plan *p, uint64_t word)
{
	uint32_t offset = (uint32_t)word;

	return offset ? p->data.data + (offset - PLAN_DATA_START) : NULL;
}
