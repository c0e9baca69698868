/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Runs a seccomp filter in the test: the instructions that the kernel's seccomp_check_filter lets
 * through and compilers of filters use, with all the checks that the verifier makes beforehand.
 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What no filter may return. */
#define BPF_BROKEN 0xdeadbeefu

static inline uint32_t bpf_alu(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_AND:
		return a & k;
	case BPF_OR:
		return a | k;
	case BPF_ADD:
		return a + k;
	case BPF_SUB:
		return a - k;
	case BPF_RSH:
		return k < 32 ? a >> k : 0;
	case BPF_LSH:
		return k < 32 ? a << k : 0;
	default:
		return BPF_BROKEN;
	}
}

static inline int bpf_test(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	default:
		return -1;
	}
}

/* The filter's answer; *steps (may be NULL) counts the instructions it took. */
static inline uint32_t bpf_run(const struct sock_filter *code, size_t n,
			       const struct seccomp_data *data, unsigned *steps)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = {0};
	unsigned count = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &code[pc];
		int yes;

		count++;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k > sizeof *data - 4)
				return BPF_BROKEN;
			memcpy(&a, (const char *)data + i->k, 4);
			continue;
		case BPF_LD | BPF_IMM:
			a = i->k;
			continue;
		case BPF_LD | BPF_MEM:
		case BPF_ST:
			if (i->k >= BPF_MEMWORDS)
				return BPF_BROKEN;
			if (i->code == BPF_ST)
				memory[i->k] = a;
			else
				a = memory[i->k];
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_RET | BPF_K:
			if (steps)
				*steps = count;
			return i->k;
		default:
			break;
		}
		if (BPF_CLASS(i->code) == BPF_ALU && BPF_SRC(i->code) == BPF_K) {
			a = bpf_alu(i->code, a, i->k);
			continue;
		}
		if (BPF_CLASS(i->code) != BPF_JMP || BPF_SRC(i->code) != BPF_K)
			return BPF_BROKEN;
		yes = bpf_test(i->code, a, i->k);
		if (yes < 0)
			return BPF_BROKEN;
		pc += yes ? i->jt : i->jf;
	}
	return BPF_BROKEN; /* ran over the end */
}
