/* SPDX-License-Identifier: Apache-2.0 */

/* Intel RDT: where resctrl is, when schemata agree, what the checks find, what is recorded. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "rdt/mountpoint.h"
#include "rdt/rdt.h"
#include "rdt/schemata.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;
static char root[] = "/tmp/hull-test-rdt-XXXXXX";

static void test_mountpoint(void)
{
	static const struct {
		const char *name, *text, *path;
	} row[] = {
		{"nothing", "", NULL},
		{"no line", "\n\n", NULL},
		{"another type", "22 1 0:5 / /proc rw - proc proc rw\n", NULL},
		{"the usual place",
		 "22 1 0:5 / /proc rw - proc proc rw\n"
		 "36 25 0:32 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n",
		 "/sys/fs/resctrl"},
		{"no tags, no last newline", "36 25 0:32 / /r rw - resctrl none rw", "/r"},
		{"several tags", "36 25 0:32 / /r rw shared:1 master:2 - resctrl none rw\n", "/r"},
		{"an escaped path", "36 25 0:32 / /a\\040b\\134 rw - resctrl none rw\n", "/a b\\"},
		{"the last of two",
		 "1 1 0:1 / /a rw - resctrl x rw\n2 1 0:1 / /b rw - resctrl x rw\n", "/b"},
		{"a bind mount of a group",
		 "1 1 0:1 / /a rw - resctrl x rw\n2 1 0:1 /g /b rw - resctrl x rw\n", "/a"},
		{"a type that begins alike", "1 1 0:1 / /a rw - resctrl2 x rw\n", NULL},
		{"a source of that name", "1 1 0:1 / /a rw - tmpfs resctrl rw\n", NULL},
		{"a line that is cut off", "1 1 0:1 - resctrl x rw\n", NULL},
		{"no fields at all", " - resctrl x rw\n", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++)
		is_str(mountpoint_in(arena_strdup(&arena, row[i].text)), row[i].path, "%s",
		       row[i].name);
}

static void test_schemata(void)
{
	static const char have[] = "    MB:0=100;1= 70\n"
				   "    L3:0=7ff;1=00f\n"
				   "L3CODE:0=1\n";
	static const struct {
		const char *wanted;
		bool covered;
	} row[] = {
		{"", true},
		{"L3:0=7ff;1=f", true},
		{"L3:1=0F", true},
		{"L3: 1 = f ;0=7ff", true},
		{"MB:1=70\nL3:0=7ff\n", true},
		{"L3CODE:0=1", true},
		{"L3:", false},
		{"L3", false},
		{"L3:0", false},
		{"L3:0=7f", false},
		{"L3:0=7fff", false},
		{"L3:0=7ff;1=7ff", false},
		{"L3:2=7ff", false},
		{"L2:0=7ff", false},
		{"L:0=7ff", false},
		{"L3C:0=1", false},
		{"MB:0=10", false},
		{"MB:0=100\nL3:0=1", false},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++)
		is_int(schemata_cover(have, row[i].wanted), row[i].covered, "schemata \"%s\"",
		       row[i].wanted);
	ok(!schemata_cover("", "L3:0=1"), "an empty file covers nothing");
	ok(schemata_cover("", ""), "but nothing");
}

static struct request request_of(const char *rdt, const char *id)
{
	struct request request = {.arena = &arena, .id = id};
	struct oci_report report;
	struct oci_config *config;
	const char *text =
		arena_printf(&arena, "{\"ociVersion\":\"1.3.0\",\"linux\":{\"intelRdt\":{%s}}}",
			     rdt);

	oci_report_init(&report, &arena);
	if (!text || oci_config_read(&arena, text, strlen(text), &report, &config) < 0) {
		ok(false, "the test's own config is valid: %s", rdt);
		config = arena_alloc(&arena, sizeof *config);
	}
	request.config = config;
	request.text = text;
	request.text_size = text ? strlen(text) : 0;
	return request;
}

/* The path of the first finding, or "". */
static const char *place(const char *rdt, const char *id)
{
	struct request request = request_of(rdt, id);
	struct oci_report report;

	oci_report_init(&report, &arena);
	rdt_check(&request, &report);
	return report.n_findings ? report.findings[0].path : "";
}

