/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The verifier: a mistake of the planner is found here, on the host, before anything was done.
 * Descriptor slots are the only thing that flows between steps, so that flow is what is checked.
 */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "plan/build.h"
#include "plan/image.h"
#include "plan/operands.h"

static const char *const letters[PLAN_N_STEPS] = OPERAND_LETTERS;

enum slot_state { SLOT_EMPTY, SLOT_HELD, SLOT_GONE };

static int slot_error(const struct plan *p, uint32_t step, int64_t slot, const char *what,
		      struct err *err)
{
	const char *name = slot >= 0 && slot < p->n_slots ? p->slot[slot].name : "?";

	return err_text(err, EINVAL, "internal error: plan step %u (%s, %s): slot %lld (%s) %s",
			step, plan_step_name(p, step), plan_step_origin(p, step), (long long)slot,
			name, what);
}

static int check_operand(const struct plan *p, uint32_t step, char letter, uint64_t word,
			 enum slot_state *state, struct err *err)
{
	int64_t slot = (int64_t)word;

	switch (letter) {
	case 't':
	case 'l':
		if (!word)
			return slot_error(p, step, -1, "has no text or list", err);
		return 0;
	case 'i':
	case 'g':
	case 'p':
	case 'O':
		break;
	default:
		return 0;
	}
	if (letter == 'p' && slot == PLAN_NO_SLOT)
		return 0;
	if (slot < 0 || slot >= p->n_slots)
		return slot_error(p, step, slot, "does not exist", err);
	if (letter == 'O') {
		state[slot] = SLOT_HELD;
		return 0;
	}
	if (state[slot] == SLOT_EMPTY)
		return slot_error(p, step, slot, "is used before it is filled", err);
	if (state[slot] == SLOT_GONE)
		return slot_error(p, step, slot, "is used after it was given away", err);
	if (letter == 'g')
		state[slot] = SLOT_GONE;
	return 0;
}

/* Messages fill slots by their own operands: first and count, or state. */
static int check_message(const struct plan *p, uint32_t step, const struct plan_record *record,
			 enum slot_state *state, struct err *err)
{
	const uint64_t *word = plan_words(record);
	bool start = record->step == PLAN_STEP_wait_start;
	int64_t first = (int64_t)word[1];
	int64_t count = start ? first != PLAN_NO_SLOT : (int64_t)word[2];

	if (start) {
		int r = check_operand(p, step, 'g', word[0], state, err);

		if (r < 0)
			return r;
	}
	if (count < 0 || (count > 0 && (first < 0 || first + count > p->n_slots)))
		return slot_error(p, step, first, "does not exist", err);
	for (int64_t i = 0; i < count; i++)
		state[first + i] = SLOT_HELD;
	return 0;
}

int plan_check(const struct plan *p, struct err *err)
{
	enum slot_state *state = arena_alloc(p->arena, (p->n_slots + 1) * sizeof *state);

	if (!state)
		return err_set(err, ENOMEM, "check the plan");
	for (uint32_t i = 0; i < p->n_slots; i++)
		state[i] = p->slot[i].held ? SLOT_HELD : SLOT_EMPTY;
	for (uint32_t n = 0; n < p->n_steps; n++) {
		const struct plan_record *record = plan_record_at(p, n);
		const char *letter = letters[record->step];
		int r = 0;

		if (strlen(letter) != record->n)
			return slot_error(p, n, -1, "has the wrong number of operands", err);
		if (record->step == PLAN_STEP_await || record->step == PLAN_STEP_barrier ||
		    record->step == PLAN_STEP_wait_start)
			r = check_message(p, n, record, state, err);
		else
			for (uint16_t i = 0; i < record->n && r == 0; i++)
				r = check_operand(p, n, letter[i], plan_words(record)[i], state,
						  err);
		if (r < 0)
			return r;
	}
	if (!p->n_steps || plan_record_at(p, p->n_steps - 1)->step != PLAN_STEP_exec)
		return err_text(err, EINVAL, "internal error: the plan does not end with exec");
	return 0;
}
