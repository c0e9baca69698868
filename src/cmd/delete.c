/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"

struct delete
{
	bool force, regex;
};

static const struct option options[] = {
	{"force", 'f', OPTION_FLAG, offsetof(struct delete, force), NULL,
	 "kill it first; one that does not exist is no error"},
	{"regex", 'r', OPTION_FLAG, offsetof(struct delete, regex), NULL,
	 "ID is a regular expression: all containers that match"},
	{0},
};

static int delete_one(const struct call *call, const char *id, struct err *err)
{
	const struct delete *given = call->options;

	return hull_delete(call->hull, id, given->force, err);
}

static int run(const struct call *call, struct err *err)
{
	const struct delete *given = call->options;

	if (given->regex)
		return cmd_each_match(call, call->args[0], delete_one, err);
	return delete_one(call, call->args[0], err);
}

const struct command cmd_delete = {
	.name = "delete",
	.args = "ID",
	.help = "remove all that belongs to a stopped container",
	.options = options,
	.size = sizeof(struct delete),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
