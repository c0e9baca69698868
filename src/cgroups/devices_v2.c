/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Device rules for v2: a BPF program of type CGROUP_DEVICE, run by the kernel for each mknod and
 * open of a node, with struct bpf_cgroup_dev_ctx. It returns 1 to allow.
 */

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "libocispec/arena.h"
#include "sys/call.h"

/* Found by its name again, when it is to be replaced. At most 15 characters. */
#define PROGRAM_NAME "hull_devices"

enum { PROLOGUE = 12, RULE_MAX = 4, EPILOGUE = 4, ATTACHED_MAX = 64 };

/* Registers. The rights that no rule has decided yet are taken out of ASKED one by one. DEVICE is
 * major and minor in one, so that most rules are one comparison: the kernel takes 3 microseconds
 * to verify and translate each instruction. */
enum { RESULT = BPF_REG_0, CONTEXT = BPF_REG_1, ASKED, TYPE, MAJOR, MINOR, DEVICE };

/* dev_t of the kernel; no device has a larger number. */
enum { MINOR_BITS = 20, MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff };

/* Jump distances that are filled in at the end. */
enum { TO_ALLOW = 0x7fff, TO_DENY = 0x7ffe };

struct program {
	struct bpf_insn *insn;
	size_t n;
	size_t group; /* the jump over the rules of one type; 0: not within such a group */
	unsigned types; /* of the group */
};

static void emit(struct program *p, int code, int dst, int src, int off, int imm)
{
	p->insn[p->n++] = (struct bpf_insn){
		.code = (__u8)code,
		.dst_reg = (__u8)(dst & 15),
		.src_reg = (__u8)(src & 15),
		.off = (__s16)off,
		.imm = imm,
	};
}

static void emit_prologue(struct program *p)
{
	const int load = BPF_LDX | BPF_MEM | BPF_W, alu = BPF_ALU64 | BPF_K;

	/* access_type is (rights << 16) | type */
	emit(p, load, ASKED, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, TYPE, ASKED, 0, 0);
	emit(p, alu | BPF_AND, TYPE, 0, 0, 0xffff);
	emit(p, alu | BPF_RSH, ASKED, 0, 0, 16);
	emit(p, load, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(p, load, MINOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, DEVICE, MAJOR, 0, 0);
	/* the number in the upper half, and down again with its sign, as comparisons extend theirs
	 */
	emit(p, alu | BPF_LSH, DEVICE, 0, 0, MINOR_BITS);
	emit(p, BPF_ALU64 | BPF_OR | BPF_X, DEVICE, MINOR, 0, 0);
	emit(p, alu | BPF_LSH, DEVICE, 0, 0, 32);
	emit(p, alu | BPF_ARSH, DEVICE, 0, 0, 32);
}

static void close_group(struct program *p)
{
	if (p->group)
		p->insn[p->group].off = (__s16)(p->n - p->group - 1);
	p->group = 0;
}

/* The rules of one type that follow each other have one test of it. */
static void open_group(struct program *p, unsigned types)
{
	if (p->group && p->types == types)
		return;
	close_group(p);
	if (types == DEVICE_ALL_TYPES)
		return;
	p->group = p->n;
	p->types = types;
	emit(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0, (int)types);
}

/* Compares the device with the rule's: operation (JEQ or JNE) and distance are the jump's. */
static void emit_device(struct program *p, const struct device_rule *r, int operation, int off)
{
	const int code = BPF_JMP | BPF_K | operation;

	if (r->major >= 0 && r->minor >= 0)
		emit(p, code, DEVICE, 0, off,
		     (int)((uint32_t)r->major << MINOR_BITS | (uint32_t)r->minor));
	else if (r->major >= 0)
		emit(p, code, MAJOR, 0, off, (int)r->major);
	else if (r->minor >= 0)
		emit(p, code, MINOR, 0, off, (int)r->minor);
}

/* "allow" takes its rights out of those asked for; done when none is left. "deny" is done when one
 * of its rights is still asked for. */
static void emit_rule(struct program *p, const struct device_rule *r)
{
	int target = r->allow ? TO_ALLOW : TO_DENY;
	bool any = r->major < 0 && r->minor < 0;

	if (r->major > MAJOR_MAX || r->minor > MINOR_MAX)
		return; /* about no device */
	open_group(p, r->types);
	if (r->access == DEVICE_ALL_RIGHTS && !any) {
		emit_device(p, r, BPF_JEQ, target);
	} else if (r->access == DEVICE_ALL_RIGHTS) {
		emit(p, BPF_JMP | BPF_JA, 0, 0, target, 0);
		/* the verifier refuses what cannot be reached: what follows is of another group */
		close_group(p);
	} else if (r->allow) {
		emit_device(p, r, BPF_JNE, 2);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, ASKED, 0, 0, (int)~r->access);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, ASKED, 0, target, 0);
	} else {
		emit_device(p, r, BPF_JNE, 1);
		emit(p, BPF_JMP | BPF_JSET | BPF_K, ASKED, 0, target, (int)r->access);
	}
}

/* Ends with a verdict, to which all jumps with that target go. An end that nothing leads to would
 * be refused by the verifier. */
