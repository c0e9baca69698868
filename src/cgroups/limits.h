/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * linux.resources (but for the devices) as a list of what is to be written to which file. Deciding
 * changes nothing; the list can be printed and tested without a cgroup file system.
 *
 * Zero means "not set" for shares, quota, period, memory sizes and block weights, since engines
 * write zeros for what their users did not ask for.
 */

#include <stdbool.h>
#include <stddef.h>

#include "cgroups/layout.h"

struct arena;
struct buf;
struct err;
struct oci_report;
struct oci_resources;

/* A kernel that has no such file limits nothing less: go on. */
#define LIMIT_MISSING_OK 1u
/* The kernel checks this value against another file that comes later in the list (EINVAL): write
 * it again after the others of the controller. */
#define LIMIT_LATER 2u
/* One write for each line. */
#define LIMIT_LINES 4u
/* cpu.max with a new period: "$MAX PERIOD", where $MAX is what the file says now. */
#define LIMIT_KEEP_QUOTA 8u

struct limit {
	enum controller controller;
	const char *origin; /* below linux.resources: "memory.limit" */
	const char *file, *value;
	const char *or_file, *or_value; /* when file does not exist; NULL: no other */
	unsigned flags;
};

struct limits {
	struct arena *arena;
	struct layout *layout;
	struct limit *item;
	size_t n, room;
	bool update; /* of a running container: what is absent stays as it is */

	/* A refused value is the error, or, with a report, a finding; building goes on. */
	struct err *err;
	struct oci_report *report;
	const char *text; /* the config's, for the places of findings; NULL: none */
	size_t text_size;
	bool refused, no_memory;
};

/* Adds a write. The origin and the value are copied. Refuses when no mounted hierarchy has the
 * controller. */
void limits_add(struct limits *l, enum controller c, unsigned flags, const char *origin,
		const char *file, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Another file and value for the limit added last, for kernels that do not have its file. */
void limits_or(struct limits *l, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void limits_refuse(struct limits *l, const char *origin, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A text in the arena, "" without memory (which is noted). */
const char *limits_text(struct limits *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A value that is accepted but has no effect, as in other runtimes: a warning. */
void limits_ignore(struct limits *l, const char *origin, const char *why);

/* Whether the controller's files are those of v2. */
bool limits_v2(struct limits *l, enum controller c);

/* arena, layout, err, report and update are set. 0 or -errno. */
int limits_build(struct limits *l, const struct oci_resources *resources);

/* Writes all limits whose controller is in bits to a cgroup. */
int limits_apply(const struct limits *l, int dir, const char *dir_name, unsigned bits,
		 struct err *err);

/* "memory.max = 1048576\n" ... */
void limits_dump(const struct limits *l, struct buf *buf);

/* The translators, one for each version. */
struct oci_block_io;
struct oci_cpu;
struct oci_hugepage_limit;
struct oci_memory;
struct oci_network;

void v1_memory(struct limits *l, const struct oci_memory *memory);
void v1_cpu(struct limits *l, const struct oci_cpu *cpu);
void v1_block_io(struct limits *l, const struct oci_block_io *io);
void v1_hugepage(struct limits *l, const struct oci_hugepage_limit *limit, const char *origin);
void v1_network(struct limits *l, const struct oci_network *network);

void v2_memory(struct limits *l, const struct oci_memory *memory);
void v2_cpu(struct limits *l, const struct oci_cpu *cpu);
void v2_block_io(struct limits *l, const struct oci_block_io *io);
void v2_hugepage(struct limits *l, const struct oci_hugepage_limit *limit, const char *origin);
void v2_network(struct limits *l, const struct oci_network *network);
void v2_unified(struct limits *l, const struct oci_resources *resources);
