/* SPDX-License-Identifier: Apache-2.0 */

/* What becomes of config.process: environment, lists, limits, passwd, checks, order of the steps.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "process/environment.h"
#include "process/number_list.h"
#include "process/passwd.h"
#include "process/process.h"
#include "process/rlimit.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

static const char *home(const char *text, size_t size, uint32_t uid)
{
	const char *start = NULL;
	size_t n = passwd_home(text, size, uid, &start);

	return n ? arena_strndup(&arena, start, n) : NULL;
}

#define HOME(text, uid) home(text, sizeof(text) - 1, uid)

static void test_passwd(void)
{
	static const char file[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "# a comment: with: colons:\n"
				   "\n"
				   "1000:x:0:0:tricky:/evil:/bin/sh\n"
				   "short:x:5:5\n"
				   "long:x:6:6:g:/h:/s:more\n"
				   "rel:x:7:7:g:home/rel:/s\n"
				   "none:x:8:8:g::/s\n"
				   "ctl:x:9:9:g:/a\tb:/s\n"
				   "big:x:4294967296:0:g:/wrapped:/s\n"
				   "minus:x:-1:0:g:/minus:/s\n"
				   "plus:x:+11:0:g:/plus:/s\n"
				   "hex:x:0x0c:0:g:/hex:/s\n"
				   "blank:x: 13:0:g:/blank:/s\n"
				   "zeros:x:0000000014:0:g:/zeros:/s\n"
				   "u:x:1000:1000:u:/home/u:/bin/sh\n"
				   "u2:x:1000:1000:u:/home/second:/bin/sh\n"
				   "max:x:4294967294:0:g:/max:/s\n"
				   "last:x:77:77:no newline:/last:/s";

	is_str(HOME(file, 0), "/root", "root");
	is_str(HOME(file, 1000), "/home/u", "the number counts, not a name like it; first entry");
	is_str(HOME(file, 77), "/last", "a last line without newline");
	is_str(HOME(file, 4294967294), "/max", "the highest uid");
	is_str(HOME(file, 14), "/zeros", "leading zeros");
	ok(!HOME(file, 5), "too few fields");
	ok(!HOME(file, 6), "too many fields");
	ok(!HOME(file, 7), "a relative home");
	ok(!HOME(file, 8), "an empty home");
	ok(!HOME(file, 9), "a control character in the home");
	ok(!HOME(file, 11), "a sign");
	ok(!HOME(file, 12), "a hexadecimal number");
	ok(!HOME(file, 13), "a blank before the number");
	ok(!HOME(file, 4294967295), "-1 is nobody");
	ok(!HOME(file, 99), "no entry");
	ok(!HOME("", 0), "an empty file");
	ok(!HOME("a:x:1:1:g:/a\0b:/s\n", 1), "a NUL in the home");
	is_str(HOME("a\0b:x:1:1:g:/a:/s\n", 1), "/a", "a NUL in a name does no harm");
}

static void test_passwd_limits(void)
{
	size_t size = PASSWD_SIZE_MAX + 4096;
	char *text = malloc(size);
	static const char entry[] = "a:x:1:1:g:/a:/s\n";

	if (!ok(text != NULL, "memory for the test"))
		return;
	memset(text, ':', size);
	memcpy(text + PASSWD_LINE_MAX + 1, entry, sizeof entry - 1);
	text[PASSWD_LINE_MAX] = '\n';
	is_str(home(text, size, 1), "/a", "behind a line of 64 kB");
	memset(text, 'x', size);
	memcpy(text, "a:x:1:1:g:/", 11);
	memcpy(text + PASSWD_LINE_MAX, ":/s\n", 4);
	ok(!home(text, PASSWD_LINE_MAX + 4, 1), "a line of more than 64 kB is no entry");
	memset(text, '\n', size);
	memcpy(text + PASSWD_SIZE_MAX, entry, sizeof entry - 1);
	ok(!home(text, size, 1), "nothing is looked for behind the first MiB");
	memcpy(text + PASSWD_SIZE_MAX - sizeof entry + 1, entry, sizeof entry - 1);
	is_str(home(text, size, 1), "/a", "an entry that ends there is found");
	memset(text, 'h', size);
	memcpy(text, "a:x:1:1:g:/", 11);
	memcpy(text + 10 + PASSWD_HOME_MAX, ":/s\n", 4);
	is_int((long long)strlen(home(text, 10 + PASSWD_HOME_MAX + 4, 1)), PASSWD_HOME_MAX,
	       "the longest home");
	memcpy(text + 10 + PASSWD_HOME_MAX, "h:/s\n", 5);
	ok(!home(text, 10 + PASSWD_HOME_MAX + 5, 1), "one byte more");
	free(text);
}

static void test_number_list(void)
{
	static const struct {
		const char *text;
		int result;
		size_t n;
	} row[] = {
		{"", 0, 0},
		{"  ", 0, 0},
		{"0", 0, 1},
		{"0-3,7", 0, 5},
		{"0-3, 7", 0, 5},
		{" 1 - 2 ", 0, 2},
		{"3,3,3", 0, 1},
		{"8191", 0, 1},
		{"8192", -ERANGE, 0},
		{"0-8191", 0, 8192},
		{"7-3", -EINVAL, 0},
		{",", -EINVAL, 0},
		{"1,", -EINVAL, 0},
		{",1", -EINVAL, 0},
		{"1,,2", -EINVAL, 0},
		{"1-", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1-2-3", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"1 2", -EINVAL, 0},
		{"all", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"99999999999999999999", -ERANGE, 0},
	};
	struct number_list list;

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		list.n = 12345;
		is_int(number_list_parse(row[i].text, &list), row[i].result, "list \"%s\"",
		       row[i].text);
		is_int((long long)list.n, row[i].result < 0 ? 12345 : (long long)row[i].n,
		       "numbers in \"%s\"", row[i].text);
	}
	number_list_parse("0,2,65", &list);
	ok(list.bits[0] == 5 && list.bits[1] == 2, "bits are where they belong");
	is_int((long long)number_list_size(&list), 16, "bytes up to the highest bit");
	number_list_parse("", &list);
	is_int((long long)number_list_size(&list), 8, "at least one word");
}

static const char *joined(const char *const *list)
{
	const char *text = "";

	for (; *list; list++)
		text = arena_printf(&arena, "%s%s%s", text, *text ? " " : "", *list);
	return text;
}

static struct environment environment(const char **env)
{
	struct oci_process process = {.env = env};
	struct environment result = {0};

	while (env[process.n_env])
		process.n_env++;
	is_int(environment_of(&arena, &process, &result), 0, "environment of %zu", process.n_env);
	return result;
}

static void test_environment(void)
{
	struct environment e =
		environment((const char *[]){"A=1", "PATH=/a", "AB=x", "A=2", "PATH=/b", NULL});

	is_str(joined(e.list), "AB=x A=2 PATH=/b", "the last of several wins, prefixes are others");
	is_str(e.path, "/b", "PATH");
	ok(!e.has_home, "no HOME");
	e = environment((const char *[]){"HOME=/x", "HOME=", NULL});
	is_str(joined(e.list), "", "an empty HOME is dropped");
	ok(!e.has_home, "and has to be found");
	e = environment((const char *[]){"HOME=", "HOME=/x", "HOMEX=", NULL});
	is_str(joined(e.list), "HOME=/x HOMEX=", "a HOME behind an empty one counts");
	ok(e.has_home, "HOME is there");
	is_str(e.path, "/bin:/usr/bin", "the default PATH");
	e = environment((const char *[]){"PATH=", NULL});
	is_str(e.path, "", "an empty PATH is not an absent one");
	e = environment((const char *[]){NULL});
	is_str(joined(e.list), "", "an empty environment");
}

static void test_rlimits(void)
{
	struct oci_rlimit limit[] = {{.type = "RLIMIT_NOFILE", .soft = 10, .hard = UINT64_MAX}};
	struct oci_process process = {.rlimits = limit,
				      .n_rlimits = 1,
				      .oom_score_adj = -5,
				      .has_oom_score_adj = true};
	AUTO_BUF struct buf buf = BUF_INIT;

	is_int(rlimit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE, "RLIMIT_NOFILE");
	is_int(rlimit_number("RLIMIT_RTTIME"), RLIMIT_RTTIME, "RLIMIT_RTTIME");
	is_int(rlimit_number("RLIMIT_BOGUS"), -1, "an unknown name");
	is_int(rlimit_number("rlimit_nofile"), -1, "small letters");
	process_apply_dump(&process, &buf);
	is_str(buf.data, "prlimit RLIMIT_NOFILE 10 unlimited\noom_score_adj -5\n", "as text");
}

/* The findings of process_check, "path: message" each on a line. */
static const char *findings(const char *process_text)
{
	struct request request = {.arena = &arena, .dry = true};
	struct oci_report report;
	struct oci_process *process;
	static struct oci_config config;
	const char *text = "";

	request.config = &config;
	oci_report_init(&report, &arena);
	if (oci_process_read(&arena, process_text, strlen(process_text), &report, &process) < 0)
		return report.n_findings ? report.findings[0].message : "unreadable";
	process_check(&request, process, "", &report);
	for (size_t i = 0; i < report.n_findings; i++)
		text = arena_printf(&arena, "%s%s: %s\n", text, report.findings[i].path,
				    report.findings[i].message);
	return text;
}

