/* SPDX-License-Identifier: Apache-2.0 */

/* What hull implements, whatever this machine offers (features.md): engines decide by it. */

#include <errno.h>

#include "base/buf.h"
#include "base/str.h"
#include "hull.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "lsm/lsm.h"
#include "mounts/mounts.h"
#include "process/process.h"
#include "seccomp/filter.h"
#include "version.h"

static const char *hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL,
};

/* Annotations that reach beyond the container: engines pass them on only when told to. */
static const char *unsafe_annotations[] = {"run.oci.", NULL};

/* All words that the reader accepts. */
static int words(struct arena *arena, const struct oci_enum *from, const char ***ret, size_t *ret_n)
{
	const char **list = arena_array(arena, from->n_words, sizeof *list);

	if (!list)
		return -ENOMEM;
	for (size_t i = 1; i < from->n_words; i++)
		list[i - 1] = from->words[i];
	*ret = list;
	*ret_n = from->n_words - 1;
	return 0;
}

static int capabilities(struct arena *arena, const char ***ret, size_t *ret_n)
{
	const char **list = arena_array(arena, 65, sizeof *list);
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (int i = 0; i < 64 && capability_name(i); i++)
		list[n++] = capability_name(i);
	*ret = list;
	*ret_n = n;
	return 0;
}

static int mount_options(struct arena *arena, struct oci_features *features)
{
	const char *const *names = mounts_option_names();
	const char **list;
	size_t n = 0;

	while (names[n])
		n++;
	list = arena_array(arena, n + 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = names[i];
	features->mount_options = list;
	features->n_mount_options = n;
	return 0;
}

static struct oci_features_switch *on(struct arena *arena, bool enabled)
{
	struct oci_features_switch *ret = arena_alloc(arena, sizeof *ret);

	if (ret)
		*ret = (struct oci_features_switch){.enabled = enabled, .has_enabled = true};
	return ret;
}

struct linux_parts {
	struct oci_features_linux all;
	struct oci_features_cgroup cgroup;
	struct oci_features_seccomp seccomp;
	struct oci_features_intel_rdt rdt;
	struct oci_features_memory_policy memory_policy;
	struct oci_features_mount_extensions mount_extensions;
};

static int fill_linux(struct arena *arena, struct linux_parts *parts)
{
	struct oci_features_linux *all = &parts->all;
	int r;

	parts->cgroup = (struct oci_features_cgroup){
		.v1 = true,
		.has_v1 = true,
		.v2 = true,
		.has_v2 = true,
		.systemd = true,
		.has_systemd = true,
		.systemd_user = true,
		.has_systemd_user = true,
		.rdma = true,
		.has_rdma = true,
	};
	parts->rdt = (struct oci_features_intel_rdt){
		.enabled = true,
		.has_enabled = true,
		.schemata = true,
		.has_schemata = true,
		.monitoring = true,
		.has_monitoring = true,
	};
	all->cgroup = &parts->cgroup;
	all->seccomp = &parts->seccomp;
	all->intel_rdt = &parts->rdt;
	all->memory_policy = &parts->memory_policy;
	all->mount_extensions = &parts->mount_extensions;
	all->apparmor = on(arena, lsm_apparmor_built());
	all->selinux = on(arena, lsm_selinux_built());
	all->net_devices = on(arena, true);
	parts->mount_extensions.idmap = on(arena, true);
	if (!all->apparmor || !all->selinux || !all->net_devices || !parts->mount_extensions.idmap)
		return -ENOMEM;
	r = words(arena, &oci_enum_namespace_type, &all->namespaces, &all->n_namespaces);
	if (r == 0)
		r = capabilities(arena, &all->capabilities, &all->n_capabilities);
	if (r == 0)
		r = filter_features(arena, &parts->seccomp);
	if (r == 0)
		r = words(arena, &oci_enum_memory_policy_mode, &parts->memory_policy.modes,
			  &parts->memory_policy.n_modes);
	if (r == 0)
		r = words(arena, &oci_enum_memory_policy_flag, &parts->memory_policy.flags,
			  &parts->memory_policy.n_flags);
	return r;
}

int hull_features(const struct hull *hull, struct buf *buf, struct err *err)
{
	struct oci_pair annotations[] = {
		{"hull.commit", HULL_COMMIT},
		{"hull.version", HULL_VERSION},
		{"org.opencontainers.runc.checkpoint.enabled", "false"},
		{"io.github.seccomp.libseccomp.version", filter_library_version()},
	};
	struct linux_parts parts = {.all = {.namespaces = NULL}};
	struct oci_features features = {
		.oci_version_min = HULL_SPEC_VERSION_MIN,
		.oci_version_max = HULL_SPEC_VERSION,
		.hooks = hooks,
		.n_hooks = COUNT_OF(hooks) - 1,
		.linux_ = &parts.all,
		.annotations = annotations,
		.n_annotations =
			COUNT_OF(annotations) - !annotations[COUNT_OF(annotations) - 1].value,
		.potentially_unsafe_config_annotations = unsafe_annotations,
		.n_potentially_unsafe_config_annotations = COUNT_OF(unsafe_annotations) - 1,
	};
	const char *text;
	size_t size;
	int r = mount_options(hull->arena, &features);

	if (r == 0)
		r = fill_linux(hull->arena, &parts);
	if (r == 0)
		r = oci_features_write(hull->arena, &features, 4, &text, &size);
	if (r < 0)
		return err_set(err, -r, "write the features");
	buf_add(buf, text, size);
	return 0;
}
