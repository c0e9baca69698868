/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "namespaces/kind.h"
#include "namespaces/namespaces.h"
#include "namespaces/privilege.h"
#include "namespaces/sysctl.h"

#include <linux/capability.h>

enum {
	UTS_NAME_MAX = 64, /* __NEW_UTS_LEN of linux/utsname.h */
	IDMAP_LINES_MAX = 340, /* user_namespaces(7) */
	SYSCTL_VALUE_MAX = 4095, /* procfs takes less than a page */
};

struct check {
	const struct request *request;
	const struct oci_linux *config;
	struct oci_report *report;
};

__attribute__((format(printf, 4, 5))) static void
add(const struct check *c, enum oci_severity severity, const char *path, const char *fmt, ...)
{
	const char *message;
	va_list args;

	va_start(args, fmt);
	message = arena_vprintf(c->report->arena, fmt, args);
	va_end(args);
	oci_report_add(c->report, c->request->text, c->request->text_size, path, severity, "%s",
		       message ? message : fmt);
}

static void try_namespace(const struct check *c, size_t i, const char *path, uint64_t flag)
{
	struct err err = {0};
	AUTO_CLOSE int fd = namespace_open(path, flag, &err);
	char place[48];

	snprintf(place, sizeof place, "linux.namespaces[%zu].path", i);
	if (fd < 0)
		add(c, OCI_ERROR, place, "%s", err.text);
}

static void check_namespaces(const struct check *c)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < c->config->n_namespaces; i++) {
		const struct oci_namespace *entry = &c->config->namespaces[i];
		uint64_t flag = namespace_flag(entry->type);
		char path[48];

		snprintf(path, sizeof path, "linux.namespaces[%zu]", i);
		if (seen & flag)
			add(c, OCI_ERROR, path, "a %s namespace is there twice",
			    namespaces_name(flag));
		seen |= flag;
		if (namespace_has_path(entry) && entry->path[0] != '/')
			add(c, OCI_ERROR, path, "the path must be absolute");
		else if (namespace_has_path(entry) && c->request->inspect)
			try_namespace(c, i, entry->path, flag);
	}
}

static bool overlap(uint32_t a, uint32_t size_a, uint32_t b, uint32_t size_b)
{
	return (uint64_t)a < (uint64_t)b + size_b && (uint64_t)b < (uint64_t)a + size_a;
}

/* What the kernel would refuse as a whole, without saying which line it is. */
static void check_mapping(const struct check *c, const char *name, const struct oci_id_mapping *map,
			  size_t n)
{
	char path[48];

	if (n > IDMAP_LINES_MAX) {
		snprintf(path, sizeof path, "linux.%s", name);
		add(c, OCI_ERROR, path, "the kernel takes at most %d lines", IDMAP_LINES_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof path, "linux.%s[%zu]", name, i);
		if (map[i].size == 0)
			add(c, OCI_ERROR, path, "size must not be 0");
		if ((uint64_t)map[i].container_id + map[i].size > UINT32_MAX ||
		    (uint64_t)map[i].host_id + map[i].size > UINT32_MAX)
			add(c, OCI_ERROR, path, "ends above 4294967294, the highest id");
		for (size_t k = 0; k < i; k++)
			if (overlap(map[i].container_id, map[i].size, map[k].container_id,
				    map[k].size) ||
			    overlap(map[i].host_id, map[i].size, map[k].host_id, map[k].size))
				add(c, OCI_ERROR, path, "overlaps with %s[%zu]", name, k);
	}
}

static void check_mappings(const struct check *c)
{
	const struct oci_linux *config = c->config;
	const char *none = !config->n_uid_mappings ? "linux.uidMappings" : "linux.gidMappings";
	bool any = config->n_uid_mappings || config->n_gid_mappings;
	bool both = config->n_uid_mappings && config->n_gid_mappings;

	check_mapping(c, "uidMappings", config->uid_mappings, config->n_uid_mappings);
	check_mapping(c, "gidMappings", config->gid_mappings, config->n_gid_mappings);
	if (c->request->ns_new & CLONE_NEWUSER) {
		if (!both)
			add(c, OCI_ERROR, none, "a new user namespace needs uid and gid mappings");
		else if (idmap_host_uid(config, 0) < 0 || idmap_host_gid(config, 0) < 0)
			add(c, OCI_ERROR,
			    idmap_host_uid(config, 0) < 0 ? "linux.uidMappings"
							  : "linux.gidMappings",
			    "container id 0 must be mapped, the container is set up by it");
	} else if (any && !namespace_entry(config, CLONE_NEWUSER)) {
		add(c, OCI_ERROR,
		    config->n_uid_mappings ? "linux.uidMappings" : "linux.gidMappings",
		    "User namespace mappings specified, but user namespace isn't enabled in the "
		    "config");
	}
}

/* A rootless user that maps only itself has to give up setgroups (idmap.c). */
static bool setgroups_impossible(const struct check *c)
{
	const struct oci_linux *config = c->config;

	return (c->request->ns_new & CLONE_NEWUSER) && !privilege_has(CAP_SETGID) &&
	       config->n_gid_mappings == 1 && config->gid_mappings[0].size == 1 &&
	       config->gid_mappings[0].host_id == getegid();
}

