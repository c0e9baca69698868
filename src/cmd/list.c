/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/state.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

struct list {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct list, format), "FORMAT",
	 "table (default) or json"},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct list, quiet), NULL, "print only the ids"},
	{0},
};

static void skipped(const char *id, const struct err *err)
{
	/* One that is just being made or deleted is no news. */
	log_say(err->code == ENODATA || err->code == ENOENT ? LOG_DEBUG : LOG_WARNING,
		"load container %s: %s", id, err->text);
}

static int json(const struct call *call, const struct hull_state *states, size_t n, struct buf *out,
		struct err *err)
{
	struct oci_state *converted = arena_array(call->hull->arena, n, sizeof *converted);
	const char *text;
	size_t size;
	int r = converted ? 0 : -ENOMEM;

	if (!n) {
		buf_str(out, "null\n"); /* what Go callers know as an empty list */
		return 0;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = state_convert(call->hull->arena, &states[i], states[i].owner, &converted[i],
				  err);
	if (r == 0)
		r = oci_states_write(call->hull->arena, converted, n, 0, &text, &size);
	if (r < 0)
		return err_set(err, -r, "write the list of containers");
	buf_add(out, text, size);
	buf_str(out, "\n");
	return 0;
}

#define COLUMNS 6

/* Columns of at least 12, with three blanks between. */
static void table(const struct hull_state *states, size_t n, struct buf *out)
{
	static const char *const title[COLUMNS] = {"ID",     "PID",     "STATUS",
						   "BUNDLE", "CREATED", "OWNER"};
	size_t width[COLUMNS];

	for (size_t column = 0; column < COLUMNS; column++)
		width[column] = 9;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t row = 0; row <= n; row++) {
			const struct hull_state *state = row ? &states[row - 1] : NULL;
			char pid[24] = "0";
			const char *cell[COLUMNS] = {
				state ? state->id : NULL,      state ? pid : NULL,
				state ? state->status : NULL,  state ? state->bundle : NULL,
				state ? state->created : NULL, state ? state->owner : NULL,
			};

			if (state)
				snprintf(pid, sizeof pid, "%lld", (long long)state->pid);
			for (size_t column = 0; column < COLUMNS; column++) {
				const char *text = state ? cell[column] : title[column];

				if (pass && column + 1 < COLUMNS)
					buf_printf(out, "%-*s", (int)width[column] + 3, text);
				else if (pass)
					buf_printf(out, "%s\n", text);
				else if (strlen(text) > width[column])
					width[column] = strlen(text);
			}
		}
	}
}

static int run(const struct call *call, struct err *err)
{
	const struct list *given = call->options;
	AUTO_BUF struct buf out = BUF_INIT;
	struct hull_state *states;
	size_t n;
	int r;

	if (given->format && !str_eq(given->format, "table") && !str_eq(given->format, "json"))
		return err_text(err, EINVAL, "invalid format option");
	r = hull_list(call->hull, &states, &n, skipped, err);
	if (r < 0)
		return r;
	if (given->quiet)
		for (size_t i = 0; i < n; i++)
			buf_printf(&out, "%s\n", states[i].id);
	else if (given->format && str_eq(given->format, "json"))
		r = json(call, states, n, &out, err);
	else
		table(states, n, &out);
	return r < 0 ? r : cmd_print(&out, err);
}

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.help = "list all containers",
	.options = options,
	.size = sizeof(struct list),
	.run = run,
};
