/* SPDX-License-Identifier: Apache-2.0 */
#include "test-cgroups-tree.h"

#include <linux/bpf.h>

#include "base/err.h"
#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

#define ALLOW(t, M, m, a)                                                                          \
	{                                                                                          \
		.allow = true, .type = t, .access = a, NUMBERS(M, m)                               \
	}
#define DENY(t, M, m, a)                                                                           \
	{                                                                                          \
		.allow = false, .type = t, .access = a, NUMBERS(M, m)                              \
	}
#define NUMBERS(M, m) .major = M, .has_major = (M) >= 0, .minor = m, .has_minor = (m) >= 0
#define DENY_ALL DENY(NULL, -1, -1, "rwm")
#define ALLOW_ALL ALLOW(NULL, -1, -1, "rwm")

static struct arena arena = ARENA_INIT;
static struct layout layout;

static int rules_of(struct oci_device_rule *list, size_t n, struct device_rules *ret,
		    struct err *err)
{
	struct oci_resources resources = {.devices = list, .n_devices = n};
	struct limits l = {.arena = &arena, .layout = &layout, .err = err};

	return devices_rules(&l, n ? &resources : NULL, ret);
}

/* What the rules mean, said in another way: each right by itself, the last rule that fits. */
static bool reference(const struct device_rules *rules, unsigned type, int64_t major, int64_t minor,
		      unsigned access)
{
	for (unsigned right = 1; right <= DEVICE_WRITE; right <<= 1) {
		bool allowed = rules->allow;

		if (!(access & right))
			continue;
		for (size_t i = 0; i < rules->n; i++) {
			const struct device_rule *r = &rules->rule[i];

			if ((r->types & type) && (r->access & right) &&
			    (r->major < 0 || r->major == major) &&
			    (r->minor < 0 || r->minor == minor))
				allowed = r->allow;
		}
		if (!allowed)
			return false;
	}
	return true;
}

/* The kernel's list (security/device_cgroup.c, match_exception and match_exception_partial). */
static bool kernel_v1(const struct device_exceptions *list, unsigned type, int64_t major,
		      int64_t minor, unsigned access)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device_exception *e = &list->item[i];

		if (e->type != type || (e->major >= 0 && e->major != major) ||
		    (e->minor >= 0 && e->minor != minor))
			continue;
		if (list->allow ? (e->access & access) != 0 : (access & ~e->access) == 0)
			return !list->allow;
	}
	return list->allow;
}

static uint64_t load(const struct bpf_cgroup_dev_ctx *context, int offset)
{
	uint32_t word;

	memcpy(&word, (const char *)context + offset, sizeof word);
	return word;
}

