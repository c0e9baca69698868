/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intel RDT (linux.intelRdt): cache and memory bandwidth by groups of the resctrl file system.
 * hull does not mount it; config-linux.md wants an error when nobody has. All paths are of the
 * host and all work is the host's.
 */

#include "plan/request.h"

struct buf;
struct err;
struct oci_linux;
struct oci_report;

/* The groups of one container. */
struct rdt;

/* Names that lead elsewhere, schemata of more than a line, no resctrl on this machine. */
void rdt_check(const struct request *request, struct oci_report *report);

/* Where a container's processes go. *ret is NULL without linux.intelRdt; it lives in the arena and
 * keeps what it is given. */
int rdt_find(struct arena *arena, const struct oci_linux *linux_config, const char *id,
	     struct rdt **ret, struct err *err);

/* Looks which groups are there, before rdt_make. rdt_record tells then which have to be removed
 * with the container, innermost first, NULL-terminated (or NULL): those that hull is going to make
 * and that carry the container's id. It is to be written down first. */
int rdt_decide(struct rdt *rdt, struct err *err);
const char *const *rdt_record(const struct rdt *rdt);

/* Makes what is missing and writes the schemata of a new group; the ones of an existing group must
 * be as the config says. On failure nothing new is left. A group that somebody else made meanwhile
 * is taken out of rdt_record. */
int rdt_make(struct rdt *rdt, struct err *err);

/* Puts a process into the groups; what it forks is born into them. */
int rdt_attach(const struct rdt *rdt, int pid, struct err *err);

/* New schemata (either may be NULL) for a container that has a group (update). */
int rdt_update(const struct rdt *rdt, const char *l3_cache, const char *mem_bw, struct err *err);

/* Removes what rdt_record told. What is gone is fine. */
int rdt_remove(const char *const *record, struct err *err);

/* In the words of a plan. */
void rdt_dump(const struct request *request, struct buf *buf);
