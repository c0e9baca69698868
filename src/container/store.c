/* SPDX-License-Identifier: Apache-2.0 */
#include "container/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "container/record.h"
#include "libocispec/arena.h"
#include "sys/call.h"

#define LOCK_SECONDS 30
#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A user namespace other than the first maps less than everything (user_namespaces(7)). */
static bool in_user_namespace(void)
{
	char line[64] = "";
	unsigned inside, outside, count;
	AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || io_read_full(fd, line, sizeof line - 1) <= 0)
		return false;
	if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
		return false;
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

const char *store_default_root(struct arena *arena)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");
	bool root = geteuid() == 0;
	bool private = !root || (in_user_namespace() && (!user || !str_eq(user, "root")));

	if (private && runtime_dir && *runtime_dir)
		return arena_printf(arena, "%s/hull", runtime_dir);
	return root ? "/run/hull" : NULL;
}

/* For the owner only, and for the owner whatever the umask is: one of 0777 would lock us out, too.
 */
static int make_directory(int dir, const char *path)
{
	mode_t mask = umask(077);
	int r = mkdirat(dir, path, 0700) < 0 ? -errno : 0;

	umask(mask);
	return r;
}

/* mkdir -p */
static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		int r;

		if (slash)
			*slash = '\0';
		r = make_directory(AT_FDCWD, path);
		if (slash)
			*slash = '/';
		if (r < 0 && r != -EEXIST)
			return r;
		if (!slash)
			return 0;
	}
}

static int set_sticky(int root, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(root, &st) < 0)
		return err_set(err, errno, "stat %s", path);
	/* Not ours to change when somebody else made it for us. */
	if (st.st_mode & S_ISVTX || st.st_uid != geteuid())
		return 0;
	if (fchmod(root, (st.st_mode & 07777) | S_ISVTX) < 0)
		return err_set(err, errno, "chmod %s", path);
	return 0;
}

static int refuse_slash(int root, struct err *err)
{
	struct stat st, slash;

	if (fstat(root, &st) < 0 || stat("/", &slash) < 0)
		return err_set(err, errno, "stat /");
	if (st.st_dev == slash.st_dev && st.st_ino == slash.st_ino)
		return err_text(err, EINVAL, "the state root must not be /");
	return 0;
}

static char *absolute(struct arena *arena, const char *path)
{
	char cwd[PATH_MAX];

	if (*path == '/')
		return arena_strdup(arena, path);
	if (!getcwd(cwd, sizeof cwd))
		return NULL;
	return arena_printf(arena, "%s/%s", cwd, path);
}

int store_open(struct arena *arena, const char *path, bool make, struct store *ret, struct err *err)
{
	AUTO_CLOSE int root = -1;
	char *name;
	int r;

	if (!path)
		return err_text(err, ENOENT,
				"no state directory: XDG_RUNTIME_DIR is not set; use --root");
	if (!*path)
		return err_text(err, EINVAL, "the state root must not be empty");
	name = absolute(arena, path);
	if (!name)
		return err_set(err, ENOMEM, "state root %s", path);
	root = open(name, DIRECTORY);
	if (root < 0 && errno == ENOENT && make) {
		r = make_directories(name);
		if (r < 0)
			return err_set(err, -r, "mkdir %s", name);
		root = open(name, DIRECTORY);
	}
	if (root < 0)
		return err_set(err, errno, "open state root %s", name);
	r = refuse_slash(root, err);
	if (r == 0 && make)
		r = set_sticky(root, name, err);
	if (r == 0)
		*ret = (struct store){fd_take(&root), name};
	return r;
}

void store_end(struct store *store)
{
	fd_close(&store->root);
}

static bool id_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_+-.", c));
}

static bool id_valid(const char *id)
{
	size_t n = 0;

	/* No ".", "..", or hidden name. */
	if (*id == '.')
		return false;
	while (id_character(id[n]))
		n++;
	return n > 0 && n <= NAME_MAX && !id[n];
}

int store_check_id(const char *id, struct err *err)
{
	if (id_valid(id))
		return 0;
	return err_text(err, EINVAL, "invalid container ID format: %.*s%s", 64, id,
			strlen(id) > 64 ? "..." : "");
}

void store_close(struct store_entry *entry)
{
	fd_close(&entry->dir);
	entry->locked = false;
}

/* Whether the name still leads to the directory that we have open: a delete may have removed it,
 * and a create made a new one, while we waited for the lock. */
static int check_still_there(const struct store *store, const struct store_entry *entry)
{
	struct stat now, ours;

	if (fstatat(store->root, entry->id, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(entry->dir, &ours) < 0)
		return -errno;
	return now.st_dev == ours.st_dev && now.st_ino == ours.st_ino ? 0 : -ESTALE;
}

bool store_try_lock(struct store_entry *entry)
{
	entry->locked = sys_call(SYS_flock, entry->dir, LOCK_EX | LOCK_NB) == 0;
	return entry->locked;
}

/* flock(2) that blocks could wait for ever on a stopped (SIGSTOP) peer, and a bounded one needs a
 * signal: ask again in steps that grow to 50 ms. Returns false when the time is up. */
static bool wait_a_little(long *ms, time_t end)
{
	struct timespec now, pause = {0, *ms * 1000000};

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec >= end)
		return false;
	nanosleep(&pause, NULL);
	*ms = *ms < 25 ? *ms * 2 : 50;
	return true;
}

