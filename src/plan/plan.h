/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The plan: what hull (on the host) tells hull-init (in the container) to do, as one flat,
 * position-independent image in a sealed memory file. Freestanding header: both sides include it.
 *
 *   struct plan_header | slot table (int32) | step records | strings, vectors, bytes
 *
 * A record is a struct plan_record followed by n 64-bit operand words. There are no jumps, no
 * conditions and no variables but descriptor slots. References are (length << 32 | offset) from
 * the start of the image; a string's length does not count its NUL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/steps.def"

#define PLAN_MAGIC 0x6e616c506c6c7548u /* "HullPlan" */
#define PLAN_VERSION 1u
#define PLAN_SIZE_MAX (64u << 20)
#define PLAN_OPERANDS_MAX 8
#define PLAN_NO_SLOT (-1)
#define PLAN_NO_TRACE UINT32_MAX

struct plan_header {
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* of the whole image, bytes */
	uint32_t slots, n_slots; /* offset of int32_t[n_slots]: descriptor number or -1 */
	uint32_t steps, n_steps; /* offset of the first record; their count */
	uint32_t steps_end;
	uint32_t control; /* descriptor number of the control socket */
	uint32_t trace; /* descriptor of a shared uint64_t[n_steps] for the end of each step in
			   CLOCK_MONOTONIC ns, or PLAN_NO_TRACE */
	uint32_t pad;
};

struct plan_record {
	uint16_t step; /* enum plan_step_number */
	uint16_t n; /* operand words that follow */
	uint32_t origin; /* offset of the origin string: the place in the config this came from */
};

#define PLAN_ENUM(name) PLAN_STEP_##name,
enum plan_step_number { STEPS(PLAN_ENUM) PLAN_N_STEPS };
#undef PLAN_ENUM

/* What a target must be (step target). */
enum plan_kind { PLAN_DIRECTORY, PLAN_FILE, PLAN_LIKE };

/* Flags of step target. */
#define PLAN_TARGET_NOFOLLOW 1u /* the last component must not be a symlink */
#define PLAN_TARGET_PROC 2u /* this is the mount of a proc or sysfs: a real directory only */
#define PLAN_TARGET_ON_PROC 4u /* the target may lie on a procfs (the planner knows the path) */
#define PLAN_TARGET_ROOT 8u /* the target may be the root itself (step root_cover follows) */

struct plan_bytes {
	const void *data;
	size_t size;
};

struct plan_ids {
	const uint32_t *id;
	size_t n;
};

/* The C type of each operand type of steps.def. */
typedef int64_t plan_num;
typedef uint64_t plan_hex, plan_ns;
typedef uint32_t plan_octal;
typedef bool plan_flag;
typedef int plan_in, plan_out, plan_opt, plan_gone, plan_msg;
typedef const char *plan_text, *plan_maybe;
typedef const char *const *plan_list;

#define PLAN_MEMBER(type, name) PLAN_MEMBER_##type(name)
#define PLAN_MEMBER_num(name) plan_num name;
#define PLAN_MEMBER_hex(name) plan_hex name;
#define PLAN_MEMBER_ns(name) plan_ns name;
#define PLAN_MEMBER_octal(name) plan_octal name;
#define PLAN_MEMBER_flag(name) plan_flag name;
#define PLAN_MEMBER_in(name) plan_in name;
#define PLAN_MEMBER_out(name) plan_out name;
#define PLAN_MEMBER_opt(name) plan_opt name;
#define PLAN_MEMBER_gone(name) plan_gone name;
#define PLAN_MEMBER_msg(name) plan_msg name;
#define PLAN_MEMBER_text(name) plan_text name;
#define PLAN_MEMBER_maybe(name) plan_maybe name;
#define PLAN_MEMBER_list(name) plan_list name;
#define PLAN_MEMBER_bytes(name) struct plan_bytes name;
#define PLAN_MEMBER_ids(name) struct plan_ids name;

/* struct step_NAME: the operands of a step, decoded. */
#define PLAN_STRUCT(name)                                                                          \
	struct step_##name {                                                                       \
		STEP_##name(PLAN_MEMBER)                                                           \
	};
STEPS(PLAN_STRUCT)
#undef PLAN_STRUCT

/*
 * The one record for all messages between host and init, on a SOCK_SEQPACKET socket; descriptors
 * travel beside it (SCM_RIGHTS). docs/plan.md draws who sends what when.
 */
enum plan_message {
	MESSAGE_FAILED = 1, /* init -> host: step value failed with errno code; text: what it did */
	MESSAGE_SIBLING, /* init -> host: value is the pid that goes on */
	MESSAGE_CGROUP, /* host -> init: the cgroups stand; v1: their open tasks files */
	MESSAGE_CREATE_RUNTIME, /* barrier: the host runs prestart and createRuntime hooks */
	MESSAGE_CREATE_CONTAINER, /* barrier: the state for createContainer hooks */
	MESSAGE_CONSOLE, /* init -> host: the pty's master */
	MESSAGE_LISTENER, /* init -> host: the seccomp notify descriptor */
	MESSAGE_READY, /* barrier: all but the last steps are done; the host lets go */
	MESSAGE_START, /* `start` -> init: go on; the state for startContainer hooks */
	MESSAGE_ID_MAPS, /* barrier: init is in a user namespace of its own, without id maps */
	MESSAGE_LIMITS, /* barrier: still root; the host sets rlimits and oom_score_adj */
	MESSAGE_SOURCES, /* barrier: the host opens mount sources in init's mount namespace */
	MESSAGE_NETWORK, /* barrier: the host moves devices into init's network namespace */
};

struct plan_note {
	uint32_t message; /* enum plan_message */
	int32_t value; /* step number or pid */
	int32_t code; /* errno, positive */
	uint32_t pad;
	char origin[128]; /* FAILED: where in the config the step came from, cut to fit */
	char text[112]; /* FAILED: what it was doing; both NUL-terminated */
};
