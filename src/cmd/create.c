/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/create.h"

#include "cmd/cmd.h"

struct create {
	struct hull_create create;
};

static const struct option options[] = {
	CREATE_OPTIONS(struct create, create),
	{"detach", 'd', OPTION_NO_FLAG, 0, NULL, NULL},
	{"no-subreaper", 0, OPTION_NO_FLAG, 0, NULL, NULL},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct create *given = call->options;
	struct hull_create create = given->create;

	create.id = call->args[0];
	return hull_create(call->hull, &create, err);
}

const struct command cmd_create = {
	.name = "create",
	.args = "ID",
	.help = "make a container whose process waits for start",
	.options = options,
	.size = sizeof(struct create),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
