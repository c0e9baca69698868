/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libocispec/arena.h"
#include "tap.h"

static int make_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return fine;
}

static void test_read(int dir)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	char *text = NULL;
	size_t size = 0;

	make_file(dir, "file", "hello");
	is_int(io_read_file(&arena, dir, "file", 5, &text, &size), 0, "a file of just the limit");
	is_str(text, "hello", "  and its text");
	is_int(size, 5, "  and its size");
	is_int(io_read_file(&arena, dir, "file", 4, &text, &size), -EFBIG, "one byte too large");
	is_int(io_read_file(&arena, dir, "none", 4, &text, &size), -ENOENT, "no file");
	is_int(io_read_file(&arena, dir, ".", 4, &text, &size), -EISDIR, "a directory");
	mkfifoat(dir, "fifo", 0600);
	alarm(5);
	is_int(io_read_file(&arena, dir, "fifo", 4, &text, &size), -EINVAL, "a FIFO does not hang");
	alarm(0);
	is_int(io_read_file(&arena, dir, "/dev/zero", 4, &text, &size), -EINVAL, "a device");
	is_int(io_read_file(&arena, dir, "/proc/self/stat", 65536, &text, &size), 0,
	       "a procfs file, whose size is 0");
	ok(size > 20, "  has a text");
}

static void test_read_large(int dir)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	char *text = NULL;
	size_t size = 0;
	int pair[2], fd = openat(dir, "large", O_RDWR | O_CREAT, 0600);

	ok(fd >= 0 && ftruncate(fd, (off_t)4 << 30) == 0, "a sparse file of 4 GiB");
	is_int(io_read_file(&arena, dir, "large", 1 << 20, &text, &size), -EFBIG, "  is refused");
	ok(arena.total < 1 << 20, "  before it is read");
	close(fd);
	if (pipe(pair) < 0 || fork() == 0) {
		char block[1000];

		memset(block, 'x', sizeof block);
		close(pair[0]);
		for (int i = 0; i < 300; i++)
			if (io_write_all(pair[1], block, sizeof block) < 0)
				_exit(1);
		_exit(0);
	}
	close(pair[1]);
	is_int(io_read_fd(&arena, pair[0], 1 << 20, &text, &size), 0, "a pipe in many parts");
	is_int(size, 300000, "  is read to its end");
	ok(text && strspn(text, "x") == size, "  whole");
	close(pair[0]);
	wait(NULL);
}

static size_t count_entries(int dir)
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void test_replace(int dir)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	char stale[64], *text = NULL;
	struct stat st;
	size_t size, before = count_entries(dir);

	is_int(io_replace_file(dir, "state", "one", 3, 0600), 0, "a new file");
	is_int(io_replace_file(dir, "state", "three", 5, 0600), 0, "a replacement");
	io_read_file(&arena, dir, "state", 100, &text, &size);
	is_str(text, "three", "  with the new text");
	ok(fstatat(dir, "state", &st, 0) == 0 && (st.st_mode & 0777) == 0600, "  and its mode");
	is_int(count_entries(dir), before + 1, "  and nothing beside it");
	/* What a killed process with our pid left, here as a trap. */
	snprintf(stale, sizeof stale, ".state.%d", (int)getpid());
	make_file(dir, "victim", "precious");
	ok(symlinkat("victim", dir, stale) == 0, "a stale temporary that is a symlink");
	is_int(io_replace_file(dir, "state", "four", 4, 0600), 0, "  does not disturb");
	io_read_file(&arena, dir, "victim", 100, &text, &size);
	is_str(text, "precious", "  and is not written through");
	is_int(io_replace_file(dir, "none/state", "x", 1, 0600), -ENOENT, "no such directory");
	mkdirat(dir, "taken", 0700);
	before = count_entries(dir);
	is_int(io_replace_file(dir, "taken", "x", 1, 0600), -EISDIR, "a directory in the way");
	is_int(count_entries(dir), before, "  leaves no temporary");
}

static void test_write(int dir)
{
	make_file(dir, "knob", "old");
	is_int(io_write_file(dir, "knob", "new"), 0, "write to a file that exists");
	is_int(io_write_file(dir, "absent", "new"), -ENOENT, "it is never created");
	is_int(io_write_file(AT_FDCWD, "/dev/full", "x"), -ENOSPC, "the device's error comes back");
}

int main(void)
{
	char path[] = "/tmp/test-io-XXXXXX", command[64];
	int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;

	if (dir < 0)
		return 1;
	test_read(dir);
	test_read_large(dir);
	test_replace(dir);
	test_write(dir);
	snprintf(command, sizeof command, "rm -r %s", path);
	return system(command) != 0 || done_testing();
}
