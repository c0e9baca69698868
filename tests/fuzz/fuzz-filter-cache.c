/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an entry of the filter cache, which is found by a key and must have been written by
 * nobody but hull; still, no content may upset its reader. The fields that nobody guesses (magic,
 * key, checksum, library) can be filled in, so that all else is reached: the first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "seccomp/filter_cache.c"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SET_MAGIC = 1, SET_KEY = 2, SET_LIBRARY = 4, SET_SIZE = 8, SET_CHECKSUM = 16 };

static char place[512];
static int dir = -1;
static struct arena key_arena = ARENA_INIT;
static struct filter_key key;
static char name[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");

	(void)argc;
	(void)argv;
	/* libFuzzer ends without atexit(3): build-and-run gives a directory that it removes */
	if (snprintf(place, sizeof place, "%s/hull-XXXXXX", tmp ? tmp : "/tmp") >=
		    (int)sizeof place ||
	    !mkdtemp(place))
		abort();
	dir = open(place, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (dir < 0 || filter_key_make(&key_arena, "{\"a\": 1}", 8, &key) < 0)
		abort();
	entry_name(&key, name);
	return 0;
}

/* The input, made as good as its first byte says. */
static size_t make_entry(unsigned choice, const uint8_t *data, size_t size, char *text)
{
	struct entry *entry = (void *)text;

	memcpy(text, data, size);
	if (size < sizeof *entry + key.size)
		return size;
	if (choice & SET_MAGIC)
		entry->magic = ENTRY_MAGIC;
	if (choice & SET_KEY) {
		entry->key_size = key.size;
		memcpy(entry + 1, key.data, key.size);
	}
	if (choice & SET_LIBRARY) {
		memset(entry->library, 0, sizeof entry->library);
		memcpy(entry->library, "/proc/self/exe", 15);
		if (stamp_file(entry->library, &entry->library_stamp) < 0)
			abort();
	}
	if (choice & SET_SIZE)
		entry->filter_size = size - sizeof *entry - key.size;
	if (choice & SET_CHECKSUM && size % 8 == 0)
		entry->checksum = entry_checksum(entry, size);
	return size;
}

static void write_entry(const char *text, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct filter filter = {0};
	unsigned sum = 0;
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	if (!text)
		abort();
	size = make_entry(data[0], data + 1, size - 1, text);
	write_entry(text, size);
	if (filter_cache_get(&arena, dir, &key, &filter)) {
		for (size_t i = 0; i < filter.size; i++)
			sum += ((const unsigned char *)filter.data)[i];
		if (filter.size != size - sizeof(struct entry) - key.size ||
		    memcmp(filter.data, text + sizeof(struct entry) + key.size, filter.size) != 0)
			abort();
	}
	free(text);
	return sum == UINT32_MAX ? -1 : 0;
}