void namespaces_check_user(const struct request *request, const struct oci_process *process,
			   const char *path, struct oci_report *report)
{
	const struct check c = {request, request->config->linux_, report};
	const struct oci_user *user = process ? process->user : NULL;
	const char *dot = *path ? "." : "";
	char place[96];

	/* A joined namespace has its own maps, which the kernel knows and we do not. */
	if (!user || !c.config || !c.config->n_uid_mappings || !c.config->n_gid_mappings ||
	    (request->ns_joined & CLONE_NEWUSER))
		return;
	snprintf(place, sizeof place, "%s%suser.uid", path, dot);
	if (idmap_host_uid(c.config, user->uid) < 0)
		add(&c, OCI_ERROR, place, "cannot setuid to unmapped uid %u in user namespace",
		    user->uid);
	snprintf(place, sizeof place, "%s%suser.gid", path, dot);
	if (idmap_host_gid(c.config, user->gid) < 0)
		add(&c, OCI_ERROR, place, "cannot setgid to unmapped gid %u in user namespace",
		    user->gid);
	for (size_t i = 0; i < user->n_additional_gids; i++) {
		snprintf(place, sizeof place, "%s%suser.additionalGids[%zu]", path, dot, i);
		if (idmap_host_gid(c.config, user->additional_gids[i]) < 0)
			add(&c, OCI_ERROR, place, "cannot add unmapped gid %u in user namespace",
			    user->additional_gids[i]);
	}
	snprintf(place, sizeof place, "%s%suser.additionalGids", path, dot);
	if (user->n_additional_gids && setgroups_impossible(&c))
		add(&c, OCI_ERROR, place,
		    "cannot set any additional groups in a rootless container");
}

/* Names and sysctls of a namespace that is the host's would change the host. */
static bool has_own(const struct check *c, uint64_t flag)
{
	const struct oci_namespace *entry = namespace_entry(c->config, flag);

	if (!entry)
		return false;
	return !namespace_has_path(entry) || !namespace_is_own(entry->path, flag);
}

static void check_name(const struct check *c, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (!has_own(c, CLONE_NEWUTS))
		add(c, OCI_ERROR, name, "unable to set %s without a private UTS namespace", name);
	if (strlen(value) > UTS_NAME_MAX)
		add(c, OCI_ERROR, name, "longer than %d bytes", UTS_NAME_MAX);
}

static void check_sysctl(const struct check *c, const struct oci_pair *pair)
{
	const char *place = arena_printf(c->report->arena, "linux.sysctl[\"%s\"]", pair->key);
	char path[SYSCTL_PATH_MAX];
	uint64_t flag;

	if (!place)
		place = "linux.sysctl";
	if (sysctl_path(pair->key, path) < 0) {
		add(c, OCI_ERROR, "linux.sysctl", "\"%s\" is not the name of a sysctl", pair->key);
		return;
	}
	flag = sysctl_namespace(path);
	if (str_eq(path, "sys/kernel/hostname")) {
		add(c, OCI_ERROR, place,
		    "sysctl \"%s\" is not allowed as it conflicts with the "
		    "OCI \"hostname\" field",
		    pair->key);
	} else if (!flag) {
		add(c, OCI_ERROR, place, "sysctl \"%s\" is not in a separate kernel namespace",
		    pair->key);
	} else if (!has_own(c, flag)) {
		add(c, OCI_ERROR, place, "sysctl \"%s\" is not allowed in the host's %s namespace",
		    pair->key, namespaces_name(flag));
	}
	if (!pair->value[0])
		add(c, OCI_ERROR, place, "an empty value cannot be written");
	else if (strlen(pair->value) > SYSCTL_VALUE_MAX || strchr(pair->value, '\n'))
		add(c, OCI_ERROR, place, "the value must be one line of at most %d bytes",
		    SYSCTL_VALUE_MAX);
}

static void check_time_offsets(const struct check *c)
{
	const struct oci_time_offsets *offsets = c->config->time_offsets;

	if (!offsets)
		return;
	if (!(c->request->ns_new & CLONE_NEWTIME))
		add(c, OCI_ERROR, "linux.timeOffsets", "only a new time namespace has offsets");
	if (offsets->boottime && offsets->boottime->nanosecs > 999999999)
		add(c, OCI_ERROR, "linux.timeOffsets.boottime.nanosecs", "a second or more");
	if (offsets->monotonic && offsets->monotonic->nanosecs > 999999999)
		add(c, OCI_ERROR, "linux.timeOffsets.monotonic.nanosecs", "a second or more");
}

void namespaces_check(const struct request *request, struct oci_report *report)
{
	static const struct oci_linux empty;
	const struct oci_config *config = request->config;
	const struct check c = {request, config->linux_ ? config->linux_ : &empty, report};

	check_name(&c, "hostname", config->hostname);
	check_name(&c, "domainname", config->domainname);
	check_namespaces(&c);
	check_mappings(&c);
	check_time_offsets(&c);
	for (size_t i = 0; i < c.config->n_sysctl; i++)
		check_sysctl(&c, &c.config->sysctl[i]);
	namespaces_check_user(request, config->process, "process", report);
}
