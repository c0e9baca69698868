/* SPDX-License-Identifier: Apache-2.0 */

/* The table of mount options and what is read from a list of them; paths in the container. */

#include <errno.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/plan.h"
#include "sys/mount.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define READ(o, ...)                                                                               \
	do {                                                                                       \
		const char *const words_[] = {__VA_ARGS__};                                        \
		is_int(mount_options_read(&arena, words_, COUNT(words_), &(o)), 0, "read %s",      \
		       #__VA_ARGS__);                                                              \
	} while (0)

static struct arena arena = ARENA_INIT;

/* config.md, "Linux mount options", all of them. */
static const char *const spec[] = {
	"async",          "atime",      "bind",         "defaults",    "dev",
	"diratime",       "dirsync",    "exec",         "iversion",    "lazytime",
	"loud",           "mand",       "noatime",      "nodev",       "nodiratime",
	"noexec",         "noiversion", "nolazytime",   "nomand",      "norelatime",
	"nostrictatime",  "nosuid",     "nosymfollow",  "private",     "ratime",
	"rbind",          "rdev",       "rdiratime",    "relatime",    "remount",
	"rexec",          "rnoatime",   "rnodiratime",  "rnoexec",     "rnorelatime",
	"rnostrictatime", "rnosuid",    "rnosymfollow", "ro",          "rprivate",
	"rrelatime",      "rro",        "rrw",          "rshared",     "rslave",
	"rstrictatime",   "rsuid",      "rsymfollow",   "runbindable", "rw",
	"shared",         "silent",     "slave",        "strictatime", "suid",
	"symfollow",      "sync",       "tmpcopyup",    "unbindable",  "idmap",
	"ridmap",
};

static void test_table(void)
{
	const char *const *names = mounts_option_names();

	for (size_t i = 0; i < COUNT(spec); i++)
		ok(mount_option_known(spec[i]), "the spec's option %s is known", spec[i]);
	for (size_t i = 1; names[i]; i++)
		ok(strcmp(names[i - 1], names[i]) < 0 && mount_option_known(names[i]),
		   "%s stands behind %s and is found", names[i], names[i - 1]);
	ok(!mount_option_known("size") && !mount_option_known("") && !mount_option_known("zz") &&
		   !mount_option_known("rob"),
	   "other words are not");
}

static void test_bits(void)
{
	struct mount_options o;

	READ(o, "ro", "nosuid", "nodev", "noexec", "nosymfollow", "nodiratime");
	is_int(o.attr.set,
	       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		       MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME,
	       "bits are set");
	is_int(o.attr.clear, 0, "and none cleared");
	READ(o, "ro", "rw");
	ok(o.attr.set == 0 && o.attr.clear == MOUNT_ATTR_RDONLY, "the last word counts: rw");
	READ(o, "rw", "ro");
	ok(o.attr.set == MOUNT_ATTR_RDONLY && o.attr.clear == 0, "the last word counts: ro");
	READ(o, "suid", "dev", "exec", "symfollow", "diratime");
	ok(o.attr.set == 0 &&
		   o.attr.clear == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
				    MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME),
	   "what is allowed explicitly is cleared");
	READ(o, "rro", "rnosuid", "rrw", "rnoatime");
	ok(o.tree.set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME) &&
		   o.tree.clear == (MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME) && o.attr.set == 0,
	   "recursive ones are kept apart");
}

static void test_access_time(void)
{
	struct mount_options o;

	READ(o, "noatime");
	ok(o.attr.set == MOUNT_ATTR_NOATIME && o.attr.clear == MOUNT_ATTR__ATIME, "noatime");
	READ(o, "noatime", "strictatime");
	ok(o.attr.set == MOUNT_ATTR_STRICTATIME && o.attr.clear == MOUNT_ATTR__ATIME,
	   "strictatime takes noatime's place");
	READ(o, "strictatime", "ro", "relatime");
	ok(o.attr.set == MOUNT_ATTR_RDONLY && o.attr.clear == MOUNT_ATTR__ATIME,
	   "relatime is the field's 0");
	READ(o, "noatime", "atime");
	ok(o.attr.set == 0 && o.attr.clear == MOUNT_ATTR__ATIME, "atime takes noatime away");
}