/* As much of the BPF machine as the program needs; anything else is -1. */
static int run(const struct bpf_insn *insn, size_t n, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t r[11] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insn[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm, *dst = &r[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			if (i->src_reg != BPF_REG_1)
				return -1;
			*dst = load(context, i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*dst &= imm;
			break;
		case BPF_ALU64 | BPF_OR | BPF_X:
			*dst |= r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*dst >>= imm;
			break;
		case BPF_ALU64 | BPF_LSH | BPF_K:
			*dst <<= imm;
			break;
		case BPF_ALU64 | BPF_ARSH | BPF_K:
			*dst = (uint64_t)((int64_t)*dst >> imm);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += *dst == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += *dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += *dst & imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			pc += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -1;
}

struct outcome {
	unsigned requests, v2_wrong, v1_stricter, v1_looser, v1_looser_open;
};

static const int64_t majors[] = {0, 1, 5, 7, 8, 10, 136, 254, 4095};
static const int64_t minors[] = {0, 1, 2, 3, 8, 9, 16, 200, 229, 1048575};

/* The kernel's verifier refuses what cannot be reached and what leads out. */
static bool is_sound(const struct bpf_insn *insn, size_t n)
{
	bool *reached = calloc(n + 1, sizeof *reached), sound = true;

	reached[0] = true;
	for (size_t i = 0; i < n; i++) {
		bool last = insn[i].code == (BPF_JMP | BPF_EXIT);
		bool jump = (insn[i].code & 7) == BPF_JMP && !last;
		size_t target = i + 1 + (size_t)insn[i].off;

		if (!reached[i] || (jump && (insn[i].off < 0 || target >= n)))
			sound = false;
		else if (jump)
			reached[target] = true;
		if (!last && insn[i].code != (BPF_JMP | BPF_JA))
			reached[i + 1] = true;
	}
	if (reached[n])
		sound = false; /* falls off its end */
	free(reached);
	return sound;
}

/* Every request of a grid, decided by the reference, the program and v1's list. */
static struct outcome compare(const struct device_rules *rules,
			      const struct device_exceptions *list)
{
	struct outcome o = {0};
	struct bpf_insn *insn = NULL;
	size_t n = 0;

	if (devices_v2_compile(&arena, rules, &insn, &n) < 0 || !is_sound(insn, n))
		o.v2_wrong++;
	for (size_t i = 0; i < 2 * sizeof majors / sizeof majors[0]; i++)
		for (size_t j = 0; j < 7 * sizeof minors / sizeof minors[0]; j++) {
			unsigned type = i % 2 ? DEVICE_CHAR : DEVICE_BLOCK,
				 access = (unsigned)(j % 7 + 1);
			int64_t major = majors[i / 2], minor = minors[j / 7];
			struct bpf_cgroup_dev_ctx context = {access << 16 | type, (__u32)major,
							     (__u32)minor};
			bool want = reference(rules, type, major, minor, access);
			bool v1 = list ? kernel_v1(list, type, major, minor, access) : want;

			o.requests++;
			o.v2_wrong += run(insn, n, &context) != (int)want;
			o.v1_stricter += want && !v1;
			o.v1_looser += !want && v1;
			o.v1_looser_open += !want && v1 && (access & ~DEVICE_MKNOD);
		}
	return o;
}

static void test_defaults(void)
{
	static const struct {
		const char *name;
		unsigned type, access;
		int64_t major, minor;
		bool allowed;
	} table[] = {
		{"null", DEVICE_CHAR, 7, 1, 3, true},
		{"zero", DEVICE_CHAR, 7, 1, 5, true},
		{"full", DEVICE_CHAR, 7, 1, 7, true},
		{"random", DEVICE_CHAR, 7, 1, 8, true},
		{"urandom", DEVICE_CHAR, 7, 1, 9, true},
		{"tty", DEVICE_CHAR, 7, 5, 0, true},
		{"ptmx", DEVICE_CHAR, 7, 5, 2, true},
		{"a terminal", DEVICE_CHAR, 7, 136, 1, true},
		{"net/tun", DEVICE_CHAR, 7, 10, 200, true},
		{"mknod of any", DEVICE_CHAR, DEVICE_MKNOD, 1, 1, true},
		{"mknod of a disk", DEVICE_BLOCK, DEVICE_MKNOD, 8, 0, true},
		{"mem", DEVICE_CHAR, DEVICE_READ, 1, 1, false},
		{"a disk", DEVICE_BLOCK, DEVICE_READ, 8, 0, false},
		{"a disk, writing", DEVICE_BLOCK, DEVICE_WRITE, 8, 0, false},
		{"fuse", DEVICE_CHAR, DEVICE_READ | DEVICE_WRITE, 10, 229, false},
		{"block 1:3", DEVICE_BLOCK, DEVICE_READ, 1, 3, false},
	};
	static struct oci_device_rule deny_all[] = {DENY_ALL};
	static struct oci_device_rule only_allow[] = {ALLOW("b", 7, 0, "r")};
	struct device_rules absent, empty, denied, allowed;

	is_int(rules_of(NULL, 0, &absent, NULL), 0, "no devices in the config");
	is_int(rules_of(only_allow, 0, &empty, NULL), 0, "an empty list");
	is_int(rules_of(deny_all, 1, &denied, NULL), 0, "everything denied, as podman has it");
	is_int(rules_of(only_allow, 1, &allowed, NULL), 0, "one device allowed");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		ok(reference(&absent, table[i].type, table[i].major, table[i].minor,
			     table[i].access) == table[i].allowed &&
			   reference(&empty, table[i].type, table[i].major, table[i].minor,
				     table[i].access) == table[i].allowed &&
			   reference(&denied, table[i].type, table[i].major, table[i].minor,
				     table[i].access) == table[i].allowed &&
			   reference(&allowed, table[i].type, table[i].major, table[i].minor,
				     table[i].access) == table[i].allowed,
		   "%s is %s", table[i].name, table[i].allowed ? "allowed" : "denied");
	ok(reference(&allowed, DEVICE_BLOCK, 7, 0, DEVICE_READ), "the allowed one is allowed");
	ok(!reference(&allowed, DEVICE_BLOCK, 7, 0, DEVICE_READ | DEVICE_WRITE),
	   "but not more than asked");
}

static void test_order(void)
{
	static struct oci_device_rule rules[][6] = {
		{DENY_ALL, ALLOW("c", 10, 229, "rw"), ALLOW("b", 8, 0, "r")},
		{DENY_ALL, ALLOW("c", 1, 8, "r"), DENY("c", 10, 229, "rwm")},
		{ALLOW_ALL},
		{ALLOW_ALL, DENY("b", 8, -1, "w"), DENY("c", 10, 229, "rwm")},
		{ALLOW_ALL, DENY("b", 8, -1, "rwm"), ALLOW("b", -1, -1, "rwm")},
		{ALLOW("b", 8, 0, "rwm"), DENY_ALL, ALLOW("b", 8, 16, "r")},
		{ALLOW("a", 10, -1, "rw"), ALLOW("c", 10, 229, "m")},
		{DENY_ALL, ALLOW("c", 10, -1, "r"), ALLOW("c", 10, 229, "w")},
		{DENY_ALL, DENY("c", 1, 9, "w")},
		{DENY_ALL, DENY("c", -1, -1, "rwm"), ALLOW("c", 1, 3, "rw")},
		{DENY_ALL, ALLOW(NULL, -1, -1, "r")},
		{DENY_ALL, ALLOW("c", 4095, 1048575, "rwm"), ALLOW("b", 4095, 0, "rw")},
		{DENY_ALL, ALLOW("c", 4096, 1, "rwm"), ALLOW("b", 0, 1048576, "rwm")},
		{DENY_ALL, ALLOW("c", -1, -1, "rwm"), ALLOW("b", -1, -1, "rwm")},
		{DENY_ALL, ALLOW("c", 8, -1, "rw"), ALLOW("c", -1, -1, "rwm"),
		 ALLOW("c", 1, 1, "m")},
		{DENY_ALL, ALLOW("a", -1, 8, "rwm"), ALLOW("b", -1, 229, "w")},
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct device_rules compiled;
		struct device_exceptions list;
		struct err err = {0};
		struct limits l = {.arena = &arena, .layout = &layout, .err = &err};
		struct outcome o;
		size_t n = 0;

		while (n < 6 && rules[i][n].access)
			n++;
		is_int(rules_of(rules[i], n, &compiled, &err), 0, "list %zu", i);
		is_int(devices_v1_compile(&l, &compiled, &list), 0, "v1 can express it");
		o = compare(&compiled, &list);
		ok(o.requests == 1260 && o.v2_wrong == 0, "v2 decides as the rules say (%u wrong)",
		   o.v2_wrong);
		ok(o.v1_looser_open == 0, "v1 opens nothing more (%u)", o.v1_looser_open);
		is_int(o.v1_stricter, 0, "v1 opens nothing less");
	}
}

static void test_v1_limits(void)
{
	static struct oci_device_rule hole[] = {DENY_ALL, ALLOW("c", 10, -1, "rw"),
						DENY("c", 10, 229, "rw")};
	static struct oci_device_rule cross[] = {DENY_ALL, ALLOW("c", 10, -1, "rw"),
						 DENY("c", -1, 229, "w")};
	static struct oci_device_rule back[] = {ALLOW_ALL, DENY("b", 8, -1, "rwm"),
						ALLOW("b", 8, 0, "r")};
	static struct oci_device_rule fuse[] = {DENY_ALL, DENY("c", 10, 229, "rwm")};
	struct oci_device_rule *lists[] = {hole, cross, back};
	struct device_exceptions list;
	struct device_rules rules;
	struct outcome o;
	struct err err = {0};

	for (size_t i = 0; i < 3; i++) {
		struct limits l = {.arena = &arena, .layout = &layout, .err = &err};

		is_int(rules_of(lists[i], 3, &rules, &err), 0, "a rule within an earlier one");
		ok(compare(&rules, NULL).v2_wrong == 0, "v2 can express it");
		is_int(devices_v1_compile(&l, &rules, &list), -EINVAL, "v1 cannot: %s", err.text);
	}
	{
		struct limits l = {.arena = &arena, .layout = &layout, .err = &err};

		(void)rules_of(fuse, 2, &rules, &err);
		is_int(devices_v1_compile(&l, &rules, &list), 0, "docker's rule against fuse");
		o = compare(&rules, &list);
		ok(o.v2_wrong == 0 && o.v1_looser == 1 && o.v1_looser_open == 0,
		   "is exact on v2; v1 leaves mknod of it, which opens nothing");
	}
}

static void test_refusals(void)
{
	static struct oci_device_rule bad[] = {
		ALLOW("c", 1, 1, ""),
		ALLOW("c", 1, 1, NULL),
		ALLOW("c", 1, 1, "rx"),
		ALLOW("p", 1, 1, "r"),
		ALLOW("cc", 1, 1, "r"),
		ALLOW("c", 4294967295, 1, "r"),
		ALLOW("c", 1, 4294967295, "r"),
		ALLOW("c", 2147483648, 1, "r"),
		{.allow = true, .type = "c", .access = "r", .major = -2, .has_major = true},
		{.allow = true, .type = "c", .access = "r", .minor = INT64_MIN, .has_minor = true},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct device_rules rules;
		struct err err = {0};

		is_int(rules_of(&bad[i], 1, &rules, &err), -EINVAL, "refused: %s", err.text);
	}
}

/* Many rules: jumps never reach further than one rule. */
static void test_many(void)
{
	static struct oci_device_rule many[OCI_MAX_DEVICE_RULES];
	struct device_exceptions list;
	struct device_rules rules;
	struct err err = {0};
	struct limits l = {.arena = &arena, .layout = &layout, .err = &err};
	struct outcome o;

	for (size_t i = 0; i < OCI_MAX_DEVICE_RULES; i++)
		many[i] = (struct oci_device_rule)ALLOW("c", (int64_t)i, 7, "rw");
	is_int(rules_of(many, OCI_MAX_DEVICE_RULES, &rules, &err), 0,
	       "as many rules as there may be");
	is_int(devices_v1_compile(&l, &rules, &list), 0, "on v1");
	o = compare(&rules, &list);
	ok(o.v2_wrong == 0 && o.v1_looser == 0 && o.v1_stricter == 0, "are decided right");
}

static void test_text(void)
{
	struct device_exception e = {DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 3};
	char text[64];

	devices_v1_text(&e, text);
	is_str(text, "c 1:3 rwm", "one device");
	e = (struct device_exception){DEVICE_BLOCK, DEVICE_MKNOD, -1, -1};
	devices_v1_text(&e, text);
	is_str(text, "b *:* m", "all block devices");
	e = (struct device_exception){DEVICE_CHAR, DEVICE_READ | DEVICE_WRITE, 136, -1};
	devices_v1_text(&e, text);
	is_str(text, "c 136:* rw", "all of a major number");
}

int main(void)
{
	test_defaults();
	test_order();
	test_v1_limits();
	test_refusals();
	test_many();
	test_text();
	arena_free(&arena);
	return done_testing();
}