static time_t lock_end(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + LOCK_SECONDS;
}

static int lock_timeout(const char *id, struct err *err)
{
	return err_text(err, EBUSY, "container %s is busy: another command held its lock for %d s",
			id, LOCK_SECONDS);
}

static int not_there(struct err *err)
{
	return err_text(err, ENOENT, "container does not exist");
}

int store_lock(const struct store *store, struct store_entry *entry, struct err *err)
{
	time_t end = lock_end();
	long ms = 1;

	while (!store_try_lock(entry))
		if (!wait_a_little(&ms, end))
			return lock_timeout(entry->id, err);
	if (check_still_there(store, entry) < 0) {
		store_unlock(entry);
		return not_there(err);
	}
	return 0;
}

void store_unlock(struct store_entry *entry)
{
	if (entry->locked)
		(void)sys_call(SYS_flock, entry->dir,
			       LOCK_UN); /* can fail only for no descriptor */
	entry->locked = false;
}

int store_get(const struct store *store, const char *id, bool lock, struct store_entry *ret,
	      struct err *err)
{
	STORE_ENTRY_AUTO struct store_entry entry = {.dir = -1, .id = id};
	int r = store_check_id(id, err);

	if (r < 0)
		return r;
	entry.dir = openat(store->root, id, DIRECTORY | O_NOFOLLOW);
	if (entry.dir < 0 && errno == ENOENT)
		return not_there(err);
	if (entry.dir < 0)
		return err_set(err, errno, "open %s/%s", store->path, id);
	if (lock)
		r = store_lock(store, &entry, err);
	if (r < 0)
		return r;
	*ret = entry;
	entry.dir = -1;
	return 0;
}

/* What is known of an entry that create found: -EEXIST, or 0 when it is the rest of a create. */
static int judge_existing(struct arena *arena, const struct store_entry *entry)
{
	struct store_record record;
	int r = store_load(arena, entry, &record, NULL);

	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	return record.created_done || !entry->locked ? -EEXIST : 0;
}

/* Locks what mkdir made or found. A record under somebody else's lock is a container (in its
 * creation, at least); no record under a lock is one just before its creation or just after its
 * deletion, which we wait for. */
static int lock_new(struct arena *arena, struct store_entry *entry, struct err *err)
{
	time_t end = lock_end();
	long ms = 1;
	int r;

	for (;;) {
		bool locked = store_try_lock(entry);

		r = judge_existing(arena, entry);
		if (r == -EEXIST)
			return err_text(err, EEXIST, "container with given ID already exists");
		if (r < 0)
			return err_set(err, -r, "read record of %s", entry->id);
		if (locked)
			return 0;
		if (!wait_a_little(&ms, end))
			return lock_timeout(entry->id, err);
	}
}

int store_create(struct arena *arena, const struct store *store, const char *id,
		 struct store_entry *ret, bool *ret_stale, struct err *err)
{
	int r = store_check_id(id, err);

	if (r < 0)
		return r;
	for (;;) {
		STORE_ENTRY_AUTO struct store_entry entry = {.dir = -1, .id = id};
		bool made;

		r = make_directory(store->root, id);
		made = r == 0;
		if (r < 0 && r != -EEXIST)
			return err_set(err, -r, "mkdir %s/%s", store->path, id);
		entry.dir = openat(store->root, id, DIRECTORY | O_NOFOLLOW);
		if (entry.dir < 0 && errno == ENOENT)
			continue; /* a delete was quicker */
		if (entry.dir < 0) {
			r = err_set(err, errno, "open %s/%s", store->path, id);
			if (made) /* while it is empty: nobody else has put a record in */
				(void)unlinkat(store->root, id, AT_REMOVEDIR);
			return r;
		}
		r = lock_new(arena, &entry, err);
		if (r < 0) {
			if (made && entry.locked)
				(void)unlinkat(store->root, id, AT_REMOVEDIR); /* it is empty */
			return r;
		}
		if (check_still_there(store, &entry) < 0)
			continue;
		*ret_stale = !made;
		*ret = entry;
		entry.dir = -1;
		return 0;
	}
}

int store_save(const struct store_entry *entry, const struct store_record *record, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int r;

	record_write(record, &text);
	if (text.failed)
		return err_set(err, ENOMEM, "record of %s", entry->id);
	r = io_replace_file(entry->dir, "record", text.data, text.size, 0600);
	if (r < 0)
		return err_set(err, -r, "write record of %s", entry->id);
	return 0;
}

int store_load(struct arena *arena, const struct store_entry *entry, struct store_record *ret,
	       struct err *err)
{
	char *text;
	size_t size;
	int r = io_read_file(arena, entry->dir, "record", RECORD_SIZE_MAX, &text, &size);

	if (r == -ENOENT || r == -EFBIG || r == -EINVAL || r == -EISDIR)
		r = -ENODATA;
	if (r == 0)
		r = record_parse(arena, text, size, ret);
	if (r == -ENODATA)
		return err_text(err, ENODATA,
				"container does not exist: the creation of %s was cut off",
				entry->id);
	if (r < 0)
		return err_set(err, -r, "read record of %s", entry->id);
	return 0;
}
