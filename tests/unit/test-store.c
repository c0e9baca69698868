/* SPDX-License-Identifier: Apache-2.0 */
#include "container/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "container/record.h"
#include "libocispec/arena.h"
#include "tap.h"

static const char *const cgroups[] = {"memory:/sys/fs/cgroup/memory/x", "pids:/with\nnewline\\",
				      NULL};
static const struct store_pair annotations[] = {
	{"org.example.key", "a value with  blanks "},
	{"key with blanks\\s", "line\nline\\n"},
	{"empty", ""},
};
static const struct store_record full = {
	.bundle = "/var/lib/some bundle",
	.rootfs = "/root\nfs",
	.created = "2026-01-02T03:04:05.678901234Z",
	.boot_id = "0f2f0e3c-0000-4000-8000-000000000000",
	.pid = 4711,
	.start_time = UINT64_MAX,
	.cgroup_driver = 1,
	.cgroups = cgroups,
	.created_done = true,
	.owner = 4294967294,
	.ns_new = 0x20020000,
	.annotation = annotations,
	.n_annotations = 3,
};

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool same_record(const struct store_record *got)
{
	bool same = same_text(got->bundle, full.bundle) && same_text(got->rootfs, full.rootfs) &&
		    same_text(got->created, full.created) && got->pid == full.pid &&
		    same_text(got->boot_id, full.boot_id) && got->start_time == full.start_time &&
		    got->cgroup_driver == full.cgroup_driver && got->created_done &&
		    !got->started && got->owner == full.owner && got->ns_new == full.ns_new &&
		    got->n_annotations == 3 && got->cgroups && !got->cgroups[2];

	for (size_t i = 0; same && i < 3; i++)
		same = same_text(got->annotation[i].key, annotations[i].key) &&
		       same_text(got->annotation[i].value, annotations[i].value);
	return same && same_text(got->cgroups[0], cgroups[0]) &&
	       same_text(got->cgroups[1], cgroups[1]);
}

static int parse(const char *text, size_t size)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct store_record record;

	return record_parse(&arena, text, size, &record);
}

static void test_record(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	AUTO_BUF struct buf text = BUF_INIT, again = BUF_INIT;
	struct store_record record;
	bool torn = true;

	record_write(&full, &text);
	is_int(record_parse(&arena, text.data, text.size, &record), 0, "a record is read back");
	ok(same_record(&record), "  as it was");
	record_write(&record, &again);
	is_str(again.data, text.data, "  and written the same");
	for (size_t n = 0; n < text.size; n++)
		torn = torn && parse(text.data, n) == -ENODATA;
	ok(torn, "no prefix of a record is a record");
	buf_str(&text, "x");
	is_int(parse(text.data, text.size), -ENODATA, "something behind the end");
}

/* Replaces what in a good record. */
static void refuse(const char *what, const char *with, const char *name)
{
	AUTO_BUF struct buf text = BUF_INIT, changed = BUF_INIT;
	const char *at;

	record_write(&full, &text);
	at = strstr(text.data, what);
	if (!ok(at != NULL, "%s: there is something to change", name))
		return;
	buf_add(&changed, text.data, (size_t)(at - text.data));
	buf_str(&changed, with);
	buf_str(&changed, at + strlen(what));
	is_int(parse(changed.data, changed.size), -ENODATA, "  which makes it no record");
}

static void test_bad_records(void)
{
	AUTO_BUF struct buf text = BUF_INIT;

	refuse("hull-record 1", "hull-record 2", "another version");
	refuse("pid 4711", "pid 4711x", "a number with something behind");
	refuse("pid 4711", "pid ", "no number");
	refuse("pid 4711", "pid", "no value");
	refuse("pid 4711\n", "", "a missing key");
	refuse("pid 4711\n", "pid 4711\npid 4711\n", "a key twice");
	refuse("pid 4711\n", "pid 4711\nnew 1\n", "an unknown key");
	refuse("pid 4711\n", "pid 4711\n\n", "an empty line");
	refuse("created-done 1", "created-done 2", "a flag that is none");
	refuse("owner 4294967294", "owner 4294967295", "an id that is none");
	refuse("some bundle", "some \\x bundle", "an unknown escape");
	refuse("annotation empty ", "annotation empty", "an annotation without a value");
	record_write(&full, &text);
	text.data[40] = '\0';
	is_int(parse(text.data, text.size), -ENODATA, "a NUL");
	is_int(parse("", 0), -ENODATA, "nothing");
}

