/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libocispec/ocispec.h"
#include "seccomp/filter.h"
#include "seccomp/filter_build.h"
#include "seccomp/filter_flags.h"

/* The words of an enumeration are just what the reader accepts. */
static int all_words(struct arena *arena, const struct oci_enum *words, const char ***ret,
		     size_t *ret_n)
{
	const char **list = arena_array(arena, words->n_words, sizeof *list);

	if (!list)
		return -ENOMEM;
	for (size_t i = 1; i < words->n_words; i++)
		list[i - 1] = words->words[i];
	*ret = list;
	*ret_n = words->n_words - 1;
	return 0;
}

static int supported_flags(struct arena *arena, const char ***ret, size_t *ret_n)
{
	const struct oci_enum *words = &oci_enum_seccomp_flag;
	const char **list = arena_array(arena, words->n_words, sizeof *list);
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 1; i < words->n_words; i++)
		if (filter_flag_supported((enum oci_seccomp_flag)i))
			list[n++] = words->words[i];
	*ret = list;
	*ret_n = n;
	return 0;
}

int filter_features(struct arena *arena, struct oci_features_seccomp *ret)
{
	struct oci_features_seccomp f = {.has_enabled = true, .enabled = filter_built_in()};
	int r = 0;

	if (f.enabled) {
		r = all_words(arena, &oci_enum_seccomp_action, &f.actions, &f.n_actions);
		if (r == 0)
			r = all_words(arena, &oci_enum_seccomp_operator, &f.operators,
				      &f.n_operators);
		if (r == 0)
			r = all_words(arena, &oci_enum_seccomp_arch, &f.archs, &f.n_archs);
		if (r == 0)
			r = all_words(arena, &oci_enum_seccomp_flag, &f.known_flags,
				      &f.n_known_flags);
		if (r == 0)
			r = supported_flags(arena, &f.supported_flags, &f.n_supported_flags);
	}
	if (r == 0)
		*ret = f;
	return r;
}
