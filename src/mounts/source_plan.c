/* SPDX-License-Identifier: Apache-2.0 */

/* Who opens a mount source, and when: hull now, hull later, hull-init. */

#include <errno.h>
#include <sched.h>

#include "base/err.h"
#include "base/fd.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/message.h"

bool mount_sources_inside(const struct request *request)
{
	return request->host_root && request_has(request, CLONE_NEWNS) &&
	       request_has(request, CLONE_NEWUSER);
}

/* For mounts_open_sources. A message fills neighbouring slots: no other slot may come between. */
static int open_later(struct mounts_state *state, struct plan *plan, const char *name,
		      const struct mount_source *source, int *ret_slot, struct err *err)
{
	*ret_slot = plan_slot(plan, name);
	if (!state->n_sources)
		state->first_source = *ret_slot;
	if (*ret_slot != state->first_source + (int)state->n_sources)
		return err_text(err, EINVAL,
				"internal error: the slots of mount sources are scattered");
	state->source[state->n_sources++] = *source;
	return 0;
}

int mount_source_slot(const struct request *request, struct plan *plan, const char *name,
		      const struct mount_source *source, int *ret_slot, struct err *err)
{
	AUTO_CLOSE int fd = -1;
	int r = 0;

	if (mount_sources_inside(request)) {
		return open_later(request->mounts, plan, name, source, ret_slot, err);
	} else if (!request->host_root) {
		*ret_slot = plan_slot(plan, name);
		plan_tree_clone(plan, source->path, source->recursive, source->nofollow, *ret_slot);
		return 0;
	}
	if (!request->dry) {
		fd = source_clone(source, err);
		r = fd < 0 ? fd : source_idmap(source, fd, err);
	}
	if (r < 0)
		return err_at(err, "%s", source->place);
	*ret_slot = plan_adopt_fd(plan, name, fd_take(&fd));
	return 0;
}

void mounts_plan_sources(const struct request *request, struct plan *plan)
{
	const struct mounts_state *state = request->mounts;

	plan_origin(plan, "mount sources");
	for (size_t i = 0; i < state->n_sources; i += MESSAGE_FDS_MAX) {
		size_t n = state->n_sources - i;

		if (n > MESSAGE_FDS_MAX)
			n = MESSAGE_FDS_MAX;
		plan_barrier(plan, MESSAGE_SOURCES, state->first_source + (int)i, (int64_t)n);
	}
}

unsigned mounts_source_notes(const struct request *request)
{
	const struct mounts_state *state = request->mounts;

	return state ? (unsigned)((state->n_sources + MESSAGE_FDS_MAX - 1) / MESSAGE_FDS_MAX) : 0;
}
