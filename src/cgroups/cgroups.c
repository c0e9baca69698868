/* SPDX-License-Identifier: Apache-2.0 */

/* The container's cgroups: made, limited, joined. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "sys/file.h"

/* Controllers of v2 that exist without being enabled. */
#define IMPLICIT_V2 (CONTROLLER_BIT(CONTROLLER_DEVICES) | CONTROLLER_BIT(CONTROLLER_FREEZER))

static bool has(const struct place *p, enum controller c)
{
	return (p->controllers & CONTROLLER_BIT(c)) != 0;
}

/* Somebody else's processes: decide looked already, but that is some time ago. */
static int check_existing(struct cgroups *cgroups, const struct place *p, struct err *err)
{
	struct tree_pids pids = {.arena = cgroups->arena};
	int r = tree_pids(p->dir, &pids);

	if (r < 0)
		return err_set(err, -r, "processes of %s", p->dir);
	if (!pids.n)
		return 0;
	return err_text(err, EBUSY, "container's cgroup is not empty: %zu process(es) found in %s",
			pids.n, p->dir);
}

/* cgroup2: the controllers that have limits, and those that can be had. */
static int enable(struct cgroups *cgroups, const struct place *p, struct err *err)
{
	unsigned needed = 0;

	for (size_t i = 0; i < cgroups->limits.n; i++)
		needed |= CONTROLLER_BIT(cgroups->limits.item[i].controller);
	return enable_controllers(p, needed & p->controllers & ~IMPLICIT_V2, err);
}

static int make_directory(struct cgroups *cgroups, struct place *p, struct err *err)
{
	int r = p->v2 ? enable(cgroups, p, err) : 0;

	if (r < 0)
		return r;
	r = tree_make(p->dir);
	if (r < 0)
		return err_set(err, -r, "mkdir %s", p->dir);
	p->existed = r == 0;
	r = p->existed ? check_existing(cgroups, p, err) : 0;
	p->ours = r == 0;
	return r;
}

static int apply_devices(struct cgroups *cgroups, const struct place *p, int dir, bool fresh,
			 struct err *err)
{
	if (p->v2)
		return devices_v2_apply(cgroups->arena, &cgroups->devices, dir, p->dir, fresh, err);
	return devices_v1_apply(cgroups->arena, &cgroups->exceptions, dir, p->dir, fresh, err);
}

static bool has_limits(const struct cgroups *cgroups, const struct place *p)
{
	for (size_t i = 0; i < cgroups->limits.n; i++)
		if (has(p, cgroups->limits.item[i].controller))
			return true;
	return false;
}

/* Everything that is written to a cgroup that stands. */
static int fill_place(struct cgroups *cgroups, const struct place *p, struct err *err)
{
	bool cpuset = !p->v2 && has(p, CONTROLLER_CPUSET);
	bool devices = cgroups->devices_wanted && has(p, CONTROLLER_DEVICES);
	bool limits = has_limits(cgroups, p);
	AUTO_CLOSE int dir = -1;
	int r = 0;

	if (cpuset || limits || devices || cgroups->unified) {
		/* bpf(2) and clone3(2) want a real descriptor, not O_PATH */
		dir = sys_openat(AT_FDCWD, p->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (dir < 0)
			return err_set(err, -dir, "open %s", p->dir);
	}
	if (cpuset)
		r = cpuset_inherit(p, dir, !p->existed, err);
	if (r == 0 && limits)
		r = limits_apply(&cgroups->limits, dir, p->dir, p->controllers, err);
	if (r == 0 && devices)
		r = apply_devices(cgroups, p, dir, !p->existed, err);
	/* A new one below a frozen one is frozen too: its process would never get to run. */
	if (r == 0 && has(p, CONTROLLER_FREEZER) && freezer_get(p, true) == 1)
		r = err_text(err, EBUSY, "container's cgroup unexpectedly frozen");
	if (r == 0 && cgroups->unified && !cgroups->systemd)
		cgroups->directory = fd_take(&dir);
	return r;
}

/* A create that fails here must not leave directories behind; nobody is in them yet. */
static void take_back(struct cgroups *cgroups)
{
	for (size_t i = cgroups->n_places; i > 0; i--) {
		struct place *p = &cgroups->place[i - 1];

		if (p->ours && !p->existed)
			(void)tree_remove(p->dir); /* the first error is the one to tell */
		p->ours = false;
	}
}

int cgroups_make(struct cgroups *cgroups, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < cgroups->n_places && r == 0; i++) {
		struct place *p = &cgroups->place[i];

		/* systemd makes its own, with the first process: see cgroups_attach */
		p->ours = cgroups->systemd != NULL;
		if (cgroups->systemd)
			continue;
		r = make_directory(cgroups, p, err);
		if (r == 0)
			r = fill_place(cgroups, p, err);
	}
	if (r < 0)
		take_back(cgroups);
	return r;
}

