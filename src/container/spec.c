/* SPDX-License-Identifier: Apache-2.0 */

/* A config.json to begin with: what others call their default, so that a bundle made for one of
 * them behaves the same here. */

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "hull.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "version.h"

static const char template[] =
	"{'ociVersion':'" HULL_SPEC_VERSION "',"
	"'process':{'terminal':true,'user':{'uid':0,'gid':0},'args':['sh'],"
	"'env':['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin','TERM=xterm'],"
	"'cwd':'/','capabilities':{"
	"'bounding':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE'],"
	"'effective':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE'],"
	"'permitted':['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE']},"
	"'rlimits':[{'type':'RLIMIT_NOFILE','hard':1024,'soft':1024}],'noNewPrivileges':true},"
	"'root':{'path':'rootfs','readonly':true},'hostname':'hull','mounts':["
	"{'destination':'/proc','type':'proc','source':'proc'},"
	"{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
	"'options':['nosuid','strictatime','mode=755','size=65536k']},"
	"{'destination':'/dev/pts','type':'devpts','source':'devpts',"
	"'options':['nosuid','noexec','newinstance','ptmxmode=0666','mode=0620','gid=5']},"
	"{'destination':'/dev/shm','type':'tmpfs','source':'shm',"
	"'options':['nosuid','noexec','nodev','mode=1777','size=65536k']},"
	"{'destination':'/dev/mqueue','type':'mqueue','source':'mqueue',"
	"'options':['nosuid','noexec','nodev']},"
	"{'destination':'/sys','type':'sysfs','source':'sysfs',"
	"'options':['nosuid','noexec','nodev','ro']},"
	"{'destination':'/sys/fs/cgroup','type':'cgroup','source':'cgroup',"
	"'options':['nosuid','noexec','nodev','relatime','ro']}],"
	"'linux':{'resources':{'devices':[{'allow':false,'access':'rwm'}]},'namespaces':["
	"{'type':'pid'},{'type':'network'},{'type':'ipc'},{'type':'uts'},{'type':'mount'}],"
	"'maskedPaths':['/proc/acpi','/proc/asound','/proc/kcore','/proc/keys',"
	"'/proc/latency_stats','/proc/timer_list','/proc/timer_stats','/proc/sched_debug',"
	"'/sys/firmware','/proc/scsi'],"
	"'readonlyPaths':['/proc/bus','/proc/fs','/proc/irq','/proc/sys','/proc/sysrq-trigger']}}";

static int read_template(struct arena *arena, struct oci_config **ret)
{
	char *text = arena_strdup(arena, template);
	struct oci_report report;

	if (!text)
		return -ENOMEM;
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	oci_report_init(&report, arena);
	return oci_config_read(arena, text, strlen(text), &report, ret);
}

static int add_namespace(struct arena *arena, struct oci_linux *linux_config,
			 enum oci_namespace_type type)
{
	struct oci_namespace *list =
		arena_grow(arena, linux_config->namespaces, linux_config->n_namespaces,
			   linux_config->n_namespaces + 1, sizeof *list);

	if (!list)
		return -ENOMEM;
	list[linux_config->n_namespaces++] = (struct oci_namespace){.type = type, .has_type = true};
	linux_config->namespaces = list;
	return 0;
}

static int map_to(struct arena *arena, uint32_t id, struct oci_id_mapping **ret, size_t *ret_n)
{
	struct oci_id_mapping *mapping = arena_alloc(arena, sizeof *mapping);

	if (!mapping)
		return -ENOMEM;
	*mapping = (struct oci_id_mapping){
		.has_container_id = true,
		.host_id = id,
		.has_host_id = true,
		.size = 1,
		.has_size = true,
	};
	*ret = mapping;
	*ret_n = 1;
	return 0;
}

/* Ids but 0 are not mapped, so a file system cannot give files to them. */
static void drop_ids(struct oci_mount *mount)
{
	size_t n = 0;

	for (size_t i = 0; i < mount->n_options; i++)
		if (!str_after(mount->options[i], "uid=") && !str_after(mount->options[i], "gid="))
			mount->options[n++] = mount->options[i];
	if (n < mount->n_options)
		mount->options[n] = NULL;
	mount->n_options = n;
}

/* A user without privileges has one id, no network to give, no cgroups, and may not mount a sysfs
 * that would show the host's network. */
static int make_rootless(struct arena *arena, struct oci_config *config)
{
	static const char *sys_options[] = {"rbind", "nosuid", "noexec", "nodev", "ro", NULL};
	struct oci_linux *linux_config = config->linux_;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < linux_config->n_namespaces; i++)
		if (linux_config->namespaces[i].type != OCI_NAMESPACE_NETWORK)
			linux_config->namespaces[n++] = linux_config->namespaces[i];
	linux_config->n_namespaces = n;
	r = add_namespace(arena, linux_config, OCI_NAMESPACE_USER);
	if (r == 0)
		r = map_to(arena, geteuid(), &linux_config->uid_mappings,
			   &linux_config->n_uid_mappings);
	if (r == 0)
		r = map_to(arena, getegid(), &linux_config->gid_mappings,
			   &linux_config->n_gid_mappings);
	linux_config->resources = NULL;
	for (size_t i = 0; i < config->n_mounts; i++) {
		struct oci_mount *mount = &config->mounts[i];

		drop_ids(mount);
		if (str_eq(mount->destination, "/sys"))
			*mount = (struct oci_mount){
				.destination = "/sys",
				.type = "none",
				.source = "/sys",
				.options = sys_options,
				.n_options = COUNT_OF(sys_options) - 1,
			};
	}
	return r;
}

static bool unified_cgroups(void)
{
	struct statfs st;

	return statfs("/sys/fs/cgroup", &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

int hull_spec(const struct hull *hull, bool rootless, struct buf *buf, struct err *err)
{
	struct oci_config *config;
	const char *text;
	size_t size;
	int r = read_template(hull->arena, &config);

	if (r == 0 && rootless)
		r = make_rootless(hull->arena, config);
	if (r == 0 && unified_cgroups())
		r = add_namespace(hull->arena, config->linux_, OCI_NAMESPACE_CGROUP);
	if (r == 0)
		r = oci_config_write(hull->arena, config, OCI_TAB, &text, &size);
	if (r < 0)
		return err_set(err, -r, "make a configuration");
	buf_add(buf, text, size);
	return 0;
}