static void emit_end(struct program *p, bool allow, bool reached)
{
	int target = allow ? TO_ALLOW : TO_DENY;

	for (size_t i = PROLOGUE - 1; i < p->n; i++) {
		if (p->insn[i].off != target)
			continue;
		p->insn[i].off = (__s16)(p->n - i - 1);
		reached = true;
	}
	if (!reached)
		return;
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

int devices_v2_compile(struct arena *arena, const struct device_rules *rules, struct bpf_insn **ret,
		       size_t *ret_n)
{
	struct program p = {0};
	size_t room = PROLOGUE + rules->n * RULE_MAX + EPILOGUE;

	/* Distances are 16 bits wide. OCI_MAX_DEVICE_RULES keeps lists far below that. */
	if (room >= TO_DENY)
		return -E2BIG;
	p.insn = arena_array(arena, room, sizeof *p.insn);
	if (!p.insn)
		return -ENOMEM;
	emit_prologue(&p);
	/* The last rule that fits decides: it is asked first. */
	for (size_t i = rules->n; i > 0; i--)
		emit_rule(&p, &rules->rule[i - 1]);
	close_group(&p);
	emit_end(&p, rules->allow, true);
	emit_end(&p, !rules->allow, false);
	*ret = p.insn;
	*ret_n = p.n;
	return 0;
}

static int bpf(int command, union bpf_attr *attr)
{
	return (int)sys_call(SYS_bpf, command, attr, sizeof *attr);
}

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Before Linux 5.11 programs were charged to RLIMIT_MEMLOCK, and too much was EPERM. */
static int load_unlimited(union bpf_attr *attr)
{
	struct rlimit old, all;
	int r;

	if (getrlimit(RLIMIT_MEMLOCK, &old) < 0)
		return -EPERM;
	all = (struct rlimit){old.rlim_max, old.rlim_max};
	if (old.rlim_cur == old.rlim_max || setrlimit(RLIMIT_MEMLOCK, &all) < 0)
		return -EPERM;
	r = bpf(BPF_PROG_LOAD, attr);
	(void)setrlimit(RLIMIT_MEMLOCK, &old); /* lowering a soft limit cannot fail */
	return r;
}

static int load(const struct bpf_insn *insn, size_t n)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = pointer(insn);
	attr.insn_cnt = (__u32)n;
	attr.license = pointer("Apache-2.0"); /* no helper that wants GPL is called */
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof PROGRAM_NAME);
	r = bpf(BPF_PROG_LOAD, &attr);
	return r == -EPERM ? load_unlimited(&attr) : r;
}

static bool is_ours(int program)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr;

	memset(&attr, 0, sizeof attr);
	attr.info.bpf_fd = (__u32)program;
	attr.info.info_len = sizeof info;
	attr.info.info = pointer(&info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && str_eq(info.name, PROGRAM_NAME);
}

/* The program that hull attached before: a descriptor, or -1 when there is none. */
static int find_ours(int dir)
{
	uint32_t id[ATTACHED_MAX];
	union bpf_attr attr;

	memset(&attr, 0, sizeof attr);
	attr.query.target_fd = (__u32)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = pointer(id);
	attr.query.prog_cnt = ATTACHED_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -1;
	for (uint32_t i = 0, n = attr.query.prog_cnt; i < n; i++) {
		AUTO_CLOSE int program = -1;
		union bpf_attr by_id;

		memset(&by_id, 0, sizeof by_id);
		by_id.prog_id = id[i];
		program = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
		if (program >= 0 && is_ours(program))
			return fd_take(&program);
	}
	return -1;
}

/*
 * With ALLOW_MULTI a program of the cgroup's own processes below, or of systemd, can only forbid
 * more: all must allow. REPLACE (Linux 5.6) exchanges ours in one step; before that there are two
 * for a moment, which is stricter than either.
 */
static int attach(int dir, int program, int old)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof attr);
	attr.target_fd = (__u32)dir;
	attr.attach_bpf_fd = (__u32)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old < 0)
		return bpf(BPF_PROG_ATTACH, &attr);
	attr.attach_flags |= BPF_F_REPLACE;
	attr.replace_bpf_fd = (__u32)old;
	r = bpf(BPF_PROG_ATTACH, &attr);
	if (r != -EINVAL)
		return r;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	attr.replace_bpf_fd = 0;
	r = bpf(BPF_PROG_ATTACH, &attr);
	attr.attach_flags = 0;
	attr.attach_bpf_fd = (__u32)old;
	return r < 0 ? r : bpf(BPF_PROG_DETACH, &attr);
}

int devices_v2_apply(struct arena *arena, const struct device_rules *rules, int dir,
		     const char *dir_name, bool fresh, struct err *err)
{
	AUTO_CLOSE int program = -1, old = -1;
	struct bpf_insn *insn;
	size_t n;
	int r = devices_v2_compile(arena, rules, &insn, &n);

	if (r < 0)
		return err_set(err, -r, "linux.resources.devices");
	program = load(insn, n);
	if (program < 0)
		return err_set(err, -program, "linux.resources.devices: load the BPF program");
	old = fresh ? -1 : find_ours(dir);
	r = attach(dir, program, old);
	if (r < 0)
		return err_set(err, -r, "linux.resources.devices: attach the BPF program to %s",
			       dir_name);
	return 0;
}
