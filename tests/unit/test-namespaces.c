/* SPDX-License-Identifier: Apache-2.0 */

/* Namespaces: which are made when, sysctl names, the checks. */

#include <errno.h>
#include <sched.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "namespaces/kind.h"
#include "namespaces/namespaces.h"
#include "namespaces/sysctl.h"
#include "plan/build.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

/* A request for linux: {namespaces: [namespaces], more}. */
static struct request request_of(const char *namespaces, const char *more)
{
	struct request request = {.arena = &arena, .dry = true};
	struct oci_report report;
	struct oci_config *config;
	const char *text =
		arena_printf(&arena, "{\"ociVersion\":\"1.3.0\",\"linux\":{\"namespaces\":[%s]%s}}",
			     namespaces, more);

	oci_report_init(&report, &arena);
	if (!text || oci_config_read(&arena, text, strlen(text), &report, &config) < 0) {
		ok(false, "the test's own config is valid: %s", namespaces);
		config = arena_alloc(&arena, sizeof *config);
	}
	request.config = config;
	request.text = text;
	request.text_size = text ? strlen(text) : 0;
	namespaces_read(&request);
	return request;
}

#define NEW(type) "{\"type\":\"" type "\"}"
#define AT(type) "{\"type\":\"" type "\",\"path\":\"/nowhere/" type "\"}"

static void test_read(void)
{
	struct request r = request_of(NEW("pid") "," AT("network") "," NEW("user"), "");

	is_int((long long)r.ns_new, CLONE_NEWPID | CLONE_NEWUSER, "new ones");
	is_int((long long)r.ns_joined, CLONE_NEWNET, "those with a path are joined");
	r = request_of("{\"type\":\"uts\",\"path\":\"\"}", "");
	is_int((long long)r.ns_new, CLONE_NEWUTS, "an empty path is none");
	r = request_of("{\"type\":\"user\",\"path\":\"/proc/self/ns/user\"}", "");
	is_int((long long)(r.ns_new | r.ns_joined), 0,
	       "the user namespace that we are in need not be joined");
	r = request_of("", "");
	is_int((long long)(r.ns_new | r.ns_joined), 0, "no namespaces");
	is_str(namespaces_file(CLONE_NEWNS), "mnt", "the file of a mount namespace");
	is_str(namespaces_name(CLONE_NEWNET), "network", "the word for a network namespace");
	ok(!namespaces_file(1), "no file for an unknown flag");
}

static void test_birth(void)
{
	static const struct {
		const char *name, *namespaces;
		uint64_t birth, late;
	} row[] = {
		{"user and pid", NEW("user") "," NEW("pid") "," NEW("mount"),
		 CLONE_NEWUSER | CLONE_NEWPID, 0},
		{"pid alone", NEW("pid") "," NEW("network"), CLONE_NEWPID, 0},
		{"pid with a joined network", NEW("pid") "," AT("network"), CLONE_NEWPID, 0},
		{"joined pid", AT("pid"), 0, CLONE_NEWPID},
		{"joined user", AT("user") "," NEW("pid"), 0, CLONE_NEWPID},
		{"new user, joined network", NEW("user") "," NEW("pid") "," AT("network"), 0,
		 CLONE_NEWUSER | CLONE_NEWPID},
		{"nothing", NEW("mount"), 0, 0},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct request r = request_of(row[i].namespaces, "");

		is_int((long long)namespaces_at_birth(&r), (long long)row[i].birth,
		       "%s: made by clone", row[i].name);
		is_int((long long)namespaces_late(&r), (long long)row[i].late,
		       "%s: left to hull-init", row[i].name);
	}
}

/* The steps of namespaces_plan, names only. */
static const char *steps_of(struct request *request)
{
	struct plan *p = plan_new(&arena);
	const char *text = "";
	struct err err = {0};
	AUTO_BUF struct buf buf = BUF_INIT;
	char *from, *line;

	if (!p || namespaces_plan(request, p, &err) < 0)
		return err.text[0] ? arena_strdup(&arena, err.text) : "no plan";
	plan_dump(p, &buf);
	from = buf.data ? buf.data : (char *)(uintptr_t) "";
	while ((line = strsep(&from, "\n")))
		if (*line && *line != '#')
			text = arena_printf(&arena, "%s%s%.*s", text, *text ? " " : "",
					    (int)strcspn(line, " "), line);
	plan_free(p);
	return text;
}