int cgroups_directory(const struct cgroups *cgroups)
{
	return cgroups->directory;
}

void cgroups_close(struct cgroups *cgroups)
{
	fd_close(&cgroups->directory);
	if (cgroups->systemd)
		systemd_close(cgroups->systemd);
}

/* "/abs/clean/dir": what cgroups_record writes. */
static bool is_clean(const char *dir)
{
	if (*dir != '/' || strlen(dir) >= 4096)
		return false;
	for (const char *at = dir; *at;) {
		size_t n = strcspn(++at, "/");

		if (n == 0 || (n <= 2 && !memcmp(at, "..", n)))
			return false;
		at += n;
	}
	return true;
}

static int load_place(struct cgroups *cgroups, const char *line, struct err *err)
{
	const char *colon = strchr(line, ':');
	struct place *p = &cgroups->place[cgroups->n_places];

	if (!colon || !is_clean(colon + 1))
		return err_text(err, EINVAL, "record of cgroups: \"%.256s\" is no place", line);
	p->dir = colon + 1;
	p->name = arena_strndup(cgroups->arena, line, (size_t)(colon - line));
	if (!p->name)
		return err_set(err, ENOMEM, "cgroups");
	p->v2 = str_eq(p->name, "unified");
	p->ours = true;
	p->controllers = p->v2 ? 0 : controller_bits(p->name, false);
	cgroups->n_places++;
	return 0;
}

/* The unit is called like its cgroup. */
static int load_unit(struct cgroups *cgroups, struct err *err)
{
	const char *dir = cgroups->place[0].dir;

	cgroups->systemd = arena_alloc(cgroups->arena, sizeof *cgroups->systemd);
	if (!cgroups->systemd)
		return err_set(err, ENOMEM, "cgroups");
	*cgroups->systemd = (struct systemd){
		.dbus = DBUS_INIT,
		.unit = strrchr(dir, '/') + 1,
		.user = strstr(dir, "/user@") != NULL,
	};
	return 0;
}

int cgroups_load(struct arena *arena, enum cgroups_driver driver, const char *const *record,
		 struct cgroups **ret, struct err *err)
{
	struct cgroups *cgroups = arena_alloc(arena, sizeof *cgroups);
	unsigned v1 = 0;
	size_t n = 0;
	int r = 0;

	while (record && record[n])
		n++;
	if (!cgroups)
		return err_set(err, ENOMEM, "cgroups");
	*cgroups = (struct cgroups){.arena = arena, .driver = driver, .directory = -1};
	cgroups->place = arena_array(arena, n + 1, sizeof *cgroups->place);
	cgroups->record = arena_array(arena, n + 1, sizeof *cgroups->record);
	if (!cgroups->place || !cgroups->record)
		return err_set(err, ENOMEM, "cgroups");
	for (size_t i = 0; i < n && r == 0; i++) {
		cgroups->record[i] = arena_strdup(arena, record[i]);
		if (!cgroups->record[i])
			return err_set(err, ENOMEM, "cgroups");
		r = load_place(cgroups, cgroups->record[i], err);
		v1 |= cgroups->place[i].controllers;
	}
	for (size_t i = 0; i < cgroups->n_places; i++)
		if (cgroups->place[i].v2)
			cgroups->place[i].controllers = ~v1;
	if (r == 0 && n && driver == CGROUPS_SYSTEMD)
		r = load_unit(cgroups, err);
	cgroups->unified = n == 1 && cgroups->place[0].v2;
	cgroups->request.unified = cgroups->unified;
	cgroups->request.tasks = cgroups->unified ? 0 : (unsigned)n;
	if (r == 0)
		*ret = cgroups;
	return r;
}

