/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "cmd/cmd.h"

struct plan {
	const char *bundle, *config;
};

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, offsetof(struct plan, bundle), "DIR",
	 "the bundle (default: the working directory)"},
	{"config", 'f', OPTION_STRING, offsetof(struct plan, config), "FILE",
	 "its configuration (default: config.json in the bundle)"},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct plan *given = call->options;
	AUTO_BUF struct buf out = BUF_INIT;
	int r = hull_plan(call->hull, call->n_args ? call->args[0] : given->bundle, given->config,
			  &out, err);

	return r < 0 ? r : cmd_print(&out, err);
}

const struct command cmd_plan = {
	.name = "plan",
	.args = "[BUNDLE]",
	.help = "print what create would do, step by step",
	.options = options,
	.size = sizeof(struct plan),
	.max_args = 1,
	.run = run,
};
