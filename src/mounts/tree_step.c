/* SPDX-License-Identifier: Apache-2.0 */

/* Making trees (detached mounts), giving them attributes, attaching them. */

#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/text.h"

enum { OPTION_MAX = 255 }; /* fsconfig(2) copies at most 256 bytes of key and value, NUL included */

/* Adds line to t without the characters that would break a log line. */
static void add_printable(struct text *t, const char *line, size_t n)
{
	for (size_t i = 0; i < n && line[i] != '\n'; i++) {
		char c = line[i] >= ' ' && line[i] < 0x7f ? line[i] : '?';

		text_add(t, &c, 1);
	}
}

/*
 * Says which option failed, and why in the kernel's own words: a file system context keeps messages
 * ("e tmpfs: Bad value for 'size'") that read(2) gives out. A failed step is the plan's last, so
 * the room for the program's path is free for the text.
 */
static int option_failed(struct init *in, int context, const char *verb, const char *option, int r)
{
	struct text text = {in->path, sizeof in->path, 0};
	char line[256];
	long n;

	text_adds(&text, verb);
	if (option) {
		text_adds(&text, " ");
		add_printable(&text, option, text_length(option));
	}
	while ((n = sys_read(context, line, sizeof line)) > 2) {
		if (line[0] != 'e')
			continue;
		text_adds(&text, ": ");
		add_printable(&text, line + 2, (size_t)n - 2);
		break;
	}
	in->doing = text.used < text.room ? in->path : verb;
	return r;
}

/* "key=value" or "key". */
static int set_option(struct init *in, int context, const char *option)
{
	const char *equals = text_find(option, '=');
	char key[OPTION_MAX + 1];
	int r;

	if (!equals) {
		r = sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL);
	} else {
		size_t n = (size_t)(equals - option);

		if (n > OPTION_MAX || text_length(equals + 1) > OPTION_MAX)
			return option_failed(in, context, "fsconfig", option, -E2BIG);
		text_cut(key, option, n);
		r = sys_fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1);
	}
	return r < 0 ? option_failed(in, context, "fsconfig", option, r) : 0;
}

int step_tree_create(struct init *in, const struct step_tree_create *s)
{
	int context = sys_fsopen(s->type), r = 0;

	if (context < 0)
		return option_failed(in, -1, "fsopen", s->type, context);
	if (s->source) {
		r = sys_fsconfig(context, FSCONFIG_SET_STRING, "source", s->source);
		if (r < 0)
			r = option_failed(in, context, "fsconfig source", s->source, r);
	}
	for (plan_list option = s->options; *option && r == 0; option++)
		r = set_option(in, context, *option);
	if (r == 0) {
		r = sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL);
		if (r < 0)
			r = option_failed(in, context, "create file system", s->type, r);
	}
	if (r == 0) {
		r = sys_fsmount(context, s->attr);
		if (r < 0)
			r = option_failed(in, context, "fsmount", s->type, r);
	}
	sys_close(context);
	if (r < 0)
		return r;
	init_put(in, s->tree, r);
	return 0;
}

int step_tree_clone(struct init *in, const struct step_tree_clone *s)
{
	int tree = sys_open_tree(AT_FDCWD, s->path,
				 (s->recursive ? AT_RECURSIVE : 0u) |
					 (s->nofollow ? AT_SYMLINK_NOFOLLOW : 0u));

	/* mount_namespaces(7): mounts that come as a unit may not be separated. */
	if (tree == -EINVAL && !s->recursive)
		return init_doing(in, "open_tree (a mount below it cannot be left out: use rbind)",
				  tree);
	if (tree < 0)
		return init_doing(in, "open_tree", tree);
	init_put(in, s->tree, tree);
	return 0;
}

int step_tree_attr(struct init *in, const struct step_tree_attr *s)
{
	struct mount_attr attr = {.attr_set = s->set,
				  .attr_clr = s->clear,
				  .propagation = s->propagation};
	int r;

	if (s->userns != PLAN_NO_SLOT) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (unsigned)init_fd(in, s->userns);
	}
	r = sys_mount_setattr(init_fd(in, s->tree), s->recursive, &attr);
	/*
	 * A locked flag, which a user namespace got with a more privileged mount
	 * (mount_namespaces(7)). Only flags that were asked for are touched, so locked ones are
	 * kept, and one that must change but cannot is an error.
	 */
	if (r == -EPERM)
		return init_doing(in, "mount_setattr (a locked flag of the host's mount)", r);
	return init_doing(in, "mount_setattr", r);
}

int step_tree_attach(struct init *in, const struct step_tree_attach *s)
{
	int r = sys_move_mount(init_fd(in, s->tree), init_fd(in, s->target));

	init_drop(in, s->target);
	return init_doing(in, "move_mount", r);
}

int step_propagate(struct init *in, const struct step_propagate *s)
{
	return init_doing(in, "change propagation", sys_mount(NULL, s->path, s->flags));
}
