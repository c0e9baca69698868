/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The operand types of each step as a string of letters, and their names, for the three that walk
 * a plan without knowing its steps: the verifier, the dump and hull-init's bounds check.
 */

#include "plan/plan.h"

#define OPERAND_num "n"
#define OPERAND_hex "h"
#define OPERAND_octal "o"
#define OPERAND_flag "f"
#define OPERAND_ns "N"
#define OPERAND_msg "m"
#define OPERAND_text "t"
#define OPERAND_maybe "T"
#define OPERAND_list "l"
#define OPERAND_bytes "b"
#define OPERAND_ids "d"
#define OPERAND_in "i"
#define OPERAND_opt "p"
#define OPERAND_out "O"
#define OPERAND_gone "g"

#define OPERAND_LETTER(type, name) OPERAND_##type
#define OPERAND_NAME(type, name) #name " "
#define OPERAND_ROW(step) [PLAN_STEP_##step] = "" STEP_##step(OPERAND_LETTER),
#define OPERAND_NAMES_ROW(step) [PLAN_STEP_##step] = "" STEP_##step(OPERAND_NAME),
#define OPERAND_STEP_ROW(step) [PLAN_STEP_##step] = #step,

/* static const char operand_letters[PLAN_N_STEPS][...] = OPERAND_LETTERS; */
#define OPERAND_LETTERS                                                                            \
	{                                                                                          \
		STEPS(OPERAND_ROW)                                                                 \
	}
#define OPERAND_NAMES                                                                              \
	{                                                                                          \
		STEPS(OPERAND_NAMES_ROW)                                                           \
	}
#define OPERAND_STEPS                                                                              \
	{                                                                                          \
		STEPS(OPERAND_STEP_ROW)                                                            \
	}
