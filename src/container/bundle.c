/* SPDX-License-Identifier: Apache-2.0 */
#include "container/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "lsm/lsm.h"
#include "mounts/mounts.h"
#include "namespaces/namespaces.h"
#include "net/net.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "seccomp/filter.h"
#include "version.h"

bool bundle_host_root(void)
{
	struct stat own;

	/* root of a user namespace is not root of the host. The inode of the initial one is fixed:
	 * PROC_USER_INIT_INO in the kernel's proc_ns.h. */
	return geteuid() == 0 && stat("/proc/self/ns/user", &own) == 0 && own.st_ino == 0xEFFFFFFDU;
}

/* The root file system as an absolute path without symlinks. */
static int find_rootfs(struct arena *arena, struct bundle *bundle, struct oci_report *report)
{
	const struct oci_config *config = bundle->request.config;
	char resolved[PATH_MAX];
	const char *path;
	struct stat st;

	if (!config->root) {
		oci_report_add(report, bundle->text, bundle->size, "root", OCI_ERROR,
			       "missing, a Linux container needs a root file system");
		return 0;
	}
	path = config->root->path;
	if (path[0] != '/')
		path = arena_printf(arena, "%s/%s", bundle->path, path);
	if (!path)
		return -ENOMEM;
	if (!realpath(path, resolved) || stat(resolved, &st) < 0) {
		oci_report_add(report, bundle->text, bundle->size, "root.path", OCI_ERROR, "%s: %s",
			       path, err_name(errno));
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		oci_report_add(report, bundle->text, bundle->size, "root.path", OCI_ERROR,
			       "%s: not a directory", path);
	else if (str_eq(resolved, "/"))
		oci_report_add(report, bundle->text, bundle->size, "root.path", OCI_ERROR,
			       "the host's own root cannot be a container's root");
	bundle->request.rootfs = arena_strdup(arena, resolved);
	return bundle->request.rootfs ? 0 : -ENOMEM;
}

static int read_text(struct arena *arena, struct bundle *bundle, const char *config,
		     struct err *err)
{
	char *text;
	const char *path = config;
	int r;

	if (config[0] != '/')
		path = arena_printf(arena, "%s/%s", bundle->path, config);
	if (!path)
		return err_set(err, ENOMEM, "read %s", config);
	r = io_read_file(arena, AT_FDCWD, path, OCI_MAX_SIZE, &text, &bundle->size);
	if (r == -ENOENT)
		return err_text(err, ENOENT,
				"%s: no such file or directory; a bundle is a directory with a "
				"config.json, `hull spec` writes one",
				path);
	if (r == -EINVAL)
		return err_text(err, EINVAL, "%s: not a regular file", path);
	if (r == -EFBIG)
		return err_text(err, EFBIG, "%s:1:1: larger than the limit of %zu MiB", path,
				OCI_MAX_SIZE >> 20);
	if (r < 0)
		return err_set(err, -r, "%s", path);
	bundle->text = text;
	return 0;
}

int bundle_read(const struct hull *hull, const char *path, const char *config, const char *id,
		struct oci_report *report, struct bundle *ret, struct err *err)
{
	char resolved[PATH_MAX];
	struct bundle bundle = {.config_name = config ? config : "config.json"};
	struct oci_config *read = NULL;
	int r;

	if (!path)
		path = ".";
	if (!realpath(path, resolved))
		return err_set(err, errno, "bundle %s", path);
	bundle.path = arena_strdup(hull->arena, resolved);
	if (!bundle.path)
		return err_set(err, ENOMEM, "bundle %s", path);
	r = read_text(hull->arena, &bundle, bundle.config_name, err);
	if (r < 0)
		return r;
	report->text = bundle.text;
	report->text_size = bundle.size;
	r = oci_config_read(hull->arena, bundle.text, bundle.size, report, &read);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "read %s", bundle.config_name);
	bundle.request = (struct request){
		.arena = hull->arena,
		.config = r == 0 ? read : NULL,
		.text = bundle.text,
		.text_size = bundle.size,
		.id = id,
		.bundle = bundle.path,
		.host_root = bundle_host_root(),
	};
	if (r == 0) {
		r = find_rootfs(hull->arena, &bundle, report);
		if (r < 0)
			return err_set(err, ENOMEM, "read %s", bundle.config_name);
		namespaces_read(&bundle.request);
	}
	*ret = bundle;
	return 0;
}

static void check_hooks(const struct bundle *bundle, const struct oci_hook *hook, size_t n,
			const char *kind, struct oci_report *report)
{
	for (size_t i = 0; i < n; i++) {
		const char *path;

		if (hook[i].path[0] == '/')
			continue;
		path = arena_printf(bundle->request.arena, "hooks.%s[%zu].path", kind, i);
		oci_report_add(report, bundle->text, bundle->size, path ? path : "hooks", OCI_ERROR,
			       "\"%s\" is not an absolute path", hook[i].path);
	}
}

