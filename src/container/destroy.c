/* SPDX-License-Identifier: Apache-2.0 */
#include "container/destroy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroups/cgroups.h"
#include "container/container.h"
#include "container/hooks.h"
#include "container/state.h"
#include "hull.h"
#include "libocispec/ocispec.h"
#include "rdt/rdt.h"
#include "sys/call.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* one number on every architecture */
#endif

#define DEATH_SECONDS 10

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_death(int pidfd, struct err *err)
{
	int64_t end = now_ms() + DEATH_SECONDS * 1000, left;
	struct pollfd death = {pidfd, POLLIN, 0};

	while ((left = end - now_ms()) > 0) {
		int n = poll(&death, 1, (int)left);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(err, errno, "wait for the container's process");
	}
	return err_text(err, ETIMEDOUT,
			"the container's process did not end within %d s of SIGKILL",
			DEATH_SECONDS);
}

static int kill_init(const struct container *container, struct err *err)
{
	AUTO_CLOSE int pidfd = status_pidfd(&container->record);
	int r;

	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return err_set(err, -pidfd, "pidfd_open of the container's process");
	r = (int)sys_call(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return err_set(err, -r, "kill the container's process");
	/* cgroup v1: a frozen process dies only when it is thawed. */
	if (container->cgroups && cgroups_frozen(container->cgroups) == 1) {
		r = cgroups_freeze(container->cgroups, false, err);
		if (r < 0)
			return r;
	}
	return wait_death(pidfd, err);
}

/* The hooks come from a file of the entry, whose damage must not make the container immortal. */
static void poststop(struct arena *arena, const struct container *container)
{
	const struct oci_config *config;
	const struct oci_hooks *hooks;
	struct err err = {0};
	const char *state;
	int r = container_config(arena, &container->entry, &config, &err);

	if (r == -ENOENT) /* create was killed early: no other hook has run, either */
		return;
	if (r < 0) {
		log_say(LOG_WARNING, "poststop hooks do not run: %s", err.text);
		return;
	}
	hooks = config->hooks;
	if (!hooks || !hooks->n_poststop)
		return;
	if (state_text(arena, &container->record, container->entry.id, STATUS_STOPPED, 0, &state,
		       &err) < 0) {
		log_say(LOG_WARNING, "poststop hooks do not run: %s", err.text);
		return;
	}
	hooks_run_all(hooks->poststop, hooks->n_poststop, "poststop", state,
		      container->record.bundle);
}

int destroy_container(struct arena *arena, const struct container *container, struct err *err)
{
	int r = kill_init(container, err);

	if (r == 0 && container->cgroups)
		r = cgroups_destroy(container->cgroups, err);
	if (r == 0)
		r = rdt_remove(container->record.rdt, err);
	if (r < 0)
		return err_at(err, "delete container %s", container->entry.id);
	poststop(arena, container);
	return 0;
}

int destroy_remains(struct arena *arena, const struct store_entry *entry, struct err *err)
{
	struct container container = {.store = STORE_INIT, .entry = *entry};
	int r = store_load(arena, entry, &container.record, NULL);

	if (r == 0 && container.record.cgroups)
		r = cgroups_load(arena, (enum cgroups_driver)container.record.cgroup_driver,
				 container.record.cgroups, &container.cgroups, err);
	if (r == 0)
		r = destroy_container(arena, &container, err);
	else if (r == -ENODATA)
		r = 0; /* it died before it made anything */
	return r < 0 ? r : store_clear(entry, err);
}

static int delete_entry(const struct hull *hull, struct container *container, bool force,
			struct err *err)
{
	int r = 0;

	if (!force)
		r = status_allow(COMMAND_DELETE, container->status, container->entry.id, err);
	if (r == 0)
		r = destroy_container(hull->arena, container, err);
	return r;
}

int hull_delete(const struct hull *hull, const char *id, bool force, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open(hull, id, true, &container, err);

	if (r == -ENOENT && force)
		return 0;
	if (r == 0)
		r = delete_entry(hull, &container, force, err);
	else if (r == -ENODATA)
		r = 0; /* its creation was cut off before it made anything */
	return r < 0 ? r : store_remove(&container.store, &container.entry, err);
}
