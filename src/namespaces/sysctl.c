/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "namespaces/kind.h"

#define SYSCTL_ROOT "sys/"

static bool is_name(const char *name, size_t size)
{
	if (size == 0 || (size == 1 && name[0] == '.') ||
	    (size == 2 && name[0] == '.' && name[1] == '.'))
		return false;
	for (size_t i = 0; i < size; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f)
			return false;
	return true;
}

int sysctl_path(const char *key, char path[SYSCTL_PATH_MAX])
{
	size_t root = strlen(SYSCTL_ROOT), size = strlen(key), start = 0,
	       first = strcspn(key, "./");
	bool swap = key[first] == '.';
	char *to = path + root;

	if (size >= SYSCTL_PATH_MAX - root)
		return -EINVAL;
	memcpy(path, SYSCTL_ROOT, root);
	for (size_t i = 0; i <= size; i++) {
		to[i] = key[i];
		if (swap && (key[i] == '.' || key[i] == '/'))
			to[i] = key[i] == '.' ? '/' : '.';
		if (to[i] == '/' || to[i] == '\0') {
			if (!is_name(to + start, i - start))
				return -EINVAL;
			start = i + 1;
		}
	}
	return 0;
}

uint64_t sysctl_namespace(const char *path)
{
	static const struct {
		uint64_t flag;
		const char *path;
	} known[] = {
#define SYSCTL(flag, path) {flag, path},
#include "namespaces/sysctl.def"
#undef SYSCTL
	};
	const char *below = str_after(path, SYSCTL_ROOT);

	for (size_t i = 0; below && i < COUNT_OF(known); i++) {
		const char *rest = str_after(below, known[i].path);
		bool folder = known[i].path[strlen(known[i].path) - 1] == '/';

		if (rest && (folder || !*rest))
			return known[i].flag;
	}
	return 0;
}