/* Attack S52. */
static void test_ids(void)
{
	static const char *const good[] = {"a", "A-b_c.d+e", "-x", "_", "0", "a..b", "+"};
	static const char *const bad[] = {"",     ".",   "..",       "../x", "a/b",  ".hid", "a b",
					  "a\nb", "a\n", "\xc3\xa9", "a:b",  "a\\b", "~",    "a*"};
	char longest[258];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		is_int(store_check_id(good[i], NULL), 0, "id \"%s\"", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		is_int(store_check_id(bad[i], NULL), -EINVAL, "no id: number %zu", i);
	memset(longest, 'a', sizeof longest);
	longest[255] = '\0';
	is_int(store_check_id(longest, NULL), 0, "255 characters");
	longest[255] = 'a';
	longest[256] = '\0';
	is_int(store_check_id(longest, NULL), -EINVAL, "256 characters");
}

static void test_root(const char *path)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	STORE_AUTO struct store store = STORE_INIT;
	struct err err = {0};
	char deep[200];
	struct stat st;

	is_int(store_open(&arena, "/", false, &store, NULL), -EINVAL, "/ is no state root");
	is_int(store_open(&arena, "/..", true, &store, NULL), -EINVAL, "nor is /..");
	is_int(store_open(&arena, "", true, &store, NULL), -EINVAL, "nor is \"\"");
	is_int(store_open(&arena, NULL, true, &store, &err), -ENOENT, "nor is nothing");
	ok(strstr(err.text, "--root") != NULL, "  and the error says what to do");
	snprintf(deep, sizeof deep, "%s/a/b/c", path);
	is_int(store_open(&arena, deep, false, &store, NULL), -ENOENT, "it is not made to look");
	is_int(store_open(&arena, deep, true, &store, NULL), 0, "it is made to create");
	is_str(store.path, deep, "  with its path");
	ok(stat(deep, &st) == 0 && (st.st_mode & 07777) == 01700, "  sticky and for us alone");
	store_end(&store);
	is_int(store_open(&arena, deep, false, &store, NULL), 0, "  and it is there now");
}

