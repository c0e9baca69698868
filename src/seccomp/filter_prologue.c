/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter_prologue.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "libocispec/arena.h"

enum { RANGE_SIZE = 6 };

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter jump(uint16_t test, uint32_t value, size_t yes, size_t no)
{
	return (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | test | BPF_K), value, (uint8_t)yes,
					    (uint8_t)no);
}

/*
 * One range. The usual call of the native architecture leaves after four instructions: a number
 * that is not above newest is nothing for the later ranges either, since these are other
 * architectures or lie higher. All jumps fit into their 8 bits: there are at most 23 architectures.
 */
static void put_range(struct sock_filter *at, const struct filter_newer *newer, size_t to_filter)
{
	at[0] = load(offsetof(struct seccomp_data, arch));
	at[1] = jump(BPF_JEQ, newer->arch, 0, 4);
	at[2] = load(offsetof(struct seccomp_data, nr));
	at[3] = jump(BPF_JGT, newer->newest, 0, to_filter - 4);
	at[4] = jump(BPF_JGE, newer->end, 1, 0);
	at[5] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
}

int filter_prologue(struct arena *arena, struct filter_program *program)
{
	size_t n = program->n_newer * RANGE_SIZE;
	struct sock_filter *code;

	if (n > UINT8_MAX || n + program->n > BPF_MAXINSNS)
		return -E2BIG;
	code = arena_array(arena, n + program->n, sizeof *code);
	if (!code)
		return -ENOMEM;
	for (size_t i = 0; i < program->n_newer; i++)
		put_range(code + i * RANGE_SIZE, &program->newer[i], n - i * RANGE_SIZE);
	memcpy(code + n, program->code, program->n * sizeof *code);
	program->code = code;
	program->n += n;
	program->n_newer = 0;
	return 0;
}