int cgroups_open_tasks(const struct cgroups *cgroups, int *fds, struct err *err)
{
	for (unsigned i = 0; i < cgroups->request.tasks; i++) {
		const struct place *p = &cgroups->place[i];
		const char *file = p->v2 ? "cgroup.procs" : "tasks";
		char path[4096 + 16];

		snprintf(path, sizeof path, "%s/%s", p->dir, file);
		fds[i] = sys_openat(AT_FDCWD, path, O_WRONLY | O_NOFOLLOW, 0);
		if (fds[i] < 0) {
			int r = err_set(err, -fds[i], "open %s", path);

			while (i > 0)
				fd_close(&fds[--i]);
			return r;
		}
	}
	return 0;
}

static int attach(const struct place *p, pid_t pid, struct err *err)
{
	AUTO_CLOSE int dir = sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0);
	char text[16];
	int r;

	snprintf(text, sizeof text, "%d", (int)pid);
	r = dir < 0 ? dir : knob_write(dir, "cgroup.procs", text);
	return r < 0 ? err_set(err, -r, "write %s to %s/cgroup.procs", text, p->dir) : 0;
}

/* systemd makes the cgroup that it manages, moves the process into it, and on v2 enables all
 * controllers. What other hierarchies there are is ours to make. */
static int prepare_place(struct cgroups *cgroups, const struct place *p, struct err *err)
{
	int r;

	if (cgroups->unified) {
		if (access(p->dir, F_OK) < 0)
			return err_set(err, errno, "systemd: %s is not where it should be: %s",
				       cgroups->systemd->unit, p->dir);
		return 0;
	}
	r = p->v2 ? enable(cgroups, p, err) : 0;
	if (r < 0)
		return r;
	r = tree_make(p->dir);
	return r < 0 ? err_set(err, -r, "mkdir %s", p->dir) : 0;
}

static int start_unit(struct cgroups *cgroups, pid_t pid, struct err *err)
{
	int r = systemd_start(cgroups->systemd, pid, &cgroups->limits, err);

	for (size_t i = 0; i < cgroups->n_places && r == 0; i++) {
		r = prepare_place(cgroups, &cgroups->place[i], err);
		if (r == 0)
			r = fill_place(cgroups, &cgroups->place[i], err);
	}
	return r;
}

int cgroups_attach(struct cgroups *cgroups, pid_t pid, struct err *err)
{
	bool moved = cgroups->systemd && !systemd_is_slice(cgroups->systemd->unit);
	int r = cgroups->systemd ? start_unit(cgroups, pid, err) : 0;

	for (size_t i = 0; i < cgroups->n_places && r == 0; i++)
		if (!moved || !cgroups->unified)
			r = attach(&cgroups->place[i], pid, err);
	return r;
}

/* checkBeforeUpdate: v1 refuses a limit below the usage by itself, v2 calls the OOM killer. */
static int check_usage(const struct cgroups *cgroups, const struct oci_memory *m, struct err *err)
{
	const struct place *p = place_of(cgroups, CONTROLLER_MEMORY);
	AUTO_CLOSE int dir = -1;
	int64_t usage;
	int r;

	if (!m || !m->check_before_update || !m->has_limit || m->limit <= 0 || !p || !p->v2)
		return 0;
	dir = sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0);
	r = dir < 0 ? dir : knob_read_number(dir, "memory.current", &usage);
	if (r < 0)
		return err_set(err, -r, "read %s/memory.current", p->dir);
	if (usage > m->limit)
		return err_text(err, EBUSY,
				"linux.resources.memory.limit: rejecting memory limit %" PRId64
				", the current usage is %" PRId64,
				m->limit, usage);
	return 0;
}

