/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/buf.h"
#include "cmd/cmd.h"

struct check {
	const char *bundle, *config;
};

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, offsetof(struct check, bundle), "DIR",
	 "the bundle (default: the working directory)"},
	{"config", 'f', OPTION_STRING, offsetof(struct check, config), "FILE",
	 "its configuration (default: config.json in the bundle)"},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct check *given = call->options;
	AUTO_BUF struct buf out = BUF_INIT;
	int n = hull_check(call->hull, call->n_args ? call->args[0] : given->bundle, given->config,
			   &out, err);
	int r = n < 0 ? n : cmd_print(&out, err);

	if (r == 0 && n > 0)
		return err_text(err, EINVAL, "%d error%s in the configuration", n,
				n == 1 ? "" : "s");
	return r;
}

const struct command cmd_check = {
	.name = "check",
	.args = "[BUNDLE]",
	.help = "tell all that is wrong with a bundle's configuration",
	.options = options,
	.size = sizeof(struct check),
	.max_args = 1,
	.run = run,
};
