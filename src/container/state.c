/* SPDX-License-Identifier: Apache-2.0 */
#include "container/state.h"

#include <errno.h>
#include <pwd.h>

#include "base/err.h"
#include "container/container.h"
#include "hull.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "version.h"

static int state_fill(struct arena *arena, const struct store_record *record, const char *id,
		      enum status status, int64_t pid, struct oci_state *ret, struct err *err)
{
	struct oci_pair *pairs = arena_array(arena, record->n_annotations, sizeof *pairs);

	if (!pairs)
		return err_set(err, ENOMEM, "state of container %s", id);
	for (size_t i = 0; i < record->n_annotations; i++)
		pairs[i] =
			(struct oci_pair){record->annotation[i].key, record->annotation[i].value};
	*ret = (struct oci_state){
		.oci_version = HULL_SPEC_VERSION,
		.id = id,
		.pid = (int)pid,
		.has_pid = pid > 0,
		.status = oci_enum_value(&oci_enum_status, status_name(status)),
		.has_status = true,
		.bundle = record->bundle,
		.annotations = record->n_annotations ? pairs : NULL,
		.n_annotations = record->n_annotations,
	};
	return 0;
}

int state_text(struct arena *arena, const struct store_record *record, const char *id,
	       enum status status, int64_t pid, const char **ret, struct err *err)
{
	struct oci_state state;
	size_t size;
	int r = state_fill(arena, record, id, status, pid, &state, err);

	if (r < 0)
		return r;
	r = oci_state_write(arena, &state, 0, ret, &size);
	return r < 0 ? err_set(err, -r, "state of container %s", id) : 0;
}

int state_of_process(struct arena *arena, const struct store_record *record, const char *id,
		     enum status status, int64_t pid, const char *metadata, const char **ret,
		     struct err *err)
{
	static const char *fds[] = {"seccompFd", NULL};
	struct oci_state inner;
	struct oci_seccomp_state state = {
		.oci_version = HULL_SPEC_VERSION,
		.fds = fds,
		.n_fds = 1,
		.pid = (int)pid,
		.has_pid = true,
		.metadata = metadata,
		.state = &inner,
	};
	size_t size;
	int r = state_fill(arena, record, id, status, record->pid, &inner, err);

	if (r < 0)
		return r;
	r = oci_seccomp_state_write(arena, &state, 0, ret, &size);
	return r < 0 ? err_set(err, -r, "state of container %s", id) : 0;
}

static int fill(struct arena *arena, const struct container *container, struct hull_state *ret,
		struct err *err)
{
	const struct store_record *record = &container->record;
	struct hull_annotation *annotation =
		arena_array(arena, record->n_annotations, sizeof *annotation);
	struct passwd *user = getpwuid(record->owner);

	*ret = (struct hull_state){
		.id = arena_strdup(arena, container->entry.id),
		.status = status_name(container->status),
		.bundle = record->bundle,
		.rootfs = record->rootfs,
		.created = record->created,
		.owner = user ? arena_strdup(arena, user->pw_name)
			      : arena_printf(arena, "#%u", record->owner),
		.pid = container->status == STATUS_STOPPED ? 0 : record->pid,
		.annotation = annotation,
		.n_annotations = record->n_annotations,
	};
	if (!annotation || !ret->id || !ret->owner)
		return err_set(err, ENOMEM, "state of container %s", container->entry.id);
	for (size_t i = 0; i < record->n_annotations; i++)
		annotation[i] = (struct hull_annotation){record->annotation[i].key,
							 record->annotation[i].value};
	return 0;
}

int hull_state(const struct hull *hull, const char *id, struct hull_state *ret, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open(hull, id, false, &container, err);

	return r < 0 ? r : fill(hull->arena, &container, ret, err);
}

static int state_in(const struct hull *hull, const struct store *store, const char *id,
		    struct hull_state *ret, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open_in(hull->arena, store, id, false, &container, err);

	return r < 0 ? r : fill(hull->arena, &container, ret, err);
}

int hull_list(const struct hull *hull, struct hull_state **ret, size_t *ret_n,
	      void (*skipped)(const char *id, const struct err *), struct err *err)
{
	STORE_AUTO struct store store = STORE_INIT;
	struct hull_state *states;
	size_t n_ids = 0, n = 0;
	const char **ids;
	int r = container_store(hull, false, &store, err);

	*ret = NULL;
	*ret_n = 0;
	if (r == -ENOENT && !hull->root_given)
		return 0;
	if (r == 0)
		r = store_list(hull->arena, &store, &ids, &n_ids, err);
	if (r < 0)
		return r;
	states = arena_array(hull->arena, n_ids, sizeof *states);
	if (!states)
		return err_set(err, ENOMEM, "list of containers");
	for (size_t i = 0; i < n_ids; i++) {
		struct err why = {0};

		r = state_in(hull, &store, ids[i], &states[n], &why);
		if (r == 0)
			n++;
		else if (r != -ENOENT && skipped) /* -ENOENT: deleted since */
			skipped(ids[i], &why);
	}
	*ret = states;
	*ret_n = n;
	return 0;
}
