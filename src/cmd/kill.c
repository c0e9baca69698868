/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd/cmd.h"
#include "container/signal.h"

struct kill {
	bool all, regex;
};

static const struct option options[] = {
	{"all", 'a', OPTION_FLAG, offsetof(struct kill, all), NULL,
	 "send it to all processes of the container"},
	{"regex", 'r', OPTION_FLAG, offsetof(struct kill, regex), NULL,
	 "ID is a regular expression: all containers that match"},
	{0},
};

static int kill_one(const struct call *call, const char *id, struct err *err)
{
	const struct kill *given = call->options;
	const char *name = call->n_args > 1 ? call->args[1] : "TERM";
	int number;

	if (signal_number(name, &number) < 0)
		return err_text(err, EINVAL, "unknown signal \"%s\"", name);
	return hull_kill(call->hull, id, number, given->all, err);
}

static int run(const struct call *call, struct err *err)
{
	const struct kill *given = call->options;

	if (given->regex)
		return cmd_each_match(call, call->args[0], kill_one, err);
	return kill_one(call, call->args[0], err);
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "ID [SIGNAL]",
	.help = "send a signal (default: TERM) to a container's process",
	.options = options,
	.size = sizeof(struct kill),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
