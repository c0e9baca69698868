/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "cmd/cmd.h"

static const struct option options[] = {{0}};

static int run(const struct call *call, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	int r = hull_doctor(call->hull, &out, err);

	return r < 0 ? r : cmd_print(&out, err);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "",
	.help = "tell what this machine offers to containers, and what it lacks",
	.options = options,
	.run = run,
};