static void check_all_hooks(const struct bundle *bundle, struct oci_report *report)
{
	const struct oci_hooks *hooks = bundle->request.config->hooks;

	if (!hooks)
		return;
	check_hooks(bundle, hooks->prestart, hooks->n_prestart, "prestart", report);
	check_hooks(bundle, hooks->create_runtime, hooks->n_create_runtime, "createRuntime",
		    report);
	check_hooks(bundle, hooks->create_container, hooks->n_create_container, "createContainer",
		    report);
	check_hooks(bundle, hooks->start_container, hooks->n_start_container, "startContainer",
		    report);
	check_hooks(bundle, hooks->poststart, hooks->n_poststart, "poststart", report);
	check_hooks(bundle, hooks->poststop, hooks->n_poststop, "poststop", report);
}

/* config.md, "Specification version": SemVer, and this is 1.x. */
static void check_version(const struct bundle *bundle, struct oci_report *report)
{
	const char *version = bundle->request.config->oci_version, *p = version;
	int parts;

	for (parts = 0; parts < 3; parts++) {
		size_t digits = strspn(p, "0123456789");

		if (!digits || (parts < 2 && p[digits] != '.'))
			break;
		p += digits + (parts < 2);
	}
	if (parts < 3 || (*p && *p != '-' && *p != '+'))
		oci_report_add(report, bundle->text, bundle->size, "ociVersion", OCI_ERROR,
			       "\"%s\" is not a version like %s", version, HULL_SPEC_VERSION);
	else if (!str_after(version, "1."))
		oci_report_add(report, bundle->text, bundle->size, "ociVersion", OCI_ERROR,
			       "version %s is not supported, hull implements %s to %s", version,
			       HULL_SPEC_VERSION_MIN, HULL_SPEC_VERSION);
}

static void check_annotations(const struct bundle *bundle, struct oci_report *report)
{
	const struct oci_config *config = bundle->request.config;

	for (size_t i = 0; i < config->n_annotations; i++)
		if (!config->annotations[i].key[0])
			oci_report_add(report, bundle->text, bundle->size, "annotations[\"\"]",
				       OCI_ERROR, "a key must not be empty");
}

void bundle_check(const struct hull *hull, const struct bundle *bundle, struct oci_report *report)
{
	const struct request *request = &bundle->request;
	const struct oci_config *config = request->config;

	if (!config)
		return;
	check_version(bundle, report);
	check_annotations(bundle, report);
	check_all_hooks(bundle, report);
	namespaces_check(request, report);
	mounts_check(request, report);
	net_check(request, report);
	rdt_check(request, report);
	cgroups_check(request, (enum cgroups_driver)hull->cgroup_driver, report);
	filter_check(request, report);
	if (!config->process) {
		oci_report_add(report, bundle->text, bundle->size, "process", OCI_ERROR,
			       "process property must not be empty");
		return;
	}
	process_check(request, config->process, "process", report);
	lsm_check(request, config->process, "process", report);
}

int bundle_verdict(const struct bundle *bundle, const struct oci_report *report, struct err *err)
{
	char text[800];
	const char *also = "";
	AUTO_BUF struct buf more = BUF_INIT;

	if (!report->n_errors)
		return 0;
	for (size_t i = 0; i < report->n_findings; i++) {
		if (report->findings[i].severity != OCI_ERROR)
			continue;
		oci_finding_format(&report->findings[i], bundle->config_name, text, sizeof text);
		break;
	}
	if (report->n_errors > 1) {
		buf_printf(&more, " (and %zu more; `hull check` shows all)", report->n_errors - 1);
		also = more.data ? more.data : "";
	}
	return err_text(err, EINVAL, "%s%s", text, also);
}

void bundle_log_warnings(const struct bundle *bundle, const struct oci_report *report)
{
	char text[800];

	for (size_t i = 0; i < report->n_findings; i++) {
		if (report->findings[i].severity != OCI_WARNING)
			continue;
		oci_finding_format(&report->findings[i], bundle->config_name, text, sizeof text);
		log_say(LOG_WARNING, "%s", text);
	}
}

int bundle_seccomp(const struct bundle *bundle, int cache_dir, struct process_seccomp *ret,
		   struct err *err)
{
	const struct oci_linux *linux_config = bundle->request.config->linux_;
	struct oci_place place;
	struct filter filter;
	int r;

	*ret = (struct process_seccomp){0};
	if (!linux_config || !linux_config->seccomp)
		return 0;
	r = oci_find(bundle->text, bundle->size, "linux.seccomp", &place);
	if (r < 0)
		return err_set(err, -r, "linux.seccomp");
	r = filter_compile(bundle->request.arena, linux_config->seccomp,
			   bundle->text + place.offset, place.size, cache_dir, &filter, err);
	if (r < 0)
		return r;
	ret->filter.data = filter.data;
	ret->filter.size = filter.size;
	ret->flags = filter.flags;
	ret->notify = filter.notify;
	return 0;
}

int bundle_cache(const struct bundle *bundle, int root)
{
	const struct oci_linux *linux_config = bundle->request.config->linux_;

	if (!linux_config || !linux_config->seccomp)
		return -1;
	if (mkdirat(root, ".seccomp", 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(root, ".seccomp", O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}
