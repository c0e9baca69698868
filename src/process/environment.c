/* SPDX-License-Identifier: Apache-2.0 */
#include "process/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/ocispec.h"

/* What execvp(3) takes when there is no PATH (confstr(3), _CS_PATH). */
#define DEFAULT_PATH "/bin:/usr/bin"

struct entry {
	const char *text;
	size_t name; /* length of the name */
	size_t at; /* place in the list */
};

/* By name; of one name the last first. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t n = x->name < y->name ? x->name : y->name;
	int r = memcmp(x->text, y->text, n);

	if (r)
		return r;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	return x->at > y->at ? -1 : 1;
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->name == b->name && memcmp(a->text, b->text, a->name) == 0;
}

/* Copies the list and puts NULL where a later entry has the same name. Sorted, since a list may be
 * long: comparing each with each takes minutes then. */
static const char **without_repeats(struct arena *arena, const struct oci_process *process)
{
	size_t n = process->n_env;
	const char **list = arena_array(arena, n + 1, sizeof *list);
	struct entry *entry = arena_array(arena, n + 1, sizeof *entry);

	if (!list || !entry)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = process->env[i];

		entry[i] = (struct entry){text, strcspn(text, "="), i};
		list[i] = text;
	}
	qsort(entry, n, sizeof *entry, compare);
	for (size_t i = 1; i < n; i++)
		if (same_name(&entry[i - 1], &entry[i]))
			list[entry[i].at] = NULL;
	return list;
}

int environment_of(struct arena *arena, const struct oci_process *process, struct environment *ret)
{
	const char **list = without_repeats(arena, process);
	size_t used = 0;

	if (!list)
		return -ENOMEM;
	*ret = (struct environment){.list = list, .path = DEFAULT_PATH};
	for (size_t i = 0; i < process->n_env; i++) {
		const char *value, *text = list[i];

		if (!text || str_eq(text, "HOME="))
			continue;
		value = str_after(text, "PATH=");
		if (value)
			ret->path = value;
		ret->has_home = ret->has_home || str_after(text, "HOME=");
		list[used++] = text;
	}
	list[used] = NULL;
	return 0;
}