static void test_flags(void)
{
	struct mount_options o;

	READ(o, "rbind", "tmpcopyup", "src-nofollow", "dest-nofollow", "copy-symlink", "remount");
	is_int(o.flags,
	       MOUNT_FLAG_BIND | MOUNT_FLAG_RECURSIVE | MOUNT_FLAG_COPY_UP |
		       MOUNT_FLAG_SRC_NOFOLLOW | MOUNT_FLAG_DEST_NOFOLLOW |
		       MOUNT_FLAG_COPY_SYMLINK | MOUNT_FLAG_REMOUNT,
	       "flags");
	READ(o, "bind", "ridmap");
	is_int(o.flags, MOUNT_FLAG_BIND | MOUNT_FLAG_IDMAP | MOUNT_FLAG_IDMAP_RECURSIVE, "ridmap");
	READ(o, "rslave", "shared");
	ok(o.n_propagation == 2 && o.propagation[0] == (MS_SLAVE | MS_REC) &&
		   o.propagation[1] == MS_SHARED,
	   "propagations keep their order");
	READ(o, "defaults", "silent", "loud", "iversion", "noiversion");
	ok(!o.flags && !o.attr.set && !o.attr.clear && !o.n_data && !o.n_superblock,
	   "words without effect");
}

static void test_data(void)
{
	struct mount_options o;

	READ(o, "sync", "size=64k", "lazytime", "newinstance", "nosuid");
	ok(o.n_superblock == 2 && o.n_data == 2, "what the file system gets");
	is_str(o.superblock[0], "sync", "a flag of the superblock");
	is_str(o.superblock[1], "lazytime", "another one");
	is_str(o.data[0], "size=64k", "its own option");
	is_str(o.data[1], "newinstance", "its own word");
	ok(!o.data[2] && !o.superblock[2], "both lists end with NULL");
	READ(o, "mode=700,size=1k,", ",uid=3");
	ok(o.n_data == 3, "a list in one option is split");
	is_str(o.data[1], "size=1k", "at the commas");
	is_str(o.data[2], "uid=3", "without empty words");
	READ(o, "context=\"system_u:object_r:container_file_t:s0:c1,c2\"");
	ok(o.n_data == 1, "a label's comma divides nothing");
	is_str(o.data[0], "context=system_u:object_r:container_file_t:s0:c1,c2",
	       "and its quotes are gone");
	READ(o, "lowerdir=/a\\,b:/c,upperdir=/u");
	ok(o.n_data == 2, "nor does an escaped comma");
	is_str(o.data[0], "lowerdir=/a\\,b:/c", "which stays as it is");
}

static void test_many(void)
{
	const char *words[PROPAGATIONS_MAX + 1];
	struct mount_options o;

	for (size_t i = 0; i < COUNT(words); i++)
		words[i] = "shared";
	is_int(mount_options_read(&arena, words, COUNT(words), &o), -E2BIG,
	       "too many propagations are refused");
	is_int(mount_options_read(&arena, NULL, 0, &o), 0, "no options at all");
	ok(!o.data[0] && !o.superblock[0], "give empty lists");
}

static void test_paths(void)
{
	static const struct {
		const char *path, *clean;
	} table[] = {
		{"/", "/"},
		{"", "/"},
		{"rel", "/rel"},
		{"//a///b/", "/a/b"},
		{"/a/./b/.", "/a/b"},
		{"/a/../b", "/b"},
		{"/../../x", "/x"},
		{"/a/b/..", "/a"},
		{"/a/..", "/"},
		{"..a/...", "/..a/..."},
		{"/proc/../proc//self/", "/proc/self"},
	};

	for (size_t i = 0; i < COUNT(table); i++)
		is_str(mount_clean_path(&arena, table[i].path), table[i].clean, "clean \"%s\"",
		       table[i].path);
}

/* What a mount is decided to be, or why not. */
static enum mount_form form_of(struct oci_mount mount, const char *options, struct err *err)
{
	static struct oci_config config;
	struct request request = {.arena = &arena, .config = &config, .bundle = "/b"};
	const char *list[] = {options, NULL}, *member;
	struct mount_item item = {0};

