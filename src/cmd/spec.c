/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/io.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

struct spec {
	const char *bundle, *file;
	bool rootless;
};

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, offsetof(struct spec, bundle), "DIR",
	 "where to write it (default: the working directory)"},
	{"file", 'f', OPTION_STRING, offsetof(struct spec, file), "FILE",
	 "its name (default: config.json)"},
	{"rootless", 0, OPTION_FLAG, offsetof(struct spec, rootless), NULL,
	 "for a user without privileges"},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct spec *given = call->options;
	const char *name = given->file ? given->file : "config.json";
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_CLOSE int dir = -1, fd = -1;
	int r = hull_spec(call->hull, given->rootless, &text, err);

	if (r < 0)
		return r;
	buf_str(&text, "\n");
	if (text.failed)
		return err_set(err, ENOMEM, "make a configuration");
	dir = open(given->bundle ? given->bundle : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, errno, "open %s", given->bundle ? given->bundle : ".");
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_text(err, EEXIST, "File %s exists. Remove it first", name);
	if (fd < 0)
		return err_set(err, errno, "create %s", name);
	r = io_write_all(fd, text.data, text.size);
	return r < 0 ? err_set(err, -r, "write %s", name) : 0;
}

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.help = "write a configuration to begin with",
	.options = options,
	.size = sizeof(struct spec),
	.run = run,
};
