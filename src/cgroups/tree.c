/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/tree.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/number.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "sys/file.h"

enum {
	PROCS_LIMIT = 32 << 20,
	/* A container that makes cgroups while they are counted must not keep us for ever. */
	STEPS_MAX = 1 << 20,
	DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

int tree_make(const char *dir)
{
	char path[4096], *slash = path;
	size_t n = strlen(dir);

	if (mkdir(dir, 0755) == 0)
		return 1;
	if (errno != ENOENT)
		return errno == EEXIST ? 0 : -errno;
	if (n >= sizeof path)
		return -ENAMETOOLONG;
	memcpy(path, dir, n + 1);
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST && access(path, F_OK) < 0)
			return -errno;
		*slash = '/';
	}
	if (mkdir(dir, 0755) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The first directory in fd, or the one behind the entry named after. 1, 0 (no more), -errno. */
static int next_child(int fd, const char *after, char name[256])
{
	__attribute__((cleanup(closedirp))) DIR *stream = NULL;
	const struct dirent *e;
	bool found = !*after;
	int copy = openat(fd, ".", DIRECTORY);

	if (copy < 0)
		return errno == ENOENT ? 0 : -errno;
	stream = fdopendir(copy);
	if (!stream) {
		close(copy);
		return -ENOMEM;
	}
	while ((e = readdir(stream))) {
		if (e->d_type != DT_DIR || str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		if (found) {
			memcpy(name, e->d_name, strlen(e->d_name) + 1);
			return 1;
		}
		found = str_eq(e->d_name, after);
	}
	return 0;
}

struct walk {
	/* Either may be NULL. */
	int (*enter)(int fd, void *user);
	int (*leave)(int parent, const char *name, void *user); /* removes it */
	void *user;
	int fd; /* where it stands */
	struct buf path; /* the way from the top: "a/b/c/" */
	char after[256]; /* the child it came back from */
};

static int walk_down(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, DIRECTORY);

	memcpy(w->after, name, strlen(name) + 1);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	close(w->fd);
	w->fd = fd;
	buf_str(&w->path, name);
	buf_str(&w->path, "/");
	if (w->path.failed)
		return -ENOMEM;
	w->after[0] = '\0';
	return w->enter ? w->enter(fd, w->user) : 0;
}

/* Directories of cgroup file systems cannot be moved to another parent: ".." is where we came
 * from. */
static int walk_up(struct walk *w)
{
	char *path = w->path.data, *name;
	int r, fd = openat(w->fd, "..", DIRECTORY);

	if (fd < 0)
		return -errno;
	close(w->fd);
	w->fd = fd;
	path[w->path.size - 1] = '\0';
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	w->path.size = (size_t)(name - path);
	if (w->leave) {
		/* it is gone then: what is the first child now comes next */
		r = w->leave(fd, name, w->user);
		w->after[0] = '\0';
		return r;
	}
	memcpy(w->after, name, strlen(name) + 1);
	return 0;
}

static int walk(struct walk *w)
{
	int r = w->enter ? w->enter(w->fd, w->user) : 0;

	for (int steps = 0; r >= 0; steps++) {
		char name[256];

		if (steps == STEPS_MAX)
			return -ELOOP;
		r = next_child(w->fd, w->after, name);
		if (r == 1)
			r = walk_down(w, name);
		else if (r == 0 && w->path.size)
			r = walk_up(w);
		else
			return r;
	}
	return r;
}

static int add_pid(struct tree_pids *pids, pid_t pid)
{
	if (pids->n == pids->room) {
		size_t room = pids->room ? 2 * pids->room : 64;
		pid_t *grown = arena_grow(pids->arena, pids->pid, pids->n, room, sizeof *grown);

		if (!grown)
			return -ENOMEM;
		pids->pid = grown;
		pids->room = room;
	}
	pids->pid[pids->n++] = pid;
	return 0;
}

static int add_processes(int fd, void *user)
{
	struct tree_pids *pids = user;
	char *text, *save = NULL;
	size_t size;
	int r = io_read_file(pids->arena, fd, "cgroup.procs", PROCS_LIMIT, &text, &size);

	/* ENODEV, ENOENT: removed meanwhile. EOPNOTSUPP: a threaded cgroup (v2), whose processes
	 * are listed in the one above. */
	if (r == -ENODEV || r == -ENOENT || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	for (char *l = strtok_r(text, "\n", &save); l && r == 0; l = strtok_r(NULL, "\n", &save)) {
		uint64_t pid;

		/* kill(0, …) would be our own process group */
		if (number_u64(l, INT32_MAX, &pid) == 0 && pid > 0 && (pid_t)pid != getpid())
			r = add_pid(pids, (pid_t)pid);
	}
	return r;
}

int tree_pids(const char *dir, struct tree_pids *pids)
{
	struct walk w = {.enter = add_processes, .user = pids};
	int r;

	w.fd = open(dir, DIRECTORY);
	if (w.fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	r = walk(&w);
	close(w.fd);
	buf_free(&w.path);
	return r;
}

static int remove_child(int parent, const char *name, void *user)
{
	(void)user;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int remove_below(int parent, const char *name)
{
	struct walk w = {.leave = remove_child};
	int r;

	w.fd = openat(parent, name, DIRECTORY);
	if (w.fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = walk(&w);
	close(w.fd);
	buf_free(&w.path);
	return r;
}

/* The path may come from a record on disk: what holds the directory must be a cgroup. A cgroup
 * mount itself is on something else, so it can never be what is removed. */
static int open_parent(const char *dir, const char **ret_name)
{
	char path[4096];
	const char *slash = strrchr(dir, '/');
	struct statfs st;
	AUTO_CLOSE int fd = -1;

	if (!slash || slash == dir || !slash[1] || (size_t)(slash - dir) >= sizeof path)
		return -EINVAL;
	memcpy(path, dir, (size_t)(slash - dir));
	path[slash - dir] = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &st) < 0)
		return -errno;
	if (st.f_type != CGROUP_SUPER_MAGIC && st.f_type != CGROUP2_SUPER_MAGIC)
		return -EINVAL;
	*ret_name = slash + 1;
	return fd_take(&fd);
}

int tree_remove(const char *dir)
{
	const char *name;
	AUTO_CLOSE int parent = open_parent(dir, &name);
	int r;

	if (parent < 0)
		return parent == -ENOENT ? 0 : parent;
	r = remove_child(parent, name, NULL);
	if (r != -EBUSY && r != -ENOTEMPTY)
		return r;
	r = remove_below(parent, name);
	return r < 0 ? r : remove_child(parent, name, NULL);
}