static void test_check(void)
{
	static const struct {
		const char *member, *finding; /* finding: how it begins; "" none */
	} row[] = {
		{"\"user\":{\"uid\":4294967294,\"gid\":0}", ""},
		{"\"user\":{\"uid\":4294967295,\"gid\":0}", "user.uid: 4294967295 is not an id"},
		{"\"user\":{\"uid\":0,\"gid\":4294967295}", "user.gid: 4294967295 is not an id"},
		{"\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,4294967295]}",
		 "user.additionalGids[1]: 4294967295 is not an id"},
		{"\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}", "user.umask: 512"},
		{"\"env\":[\"A=\",\"B\"]", "env[1]: is not of the form NAME=VALUE"},
		{"\"env\":[\"=x\"]", "env[0]: has no name"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_NOFIL\",\"soft\":1,\"hard\":1}]",
		 "rlimits[0].type: Linux has no resource RLIMIT_NOFIL"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1},"
		 "{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1}]",
		 "rlimits[1].type: RLIMIT_AS is there twice"},
		{"\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":2,\"hard\":1}]",
		 "rlimits[0].soft: is more than hard"},
		{"\"capabilities\":{\"bounding\":[\"CAP_CHOWNN\"]}",
		 "capabilities.bounding[0]: unknown capability \"CAP_CHOWNN\""},
		{"\"capabilities\":{\"effective\":[\"CAP_CHOWN\"]}",
		 "capabilities.effective[0]: CAP_CHOWN cannot be granted"},
		{"\"capabilities\":{\"permitted\":[\"CAP_CHOWN\"],\"effective\":[\"CAP_CHOWN\"]}",
		 ""},
		{"\"oomScoreAdj\":-1001", "oomScoreAdj: must be from -1000 to 1000"},
		{"\"oomScoreAdj\":1000", ""},
		{"\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}",
		 "consoleSize.height: must be at most 65535"},
		{"\"consoleSize\":{\"height\":65536,\"width\":1}", ""},
		{"\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"nice\":1,\"priority\":1}",
		 "scheduler.nice: only"},
		{"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
		 "scheduler.nice: must be"},
		{"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}",
		 "scheduler.priority: only"},
		{"\"scheduler\":{\"policy\":\"SCHED_RR\"}", "scheduler.priority: must be"},
		{"\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":99}", ""},
		{"\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"runtime\":1}", "scheduler: runtime"},
		{"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":2000,\"deadline\":1000}",
		 "scheduler.deadline: must not be less"},
		{"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":2000,\"deadline\":3000,"
		 "\"period\":4000}",
		 ""},
		{"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}",
		 "ioPriority.priority: must be"},
		{"\"execCPUAffinity\":{\"initial\":\"3-1\"}", "execCPUAffinity.initial: \"3-1\""},
		{"\"execCPUAffinity\":{\"initial\":\"1-3\",\"final\":\"\"}", ""},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const char *got = findings(
			arena_printf(&arena, "{\"cwd\":\"/\",\"args\":[\"x\"],%s}", row[i].member));

		if (*row[i].finding)
			ok(str_after(got, row[i].finding), "%s -> %s", row[i].member, got);
		else
			is_str(got, "", "%s is fine", row[i].member);
	}
	is_str(findings("{\"cwd\":\"/\",\"args\":[]}"), "args: args must not be empty\n",
	       "no args");
	is_str(findings("{\"cwd\":\"x\",\"args\":[\"x\"]}"), "cwd: Cwd must be an absolute path\n",
	       "a relative cwd");
	is_str(findings("{\"cwd\":\"\",\"args\":[\"x\"]}"), "cwd: Cwd property must not be empty\n",
	       "an empty cwd");
}

