/* SPDX-License-Identifier: Apache-2.0 */
#include "container/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "libocispec/arena.h"

/* What hull itself puts into an entry, in the order of removal. Nothing else is ever removed: the
 * directory of a root that was given wrongly must survive. */
static const struct known {
	const char *name;
	int flags;
} known[] = {
	{"start.sock", 0},
	{"notify/notify.sock", 0},
	{"notify", AT_REMOVEDIR},
	{"config.json", 0},
};

/* io_replace_file makes ".NAME.PID" first; a killed hull leaves it. */
static bool is_temporary(const char *name)
{
	return str_after(name, ".record.") || str_after(name, ".config.json.");
}

static void end_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define AUTO_DIRECTORY __attribute__((cleanup(end_directory)))

/* A stream over a descriptor of its own, since closedir(3) closes it. */
static int begin_directory(int dir, DIR **ret)
{
	AUTO_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret = fdopendir(fd);
	if (!*ret)
		return -errno;
	(void)fd_take(&fd);
	return 0;
}

static int remove_one(const struct store_entry *entry, const char *name, int flags, struct err *err)
{
	if (unlinkat(entry->dir, name, flags) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_set(err, errno, "remove %s of container %s", name, entry->id);
	return 0;
}

static int remove_temporary(const struct store_entry *entry, struct err *err)
{
	AUTO_DIRECTORY DIR *directory = NULL;
	struct dirent *each;
	int r = begin_directory(entry->dir, &directory);

	/* The directory itself was removed by a user; or a create that has no descriptors left is
	 * taking itself back, and if there is a temporary file, rmdir will tell. */
	if (r == -ENOENT || r == -EMFILE || r == -ENFILE)
		return 0;
	if (r < 0)
		return err_set(err, -r, "read directory of container %s", entry->id);
	while (r == 0 && (each = readdir(directory)))
		if (is_temporary(each->d_name))
			r = remove_one(entry, each->d_name, 0, err);
	return r;
}

int store_clear(const struct store_entry *entry, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(known); i++)
		r = remove_one(entry, known[i].name, known[i].flags, err);
	if (r == 0)
		r = remove_temporary(entry, err);
	if (r == 0)
		r = remove_one(entry, "record", 0, err);
	return r;
}

int store_remove(const struct store *store, struct store_entry *entry, struct err *err)
{
	int r = store_clear(entry, err);

	if (r == 0 && unlinkat(store->root, entry->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = err_set(err, errno, "remove %s/%s", store->path, entry->id);
	if (r == 0)
		store_close(entry);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A container's directory; anything else in the root is not ours to show. */
static bool is_entry(int root, const struct dirent *each)
{
	int fd;

	if (store_check_id(each->d_name, NULL) < 0)
		return false;
	if (each->d_type != DT_UNKNOWN)
		return each->d_type == DT_DIR;
	fd = openat(root, each->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int store_list(struct arena *arena, const struct store *store, const char ***ret, size_t *ret_n,
	       struct err *err)
{
	AUTO_DIRECTORY DIR *directory = NULL;
	const char **ids = arena_array(arena, 16, sizeof *ids);
	size_t n = 0, room = 16;
	struct dirent *each;
	int r = begin_directory(store->root, &directory);

	if (r < 0)
		return err_set(err, -r, "read state root %s", store->path);
	while (ids && (errno = 0, each = readdir(directory))) {
		if (!is_entry(store->root, each))
			continue;
		if (n + 1 == room)
			ids = arena_grow(arena, ids, n, room *= 2, sizeof *ids);
		if (ids && !(ids[n++] = arena_strdup(arena, each->d_name)))
			ids = NULL;
	}
	if (!ids)
		return err_set(err, ENOMEM, "list of containers");
	if (errno)
		return err_set(err, errno, "read state root %s", store->path);
	qsort(ids, n, sizeof *ids, by_name);
	*ret = ids;
	*ret_n = n;
	return 0;
}
