/* SPDX-License-Identifier: Apache-2.0 */

/* The cache of compiled filters: a hit is what a compile gives, and nothing odd is ever a hit. */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"
#include "seccomp/filter_cache.h"
#include "tap.h"

#define PROFILE                                                                                    \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[],\"syscalls\":[{\"names\":[\"read\"],"  \
	"\"action\":\"SCMP_ACT_ALLOW\"}]}"

static struct arena arena = ARENA_INIT;
static char dir_path[] = "/tmp/hull-test-XXXXXX";
static int dir = -1;

/* Compiles PROFILE; key is the text that stands for it in the cache. */
static int compile(const char *key, int cache, struct filter *ret)
{
	struct oci_report report;
	struct oci_seccomp *seccomp;
	struct err err;

	oci_report_init(&report, &arena);
	if (oci_seccomp_read(&arena, PROFILE, strlen(PROFILE), &report, &seccomp) < 0)
		return -1;
	return filter_compile(&arena, seccomp, key, strlen(key), cache, ret, &err);
}

/* Looks into the cache only. */
static bool hit(const char *key, struct filter *ret)
{
	struct filter_key whole;

	return filter_key_make(&arena, key, strlen(key), &whole) == 0 &&
	       filter_cache_get(&arena, dir, &whole, ret);
}

static bool same(const struct filter *a, const struct filter *b)
{
	return a->size == b->size && a->size > 0 && memcmp(a->data, b->data, a->size) == 0 &&
	       a->flags == b->flags && a->notify == b->notify;
}

/* Number of entries; the name of the last one goes to name. */
static unsigned entries(char name[256])
{
	DIR *list = opendir(dir_path);
	struct dirent *d;
	unsigned n = 0;

	while (list && (d = readdir(list)))
		if (d->d_name[0] != '.') {
			memcpy(name, d->d_name, strlen(d->d_name) + 1);
			n++;
		}
	if (list)
		closedir(list);
	return n;
}

static void clear(void)
{
	char name[256];

	while (entries(name) > 0 && unlinkat(dir, name, 0) == 0)
		;
}

static void test_hit(void)
{
	struct filter plain, first, second, cached;
	char name[256];

	if (!ok(compile(PROFILE, -1, &plain) == 0, "compiles without a cache"))
		return;
	ok(!hit(PROFILE, &cached), "an empty cache knows nothing");
	ok(compile(PROFILE, dir, &first) == 0 && same(&plain, &first), "compiles with one");
	is_int(entries(name), 1, "and leaves one entry");
	ok(hit(PROFILE, &cached) && same(&plain, &cached), "a hit equals the compile");
	ok(!hit(PROFILE " ", &cached), "another text is a miss");
	ok(compile(PROFILE, dir, &second) == 0 && same(&plain, &second), "the next compile hits");
	is_int(entries(name), 1, "still one entry");
}

/* Every byte of an entry counts: each one is turned over once. */
static void test_damage(void)
{
	struct filter cached;
	char name[256], *data;
	size_t size, wrong = 0;
	int fd;

	if (entries(name) != 1 || io_read_file(&arena, dir, name, 1 << 20, &data, &size) < 0) {
		ok(false, "there is an entry to damage");
		return;
	}
	fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < size; i++) {
		char bad = (char)~data[i];

		if (pwrite(fd, &bad, 1, (off_t)i) != 1)
			break;
		wrong += hit(PROFILE, &cached);
		if (pwrite(fd, data + i, 1, (off_t)i) != 1)
			break;
	}
	is_int(wrong, 0, "no entry with a damaged byte of %zu is a hit", size);
	ok(hit(PROFILE, &cached), "mended it is one again");
	wrong = 0;
	for (size_t i = size; i-- > 0;) {
		if (ftruncate(fd, (off_t)i) < 0)
			break;
		wrong += hit(PROFILE, &cached);
	}
	is_int(wrong, 0, "no truncated entry is a hit");
	close(fd);
	ok(compile(PROFILE, dir, &cached) == 0 && hit(PROFILE, &cached),
	   "a compile replaces a bad entry");
}

