/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --no-pivot, for a host whose root is the initramfs. The root is moved over "/", and the host's
 * mounts stay below it in the container's mount namespace. None can be reached there, but the
 * kernel still counts them: a program without privileges may mount a procfs or sysfs in namespaces
 * of its own if its mount namespace shows one of which nothing is covered (mount_too_revealing in
 * the kernel), so the host's would make masked paths worthless. They are taken away, as runc does.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

enum { MOUNTINFO_MAX = 64 << 20 };

/* The next word of a line of /proc/self/mountinfo (proc_pid_mountinfo(5)); ends it with NUL. */
static char *next_word(char **at)
{
	char *word = *at, *end = word + strcspn(word, " ");

	*at = end + (*end == ' ');
	*end = '\0';
	return word;
}

/* Undoes \040 and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] && c[3]) {
			*to++ = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
			c += 3;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
}

/* The mount point that a line is about, if it is to be hidden. */
static const char *hidden_mount(const struct request *request, char *line)
{
	const char *root, *point, *type, *below;
	char *at = line;

	for (int i = 0; i < 3; i++) /* ids and the device */
		next_word(&at);
	root = next_word(&at);
	point = next_word(&at);
	at = strstr(at, " - ");
	if (!at || !str_eq(root, "/")) /* a part of it shows too little to count */
		return NULL;
	at += 3;
	type = next_word(&at);
	if (!str_eq(type, "proc") && !str_eq(type, "sysfs"))
		return NULL;
	unescape((char *)(uintptr_t)point);
	below = str_after(point, request->rootfs);
	return below && (!*below || *below == '/') ? NULL : point;
}

int mounts_plan_no_pivot(const struct request *request, const struct request_slots *slots,
			 struct plan *plan, struct err *err)
{
	char *text, *line;
	size_t size;
	int r = io_read_file(request->arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text,
			     &size);

	if (r < 0)
		return err_set(err, -r, "--no-pivot: read /proc/self/mountinfo");
	plan_origin(plan, "--no-pivot");
	/* Once more: a hook may have made the mounts shared with the host again. */
	plan_propagate(plan, "/", MS_SLAVE | MS_REC);
	while ((line = strsep(&text, "\n"))) {
		const char *point = hidden_mount(request, line);

		if (point)
			plan_hide_mount(plan, point);
	}
	plan_origin(plan, "root.path");
	plan_move_root(plan, slots->root);
	return 0;
}