static void test_order(void)
{
	struct request r = request_of(NEW("pid") "," NEW("mount") "," NEW("network"), "");

	is_str(steps_of(&r), "unshare loopback_up", "the usual container");
	r = request_of(NEW("mount") "," AT("network"), "");
	is_str(steps_of(&r), "join unshare", "a joined network has its loopback");
	r = request_of(AT("pid") "," NEW("mount"), "");
	is_str(steps_of(&r), "join unshare sibling new_session",
	       "a joined pid namespace takes a fork");
	r = request_of(AT("user") "," AT("ipc") "," NEW("mount"), "");
	is_str(steps_of(&r), "join join become_root unshare", "user after the others");
	r = request_of(NEW("user") "," AT("network") "," NEW("pid") "," NEW("mount"), "");
	is_str(steps_of(&r), "join unshare barrier become_root unshare sibling new_session",
	       "joins first, then a user namespace, and what it shall own after it");
	r = request_of(NEW("time"), ",\"timeOffsets\":{\"boottime\":{\"secs\":5}}");
	is_str(steps_of(&r), "unshare procfs proc_write close", "time offsets");
	r = request_of(NEW("time") "," AT("user"), ",\"timeOffsets\":{\"boottime\":{\"secs\":5}}");
	is_str(steps_of(&r), "unshare procfs proc_write close join become_root",
	       "time offsets before another user namespace");
	r = request_of(NEW("cgroup"), "");
	is_str(steps_of(&r), "", "the cgroup namespace has to wait");
}

static void test_sysctl_path(void)
{
	static const struct {
		const char *key, *path; /* path NULL: refused */
	} row[] = {
		{"net.ipv4.ip_forward", "sys/net/ipv4/ip_forward"},
		{"net/ipv4/ip_forward", "sys/net/ipv4/ip_forward"},
		{"net.ipv4.conf.eth0/100.forwarding", "sys/net/ipv4/conf/eth0.100/forwarding"},
		{"net/ipv4/conf/eth0.100/forwarding", "sys/net/ipv4/conf/eth0.100/forwarding"},
		{"fs.mqueue.msg_max", "sys/fs/mqueue/msg_max"},
		{"kernel", "sys/kernel"},
		{"", NULL},
		{".", NULL},
		{"/net/ipv4", NULL},
		{"net..ipv4", NULL},
		{"net.ipv4.", NULL},
		{"net../../kernel/hostname", NULL},
		{"net/../kernel/core_pattern", NULL},
		{"fs.mqueue/../../kernel/domainname", "sys/fs/mqueue.///.kernel.domainname"},
		{"net/./ipv4", NULL},
		{"kernel.domainname\nx", NULL},
		{"kernel.domain name", NULL},
		{"kernel.\x7f", NULL},
		{"net.\xc3\xa9", NULL},
	};
	char path[SYSCTL_PATH_MAX], key[SYSCTL_PATH_MAX + 2];

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		int r = sysctl_path(row[i].key, path);

		/* The one row that would have a path is refused for its empty names. */
		if (row[i].path && !strstr(row[i].path, "//"))
			is_str(r == 0 ? path : "refused", row[i].path, "\"%s\"", row[i].key);
		else
			is_int(r, -EINVAL, "row %zu is refused", i);
	}
	memset(key, 'a', sizeof key);
	key[SYSCTL_PATH_MAX - 5] = '\0';
	is_int(sysctl_path(key, path), 0, "the longest name");
	key[SYSCTL_PATH_MAX - 5] = 'a';
	key[SYSCTL_PATH_MAX - 4] = '\0';
	is_int(sysctl_path(key, path), -EINVAL, "one byte more");
}

