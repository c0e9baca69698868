/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/state.h"

#include <errno.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "version.h"

static const struct option options[] = {{0}};

int state_convert(struct arena *arena, const struct hull_state *state, const char *owner,
		  struct oci_state *ret, struct err *err)
{
	struct oci_pair *pairs = arena_array(arena, state->n_annotations, sizeof *pairs);

	if (!pairs)
		return err_set(err, ENOMEM, "state of container %s", state->id);
	for (size_t i = 0; i < state->n_annotations; i++)
		pairs[i] = (struct oci_pair){state->annotation[i].key, state->annotation[i].value};
	*ret = (struct oci_state){
		.oci_version = HULL_SPEC_VERSION,
		.id = state->id,
		.pid = (int)state->pid,
		.has_pid = true,
		.status = oci_enum_value(&oci_enum_status, state->status),
		.has_status = true,
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.annotations = state->n_annotations ? pairs : NULL,
		.n_annotations = state->n_annotations,
		.owner = owner,
	};
	return 0;
}

/* Engines read stdout and stderr together as one JSON text (go-runc): not a byte more. The owner is
 * empty there, in other runtimes too. */
static int run(const struct call *call, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct hull_state state;
	struct oci_state json;
	const char *text;
	size_t size;
	int r = hull_state(call->hull, call->args[0], &state, err);

	if (r == 0)
		r = state_convert(call->hull->arena, &state, "", &json, err);
	if (r < 0)
		return r;
	r = oci_state_write(call->hull->arena, &json, 2, &text, &size);
	if (r < 0)
		return err_set(err, -r, "write the state of %s", state.id);
	buf_add(&out, text, size);
	return cmd_print(&out, err);
}

const struct command cmd_state = {
	.name = "state",
	.args = "ID",
	.help = "print the state of a container as JSON",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