/* The names of the steps after the user switch, in order. */
static const char *user_steps(bool no_new_privs, bool notify)
{
	const char *args[] = {"sh", NULL};
	struct oci_process process = {.args = args,
				      .n_args = 1,
				      .cwd = "/",
				      .no_new_privileges = no_new_privs};
	struct oci_config config = {.process = &process};
	struct request request = {.arena = &arena, .config = &config, .id = "x", .dry = true};
	struct process_seccomp seccomp = {.filter = {"12345678", 8}, .notify = notify};
	struct plan *p = plan_new(&arena);
	AUTO_BUF struct buf buf = BUF_INIT;
	const char *text = "";
	struct err err = {0};
	char *from, *line;

	if (!p || process_plan_user(&request, &process, &seccomp, p, &err) < 0 ||
	    process_plan_exec(&request, &process, &seccomp, PLAN_NO_SLOT, p, &err) < 0)
		return err.text[0] ? arena_strdup(&arena, err.text) : "no plan";
	plan_dump(p, &buf);
	from = buf.data;
	while ((line = strsep(&from, "\n")))
		if (*line && *line != '#')
			text = arena_printf(&arena, "%s%s%.*s", text, *text ? " " : "",
					    (int)strcspn(line, " "), line);
	plan_free(p);
	return text;
}

static void test_user_steps(void)
{
	is_str(user_steps(true, false),
	       "bounding keep_caps groups ids chdir caps ambient find_program no_new_privs "
	       "tidy seccomp exec",
	       "no_new_privs: the filter is the last but exec");
	is_str(user_steps(false, false),
	       "bounding keep_caps groups ids chdir caps ambient find_program "
	       "tidy caps seccomp caps exec",
	       "without: CAP_SYS_ADMIN for the filter, dropped behind it");
	is_str(user_steps(true, true),
	       "bounding keep_caps groups ids chdir caps ambient find_program no_new_privs "
	       "seccomp_listener send tidy exec",
	       "a listener goes to the creator");
}

int main(void)
{
	test_passwd();
	test_passwd_limits();
	test_number_list();
	test_environment();
	test_rlimits();
	test_check();
	test_user_steps();
	arena_free(&arena);
	return done_testing();
}
