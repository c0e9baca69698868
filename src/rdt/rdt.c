/* SPDX-License-Identifier: Apache-2.0 */

/* Groups of resctrl, as the rules of config-linux.md, "IntelRdt", and the kernel's
 * Documentation/filesystems/resctrl.rst want them. */

#include "rdt/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "rdt/mountpoint.h"
#include "rdt/schemata.h"

enum { FILE_MAX = 1 << 20 };

struct rdt {
	struct arena *arena;
	const struct oci_intel_rdt *config;
	const char *root; /* where resctrl is mounted */
	const char *clos; /* the class's directory, absolute */
	const char *monitor; /* the monitoring group's directory; NULL: none */
	bool own; /* the class carries the container's id */
	bool missing; /* the class is to be made */
	const char *record[3];
};

static bool has_schemata(const struct oci_intel_rdt *config)
{
	return config->l3_cache_schema || config->mem_bw_schema || config->n_schemata;
}

static const char *class_name(const struct oci_intel_rdt *config, const char *id)
{
	return config->clos_id && *config->clos_id ? config->clos_id : id;
}

int rdt_find(struct arena *arena, const struct oci_linux *linux_config, const char *id,
	     struct rdt **ret, struct err *err)
{
	const struct oci_intel_rdt *config = linux_config ? linux_config->intel_rdt : NULL;
	struct rdt *rdt;
	int r;

	*ret = NULL;
	if (!config)
		return 0;
	rdt = arena_alloc(arena, sizeof *rdt);
	if (!rdt)
		return err_set(err, ENOMEM, "linux.intelRdt");
	*rdt = (struct rdt){.arena = arena, .config = config};
	r = mountpoint_find(arena, &rdt->root);
	if (r < 0)
		return err_set(err, -r, "linux.intelRdt: look for resctrl");
	if (!rdt->root)
		return err_text(err, ENODEV,
				"linux.intelRdt: resctrl is not mounted on this machine");
	rdt->own = !config->clos_id || !*config->clos_id;
	/* "/": the default class, the root of the file system. */
	if (!rdt->own && str_eq(config->clos_id, "/"))
		rdt->clos = rdt->root;
	else
		rdt->clos = arena_printf(arena, "%s/%s", rdt->root, class_name(config, id));
	if (config->enable_monitoring && rdt->clos)
		rdt->monitor = arena_printf(arena, "%s/mon_groups/%s", rdt->clos, id);
	if (!rdt->clos || (config->enable_monitoring && !rdt->monitor))
		return err_set(err, ENOMEM, "linux.intelRdt");
	*ret = rdt;
	return 0;
}

int rdt_decide(struct rdt *rdt, struct err *err)
{
	struct stat st;
	size_t n = 0;

	if (!rdt)
		return 0;
	rdt->missing = stat(rdt->clos, &st) < 0;
	if (rdt->missing && errno != ENOENT)
		return err_set(err, errno, "linux.intelRdt: %s", rdt->clos);
	/* A class that is only named, without a word of what it is, must be somebody's work. */
	if (rdt->missing && !rdt->own && !has_schemata(rdt->config))
		return err_set(err, ENOENT,
			       "linux.intelRdt.closID (%s): no schemata are given, and there is "
			       "no class of service of that name: %s",
			       rdt->config->clos_id, rdt->clos);
	if (rdt->monitor && stat(rdt->monitor, &st) == 0)
		return err_set(err, EEXIST, "linux.intelRdt.enableMonitoring: %s", rdt->monitor);
	if (rdt->monitor)
		rdt->record[n++] = rdt->monitor;
	/* Others may use a class with a name of its own: it stays. */
	if (rdt->missing && rdt->own)
		rdt->record[n++] = rdt->clos;
	rdt->record[n] = NULL;
	return 0;
}

const char *const *rdt_record(const struct rdt *rdt)
{
	return rdt && rdt->record[0] ? rdt->record : NULL;
}

/* The kernel says in a file what it did not like. */
static int fail_write(const struct rdt *rdt, int r, const char *member, struct err *err)
{
	const char *path = arena_printf(rdt->arena, "%s/info/last_cmd_status", rdt->root);
	char *text = NULL;
	size_t size;

	if (!path || io_read_file(rdt->arena, AT_FDCWD, path, FILE_MAX, &text, &size) < 0)
		return err_set(err, -r, "linux.intelRdt.%s: write it to %s/schemata", member,
			       rdt->clos);
	text[strcspn(text, "\n")] = '\0';
	return err_set(err, -r, "linux.intelRdt.%s: write it to %s/schemata (%s)", member,
		       rdt->clos, text);
}

/* One write is one command for the kernel, which wants each line to end, and none to be empty. */
static int write_schemata(const struct rdt *rdt, const char *lines, const char *member,
			  struct err *err)
{
	const char *path = arena_printf(rdt->arena, "%s/schemata", rdt->clos);
	size_t size = strlen(lines);
	const char *text;
	int r;

	while (size && lines[size - 1] == '\n')
		size--;
	text = arena_printf(rdt->arena, "%.*s\n", (int)size, lines);
	r = path && text ? io_write_file(AT_FDCWD, path, text) : -ENOMEM;
	return r < 0 ? fail_write(rdt, r, member, err) : 0;
}

/* All lines of schemata, NULL when there are none. */
static int join_schemata(const struct rdt *rdt, const char **ret, struct err *err)
{
	const char *all = NULL;

	for (size_t i = 0; i < rdt->config->n_schemata; i++) {
		all = arena_printf(rdt->arena, "%s%s%s", all ? all : "", all ? "\n" : "",
				   rdt->config->schemata[i]);
		if (!all)
			return err_set(err, ENOMEM, "linux.intelRdt.schemata");
	}
	*ret = all;
	return 0;
}

