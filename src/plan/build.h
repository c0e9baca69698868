/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building a plan on the host. Typed builders, one per step: plan_tree_attach(p, tree, target).
 * Failures (out of memory, too large) stick in the plan and are reported by plan_finish.
 */

#include "plan/plan.h"

struct err;
struct arena;

struct plan;

/* The arena must outlive the plan. NULL when out of memory. */
struct plan *plan_new(struct arena *arena);

/* All steps added from now on come from this place of the config ("mounts[3] (/data)"). */
void plan_origin(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A new empty slot; or, with plan_slot_fd, one that holds a descriptor of the host which the
 * child inherits under the same number. The caller keeps the descriptor open until launch;
 * plan_adopt_fd gives it to the plan, which closes it in plan_free. fd -1 stands for "some
 * descriptor" in `hull plan`, which opens nothing. name shows in dumps ("rootfs"). */
int plan_slot(struct plan *p, const char *name);
int plan_slot_fd(struct plan *p, const char *name, int fd);
int plan_adopt_fd(struct plan *p, const char *name, int fd);

/* Descriptors that the child inherits (from plan_slot_fd and plan_adopt_fd). */
size_t plan_fds(const struct plan *p, const int **ret);

/* Steps so far. */
uint32_t plan_n_steps(const struct plan *p);
/* hull-init puts the end of each step into this file (struct plan_header). It is inherited. */
void plan_trace_to(struct plan *p, int fd);

/* Ends the plan: runs the verifier and lays out the image. control is the control socket's
 * number in the child. The image lives in the arena. */
int plan_finish(struct plan *p, int control, const void **ret_image, size_t *ret_size,
		struct err *err);

/* The origin of step number n of a finished plan, or "" when there is none. */
const char *plan_step_origin(const struct plan *p, uint32_t n);
/* Its name as in steps.def. */
const char *plan_step_name(const struct plan *p, uint32_t n);

/* Closes adopted descriptors: once hull-init is there it has its own. */
void plan_release(struct plan *p);
/* The same, and all else. */
void plan_free(struct plan *p);

/* The verifier: every slot is filled before it is used, taken once, the last step is exec (or the
 * plan is a fragment under test), no operand is missing. Called by plan_finish. */
int plan_check(const struct plan *p, struct err *err);

struct buf;
/* The plan as text, one line a step, operands by name, the origin behind '#'. */
void plan_dump(const struct plan *p, struct buf *buf);

/* -- for the generated builders ------------------------------------------------------------ */
uint64_t plan_word_text(struct plan *p, const char *text);
uint64_t plan_word_list(struct plan *p, const char *const *list);
uint64_t plan_word_bytes(struct plan *p, struct plan_bytes bytes);
uint64_t plan_word_ids(struct plan *p, struct plan_ids ids);
void plan_add(struct plan *p, enum plan_step_number step, const uint64_t *word, size_t n);

#define PLAN_PARAM(type, name) , PLAN_PARAM_##type name
#define PLAN_PARAM_num plan_num
#define PLAN_PARAM_hex plan_hex
#define PLAN_PARAM_ns plan_ns
#define PLAN_PARAM_octal plan_octal
#define PLAN_PARAM_flag plan_flag
#define PLAN_PARAM_in plan_in
#define PLAN_PARAM_out plan_out
#define PLAN_PARAM_opt plan_opt
#define PLAN_PARAM_gone plan_gone
#define PLAN_PARAM_msg plan_msg
#define PLAN_PARAM_text plan_text
#define PLAN_PARAM_maybe plan_maybe
#define PLAN_PARAM_list plan_list
#define PLAN_PARAM_bytes struct plan_bytes
#define PLAN_PARAM_ids struct plan_ids

#define PLAN_WORD(type, name) PLAN_WORD_##type(name),
#define PLAN_WORD_num(name) (uint64_t)(name)
#define PLAN_WORD_hex(name) (name)
#define PLAN_WORD_ns(name) (name)
#define PLAN_WORD_octal(name) (name)
#define PLAN_WORD_flag(name) (name)
#define PLAN_WORD_in(name) (uint64_t)(int64_t)(name)
#define PLAN_WORD_out(name) (uint64_t)(int64_t)(name)
#define PLAN_WORD_opt(name) (uint64_t)(int64_t)(name)
#define PLAN_WORD_gone(name) (uint64_t)(int64_t)(name)
#define PLAN_WORD_msg(name) (uint64_t)(int64_t)(name)
#define PLAN_WORD_text(name) plan_word_text(p, name)
#define PLAN_WORD_maybe(name) plan_word_text(p, name)
#define PLAN_WORD_list(name) plan_word_list(p, name)
#define PLAN_WORD_bytes(name) plan_word_bytes(p, name)
#define PLAN_WORD_ids(name) plan_word_ids(p, name)

/* plan_NAME(p, operands...): adds step NAME. */
#define PLAN_BUILDER(name)                                                                         \
	static inline void plan_##name(struct plan *p STEP_##name(PLAN_PARAM))                     \
	{                                                                                          \
		const uint64_t word[] = {STEP_##name(PLAN_WORD) 0};                                \
                                                                                                   \
		plan_add(p, PLAN_STEP_##name, word, sizeof word / sizeof *word - 1);               \
	}
STEPS(PLAN_BUILDER)
#undef PLAN_BUILDER