static void test_sysctl_namespace(void)
{
	static const struct {
		const char *path;
		uint64_t flag;
	} row[] = {
		{"sys/net/ipv4/ip_forward", CLONE_NEWNET},
		{"sys/kernel/shmmax", CLONE_NEWIPC},
		{"sys/kernel/shm_rmid_forced", CLONE_NEWIPC},
		{"sys/kernel/sem", CLONE_NEWIPC},
		{"sys/fs/mqueue/msg_max", CLONE_NEWIPC},
		{"sys/kernel/domainname", CLONE_NEWUTS},
		{"sys/user/max_user_namespaces", CLONE_NEWUSER},
		{"sys/kernel/core_pattern", 0},
		{"sys/kernel/hostname", 0},
		{"sys/kernel/shmmaxx", 0},
		{"sys/kernel/sem/x", 0},
		{"sys/kernel", 0},
		{"sys/fs/mqueue", 0},
		{"sys/network/x", 0},
		{"sys/vm/overcommit_memory", 0},
		{"net/ipv4/ip_forward", 0},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++)
		is_int((long long)sysctl_namespace(row[i].path), (long long)row[i].flag,
		       "namespace of %s", row[i].path);
}

static size_t errors_of(const char *namespaces, const char *more)
{
	struct request r = request_of(namespaces, more);
	struct oci_report report;

	oci_report_init(&report, &arena);
	namespaces_check(&r, &report);
	return report.n_errors;
}

static void test_check(void)
{
	char *value = arena_alloc(&arena, 65537);

	memset(value, '1', 65536);
	is_int((long long)errors_of(NEW("network"), ",\"sysctl\":{\"net.core.somaxconn\":\"256\"}"),
	       0, "a network sysctl in a network namespace");
	is_int((long long)errors_of("", ",\"sysctl\":{\"net.core.somaxconn\":\"256\"}"), 1,
	       "the host's network is not touched");
	is_int((long long)errors_of("{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}",
				    ",\"sysctl\":{\"net.core.somaxconn\":\"256\"}"),
	       1, "not by another name either");
	is_int((long long)errors_of(NEW("uts"), ",\"sysctl\":{\"kernel.hostname\":\"x\"}"), 1,
	       "kernel.hostname has a place of its own");
	is_int((long long)errors_of(NEW("uts") "," NEW("ipc") "," NEW("network"),
				    ",\"sysctl\":{\"kernel.core_pattern\":\"|/x\"}"),
	       1, "kernel.core_pattern (CVE-2022-0811)");
	is_int((long long)errors_of(NEW("uts"), ",\"sysctl\":{\"kernel.domainname\":\"a\\nb\"}"), 1,
	       "a value of two lines");
	is_int((long long)errors_of(NEW("uts"), ",\"sysctl\":{\"kernel.domainname\":\"\"}"), 1,
	       "an empty value");
	is_int((long long)errors_of(NEW("uts"), arena_printf(&arena,
							     ",\"sysctl\":{\"kernel.domainname\":"
							     "\"%s\"}",
							     value)),
	       1, "a value of 64 kB");
	is_int((long long)errors_of(NEW("uts") "," NEW("uts"), ""), 1, "a kind twice");
	is_int((long long)errors_of("{\"type\":\"ipc\",\"path\":\"ns/ipc\"}", ""), 1,
	       "a relative path");
	is_int((long long)errors_of(NEW("time"),
				    ",\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
	       1, "too many nanoseconds");
	is_int((long long)errors_of("", ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), 1,
	       "time offsets without a time namespace");
	is_int((long long)errors_of(AT("time"), ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), 1,
	       "time offsets of a joined one");
}

static void test_names(void)
{
	struct oci_config config = {.hostname = "h"};
	struct request r = {.arena = &arena, .config = &config};
	struct oci_report report;
	char name[66];

	oci_report_init(&report, &arena);
	namespaces_check(&r, &report);
	if (is_int((long long)report.n_errors, 1, "a hostname for the host"))
		is_str(report.findings[0].message,
		       "unable to set hostname without a private UTS namespace", "its message");
	r = request_of(NEW("uts"), "");
	memset(name, 'x', 65);
	name[65] = '\0';
	((struct oci_config *)(uintptr_t)r.config)->hostname = name;
	oci_report_init(&report, &arena);
	namespaces_check(&r, &report);
	is_int((long long)report.n_errors, 1, "a hostname of 65 bytes");
	name[64] = '\0';
	oci_report_init(&report, &arena);
	namespaces_check(&r, &report);
	is_int((long long)report.n_errors, 0, "a hostname of 64 bytes");
}

int main(void)
{
	test_read();
	test_birth();
	test_order();
	test_sysctl_path();
	test_sysctl_namespace();
	test_check();
	test_names();
	arena_free(&arena);
	return done_testing();
}