	mount.options = list;
	mount.n_options = options != NULL;
	*err = (struct err){0};
	if (mount_item_read(&request, &mount, &item, &member, err) < 0)
		return (enum mount_form) - 1;
	if (item.form == MOUNT_BIND)
		snprintf(err->text, sizeof err->text, "%s", item.source);
	return item.form;
}

static void test_forms(void)
{
	const enum mount_form refused = (enum mount_form) - 1;
	struct err err;

	ok(form_of((struct oci_mount){.destination = "/x", .source = "s"}, "bind", &err) ==
		   MOUNT_BIND,
	   "bind needs no type");
	is_str(err.text, "/b/s", "a relative source is in the bundle");
	ok(form_of((struct oci_mount){.destination = "/x", .type = "bind", .source = "/s"}, NULL,
		   &err) == MOUNT_BIND,
	   "type bind is a bind mount");
	ok(form_of((struct oci_mount){.destination = "/x", .type = "tmpfs"}, "size=1", &err) ==
		   MOUNT_CREATE,
	   "a tmpfs is made");
	ok(form_of((struct oci_mount){.destination = "/x", .type = "cgroup"}, NULL, &err) ==
		   MOUNT_CGROUP,
	   "cgroups are special");
	ok(form_of((struct oci_mount){.destination = "/x"}, "remount", &err) == MOUNT_REMOUNT,
	   "remount");
	ok(form_of((struct oci_mount){.destination = "/x"}, NULL, &err) == refused, "no type");
	ok(form_of((struct oci_mount){.destination = "/x"}, "bind", &err) == refused, "no source");
	ok(form_of((struct oci_mount){.destination = "/x", .source = "/s"}, "rbind,size=3", &err) ==
		   refused,
	   "an unknown word is refused");
	ok(form_of((struct oci_mount){.destination = "/x", .type = "proc"}, "tmpcopyup", &err) ==
		   refused,
	   "tmpcopyup is for tmpfs");
	ok(form_of((struct oci_mount){.destination = "/x", .source = "/s", .type = "bind"}, "idmap",
		   &err) == refused,
	   "idmap without any mapping");
	ok(form_of((struct oci_mount){.destination = "/x",
				      .source = "/s",
				      .type = "bind",
				      .n_uid_mappings = 1},
		   NULL, &err) == refused,
	   "uidMappings without gidMappings");
}

static void test_proc(void)
{
	static const char *const inside[] = {"/proc/self/attr", "/proc/sys", "/proc//x",
					     "/proc/../proc/self", "/proc/net/dev"};
	const enum mount_form refused = (enum mount_form) - 1;
	struct err err;

	for (size_t i = 0; i < COUNT(inside); i++) {
		ok(form_of((struct oci_mount){.destination = inside[i], .type = "tmpfs"}, NULL,
			   &err) == refused,
		   "no mount on %s", inside[i]);
		ok(strstr(err.text, "cannot be mounted because it is inside /proc") != NULL,
		   "and it says so");
	}
	ok(form_of((struct oci_mount){.destination = "/proc/meminfo", .source = "/x"}, "bind",
		   &err) == MOUNT_BIND,
	   "but on what lxcfs supplies");
	ok(form_of((struct oci_mount){.destination = "/proc", .type = "tmpfs"}, NULL, &err) ==
		   refused,
	   "nothing but a procfs on /proc");
	ok(form_of((struct oci_mount){.destination = "/proc", .source = "/tmp"}, "bind", &err) ==
		   refused,
	   "nor a bind mount of something else");
	ok(form_of((struct oci_mount){.destination = "/proc", .source = "/proc"}, "rbind", &err) ==
		   MOUNT_BIND,
	   "one of a procfs may be");
	ok(form_of((struct oci_mount){.destination = "/proc/", .type = "proc"}, NULL, &err) ==
		   MOUNT_CREATE,
	   "a new procfs goes there");
	ok(form_of((struct oci_mount){.destination = "/procs", .type = "tmpfs"}, NULL, &err) ==
		   MOUNT_CREATE,
	   "/procs is another directory");
}

int main(void)
{
	test_table();
	test_bits();
	test_access_time();
	test_flags();
	test_data();
	test_many();
	test_paths();
	test_forms();
	test_proc();
	arena_free(&arena);
	return done_testing();
}
