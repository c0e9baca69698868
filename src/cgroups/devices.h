/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which device nodes the container's processes may use (linux.resources.devices).
 *
 * The rules are ordered and each right (r, w, m) of a request is decided by the last rule that
 * fits; a request is granted when all its rights are. At the start everything is denied, even
 * when the config has no rules or begins with an "allow" (GHSA-g54h-m393-cpwq).
 *
 * hull's own rules, which a container cannot do without (/dev/null, its terminals), come after
 * the last rule that is about all devices. So the usual first rule of engines, "deny everything",
 * does not take them away, and a rule of the config about one of these devices is stronger.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct bpf_insn;
struct buf;
struct err;
struct limits;
struct oci_resources;

#define DEVICE_MKNOD 1u /* as BPF_DEVCG_ACC_* */
#define DEVICE_READ 2u
#define DEVICE_WRITE 4u
#define DEVICE_ALL_RIGHTS 7u

#define DEVICE_BLOCK 1u /* as BPF_DEVCG_DEV_* */
#define DEVICE_CHAR 2u
#define DEVICE_ALL_TYPES 3u

struct device_rule {
	bool allow;
	unsigned types; /* DEVICE_BLOCK | DEVICE_CHAR */
	unsigned access; /* DEVICE_MKNOD ... */
	int64_t major, minor; /* -1: all */
	int index; /* in the config; -1: hull's own */
};

struct device_rules {
	bool allow; /* what no rule is about */
	struct device_rule *rule;
	size_t n;
};

/* Refusals go to l. 0 or -errno. */
int devices_rules(struct limits *l, const struct oci_resources *resources,
		  struct device_rules *ret);

/* What v1 can express: a default, and exceptions of one type and one kind. */
struct device_exceptions {
	bool allow; /* the default */
	struct device_exception {
		unsigned type; /* one */
		unsigned access;
		int64_t major, minor;
	} * item;
	size_t n;
};

/* Refuses an order of rules that v1 cannot express. */
int devices_v1_compile(struct limits *l, const struct device_rules *rules,
		       struct device_exceptions *ret);
/* "c 1:3 rwm": room for one exception. */
void devices_v1_text(const struct device_exception *e, char text[64]);
/* fresh: a new cgroup, so the default can be set first. Else the rules change in an order that
 * never takes away what stays allowed. */
int devices_v1_apply(struct arena *arena, const struct device_exceptions *e, int dir,
		     const char *dir_name, bool fresh, struct err *err);

/* The BPF program. */
int devices_v2_compile(struct arena *arena, const struct device_rules *rules, struct bpf_insn **ret,
		       size_t *ret_n);
/* Loads and attaches it; replaces the one that hull attached before (unless fresh). */
int devices_v2_apply(struct arena *arena, const struct device_rules *rules, int dir,
		     const char *dir_name, bool fresh, struct err *err);

void devices_dump(const struct device_rules *rules, struct buf *buf);
