/* SPDX-License-Identifier: Apache-2.0 */
#include "rdt/mountpoint.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "libocispec/arena.h"

enum { MOUNTINFO_MAX = 64 << 20 };

/* The kernel writes blank, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The mount point of a line when it is a whole resctrl, or NULL:
 * 36 35 98:0 ROOT MOUNTPOINT OPTIONS TAGS... - TYPE SOURCE OPTIONS */
static char *of_line(char *line)
{
	char *type = strstr(line, " - "), *word = NULL, *root = NULL, *rest = line;

	if (!type || !str_after(type + 3, "resctrl "))
		return NULL;
	*type = '\0';
	for (int i = 0; i < 5; i++) {
		word = strsep(&rest, " ");
		if (!word)
			return NULL;
		if (i == 3)
			root = word;
	}
	/* A bind mount of a part has no groups of its own. */
	if (!str_eq(root, "/"))
		return NULL;
	unescape(word);
	return word;
}

char *mountpoint_in(char *mountinfo)
{
	char *line, *found = NULL;

	/* The last one covers the others. */
	while ((line = strsep(&mountinfo, "\n"))) {
		char *path = of_line(line);

		found = path ? path : found;
	}
	return found;
}

int mountpoint_find(struct arena *arena, const char **ret)
{
	const char *given = getenv("HULL_RESCTRL");
	char *text;
	size_t size;
	int r;

	if (given && *given) {
		*ret = given;
		return 0;
	}
	r = io_read_file(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &size);
	if (r < 0)
		return r;
	*ret = mountpoint_in(text);
	return 0;
}