static void test_owner(void)
{
	struct filter cached;
	char name[256];

	if (entries(name) != 1)
		return;
	(void)!fchmodat(dir, name, 0620, 0);
	ok(!hit(PROFILE, &cached), "an entry that the group can write is a miss");
	(void)!fchmodat(dir, name, 0600, 0);
	fchmod(dir, 0702);
	ok(!hit(PROFILE, &cached), "so is all in a directory that others can write");
	fchmod(dir, 0700);
	ok(hit(PROFILE, &cached), "with the right modes it is a hit");
	if (geteuid() == 0) {
		ok(fchownat(dir, name, 1, 1, 0) == 0 && !hit(PROFILE, &cached),
		   "an entry of somebody else is a miss");
		ok(fchown(dir, 1, 1) == 0 && fchownat(dir, name, 0, 0, 0) == 0 &&
			   !hit(PROFILE, &cached),
		   "so is all in a directory of somebody else");
		ok(fchown(dir, 0, 0) == 0 && hit(PROFILE, &cached), "given back it is a hit");
	} else {
		skip_test("entries of somebody else", "needs root");
	}
	unlinkat(dir, name, 0);
	ok(symlinkat("/etc/passwd", dir, name) == 0 && !hit(PROFILE, &cached),
	   "a symlink is a miss");
	unlinkat(dir, name, 0);
	ok(mkfifoat(dir, name, 0600) == 0 && !hit(PROFILE, &cached), "a FIFO is a miss");
}

static void test_library(void)
{
	struct filter_key key;
	struct filter filter, cached;
	char library[] = "/tmp/hull-test-library-XXXXXX";
	int fd = mkstemp(library);

	if (!ok(fd >= 0 && compile(PROFILE, -1, &filter) == 0 &&
			filter_key_make(&arena, "library", 7, &key) == 0,
		"a filter made by some library"))
		return;
	filter_cache_put(&arena, dir, &key, library, &filter);
	ok(hit("library", &cached) && same(&filter, &cached), "is a hit");
	ok(write(fd, "x", 1) == 1 && !hit("library", &cached), "until the library changes");
	unlink(library);
	ok(!hit("library", &cached), "or is gone");
	close(fd);
}

static void test_limit(void)
{
	struct filter filter, cached;
	char key[32], name[256];

	clear();
	for (unsigned i = 0; i < 80; i++) {
		struct timespec time[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};
		struct filter_key whole;

		snprintf(key, sizeof key, "profile %u", i);
		if (compile(PROFILE, -1, &filter) < 0 ||
		    filter_key_make(&arena, key, strlen(key), &whole) < 0)
			break;
		filter_cache_put(&arena, dir, &whole, "/proc/self/exe", &filter);
		/* a coarse clock must not decide what is oldest; the new one is the only one
		 * whose time is the present */
		for (DIR *list = opendir(dir_path); list; closedir(list), list = NULL) {
			struct dirent *d;

			while ((d = readdir(list))) {
				struct stat st;

				if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				    S_ISREG(st.st_mode) && st.st_mtim.tv_sec > 5000)
					utimensat(dir, d->d_name, time, 0);
			}
		}
	}
	is_int(entries(name), 64, "64 entries at most");
	ok(!hit("profile 15", &cached), "the oldest are gone");
	ok(hit("profile 16", &cached) && hit("profile 79", &cached), "the newest are there");
}

int main(void)
{
	if (!filter_library_version()) {
		skip_test("seccomp filters", "no libseccomp");
		return done_testing();
	}
	if (!mkdtemp(dir_path))
		return 1;
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_hit();
	test_damage();
	test_owner();
	test_library();
	test_limit();
	clear();
	close(dir);
	rmdir(dir_path);
	arena_free(&arena);
	return done_testing();
}
