/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What step functions (x_step.c) see: the running init. Freestanding; a step function makes kernel
 * calls through sys/ and returns 0 or -errno. It must not care whether it runs in hull-init or in
 * a forked child of hull (HULL_INIT=fork).
 */

#include "plan/plan.h"

struct init {
	char *image; /* the plan, mapped private: vectors are relocated in place */
	int32_t *slot; /* descriptor table, n_slots entries, -1 when empty */
	uint32_t n_slots;
	int control; /* the socket to the host, later to the starter */
	uint64_t *trace; /* end of each step for --trace, or NULL */
	uint32_t step; /* number of the running step, for messages */
	const char *doing; /* the verb of the failing call, static text: "open_tree" */
	unsigned masks; /* MASK_* trees that are attached (step mask) */
	const char *program; /* what find_program found; NULL before */
	char home[4096 + 8]; /* "HOME=..." that step home adds to exec's environment, or "" */
	char path[4096]; /* room for the program's path */
};

/* The descriptor in a slot. */
static inline int init_fd(const struct init *in, int slot)
{
	return slot >= 0 ? in->slot[slot] : -1;
}

/* Fills a slot. */
static inline void init_put(struct init *in, int slot, int fd)
{
	in->slot[slot] = fd;
}

/* Closes a slot (operand type gone). */
void init_drop(struct init *in, int slot);

/* Remembers what a step is doing, for the message when it fails:
 *	return init_doing(in, "open_tree", sys_open_tree(...));
 * Returns r, so that it can wrap the call. */
static inline int init_doing(struct init *in, const char *verb, long r)
{
	if (r < 0)
		in->doing = verb;
	return (int)r;
}

#define PLAN_PROTOTYPE(name) int step_##name(struct init *in, const struct step_##name *s);
STEPS(PLAN_PROTOTYPE)
#undef PLAN_PROTOTYPE