/* What the config says of the class, in the order in which it is written: a later line counts more.
 */
struct wish {
	const char *member, *lines;
};

static int read_wishes(const struct rdt *rdt, struct wish wish[3], struct err *err)
{
	wish[0] = (struct wish){"l3CacheSchema", rdt->config->l3_cache_schema};
	wish[1] = (struct wish){"memBwSchema", rdt->config->mem_bw_schema};
	wish[2] = (struct wish){"schemata", NULL};
	return join_schemata(rdt, &wish[2].lines, err);
}

static int fill_class(const struct rdt *rdt, const struct wish wish[3], struct err *err)
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		if (wish[i].lines)
			r = write_schemata(rdt, wish[i].lines, wish[i].member, err);
	return r;
}

static int compare_class(const struct rdt *rdt, const struct wish wish[3], struct err *err)
{
	const char *path = arena_printf(rdt->arena, "%s/schemata", rdt->clos);
	char *have;
	size_t size;
	int r;

	if (!has_schemata(rdt->config))
		return 0;
	r = path ? io_read_file(rdt->arena, AT_FDCWD, path, FILE_MAX, &have, &size) : -ENOMEM;
	if (r < 0)
		return err_set(err, -r, "linux.intelRdt: read %s/schemata", rdt->clos);
	for (int i = 0; i < 3; i++)
		if (wish[i].lines && !schemata_cover(have, wish[i].lines))
			return err_text(err, EEXIST,
					"linux.intelRdt.%s: the class of service %s exists "
					"already, with another schema",
					wish[i].member, rdt->clos);
	return 0;
}

static int make_group(const char *path, const char *what, struct err *err)
{
	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno == ENOSPC)
		return err_set(err, ENOSPC,
			       "linux.intelRdt: the processor has no more %s: mkdir %s", what,
			       path);
	return err_set(err, errno, "linux.intelRdt: mkdir %s", path);
}

static void forget_class(struct rdt *rdt)
{
	for (size_t i = 0; i < COUNT_OF(rdt->record); i++)
		if (rdt->record[i] == rdt->clos)
			rdt->record[i] = NULL; /* it is the last */
}

static int make_class(struct rdt *rdt, struct err *err)
{
	struct wish wish[3];
	int r = read_wishes(rdt, wish, err);

	if (r < 0)
		return r;
	if (rdt->missing) {
		r = make_group(rdt->clos, "classes of service", err);
		rdt->missing = r == 0;
		if (r == -EEXIST)
			forget_class(rdt);
		else if (r < 0)
			return r;
	}
	return rdt->missing ? fill_class(rdt, wish, err) : compare_class(rdt, wish, err);
}

int rdt_make(struct rdt *rdt, struct err *err)
{
	int r;

	if (!rdt)
		return 0;
	r = make_class(rdt, err);
	if (r == 0 && rdt->monitor)
		r = make_group(rdt->monitor, "monitoring groups", err);
	/* Nobody can have come to rely on a class that was never finished. */
	if (r < 0 && rdt->missing)
		(void)rmdir(rdt->clos);
	/* A monitoring group that came between rdt_decide and now is not ours to remove. */
	if (r == -EEXIST && rdt->monitor)
		rdt->record[0] = NULL;
	return r;
}

static int write_pid(const struct rdt *rdt, const char *group, int pid, struct err *err)
{
	const char *path = arena_printf(rdt->arena, "%s/tasks", group);
	char text[16];
	int r;

	snprintf(text, sizeof text, "%d", pid);
	r = path ? io_write_file(AT_FDCWD, path, text) : -ENOMEM;
	return r < 0 ? err_set(err, -r, "linux.intelRdt: write %d to %s/tasks", pid, group) : 0;
}

int rdt_attach(const struct rdt *rdt, int pid, struct err *err)
{
	int r;

	if (!rdt)
		return 0;
	/* A monitoring group takes only what is in its class. */
	r = write_pid(rdt, rdt->clos, pid, err);
	return r == 0 && rdt->monitor ? write_pid(rdt, rdt->monitor, pid, err) : r;
}

int rdt_update(const struct rdt *rdt, const char *l3_cache, const char *mem_bw, struct err *err)
{
	const struct wish wish[3] = {{"l3CacheSchema", l3_cache}, {"memBwSchema", mem_bw}};

	if ((l3_cache && strchr(l3_cache, '\n')) || (mem_bw && strchr(mem_bw, '\n')))
		return err_text(err, EINVAL, "Intel RDT: a schema has more than one line");
	if (mem_bw && !str_after(mem_bw, "MB:"))
		return err_text(err, EINVAL, "Intel RDT: \"%s\" does not begin with \"MB:\"",
				mem_bw);
	return fill_class(rdt, wish, err);
}

int rdt_remove(const char *const *record, struct err *err)
{
	for (; record && *record; record++)
		if (rmdir(*record) < 0 && errno != ENOENT)
			return err_set(err, errno, "remove the resctrl group %s", *record);
	return 0;
}

void rdt_dump(const struct request *request, struct buf *buf)
{
	const struct oci_linux *linux_config = request->config->linux_;
	const struct oci_intel_rdt *config = linux_config ? linux_config->intel_rdt : NULL;

	if (!config)
		return;
	buf_printf(buf, "resctrl class=%s monitor=%s\n", class_name(config, request->id),
		   config->enable_monitoring ? request->id : "none");
	if (config->l3_cache_schema)
		buf_printf(buf, "schema %s\n", config->l3_cache_schema);
	if (config->mem_bw_schema)
		buf_printf(buf, "schema %s\n", config->mem_bw_schema);
	for (size_t i = 0; i < config->n_schemata; i++)
		buf_printf(buf, "schema %s\n", config->schemata[i]);
}
