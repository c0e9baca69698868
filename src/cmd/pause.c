/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"

static const struct option options[] = {{0}};

static int run(const struct call *call, struct err *err)
{
	return hull_pause(call->hull, call->args[0], err);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "ID",
	.help = "stop all processes of a container until resume",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
