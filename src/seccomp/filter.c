/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter.h"

#include <errno.h>

#include "base/err.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter_build.h"
#include "seccomp/filter_cache.h"
#include "seccomp/filter_flags.h"
#include "seccomp/filter_prologue.h"

/* A filter that lets everything through is none. */
static bool is_empty(const struct oci_seccomp *seccomp)
{
	return seccomp->default_action == OCI_SCMP_ACT_ALLOW && seccomp->n_syscalls == 0;
}

static bool wants_listener(const struct oci_seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->n_syscalls; i++)
		if (seccomp->syscalls[i].action == OCI_SCMP_ACT_NOTIFY)
			return true;
	return false;
}

/* Only a profile that denies with an errno is told about newer calls: one that kills, traps or
 * traces asks for that, and one that denies with ENOSYS does it already. */
static bool wants_prologue(const struct oci_seccomp *seccomp)
{
	return seccomp->default_action == OCI_SCMP_ACT_ERRNO &&
	       !(seccomp->has_default_errno_ret && seccomp->default_errno_ret == ENOSYS);
}

static int compile(struct arena *arena, const struct oci_seccomp *seccomp,
		   struct filter_program *program, struct filter *ret, struct err *err)
{
	struct filter filter = {.notify = wants_listener(seccomp)};
	int r = filter_flags(seccomp, filter.notify, &filter.flags, err);

	if (r < 0)
		return r;
	r = filter_build(arena, seccomp, program, err);
	if (r < 0)
		return r;
	if (!wants_prologue(seccomp))
		program->n_newer = 0;
	r = filter_prologue(arena, program);
	if (r == -E2BIG)
		return err_text(err, E2BIG,
				"linux.seccomp: compiles to %zu instructions, the kernel takes %d",
				program->n, BPF_MAXINSNS);
	if (r < 0)
		return err_set(err, -r, "linux.seccomp");
	filter.data = program->code;
	filter.size = program->n * sizeof *program->code;
	*ret = filter;
	return 0;
}

int filter_compile(struct arena *arena, const struct oci_seccomp *seccomp, const char *key,
		   size_t key_size, int cache_dir, struct filter *ret, struct err *err)
{
	struct filter_program program = {0};
	struct filter_key whole;
	bool cached;
	int r;

	*ret = (struct filter){0};
	if (is_empty(seccomp))
		return 0;
	cached = cache_dir >= 0 && filter_key_make(arena, key, key_size, &whole) == 0;
	if (cached && filter_cache_get(arena, cache_dir, &whole, ret))
		return 0;
	r = compile(arena, seccomp, &program, ret, err);
	if (r == 0 && cached)
		filter_cache_put(arena, cache_dir, &whole, program.library, ret);
	return r;
}
