/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/arena.h"

enum {
	ENTRIES_MAX = 64,
	ENTRY_SIZE_MAX = 4 << 20,
	LIBRARY_MAX = 512,
};

/* To be raised whenever the same key would compile to another filter or this layout changes. */
#define ENTRY_MAGIC 0x31746c66206c6c75u /* "ull flt1" */
#define ENTRY_PREFIX "filter-"

/* A file as it was: a change of its content shows in one of these. */
struct stamp {
	uint64_t device, inode, size;
	int64_t seconds, nanoseconds;
};

/* An entry is this, the key, padding to 8, and the filter. */
struct entry {
	uint64_t magic;
	uint64_t checksum; /* of all that follows */
	uint64_t key_size, filter_size;
	uint64_t flags, notify;
	struct stamp library_stamp;
	char library[LIBRARY_MAX];
};

/* The fixed part of a key; the text of linux.seccomp follows. */
struct key_head {
	uint64_t magic;
	struct stamp hull;
	struct utsname kernel;
};

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* FNV-1a, 64 bits, fed with words instead of bytes: eight times as fast, and good enough to name
 * files and to notice damage. size is a multiple of 8. */
static uint64_t hash_words(const void *data, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u;
	const char *p = data;

	for (size_t i = 0; i < size; i += 8) {
		uint64_t word;

		memcpy(&word, p + i, 8);
		hash = (hash ^ word) * 0x100000001b3u;
		hash ^= hash >> 32; /* multiplication alone never moves high bits down */
	}
	return hash;
}

static int stamp_file(const char *path, struct stamp *ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	memset(ret, 0, sizeof *ret);
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->size = (uint64_t)st.st_size;
	ret->seconds = st.st_mtim.tv_sec;
	ret->nanoseconds = st.st_mtim.tv_nsec;
	return 0;
}

int filter_key_make(struct arena *arena, const char *text, size_t size, struct filter_key *ret)
{
	struct key_head *head;
	size_t whole = sizeof *head + size;

	if (size > ENTRY_SIZE_MAX)
		return -EFBIG;
	head = arena_alloc(arena, padded(whole)); /* zeroed, the padding too */
	if (!head)
		return -ENOMEM;
	head->magic = ENTRY_MAGIC;
	/* The program file stands for hull's version: it differs for each build, too. */
	if (stamp_file("/proc/self/exe", &head->hull) < 0)
		return -ENOENT;
	if (uname(&head->kernel) < 0)
		return -errno;
	/* Which filter fits does not depend on the host's name. */
	memset(head->kernel.nodename, 0, sizeof head->kernel.nodename);
	memset(head->kernel.domainname, 0, sizeof head->kernel.domainname);
	memcpy(head + 1, text, size);
	ret->data = head;
	ret->size = padded(whole);
	return 0;
}

/* Only root (or the user who runs hull) may have been able to write it. */
static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool dir_is_ours(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && is_ours(&st);
}

static void entry_name(const struct filter_key *key, char name[32])
{
	snprintf(name, 32, ENTRY_PREFIX "%016llx",
		 (unsigned long long)hash_words(key->data, key->size));
}

static uint64_t entry_checksum(const struct entry *entry, size_t size)
{
	size_t skip = offsetof(struct entry, key_size);

	return hash_words((const char *)entry + skip, size - skip);
}

static bool entry_is_good(const struct entry *entry, size_t size, const struct filter_key *key)
{
	struct stamp now;

	/* key_size is compared before it is added to anything: no sum can overflow */
	if (entry->magic != ENTRY_MAGIC || entry->key_size != key->size ||
	    entry->filter_size != size - sizeof *entry - key->size || entry->notify > 1)
		return false;
	if (memcmp(entry + 1, key->data, key->size) != 0)
		return false;
	if (entry->checksum != entry_checksum(entry, size))
		return false;
	if (memchr(entry->library, '\0', LIBRARY_MAX) == NULL)
		return false;
	return stamp_file(entry->library, &now) == 0 &&
	       memcmp(&now, &entry->library_stamp, sizeof now) == 0;
}

bool filter_cache_get(struct arena *arena, int dir, const struct filter_key *key,
		      struct filter *ret)
{
	AUTO_CLOSE int fd = -1;
	struct entry *entry;
	struct stat st;
	size_t size;
	char name[32];

	if (!dir_is_ours(dir))
		return false;
	entry_name(key, name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !is_ours(&st))
		return false;
	if (st.st_size < (off_t)(sizeof *entry + key->size) || st.st_size > ENTRY_SIZE_MAX ||
	    st.st_size % 8 != 0)
		return false;
	size = (size_t)st.st_size;
	entry = arena_alloc(arena, size);
	if (!entry || io_read_full(fd, entry, size) != (ssize_t)size ||
	    !entry_is_good(entry, size, key))
		return false;
	ret->data = (char *)(entry + 1) + key->size;
	ret->size = entry->filter_size;
	ret->flags = entry->flags;
	ret->notify = entry->notify;
	return true;
}

/* Makes room for one more. Which file is oldest is told by its time of last change: entries are
 * written once. */
static void drop_oldest(int dir)
{
	struct timespec oldest = {0};
	char victim[64] = "";
	size_t n = 0;
	struct dirent *d;
	/* an own description: fdopendir(3) takes its descriptor over, and reading moves its offset
	 */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list) {
		fd_closep(&fd);
		return;
	}
	while ((d = readdir(list))) {
		struct stat st;

		/* with a dot in front: left by a hull that was killed while it wrote */
		if (!str_after(d->d_name + (d->d_name[0] == '.'), ENTRY_PREFIX) ||
		    strlen(d->d_name) >= sizeof victim ||
		    fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		n++;
		if (victim[0] == '\0' || st.st_mtim.tv_sec < oldest.tv_sec ||
		    (st.st_mtim.tv_sec == oldest.tv_sec && st.st_mtim.tv_nsec < oldest.tv_nsec)) {
			oldest = st.st_mtim;
			memcpy(victim, d->d_name, strlen(d->d_name) + 1);
		}
	}
	closedir(list);
	if (n >= ENTRIES_MAX)
		unlinkat(dir, victim, 0); /* another hull may have done it first */
}

void filter_cache_put(struct arena *arena, int dir, const struct filter_key *key,
		      const char *library, const struct filter *filter)
{
	struct entry *entry;
	size_t size = sizeof *entry + key->size + filter->size;
	char name[32];

	if (size > ENTRY_SIZE_MAX || strlen(library) >= LIBRARY_MAX || !dir_is_ours(dir))
		return;
	entry = arena_alloc(arena, size);
	if (!entry || stamp_file(library, &entry->library_stamp) < 0)
		return;
	entry->magic = ENTRY_MAGIC;
	entry->key_size = key->size;
	entry->filter_size = filter->size;
	entry->flags = filter->flags;
	entry->notify = filter->notify;
	memcpy(entry->library, library, strlen(library) + 1);
	memcpy(entry + 1, key->data, key->size);
	memcpy((char *)(entry + 1) + key->size, filter->data, filter->size);
	entry->checksum = entry_checksum(entry, size);
	drop_oldest(dir);
	entry_name(key, name);
	/* a full disk or a read-only state root only means that the next start compiles again */
	(void)io_replace_file(dir, name, entry, size, 0600);
}
