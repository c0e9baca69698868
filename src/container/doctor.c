/* SPDX-License-Identifier: Apache-2.0 */

/* What this machine offers to containers, for people. */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/str.h"
#include "container/store.h"
#include "hull.h"
#include "libocispec/arena.h"
#include "lsm/lsm.h"
#include "seccomp/filter.h"
#include "sys/call.h"
#include "version.h"

/* Calls with arguments that cannot be right: ENOSYS is "not in this kernel", EPERM that
 * this user may not, or a seccomp filter (we are in a container), any other failure means that the
 * call is there. Their numbers are the same on every architecture. */
static const struct probe {
	const char *name;
	long number;
	const char *for_what;
} probes[] = {
	{"pidfd_open", 434, "needed: to know a process for certain (Linux 5.3)"},
	{"clone3", 435, "needed: to start a process in its namespaces and cgroup (Linux 5.3)"},
	{"openat2", 437, "needed: to stay inside a root file system (Linux 5.6)"},
	{"open_tree", 428, "needed: to mount without paths (Linux 5.2)"},
	{"fsopen", 430, "needed: to mount without paths (Linux 5.2)"},
	{"close_range", 436, "to close descriptors at once (Linux 5.9)"},
	{"mount_setattr", 442, "for recursive options and idmapped mounts (Linux 5.12)"},
};

static void say(struct buf *buf, const char *name, const char *value)
{
	buf_printf(buf, "%-22s %s\n", name, value);
}

static void probe_calls(struct buf *buf)
{
	for (size_t i = 0; i < COUNT_OF(probes); i++) {
		long r = sys_call(probes[i].number, -1, 0, -1, -1, 0);

		if (r == -ENOSYS)
			buf_printf(buf, "%-22s missing; %s\n", probes[i].name, probes[i].for_what);
		else if (r == -EPERM)
			buf_printf(buf, "%-22s not permitted here; %s\n", probes[i].name,
				   probes[i].for_what);
		else
			say(buf, probes[i].name, "yes");
	}
}

static void namespaces(struct buf *buf)
{
	static const char *const files[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};

	buf_printf(buf, "%-22s", "namespaces");
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char path[32];

		snprintf(path, sizeof path, "/proc/self/ns/%s", files[i]);
		buf_printf(buf, " %s%s", files[i], access(path, F_OK) == 0 ? "" : " (missing)");
	}
	buf_str(buf, "\n");
}

/* The first line of a small file, or a word in its place. */
static const char *line_of(struct arena *arena, const char *path, const char *missing)
{
	char *text;
	size_t size;

	if (io_read_file(arena, AT_FDCWD, path, 65536, &text, &size) < 0)
		return missing;
	text[strcspn(text, "\n")] = '\0';
	return *text ? text : missing;
}

static void v1_controllers(struct arena *arena, struct buf *buf)
{
	char *text, *rest = NULL;
	size_t size;

	buf_printf(buf, "%-22s", "cgroup v1 hierarchies");
	if (io_read_file(arena, AT_FDCWD, "/proc/self/cgroup", 65536, &text, &size) == 0)
		for (char *line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			char *name = strchr(line, ':');
			char *end = name ? strchr(name + 1, ':') : NULL;

			if (end && end > name + 1)
				buf_printf(buf, " %.*s", (int)(end - name - 1), name + 1);
		}
	buf_str(buf, "\n");
}

static void cgroups(struct arena *arena, struct buf *buf)
{
	struct statfs st;

	if (statfs("/sys/fs/cgroup", &st) < 0) {
		say(buf, "cgroups", "none: /sys/fs/cgroup is missing");
	} else if (st.f_type == CGROUP2_SUPER_MAGIC) {
		say(buf, "cgroups", "v2");
		say(buf, "cgroup v2 controllers",
		    line_of(arena, "/sys/fs/cgroup/cgroup.controllers", "none"));
	} else {
		bool hybrid = statfs("/sys/fs/cgroup/unified", &st) == 0 &&
			      st.f_type == CGROUP2_SUPER_MAGIC;

		say(buf, "cgroups", hybrid ? "v1 with an empty v2 (hybrid)" : "v1");
		v1_controllers(arena, buf);
		if (hybrid)
			say(buf, "cgroup v2 controllers",
			    line_of(arena, "/sys/fs/cgroup/unified/cgroup.controllers", "none"));
	}
	say(buf, "systemd", access("/run/systemd/system", F_OK) == 0 ? "running" : "not running");
}

static void security(struct arena *arena, struct buf *buf)
{
	const char *library = filter_library_version();

	say(buf, "seccomp actions",
	    line_of(arena, "/proc/sys/kernel/seccomp/actions_avail", "not in this kernel"));
	say(buf, "libseccomp", library ? library : "missing: linux.seccomp is refused");
	say(buf, "security modules",
	    line_of(arena, "/sys/kernel/security/lsm", "unknown: securityfs is not mounted"));
	say(buf, "AppArmor in hull", lsm_apparmor_built() ? "yes" : "no");
	say(buf, "SELinux in hull", lsm_selinux_built() ? "yes" : "no");
}

static bool in_path(const char *name)
{
	static const char *const directories[] = {"/usr/bin", "/bin", "/usr/local/bin"};

	for (size_t i = 0; i < COUNT_OF(directories); i++) {
		char path[64];

		snprintf(path, sizeof path, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void rootless(struct arena *arena, struct buf *buf)
{
	bool helpers = in_path("newuidmap") && in_path("newgidmap");

	say(buf, "user namespaces",
	    line_of(arena, "/proc/sys/user/max_user_namespaces", "not in this kernel"));
	say(buf, "newuidmap, newgidmap",
	    helpers ? "yes" : "missing; containers of users without privileges get one id each");
}

int hull_doctor(const struct hull *hull, struct buf *buf, struct err *err)
{
	const char *root = hull->root ? hull->root : store_default_root(hull->arena);
	struct utsname machine;

	if (uname(&machine) < 0)
		return err_set(err, errno, "uname");
	buf_printf(buf, "%-22s %s (%s), runtime-spec %s\n", "hull", HULL_VERSION, HULL_COMMIT,
		   HULL_SPEC_VERSION);
	buf_printf(buf, "%-22s %s %s\n", "kernel", machine.release, machine.machine);
	buf_printf(buf, "%-22s %u\n", "user", geteuid());
	say(buf, "state directory", root ? root : "none: XDG_RUNTIME_DIR is not set");
	namespaces(buf);
	probe_calls(buf);
	cgroups(hull->arena, buf);
	security(hull->arena, buf);
	rootless(hull->arena, buf);
	return buf->failed ? err_set(err, ENOMEM, "doctor") : 0;
}
