/* SPDX-License-Identifier: Apache-2.0 */

/* cgroup v2 inside of the container's own: who else may use it, and where exec goes. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "libocispec/arena.h"
#include "sys/file.h"

enum { LIST_LIMIT = 4096, OWN_LIMIT = 64 << 10 };

static int chown_listed(int dir, char *list, uid_t uid)
{
	char *save = NULL;

	for (char *l = strtok_r(list, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		/* a name of a file here, whatever the list says; not every cgroup has them all */
		if (strchr(l, '/') || *l == '.')
			continue;
		if (fchownat(dir, l, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int cgroups_delegate(const struct cgroups *cgroups, uid_t uid, struct err *err)
{
	/* config-linux.md, "Cgroup ownership": for kernels without the list */
	char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	const struct place *p = cgroups->unified ? &cgroups->place[0] : NULL;
	AUTO_CLOSE int dir = -1;
	char *list;
	size_t size;
	int r;

	if (!p || !cgroups->n_places)
		return 0;
	r = io_read_file(cgroups->arena, AT_FDCWD, "/sys/kernel/cgroup/delegate", LIST_LIMIT, &list,
			 &size);
	if (r < 0 && r != -ENOENT)
		return err_set(err, -r, "read /sys/kernel/cgroup/delegate");
	dir = sys_openat(AT_FDCWD, p->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return err_set(err, -dir, "open %s", p->dir);
	if (fchownat(dir, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return err_set(err, errno, "chown %s", p->dir);
	r = chown_listed(dir, r == -ENOENT ? fallback : list, uid);
	return r < 0 ? err_set(err, -r, "chown files of %s", p->dir) : 0;
}

/* The cgroup of init, when that is below the container's: "/sys/fs/cgroup" + "/a/b/init.scope". */
static int init_directory(const struct cgroups *cgroups, pid_t init, const char **ret,
			  struct err *err)
{
	const char *dir = cgroups->place[0].dir, *path, *below;
	struct layout layout;
	char file[64], *text, *end;
	size_t size;
	int r = layout_probe(cgroups->arena, &layout_host, &layout, err);

	if (r < 0)
		return r;
	snprintf(file, sizeof file, "/proc/%d/cgroup", (int)init);
	r = io_read_file(cgroups->arena, AT_FDCWD, file, OWN_LIMIT, &text, &size);
	if (r < 0)
		return err_set(err, -r, "read %s", file);
	path = str_after(text, "0::/");
	end = strchr(text, '\n');
	if (!path || !end || !layout.v2)
		return err_text(err, EINVAL, "%s does not name a cgroup", file);
	*end = '\0';
	*ret = arena_printf(cgroups->arena, "%s/%s", layout.v2->mountpoint, path);
	if (!*ret)
		return err_set(err, ENOMEM, "cgroups");
	below = str_after(*ret, dir);
	if (!below || (*below && *below != '/') || strstr(*ret, "/../"))
		return err_text(err, EINVAL, "init is in %s, not below %s", *ret, dir);
	return 0;
}

int cgroups_exec_directory(const struct cgroups *cgroups, pid_t init, int *ret, struct err *err)
{
	const char *name;
	AUTO_CLOSE int dir = -1;
	char text[256];
	int r;

	*ret = -1;
	if (!cgroups->unified || !cgroups->n_places)
		return 0;
	name = cgroups->place[0].dir;
	dir = sys_openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return err_set(err, -dir, "open %s", name);
	r = knob_read(dir, "cgroup.subtree_control", text, sizeof text);
	if (r < 0)
		return err_set(err, -r, "read %s/cgroup.subtree_control", name);
	/* "No internal processes" (cgroups(7)): clone3 and cgroup.procs would say EBUSY. */
	if (r > 0) {
		r = init_directory(cgroups, init, &name, err);
		if (r < 0)
			return r;
		fd_close(&dir);
		dir = sys_openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (dir < 0)
			return err_set(err, -dir, "open %s", name);
	}
	*ret = fd_take(&dir);
	return 0;
}