static void test_check(void)
{
	static const char *const bad[] = {"..",    ".",    "../x",       "a/b",     "/a",
					  "a\\nb", "info", "mon_groups", "mon_data"};
	static const char *const good[] = {"/", "gold", "", "...", "infos"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		is_str(place(arena_printf(&arena, "\"closID\":\"%s\"", bad[i]), "c"),
		       "linux.intelRdt.closID", "closID %s", bad[i]);
	for (size_t i = 0; i < COUNT_OF(good); i++)
		is_str(place(arena_printf(&arena, "\"closID\":\"%s\"", good[i]), "c"), "",
		       "closID %s", good[i]);
	is_str(place("", "info"), "linux.intelRdt", "a container's id that cannot be a closID");
	is_str(place("\"closID\":\"gold\"", "info"), "", "it need not be one");
	is_str(place("\"schemata\":[\"L3:0=1\",\"L3:0=1\\nMB:0=10\"]", "c"),
	       "linux.intelRdt.schemata[1]", "a line too many");
	is_str(place("\"schemata\":[\"\"]", "c"), "linux.intelRdt.schemata[0]", "an empty schema");
	is_str(place("\"l3CacheSchema\":\"MB:0=1\"", "c"), "linux.intelRdt.l3CacheSchema",
	       "memory bandwidth as cache");
}

static void touch(const char *path)
{
	int fd = open(arena_printf(&arena, "%s/%s", root, path), O_CREAT | O_WRONLY | O_CLOEXEC,
		      0600);

	if (fd >= 0)
		close(fd);
}

static struct rdt *decide(const char *config, int want)
{
	struct request request = request_of(config, "c1");
	struct err err = {0};
	struct rdt *rdt;

	is_int(rdt_find(&arena, request.config->linux_, "c1", &rdt, &err), 0, "find with %s",
	       config);
	is_int(rdt_decide(rdt, &err), want, "decide with %s %s", config, err.text);
	return rdt;
}

/* Directories stand in for groups here; tests/live/rdt.py has the files of the kernel, too. */
static void test_record(void)
{
	struct rdt *rdt = decide("\"enableMonitoring\":true", 0);
	const char *const *record = rdt_record(rdt);
	struct err err = {0};

	is_str(record[0], arena_printf(&arena, "%s/c1/mon_groups/c1", root), "the inner first");
	is_str(record[1], arena_printf(&arena, "%s/c1", root), "then the outer");
	ok(!record[2], "and no more");
	ok(!rdt_record(decide("\"closID\":\"gold\",\"schemata\":[\"L3:0=1\"]", 0)),
	   "a class with a name of its own is not removed");
	ok(!rdt_record(decide("\"closID\":\"/\"", 0)), "nor is the root");
	decide("\"closID\":\"gold\"", -ENOENT);
	mkdir(arena_printf(&arena, "%s/c1", root), 0700);
	ok(!rdt_record(decide("", 0)), "nor is what was there before");
	touch("file");
	decide("\"closID\":\"file/x\"", -ENOTDIR);
	is_int(rdt_remove(record, &err), 0, "remove: what is gone is fine");
	ok(access(record[1], F_OK) < 0, "and what is there goes");
	is_int(rdt_remove(NULL, &err), 0, "nothing to remove");
}

static void test_make(void)
{
	struct rdt *rdt = decide("", 0);
	struct err err = {0};
	char *text;
	size_t size;

	is_int(rdt_make(rdt, &err), 0, "make %s", err.text);
	is_int(rdt_attach(rdt, 4711, &err), -ENOENT, "a directory without tasks is no group");
	touch("c1/tasks");
	is_int(rdt_attach(rdt, 4711, &err), 0, "attach %s", err.text);
	io_read_file(&arena, AT_FDCWD, arena_printf(&arena, "%s/c1/tasks", root), 100, &text,
		     &size);
	is_str(text, "4711", "the pid");
	unlink(arena_printf(&arena, "%s/c1/tasks", root));
	is_int(rdt_remove(rdt_record(rdt), &err), 0, "remove");

	/* Without a file schemata the class cannot be finished. */
	rdt = decide("\"schemata\":[\"L3:0=1\"]", 0);
	is_int(rdt_make(rdt, &err), -ENOENT, "a class that cannot be finished");
	ok(access(arena_printf(&arena, "%s/c1", root), F_OK) < 0, "is removed at once");

	/* Somebody else is quicker. */
	rdt = decide("", 0);
	mkdir(arena_printf(&arena, "%s/c1", root), 0700);
	is_int(rdt_make(rdt, &err), 0, "a class that was made meanwhile");
	ok(!rdt_record(rdt), "belongs to who made it");
	rmdir(arena_printf(&arena, "%s/c1", root));
}

int main(void)
{
	test_mountpoint();
	test_schemata();
	if (!mkdtemp(root)) {
		ok(false, "mkdtemp");
		return done_testing();
	}
	setenv("HULL_RESCTRL", root, 1);
	test_check();
	test_record();
	test_make();
	unlink(arena_printf(&arena, "%s/file", root));
	ok(rmdir(root) == 0, "nothing is left");
	arena_free(&arena);
	return done_testing();
}
