/* SPDX-License-Identifier: Apache-2.0 */

/* The in-root resolver against trees that try to lead it out. Needs no privileges. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/resolve.h"
#include "tap.h"

static char base[] = "/tmp/test-resolve-XXXXXX";
static int base_fd, root;

/* Whether fd is the same inode as path below the temporary directory. Closes fd. */
static bool is_at(int fd, const char *path)
{
	struct stat a, b;
	bool same = fd >= 0 && fstat(fd, &a) == 0 &&
		    fstatat(base_fd, path, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino;

	if (fd >= 0)
		close(fd);
	return same;
}

static bool fails(int r, int code)
{
	if (r >= 0)
		close(r);
	else if (r != -code)
		printf("# got errno %d, wanted %d\n", -r, code);
	return r == -code;
}

static bool is_missing(const char *path)
{
	struct stat st;

	return fstatat(base_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static mode_t type_of(const char *path)
{
	struct stat st;

	return fstatat(base_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_mode;
}

static void link_to(const char *target, const char *name)
{
	if (symlinkat(target, root, name) < 0) {
		perror(name);
		exit(1);
	}
}

static void test_plain(void)
{
	ok(is_at(resolve_open(root, "", O_PATH), "root"), "an empty path is the root");
	ok(is_at(resolve_open(root, "/", O_PATH), "root"), "/ is the root");
	ok(is_at(resolve_open(root, "../../..", O_PATH), "root"), "no .. leads above the root");
	ok(fails(resolve_open(root, "/none", O_PATH), ENOENT), "a missing path is missing");
	ok(is_at(resolve_make_directory(root, "/a//b/./c/", 0755), "root/a/b/c"),
	   "directories are made");
	ok((type_of("root/a/b") & 07777) == 0755, "with the mode given");
	ok(is_at(resolve_make_directory(root, "a/b/c", 0700), "root/a/b/c"), "and found again");
	ok(is_at(resolve_make_directory(root, "new/deep/../other", 0755), "root/new/other"),
	   "..: up from a directory just made");
	ok(S_ISDIR(type_of("root/new/deep")), "which is there, too");
	ok(is_at(resolve_make_directory(root, "../../esc", 0755), "root/esc"),
	   "..: not above the root when making");
	ok(is_missing("esc"), "nothing is made beside the root");
	ok(is_at(resolve_make_file(root, "files/x/f", 0640), "root/files/x/f"), "a file is made");
	ok(type_of("root/files/x/f") == (S_IFREG | 0640), "it is a regular file");
	ok((type_of("root/files/x") & 07777) == 0755, "its parents are made with 0755");
	ok(is_at(resolve_make_file(root, "/a/b", 0644), "root/a/b"),
	   "an existing directory is taken as it is");
	ok(fails(resolve_make_directory(root, "files/x/f", 0755), ENOTDIR),
	   "a file is no directory");
	ok(fails(resolve_make_directory(root, "files/x/f/g", 0755), ENOTDIR),
	   "nor can one be made in it");
	ok(fails(resolve_make_file(root, "files/x/f/g", 0644), ENOTDIR), "nor a file");
}

static void test_links_out(void)
{
	char target[PATH_MAX], in_root[PATH_MAX];

	snprintf(target, sizeof target, "%s/outside", base);
	snprintf(in_root, sizeof in_root, "root%s/outside", base);
	link_to(target, "absolute");
	link_to("../outside", "relative");
	link_to("../../../../../../../..", "up");
	link_to("/", "slash");

	ok(fails(resolve_open(root, "absolute", O_PATH), ENOENT),
	   "an absolute link is taken from the root");
	ok(fails(resolve_open(root, "relative/secret", O_PATH), ENOENT), "and one with .. too");
	ok(is_at(resolve_open(root, "up", O_PATH), "root"), "many .. in a link end at the root");
	ok(is_at(resolve_open(root, "slash/a", O_PATH), "root/a"), "a link to / is the root");
	ok(is_at(resolve_make_directory(root, "absolute/dir", 0755),
		 strcat(strcpy(target, in_root), "/dir")),
	   "what an absolute link lacks is made in the root");
	ok(is_at(resolve_make_file(root, "relative", 0644), "root/outside"),
	   "what a relative link lacks, too");
	ok(is_at(resolve_make_file(root, "up/file", 0644), "root/file"), "a file through ..");
	ok(is_missing("outside/dir") && is_missing("outside/file"), "the outside got nothing");
}

static void test_dangling(void)
{
	char name[32], target[32];

	link_to("../run/resolve/stub", "a/stub");
	ok(is_at(resolve_make_file(root, "/a/stub", 0644), "root/run/resolve/stub"),
	   "a file behind a dangling link is made");
	ok(S_ISLNK(type_of("root/a/stub")), "the link stays");
	link_to("gone/one", "half");
	ok(is_at(resolve_make_directory(root, "half/two/three", 0755), "root/gone/one/two/three"),
	   "directories behind a dangling link are made");
	link_to("lnk2", "lnk1");
	link_to("lnk3/sub", "lnk2");
	link_to("/end", "lnk3");
	ok(is_at(resolve_make_directory(root, "lnk1/x", 0755), "root/end/sub/x"),
	   "a chain of dangling links");
	link_to("loop2", "loop1");
	link_to("loop1", "loop2");
	ok(fails(resolve_open(root, "loop1", O_PATH), ELOOP), "a loop is refused");
	ok(fails(resolve_make_directory(root, "loop1/x", 0755), ELOOP), "also when making");
	ok(fails(resolve_make_file(root, "loop1", 0644), ELOOP), "also a file");
	link_to("self/x", "self");
	ok(fails(resolve_make_directory(root, "self", 0755), ELOOP), "a link into itself");

	/* The kernel follows 40 links in one look-up; d0 -> d1 -> ... -> d41 dangles. */
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof name, "c%d", i);
		snprintf(target, sizeof target, "c%d", i + 1);
		link_to(target, name);
	}
	mkdirat(root, "c41", 0755);
	ok(fails(resolve_open(root, "c0", O_PATH), ELOOP), "41 links are too many");
	ok(is_at(resolve_open(root, "c1", O_PATH), "root/c41"), "40 are not");
	ok(fails(resolve_make_directory(root, "c0/x", 0755), ELOOP), "41 are when making, too");
}

static void test_special(void)
{
	char name[300], path[PATH_MAX + 8];

	mkfifoat(root, "fifo", 0644);
	ok(is_at(resolve_open(root, "fifo", O_PATH), "root/fifo"), "a FIFO does not block");
	ok(is_at(resolve_make_file(root, "fifo", 0644), "root/fifo"), "and is a mount point");
	ok(fails(resolve_make_directory(root, "fifo", 0755), ENOTDIR), "but no directory");

	memset(name, 'n', sizeof name);
	name[255] = '\0';
	snprintf(path, sizeof path, "root/%s", name);
	ok(is_at(resolve_make_file(root, name, 0644), path), "a name of 255 bytes");
	name[255] = 'n';
	name[256] = '\0';
	ok(fails(resolve_make_file(root, name, 0644), ENAMETOOLONG), "of 256: too long");
	snprintf(path, sizeof path, "a/%s/b", name);
	ok(fails(resolve_make_directory(root, path, 0755), ENAMETOOLONG), "also in the middle");
	memset(path, 0, sizeof path);
	for (size_t i = 0; i + 2 <= PATH_MAX; i += 2)
		memcpy(path + i, "d/", 2);
	ok(fails(resolve_make_directory(root, path, 0755), ENAMETOOLONG), "a path of 4096 bytes");
}

static void test_parent(void)
{
	static const char *const none[] = {"", "/", "//", ".", "..", "a/..", "a/.", "/./"};
	char name[256];

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(fails(resolve_parent(root, none[i], name), EINVAL), "\"%s\" has no last name",
		   none[i]);
	ok(is_at(resolve_parent(root, "/p1/p2/last//", name), "root/p1/p2"), "the parent is made");
	is_str(name, "last", "the name is cut out");
	ok(is_missing("root/p1/p2/last"), "and not made");
	ok(is_at(resolve_parent(root, "absolute", name), "root"),
	   "a link as the last is not followed");
}

static void test_magic(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ok(fails(resolve_open(proc, "self/root", O_PATH), ELOOP), "magic links are refused: root");
	ok(fails(resolve_open(proc, "self/cwd/etc", O_PATH), ELOOP),
	   "magic links are refused: cwd");
	ok(fails(resolve_open(proc, "self/fd/0", O_PATH), ELOOP), "magic links are refused: fd");
	close(proc);
}

static void test_content(void)
{
	int fd = openat(root, "content", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	ok(write(fd, "text", 4) == 4, "a file with content");
	close(fd);
	fd = resolve_make_file(root, "content", 0644);
	ok(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 4 && (st.st_mode & 0777) == 0600,
	   "is neither truncated nor changed");
	close(fd);
}

int main(void)
{
	char command[sizeof base + 16];

	umask(022);
	if (!mkdtemp(base))
		return 1;
	base_fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(base_fd, "root", 0755);
	mkdirat(base_fd, "outside", 0755);
	mkdirat(base_fd, "outside/secret", 0755);
	root = openat(base_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	test_plain();
	test_links_out();
	test_dangling();
	test_special();
	test_parent();
	test_magic();
	test_content();
	snprintf(command, sizeof command, "rm -rf %s", base);
	ok(system(command) == 0, "clean up");
	return done_testing();
}