/* v2 limits swap without memory, so a new sum alone needs the limit that is in force. memory is a
 * copy of the caller's. */
static int complete_memory(const struct cgroups *cgroups, struct oci_memory *memory,
			   struct err *err)
{
	const struct place *p = place_of(cgroups, CONTROLLER_MEMORY);
	AUTO_CLOSE int dir = -1;
	int r;

	if (!p || !p->v2 || !memory->has_swap || memory->swap <= 0 ||
	    (memory->has_limit && memory->limit))
		return 0;
	dir = sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0);
	r = dir < 0 ? dir : knob_read_number(dir, "memory.max", &memory->limit);
	if (r < 0)
		return err_set(err, -r, "read %s/memory.max", p->dir);
	memory->has_limit = memory->limit != INT64_MAX;
	return 0;
}

static int update_devices(struct cgroups *cgroups, const struct oci_resources *resources,
			  struct err *err)
{
	const struct place *p = place_of(cgroups, CONTROLLER_DEVICES);
	struct limits *l = &cgroups->limits;
	AUTO_CLOSE int dir = -1;
	int r;

	/* Absent or empty: engines send only what they change. */
	if (!resources->n_devices || !p || cgroups->rootless)
		return 0;
	r = devices_rules(l, resources, &cgroups->devices);
	if (r == 0 && !p->v2)
		r = devices_v1_compile(l, &cgroups->devices, &cgroups->exceptions);
	if (r < 0)
		return r;
	dir = sys_openat(AT_FDCWD, p->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return err_set(err, -dir, "open %s", p->dir);
	return apply_devices(cgroups, p, dir, false, err);
}

/* Decides what an update writes. */
static int build_update(struct cgroups *cgroups, const struct oci_resources *resources,
			struct err *err)
{
	int r;

	cgroups->limits = (struct limits){
		.arena = cgroups->arena,
		.layout = &cgroups->layout,
		.err = err,
		.update = true,
	};
	r = check_usage(cgroups, resources->memory, err);
	if (r == 0)
		r = limits_build(&cgroups->limits, resources);
	for (size_t i = 0; i < cgroups->limits.n && r == 0; i++) {
		const struct limit *l = &cgroups->limits.item[i];

		if (!place_of(cgroups, l->controller))
			r = err_text(err, EINVAL,
				     "linux.resources.%s: the container has no cgroup of the %s "
				     "controller",
				     l->origin, controller_name(l->controller, cgroups->unified));
	}
	return r;
}

int cgroups_update(struct cgroups *cgroups, const struct oci_resources *resources, struct err *err)
{
	struct oci_resources wanted = *resources;
	struct oci_memory memory;
	int r = 0;

	if (!cgroups->layout.n)
		r = layout_probe(cgroups->arena, &layout_host, &cgroups->layout, err);
	if (r == 0 && resources->memory) {
		memory = *resources->memory;
		wanted.memory = &memory;
		r = complete_memory(cgroups, &memory, err);
	}
	if (r == 0)
		r = build_update(cgroups, &wanted, err);
	if (r == 0 && cgroups->systemd && cgroups->limits.n)
		r = systemd_set(cgroups->systemd, &cgroups->limits, err);
	for (size_t i = 0; i < cgroups->n_places && r == 0; i++) {
		const struct place *p = &cgroups->place[i];
		AUTO_CLOSE int dir = -1;

		if (!has_limits(cgroups, p))
			continue;
		dir = sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY, 0);
		r = dir < 0 ? err_set(err, -dir, "open %s", p->dir)
			    : limits_apply(&cgroups->limits, dir, p->dir, p->controllers, err);
	}
	return r == 0 ? update_devices(cgroups, resources, err) : r;
}

void cgroups_dump(const struct cgroups *cgroups, struct buf *buf)
{
	for (size_t i = 0; i < cgroups->n_places; i++)
		buf_printf(buf, "%s: %s\n", cgroups->place[i].name, cgroups->place[i].dir);
	limits_dump(&cgroups->limits, buf);
	if (cgroups->devices_wanted)
		devices_dump(&cgroups->devices, buf);
}
