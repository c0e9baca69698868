/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "cmd/create.h"

static const struct option options[] = {
	CREATE_OPTIONS(struct hull_run, create),
	{"detach", 'd', OPTION_FLAG, offsetof(struct hull_run, detach), NULL,
	 "return as soon as the process runs"},
	{"keep", 0, OPTION_FLAG, offsetof(struct hull_run, keep), NULL,
	 "do not delete the container when its process has ended"},
	{"no-subreaper", 0, OPTION_FLAG, offsetof(struct hull_run, no_subreaper), NULL,
	 "do not become the parent of the container's orphans"},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct hull_run *given = call->options;
	struct hull_run options_with_id = *given;

	options_with_id.create.id = call->args[0];
	return hull_run(call->hull, &options_with_id, call->exit_code, err);
}

const struct command cmd_run = {
	.name = "run",
	.args = "ID",
	.help = "create, start and (in the foreground) delete a container",
	.options = options,
	.size = sizeof(struct hull_run),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
