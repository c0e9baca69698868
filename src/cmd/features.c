/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "cmd/cmd.h"

static const struct option options[] = {{0}};

static int run(const struct call *call, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	int r = hull_features(call->hull, &out, err);

	buf_str(&out, "\n");
	return r < 0 ? r : cmd_print(&out, err);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.help = "print what this hull can do, as JSON",
	.options = options,
	.run = run,
};