static void test_default_root(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	setenv("USER", "root", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	is_str(store_default_root(&arena), geteuid() == 0 ? "/run/hull" : "/run/user/7/hull",
	       "the default state root");
	unsetenv("XDG_RUNTIME_DIR");
	is_str(store_default_root(&arena), geteuid() == 0 ? "/run/hull" : NULL,
	       "  without XDG_RUNTIME_DIR");
}

static int create(struct arena *arena, const struct store *store, const char *id,
		  struct store_entry *entry, bool *stale)
{
	*stale = false;
	return store_create(arena, store, id, entry, stale, NULL);
}

static void test_create(struct arena *arena, const struct store *store)
{
	STORE_ENTRY_AUTO struct store_entry entry = STORE_ENTRY_INIT, other = STORE_ENTRY_INIT;
	struct store_record record;
	struct err err = {0};
	bool stale;

	is_int(store_get(store, "one", false, &other, &err), -ENOENT, "no such container");
	is_str(err.text, "container does not exist", "  in the words that engines know");
	is_int(store_get(store, "../a", false, &other, NULL), -EINVAL, "no such id");
	is_int(create(arena, store, "one", &entry, &stale), 0, "create");
	ok(!stale && entry.locked, "  new, and locked");
	is_int(store_load(arena, &entry, &record, NULL), -ENODATA, "no record yet");
	record = full;
	record.created_done = false;
	is_int(store_save(&entry, &record, NULL), 0, "the first record");
	is_int(store_create(arena, store, "one", &other, &stale, &err), -EEXIST,
	       "a second create while the first one works");
	is_str(err.text, "container with given ID already exists",
	       "  in the words that engines know");
	store_close(&entry);
	is_int(create(arena, store, "one", &entry, &stale), 0, "a create after one that died");
	ok(stale && entry.locked, "  finds the rest");
	is_int(store_save(&entry, &full, NULL), 0, "now it is done");
	store_close(&entry);
	is_int(create(arena, store, "one", &entry, &stale), -EEXIST, "and the id is taken");
	is_int(store_get(store, "one", true, &entry, NULL), 0, "it is found, with the lock");
	is_int(store_load(arena, &entry, &record, NULL), 0, "  with its record");
	ok(same_record(&record), "  which is right");
}

static void test_remove(struct arena *arena, const struct store *store)
{
	STORE_ENTRY_AUTO struct store_entry entry = STORE_ENTRY_INIT, waiting = STORE_ENTRY_INIT;
	bool stale;

	create(arena, store, "two", &entry, &stale);
	store_save(&entry, &full, NULL);
	io_replace_file(entry.dir, "config.json", "{}", 2, 0600);
	io_replace_file(entry.dir, ".record.123", "{", 1, 0600);
	mkdirat(entry.dir, "notify", 0700);
	io_replace_file(entry.dir, "notify/notify.sock", "", 0, 0600);
	io_replace_file(entry.dir, "precious", "x", 1, 0600);
	is_int(store_get(store, "two", false, &waiting, NULL), 0, "somebody looks");
	is_int(store_remove(store, &entry, NULL), -ENOTEMPTY, "a foreign file is not removed");
	ok(entry.dir >= 0 && entry.locked, "  the entry is ours for a second try");
	ok(faccessat(waiting.dir, "precious", F_OK, 0) == 0, "  the file is there");
	ok(faccessat(waiting.dir, "config.json", F_OK, 0) < 0, "  ours are not");
	unlinkat(waiting.dir, "precious", 0);
	is_int(store_remove(store, &entry, NULL), 0, "the second try removes all");
	is_int(entry.dir, -1, "  the entry is closed");
	is_int(store_lock(store, &waiting, NULL), -ENOENT, "who waited for the lock is told");
	is_int(create(arena, store, "two", &entry, &stale), 0, "the id can be used again");
	is_int(store_lock(store, &waiting, NULL), -ENOENT,
	       "  and the old entry is not the new one");
	store_remove(store, &entry, NULL);
}

/* Somebody holds the lock for 200 ms, then dies of SIGKILL. */
static void test_lock(struct arena *arena, const struct store *store)
{
	STORE_ENTRY_AUTO struct store_entry entry = STORE_ENTRY_INIT;
	int ready[2];
	char byte;
	bool stale;
	pid_t pid;

	create(arena, store, "three", &entry, &stale);
	store_save(&entry, &full, NULL);
	store_close(&entry);
	if (pipe(ready) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		store_get(store, "three", true, &entry, NULL);
		(void)!write(ready[1], "", 1);
		usleep(200000);
		kill(getpid(), SIGKILL);
	}
	(void)!read(ready[0], &byte, 1);
	is_int(store_get(store, "three", false, &entry, NULL), 0, "looking needs no lock");
	ok(!store_try_lock(&entry), "the lock is held");
	is_int(store_lock(store, &entry, NULL), 0, "it is waited for");
	ok(entry.locked && waitpid(pid, NULL, WNOHANG) == pid, "  until its owner died");
	close(ready[0]);
	close(ready[1]);
	store_remove(store, &entry, NULL);
}

static void test_race(struct arena *arena, const struct store *store)
{
	enum { ROUNDS = 20, CREATORS = 8 };
	int winners = 0, status;

	for (int round = 0; round < ROUNDS; round++) {
		STORE_ENTRY_AUTO struct store_entry entry = STORE_ENTRY_INIT;
		bool stale;

		for (int i = 0; i < CREATORS; i++) {
			if (fork() != 0)
				continue;
			if (create(arena, store, "four", &entry, &stale) < 0)
				_exit(1);
			store_save(&entry, &full, NULL);
			_exit(0);
		}
		while (wait(&status) > 0)
			winners += status == 0;
		if (store_get(store, "four", true, &entry, NULL) == 0)
			store_remove(store, &entry, NULL);
	}
	is_int(winners, ROUNDS, "of creates at the same time just one wins");
}

static void test_list(struct arena *arena, const struct store *store)
{
	STORE_ENTRY_AUTO struct store_entry entry = STORE_ENTRY_INIT;
	const char **ids = NULL;
	char name[16];
	bool stale, sorted = true;
	size_t n = 0;

	for (int i = 40; i > 0; i--) {
		snprintf(name, sizeof name, "c%02d", i);
		create(arena, store, name, &entry, &stale);
		store_close(&entry);
	}
	mkdirat(store->root, ".seccomp", 0700);
	io_replace_file(store->root, "file", "", 0, 0600);
	(void)!symlinkat("c01", store->root, "link");
	is_int(store_list(arena, store, &ids, &n, NULL), 0, "list");
	is_int(n, 41, "  of the containers alone");
	for (size_t i = 1; i < n; i++)
		sorted = sorted && strcmp(ids[i - 1], ids[i]) < 0;
	ok(sorted && ids && !ids[n], "  is sorted");
	is_int(store_get(store, "link", false, &entry, NULL), -ENOTDIR,
	       "a symlink is no container");
}

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	STORE_AUTO struct store store = STORE_INIT;
	char path[] = "/tmp/test-store-XXXXXX", command[64];

	if (!mkdtemp(path))
		return 1;
	test_record();
	test_bad_records();
	test_ids();
	test_root(path);
	test_default_root();
	snprintf(command, sizeof command, "%s/root", path);
	if (ok(store_open(&arena, command, true, &store, NULL) == 0, "a state root")) {
		test_create(&arena, &store);
		test_remove(&arena, &store);
		test_lock(&arena, &store);
		test_race(&arena, &store);
		test_list(&arena, &store);
	}
	snprintf(command, sizeof command, "rm -r %s", path);
	return system(command) != 0 || done_testing();
}
