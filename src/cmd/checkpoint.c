/* SPDX-License-Identifier: Apache-2.0 */

/* checkpoint, restore and mounts: known by name and flags, since engines ask for them (Podman runs
 * `checkpoint --help` and looks for --lsm-mount-context), but not done. */

#include <errno.h>

#include "cmd/cmd.h"
#include "cmd/create.h"

static int not_supported(const char *name, struct err *err)
{
	return err_text(err, EOPNOTSUPP, "hull %s: not supported by this version", name);
}

#define FLAG(name)                                                                                 \
	{                                                                                          \
		name, 0, OPTION_NO_FLAG, 0, NULL, "(no effect)"                                    \
	}
#define VALUE(name)                                                                                \
	{                                                                                          \
		name, 0, OPTION_NO_STRING, 0, "VALUE", "(no effect)"                               \
	}
#define COMMON                                                                                     \
	VALUE("image-path"), VALUE("work-path"), FLAG("tcp-established"), FLAG("ext-unix-sk"),     \
		FLAG("shell-job"), FLAG("file-locks"), FLAG("lazy-pages"),                         \
		VALUE("manage-cgroups-mode"), VALUE("network-lock"), VALUE("empty-ns"),            \
		FLAG("auto-dedup"), FLAG("link-remap")

static const struct option checkpoint_options[] = {
	COMMON,
	VALUE("parent-path"),
	FLAG("pre-dump"),
	FLAG("leave-running"),
	FLAG("tcp-skip-in-flight"),
	VALUE("status-fd"),
	VALUE("page-server"),
	{0},
};

static const struct option restore_options[] = {
	COMMON,
	CREATE_OPTIONS(struct hull_run, create),
	{"detach", 'd', OPTION_NO_FLAG, 0, NULL, "(no effect)"},
	FLAG("no-subreaper"),
	FLAG("tcp-close"),
	VALUE("lsm-profile"),
	VALUE("lsm-mount-context"),
	{0},
};

static const struct option mounts_options[] = {{0}};

static int checkpoint(const struct call *call, struct err *err)
{
	(void)call;
	return not_supported("checkpoint", err);
}

static int restore(const struct call *call, struct err *err)
{
	(void)call;
	return not_supported("restore", err);
}

static int mounts(const struct call *call, struct err *err)
{
	(void)call;
	return not_supported("mounts", err);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.help = "write a container's processes to files (not supported)",
	.options = checkpoint_options,
	.min_args = 1,
	.max_args = 1,
	.run = checkpoint,
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "ID",
	.help = "start a container from the files of checkpoint (not supported)",
	.options = restore_options,
	.size = sizeof(struct hull_run),
	.min_args = 1,
	.max_args = 1,
	.run = restore,
};

const struct command cmd_mounts = {
	.name = "mounts",
	.args = "add|remove ID FILE",
	.help = "change the mounts of a running container (not supported)",
	.options = mounts_options,
	.min_args = 3,
	.max_args = 3,
	.run = mounts,
};
