/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The only file that knows libseccomp. The library is loaded here, on demand, and not linked: most
 * runs find their filter in the cache or need none, and loading costs more than a start can spare.
 */

#include "seccomp/filter_build.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"

#ifndef EM_LOONGARCH /* linux/elf-em.h is older than linux/audit.h on some systems */
#define EM_LOONGARCH 258
#endif
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

/* The functions that are used, each by the type that the library's header gives it. */
#define LIBRARY(F)                                                                                 \
	F(init)                                                                                    \
	F(release)                                                                                 \
	F(version)                                                                                 \
	F(arch_native)                                                                             \
	F(arch_add)                                                                                \
	F(arch_exist)                                                                              \
	F(attr_set)                                                                                \
	F(rule_add_array)                                                                          \
	F(syscall_resolve_name)                                                                    \
	F(syscall_resolve_name_arch)                                                               \
	F(export_bpf)

#define LIBRARY_MEMBER(name) __typeof__(seccomp_##name) *name;

struct library {
	void *handle;
	LIBRARY(LIBRARY_MEMBER)
};

#define AUTO_LIBRARY __attribute__((cleanup(library_close)))

static void library_close(struct library *lib)
{
	if (lib->handle)
		dlclose(lib->handle);
}

static int library_open(struct library *lib, struct err *err)
{
	void *symbol;

	lib->handle = dlopen("libseccomp.so.2", RTLD_LAZY | RTLD_LOCAL);
	if (!lib->handle)
		return err_text(err, ENOTSUP, "linux.seccomp: %s", dlerror());
/* ISO C has no conversion from an object pointer to a function pointer; dlsym(3) needs one. */
#define LIBRARY_SYMBOL(name)                                                                       \
	symbol = dlsym(lib->handle, "seccomp_" #name);                                             \
	if (!symbol)                                                                               \
		return err_text(err, ENOTSUP, "linux.seccomp: %s", dlerror());                     \
	memcpy(&lib->name, &symbol, sizeof symbol);
	LIBRARY(LIBRARY_SYMBOL)
#undef LIBRARY_SYMBOL
	return 0;
}

struct arch {
	const char *name;
	uint32_t token, end;
};

static const struct arch arch[] = {
#define ARCH(name, token, end) [OCI_SCMP_ARCH_##name] = {"SCMP_ARCH_" #name, token, end},
#include "seccomp/filter_arch.def"
#undef ARCH
};

/* Number of an errno, or data for a tracer, where the config gives none. */
static uint16_t action_data(bool has, uint32_t value)
{
	return has ? (uint16_t)value : EPERM;
}

static uint32_t action_value(enum oci_seccomp_action action, bool has_data, uint32_t data)
{
	switch (action) {
	case OCI_SCMP_ACT_KILL:
	case OCI_SCMP_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case OCI_SCMP_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_SCMP_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_SCMP_ACT_ERRNO:
		return SCMP_ACT_ERRNO(action_data(has_data, data));
	case OCI_SCMP_ACT_TRACE:
		return SCMP_ACT_TRACE(action_data(has_data, data));
	case OCI_SCMP_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_SCMP_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_SCMP_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_PROCESS; /* not reached: the reader lets no other value through */
}

static enum scmp_compare compare(enum oci_seccomp_operator op)
{
	switch (op) {
	case OCI_SCMP_CMP_NE:
		return SCMP_CMP_NE;
	case OCI_SCMP_CMP_LT:
		return SCMP_CMP_LT;
	case OCI_SCMP_CMP_LE:
		return SCMP_CMP_LE;
	case OCI_SCMP_CMP_EQ:
		return SCMP_CMP_EQ;
	case OCI_SCMP_CMP_GE:
		return SCMP_CMP_GE;
	case OCI_SCMP_CMP_GT:
		return SCMP_CMP_GT;
	case OCI_SCMP_CMP_MASKED_EQ:
		return SCMP_CMP_MASKED_EQ;
	}
	return _SCMP_CMP_MIN;
}

/* What is being built. */
struct build {
	const struct library *lib;
	const struct oci_seccomp *seccomp;
	scmp_filter_ctx ctx;
	uint32_t default_action;
};

static int add_archs(const struct build *b, struct err *err)
{
	/* seccomp_init has put the native architecture in: the program that is started first is
	 * of this machine whatever the list says. */
	for (size_t i = 0; i < b->seccomp->n_architectures; i++) {
		const struct arch *a = &arch[b->seccomp->architectures[i]];
		int r = b->lib->arch_add(b->ctx, a->token);

		if (r == -EEXIST)
			continue;
		if (r < 0)
			return err_set(err, -r, "linux.seccomp.architectures[%zu]: %s", i, a->name);
	}
	return 0;
}

/* Several conditions on one argument: libseccomp takes one per rule, and all of a rule must hold.
 * As other runtimes do, such conditions become rules of their own, any of which is enough. */
static bool has_repeated_index(const struct oci_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->n_args; i++) {
		unsigned bit = 1u << (rule->args[i].index & 31);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static int add_call(const struct build *b, uint32_t action, int number,
		    const struct scmp_arg_cmp *args, size_t n, bool any)
{
	int r = 0;

	if (!any)
		return b->lib->rule_add_array(b->ctx, action, number, (unsigned)n, args);
	for (size_t i = 0; i < n && r == 0; i++)
		r = b->lib->rule_add_array(b->ctx, action, number, 1, args + i);
	return r;
}

static int add_rule(const struct build *b, size_t index, struct err *err)
{
	const struct oci_seccomp_rule *rule = &b->seccomp->syscalls[index];
	uint32_t action = action_value(rule->action, rule->has_errno_ret, rule->errno_ret);
	struct scmp_arg_cmp args[32];
	bool any = has_repeated_index(rule);

	if (action == b->default_action) /* says nothing new, and libseccomp refuses it */
		return 0;
	if (rule->n_args > COUNT_OF(args))
		return err_text(err, E2BIG, "linux.seccomp.syscalls[%zu].args: more than %zu",
				index, COUNT_OF(args));
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];

		/* for SCMP_CMP_MASKED_EQ value is the mask and valueTwo what is compared */
		args[i] = (struct scmp_arg_cmp){arg->index, compare(arg->op), arg->value,
						arg->value_two};
	}
	for (size_t i = 0; i < rule->n_names; i++) {
		int number = b->lib->syscall_resolve_name(rule->names[i]);
		int r;

		/* Profiles name the calls of all kernels and architectures; what this library
		 * does not know cannot be called under a number that it knows. */
		if (number == __NR_SCMP_ERROR)
			continue;
		r = add_call(b, action, number, args, rule->n_args, any);
		if (r < 0)
			return err_set(err, -r, "linux.seccomp.syscalls[%zu] (%s)", index,
				       rule->names[i]);
	}
	return 0;
}

/* The newest call of one architecture that the profile names, -1 if it names none. */
static int newest(const struct build *b, const struct arch *a)
{
	int max = -1;

	for (size_t i = 0; i < b->seccomp->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &b->seccomp->syscalls[i];

		for (size_t j = 0; j < rule->n_names; j++) {
			int n = b->lib->syscall_resolve_name_arch(a->token, rule->names[j]);

			if (n > max && (uint32_t)n < a->end)
				max = n;
		}
	}
	return max;
}

static void add_newer(const struct build *b, const struct arch *a, struct filter_program *program)
{
	int n = newest(b, a);

	if (n < 0)
		return;
	program->newer[program->n_newer++] = (struct filter_newer){
		/* x32 is the one token that differs from what the kernel reports */
		.arch = a->token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : a->token,
		.newest = (uint32_t)n,
		.end = a->end,
	};
}

/* x32's numbers are above those of x86_64: the order of the table is ascending where two
 * architectures share a token. */
static int find_newer(struct arena *arena, const struct build *b, struct filter_program *program)
{
	uint32_t native = b->lib->arch_native();

	program->newer = arena_array(arena, COUNT_OF(arch), sizeof *program->newer);
	if (!program->newer)
		return -ENOMEM;
	for (size_t i = 0; i < COUNT_OF(arch); i++)
		if (arch[i].name && arch[i].token == native)
			add_newer(b, &arch[i], program);
	for (size_t i = 0; i < COUNT_OF(arch); i++)
		if (arch[i].name && arch[i].token != native &&
		    b->lib->arch_exist(b->ctx, arch[i].token) == 0)
			add_newer(b, &arch[i], program);
	return 0;
}

/* libseccomp writes to descriptors (a call that exports to memory came with 2.6). */
static int export_program(struct arena *arena, const struct build *b,
			  struct filter_program *program, struct err *err)
{
	AUTO_CLOSE int fd = memfd_create("hull-filter", MFD_CLOEXEC);
	char *code;
	size_t size;
	int r;

	if (fd < 0)
		return err_set(err, errno, "linux.seccomp: memfd_create");
	r = b->lib->export_bpf(b->ctx, fd);
	if (r < 0)
		return err_set(err, -r, "linux.seccomp: export the filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, errno, "linux.seccomp: lseek");
	r = io_read_fd(arena, fd, (size_t)1 << 20, &code, &size);
	if (r < 0)
		return err_set(err, -r, "linux.seccomp: read the filter");
	program->code = (struct sock_filter *)(void *)code; /* arena memory is aligned for it */
	program->n = size / sizeof *program->code;
	return 0;
}

static int note_library(struct arena *arena, const struct library *lib,
			struct filter_program *program)
{
	struct link_map *map;

	if (dlinfo(lib->handle, RTLD_DI_LINKMAP, &map) < 0)
		return -EINVAL;
	program->library = arena_strdup(arena, map->l_name);
	return program->library ? 0 : -ENOMEM;
}

static int build(struct arena *arena, const struct build *b, struct filter_program *program,
		 struct err *err)
{
	int r;

	/* A binary tree instead of a chain of comparisons: five steps instead of some hundred for
	 * each system call of the container. Older libraries lack it; the chain is as strict. */
	(void)b->lib->attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_archs(b, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->seccomp->n_syscalls; i++) {
		r = add_rule(b, i, err);
		if (r < 0)
			return r;
	}
	r = export_program(arena, b, program, err);
	if (r < 0)
		return r;
	r = note_library(arena, b->lib, program);
	if (r == 0)
		r = find_newer(arena, b, program);
	return r < 0 ? err_set(err, -r, "linux.seccomp") : 0;
}

int filter_build(struct arena *arena, const struct oci_seccomp *seccomp, struct filter_program *ret,
		 struct err *err)
{
	AUTO_LIBRARY struct library lib = {0};
	struct filter_program program = {0};
	struct build b = {.lib = &lib, .seccomp = seccomp};
	int r = library_open(&lib, err);

	if (r < 0)
		return r;
	b.default_action = action_value(seccomp->default_action, seccomp->has_default_errno_ret,
					seccomp->default_errno_ret);
	b.ctx = lib.init(b.default_action);
	if (!b.ctx)
		return err_text(err, ENOTSUP,
				"linux.seccomp.defaultAction: %s is refused by libseccomp",
				oci_enum_word(&oci_enum_seccomp_action, seccomp->default_action));
	r = build(arena, &b, &program, err);
	lib.release(b.ctx);
	if (r < 0)
		return r;
	*ret = program;
	return 0;
}

bool filter_built_in(void)
{
	return true;
}

const char *filter_library_version(void)
{
	static _Thread_local char text[32];
	AUTO_LIBRARY struct library lib = {0};
	const struct scmp_version *version;
	struct err ignored;

	if (library_open(&lib, &ignored) < 0)
		return NULL;
	version = lib.version();
	snprintf(text, sizeof text, "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}
