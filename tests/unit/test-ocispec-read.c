/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

#define CONFIG(rest) "{\"ociVersion\":\"1.3.0\"," rest "}"
#define PROCESS(rest) CONFIG("\"process\":{\"cwd\":\"/\"," rest "}")
#define LINUX(rest) CONFIG("\"linux\":{" rest "}")

struct sample {
	const char *text;
	const char *finding; /* the only or first one, rendered; NULL: the text is fine */
};

/* Wrong shapes: found with place and path, and told to people. */
static const struct sample shapes[] = {
	{"{\"ociVersion\":\"1.3.0\",\n \"process\":{\"cwd\":\"/\",\"user\":{\"uid\": \"0\"}}}",
	 "c:2:38: process.user.uid: expected a number from 0 to 4294967295, found the string "
	 "\"0\""},
	{LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"netwrok\"}]"),
	 "c:1:69: linux.namespaces[1].type: unknown value \"netwrok\"; did you mean \"network\"?"},
	{CONFIG("\"process\":{}"), "c:1:33: process.cwd: missing, the spec requires it"},
	{CONFIG("\"process\":{\"cwd\":null}"),
	 "c:1:33: process.cwd: missing, the spec requires it"},
	{"{}", "c:1:1: ociVersion: missing, the spec requires it"},
	{" \n []", "c:2:2: expected an object, found a list"},
	{"null", "c:1:1: expected an object, found null"},
	{"12", "c:1:1: expected an object, found the number 12"},
	{"true", "c:1:1: expected an object, found true"},
	{CONFIG("\"hostname\":7"), "c:1:34: hostname: expected a string, found the number 7"},
	{CONFIG("\"hostname\":false"), "c:1:34: hostname: expected a string, found false"},
	{CONFIG("\"hostname\":[\"x\"]"), "c:1:34: hostname: expected a string, found a list"},
	{CONFIG("\"root\":\"/\""), "c:1:30: root: expected an object, found the string \"/\""},
	{CONFIG("\"root\":{\"path\":\"/\",\"readonly\":1}"),
	 "c:1:53: root.readonly: expected true or false, found the number 1"},
	{CONFIG("\"mounts\":{}"), "c:1:32: mounts: expected a list of objects, found an object"},
	{CONFIG("\"mounts\":[1]"), "c:1:33: mounts[0]: expected an object, found the number 1"},
	{CONFIG("\"mounts\":[null]"), "c:1:33: mounts[0]: expected an object, found null"},
	{CONFIG("\"mounts\":[{\"destination\":\"/\"},{}]"),
	 "c:1:53: mounts[1].destination: missing, the spec requires it"},
	{CONFIG("\"annotations\":{\"a\":1}"),
	 "c:1:42: annotations.a: expected a string, found the number 1"},
	{CONFIG("\"annotations\":{\"org.x\":null}"),
	 "c:1:46: annotations[\"org.x\"]: expected a string, found null"},
	{CONFIG("\"annotations\":[]"),
	 "c:1:37: annotations: expected an object of strings, found a list"},
	{CONFIG("\"windows\":1"), "c:1:33: windows: expected an object, found the number 1"},
	{PROCESS("\"args\":\"sh\""),
	 "c:1:51: process.args: expected a list of strings, found the string \"sh\""},
	{PROCESS("\"args\":[\"sh\",{}]"),
	 "c:1:57: process.args[1]: expected a string, found an object"},
	{PROCESS("\"user\":{\"additionalGids\":[0,-1]}"),
	 "c:1:72: process.user.additionalGids[1]: expected a number from 0 to 4294967295, found "
	 "-1"},
	{PROCESS("\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]"),
	 "c:1:63: process.rlimits[0].type: expected a name like RLIMIT_NOFILE, found \"NOFILE\""},
	{PROCESS("\"scheduler\":{\"policy\":\"FIFO\"}"),
	 "c:1:66: process.scheduler.policy: unknown value \"FIFO\"; did you mean \"SCHED_FIFO\"?"},
	{PROCESS("\"execCPUAffinity\":{\"initial\":\"a\"}"),
	 "c:1:73: process.execCPUAffinity.initial: expected a list of CPUs like 0-3,7, found "
	 "\"a\""},
	{CONFIG("\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}"),
	 "c:1:67: hooks.poststop[0].timeout: expected a number from 1 to 2147483647, found 0"},
	{LINUX("\"resources\":{\"memory\":{\"limit\":\"1G\"}}"),
	 "c:1:63: linux.resources.memory.limit: expected a number from -9223372036854775808 to "
	 "9223372036854775807, found the string \"1G\""},
	{LINUX("\"resources\":{\"memory\":{\"limit\":-9223372036854775809}}"),
	 "c:1:63: linux.resources.memory.limit: expected a number from -9223372036854775808 to "
	 "9223372036854775807, found -9223372036854775809"},
	{PROCESS("\"oomScoreAdj\":-2147483649"),
	 "c:1:58: process.oomScoreAdj: expected a number from -2147483648 to 2147483647, "
	 "found -2147483649"},
	{LINUX("\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2mb\",\"limit\":1}]}"),
	 "c:1:75: linux.resources.hugepageLimits[0].pageSize: expected a page size like 2MB or "
	 "1GB, "
	 "found \"2mb\""},
	{LINUX("\"resources\":{\"rdma\":{\"mlx\":{\"hcaHandles\":-1}}}"),
	 "c:1:73: linux.resources.rdma.mlx.hcaHandles: expected a number from 0 to 4294967295, "
	 "found -1"},
	{LINUX("\"resources\":{\"rdma\":{\"mlx\":[]}}"),
	 "c:1:59: linux.resources.rdma.mlx: expected an object, found a list"},
	{LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"x\"}]"),
	 "c:1:67: linux.devices[0].type: expected one of c, b, u, p, found \"x\""},
	{LINUX("\"seccomp\":{\"defaultAction\":\"ALLOW\"}"),
	 "c:1:59: linux.seccomp.defaultAction: unknown value \"ALLOW\"; did you mean "
	 "\"SCMP_ACT_ALLOW\"?"},
	{LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":"
	       "[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}"),
	 "c:1:95: linux.seccomp.syscalls[0].names: needs at least 1 entry"},
	{LINUX("\"intelRdt\":{\"memBwSchema\":\"L3:0=f\"}"),
	 "c:1:58: linux.intelRdt.memBwSchema: expected one line that begins with \"MB:\", "
	 "found \"L3:0=f\""},
	{CONFIG("\"hostname\":\"a\",\"hostname\":\"b\""),
	 "c:1:38: hostname: this key is there twice in one object"},
	{CONFIG("\"hostname\":null,\"hostname\":\"b\""),
	 "c:1:39: hostname: this key is there twice in one object"},
	{CONFIG("\"host\\u006eame\":\"a\",\"hostname\":\"b\""),
	 "c:1:43: hostname: this key is there twice in one object"},
	{CONFIG("\"x\":1,\"y\":2,\"x\":3"), "c:1:35: x: this key is there twice in one object"},
	{CONFIG("\"x\":1,\"y\":2,\"\\u0078\":3"),
	 "c:1:35: x: this key is there twice in one object"},
	{CONFIG("\"annotations\":{\"a\":\"\",\"b\":\"\",\"a\":\"\"}"),
	 "c:1:52: annotations.a: this key is there twice in one object"},
	{CONFIG("\"windows\":{\"a\":[{\"b\":1,\"b\":2}]}"),
	 "c:1:46: windows.a[0].b: this key is there twice in one object"},
	{CONFIG("\"x\":[0,{\"\\n\":1,\"\\n\":2}]"),
	 "c:1:38: x[1][\"\\n\"]: this key is there twice in one object"},
};

static const struct sample numbers[] = {
	{"0", NULL},
	{"4294967295", NULL},
	{"4294967296", "a number"},
	{"18446744073709551616", "a number"},
	{"99999999999999999999999999999999", "a number"},
	{"-1", "a number"},
	{"-0", "a number"},
	{"1.0", "a whole number"},
	{"1e3", "a whole number"},
	{"1E0", "a whole number"},
	{"0.5", "a whole number"},
};

/* Broken texts: one finding, and nothing is read any further. */
static const struct sample broken[] = {
	{"", "c:1:1: not JSON: premature EOF"},
	{"{", "c:1:2: not JSON: premature EOF"},
	{"{\"ociVersion\":\"1.3.0\"} x", "not JSON: "},
	{"{\"ociVersion\":\"1.3.0\"}{}", "not JSON: "},
	{"{\"ociVersion\":\"1.3.0\",}", "not JSON: "},
	{"{\"ociVersion\":\"1.3.0\" \"a\":1}", "not JSON: "},
	{"{\"ociVersion\":'1.3.0'}", "not JSON: "},
	{"{\"ociVersion\":\"1.3.0\"/* */}", "not JSON: "},
	{"{\"ociVersion\":\"1.\n3\"}", "not JSON: "},
	{"{\"ociVersion\":\"\\x\"}", "not JSON: "},
	{"{\"ociVersion\":\"\\u12\"}", "not JSON: "},
	{"{\"x\":01}", "not JSON: "},
	{"{\"ociVersion\":+1}", "not JSON: "},
	{"{\"ociVersion\":NaN}", "not JSON: "},
	{"{\"ociVersion\":\"1.3.0", "not JSON: "},
	{"\xef\xbb\xbf{\"ociVersion\":\"1.3.0\"}", "not JSON: "},
	{"{\"ociVersion\":\"\\u0000\"}", "c:1:16: a string must not contain \\u0000"},
	{"{\"ociVersion\":\"1\",\"x\":{\"a\\u0000\":1}}", "a string must not contain \\u0000"},
	{"{\"ociVersion\":\"\xff\"}", "c:1:16: this is not UTF-8"},
	{"{\"ociVersion\":\"\xc0\x80\"}", "c:1:16: this is not UTF-8"},
	{"{\"ociVersion\":\"\xc1\xbf\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xe0\x9f\xbf\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xed\xa0\x80\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xf0\x8f\xbf\xbf\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xf4\x90\x80\x80\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xf5\x80\x80\x80\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xe2\x82\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\x80\"}", "this is not UTF-8"},
	{"{\"ociVersion\":\"\xc3", "this is not UTF-8"},
	{"{\"ociVersion\":\"\\ud800\"}", "c:1:16: half of a surrogate pair is no character"},
	{"{\"ociVersion\":\"\\udc00\"}", "half of a surrogate pair is no character"},
	{"{\"ociVersion\":\"\\ud83dx\"}", "half of a surrogate pair is no character"},
	{"{\"ociVersion\":\"\\ud83d\\u0041\"}", "half of a surrogate pair is no character"},
	{"{\"ociVersion\":\"\\ud83d\\ud83d\"}", "half of a surrogate pair is no character"},
	{"{\"x\":\"\\uDE00\\uD83D\"}", "half of a surrogate pair is no character"},
};

/* What looks odd but is right. */
static const char *const fine[] = {
	"{\"ociVersion\":\"1.3.0\"}",
	" \t\r\n{ \"ociVersion\" : \"1.3.0\" } \n",
	CONFIG("\"process\":null,\"mounts\":null,\"hostname\":null,\"linux\":null"),
	CONFIG("\"Process\":1,\"unknown\":{\"a\":[1.5,null,{}],\"b\":-1e9}"),
	CONFIG("\"windows\":{\"layerFolders\":[1]},\"vm\":{},\"zos\":{},\"solaris\":{},\"freebsd\":"
	       "{}"),
	LINUX("\"devices\":[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,"
	      "\"fileMode\":8630}]"),
	LINUX("\"rootfsPropagation\":\"rslave\""),
	LINUX("\"intelRdt\":{\"memBwSchema\":\"MB:0=20;1=70\"}"),
	PROCESS("\"execCPUAffinity\":{\"initial\":\"\",\"final\":\"0-3, 7\"}"),
	CONFIG("\"hostname\":\"\xe2\x82\xac\xf0\x9f\x98\x80 \\u20ac\\ud83d\\ude00 \\\\u0000\""),
	("{\"ociVersion\":\"\\\\\\\\ud800 \xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
	 "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}"),
};

static int read_config(struct arena *arena, struct oci_report *report, const char *text,
		       size_t size, struct oci_config **ret)
{
	/* without the NUL, and in a block of its own, so that the sanitizer sees a read past it */
	char *copy = malloc(size ? size : 1);
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	oci_report_init(report, arena);
	r = oci_config_read(arena, copy, size, report, ret);
	free(copy);
	return r;
}

static void render(const struct oci_report *report, char *buf, size_t room)
{
	buf[0] = '\0';
	if (report->n_findings > 0)
		oci_finding_format(&report->findings[0], "c", buf, room);
}

static void test_shapes(void)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		ARENA_AUTO struct arena arena = ARENA_INIT;
		struct oci_report report;
		struct oci_config *config = NULL;
		char line[512], name[256];
		int r = read_config(&arena, &report, shapes[i].text, strlen(shapes[i].text),
				    &config);

		render(&report, line, sizeof(line));
		oci_quote(name, sizeof(name), shapes[i].text, strlen(shapes[i].text));
		is_str(line, shapes[i].finding, "%s", name);
		ok(r == -EINVAL && report.n_errors == 1 && report.n_findings == 1 && !config,
		   "one error, nothing returned");
	}
}

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		ARENA_AUTO struct arena arena = ARENA_INIT;
		struct oci_report report;
		struct oci_config *config;
		char text[200], line[512];
		int r;

		(void)snprintf(text, sizeof(text), PROCESS("\"user\":{\"gid\":%s}"),
			       numbers[i].text);
		r = read_config(&arena, &report, text, strlen(text), &config);
		render(&report, line, sizeof(line));
		ok(numbers[i].finding ? r == -EINVAL && strstr(line, numbers[i].finding)
				      : r == 0 && config->process->user->has_gid,
		   "%s as a gid: %s", numbers[i].text, line);
	}
}

/* Each form of forms.def: what it takes, what not, and what ends where it should go on. */
static void test_forms(void)
{
	static const struct {
		const char *where, *good, *bad;
	} forms[] = {
		{PROCESS("\"rlimits\":[{\"soft\":0,\"hard\":0,\"type\":\"%s\"}]"),
		 "RLIMIT_A RLIMIT_NOFILE",
		 "RLIMIT_ RLIMIT NOFILE rlimit_A RLIMIT_A1 xRLIMIT_A RLIMIT_A_B"},
		{PROCESS("\"execCPUAffinity\":{\"final\":\"%s\"}"), "0 0-3,7 - 1,,2",
		 "a 0x1 1;2 1-b"},
		{LINUX("\"resources\":{\"hugepageLimits\":[{\"limit\":1,\"pageSize\":\"%s\"}]}"),
		 "2MB 64KB 1GB 10GB", "2mb 64kB 0MB MB 1TB 1M 1MBx 1 x1MB"},
		{LINUX("\"devices\":[{\"path\":\"/d\",\"type\":\"%s\"}]"), "c b u p",
		 "d cc a bc C"},
		{LINUX("\"intelRdt\":{\"memBwSchema\":\"%s\"}"), "MB: MB:0=1;2=3",
		 "mb:0 MB L3:MB: MB:1\\n MB:1\\nMB:2"},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (int good = 0; good < 2; good++) {
			char words[128], text[256], *save, *word;
			const char *place = strstr(forms[i].where, "%s");

			(void)snprintf(words, sizeof(words), "%s",
				       good ? forms[i].good : forms[i].bad);
			for (word = strtok_r(words, " ", &save); word;
			     word = strtok_r(NULL, " ", &save)) {
				ARENA_AUTO struct arena arena = ARENA_INIT;
				struct oci_report report;
				struct oci_config *config;

				(void)snprintf(text, sizeof(text), "%.*s%s%s",
					       (int)(place - forms[i].where), forms[i].where, word,
					       place + 2);
				is_int(read_config(&arena, &report, text, strlen(text), &config),
				       good ? 0 : -EINVAL, "%s is %s", word,
				       good ? "taken" : "refused");
			}
		}
}

static void test_broken(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		ARENA_AUTO struct arena arena = ARENA_INIT;
		struct oci_report report;
		struct oci_config *config = NULL;
		char line[512], name[128];
		int r = read_config(&arena, &report, broken[i].text, strlen(broken[i].text),
				    &config);

		render(&report, line, sizeof(line));
		oci_quote(name, sizeof(name), broken[i].text, strlen(broken[i].text));
		ok(r == -EINVAL && !config && strstr(line, broken[i].finding), "%s: %s", name,
		   line);
	}
}

static void test_fine(void)
{
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		ARENA_AUTO struct arena arena = ARENA_INIT;
		struct oci_report report;
		struct oci_config *config = NULL;
		char line[512], name[256];
		int r = read_config(&arena, &report, fine[i], strlen(fine[i]), &config);

		render(&report, line, sizeof(line));
		oci_quote(name, sizeof(name), fine[i], strlen(fine[i]));
		ok(r == 0 && config && report.n_findings == 0, "%s %s", name, line);
	}
}

static void test_values(void)
{
	static const char text[] = PROCESS(
		"\"args\":[\"a\",\"b\\n\",\"\",\"d\",\"e\"],\"env\":[],\"oomScoreAdj\":-999,"
		"\"user\":{\"uid\":0,\"additionalGids\":[1,4294967295]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":0}]"
		"},\"linux\":{\"sysctl\":{\"b\":\"2\",\"a\":\"1\"},\"netDevices\":{\"eth0\":{"
		"\"name\":\"x\"},\"eth1\":{}},\"resources\":{\"memory\":{\"limit\":"
		"-9223372036854775808,\"swap\":9223372036854775807},\"blockIO\":{\"weight\":65535},"
		"\"devices\":[{\"allow\":false}]},\"seccomp\":{\"defaultAction\":\"SCMP_ACT_"
		"ERRNO\","
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"]},\"vm\":{}");
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;
	const struct oci_process *p;
	const struct oci_linux *l;

	if (!is_int(read_config(&arena, &report, text, sizeof(text) - 1, &config), 0, "reads"))
		return;
	p = config->process;
	l = config->linux_;
	ok(p->n_args == 5 && strcmp(p->args[1], "b\n") == 0 && *p->args[2] == '\0' && !p->args[5],
	   "a list of strings ends with NULL");
	ok(p->env && p->n_env == 0 && !p->env[0], "an empty list is not absent");
	ok(!p->rlimits[0].soft && p->rlimits[0].has_soft && p->rlimits[0].hard == UINT64_MAX,
	   "the largest uint64");
	ok(p->has_oom_score_adj && p->oom_score_adj == -999, "a negative int");
	ok(p->user->has_uid && p->user->uid == 0 && !p->user->has_gid, "0 is not absent");
	ok(p->user->n_additional_gids == 2 && p->user->additional_gids[1] == UINT32_MAX,
	   "a list of numbers");
	ok(!p->capabilities && !p->has_terminal && !config->mounts, "absent is absent");
	ok(l->n_sysctl == 2 && strcmp(l->sysctl[0].key, "b") == 0 &&
		   strcmp(l->sysctl[1].value, "1") == 0,
	   "a map keeps the order of the file");
	ok(l->n_net_devices == 2 && strcmp(l->net_devices[0].name, "x") == 0 &&
		   strcmp(l->net_devices[1].key, "eth1") == 0 && !l->net_devices[1].name,
	   "a map of objects");
	ok(l->resources->memory->limit == INT64_MIN && l->resources->memory->swap == INT64_MAX,
	   "the smallest and largest int64");
	ok(l->resources->block_io->weight == UINT16_MAX, "the largest uint16");
	ok(l->resources->devices[0].has_allow && !l->resources->devices[0].allow, "false is there");
	ok(l->seccomp->default_action == OCI_SCMP_ACT_ERRNO && l->seccomp->n_architectures == 2 &&
		   l->seccomp->architectures[1] == OCI_SCMP_ARCH_X32,
	   "enumerations");
	ok(!config->has_vm, "vm inside linux is just an unknown key");
}

static void test_all_findings(void)
{
	static const char text[] = "{\"process\":{\"terminal\":3,\"user\":{\"uid\":-1,\"gid\":"
				   "\"x\"},\"args\":[1,\"x\",2]},"
				   "\"linux\":{\"namespaces\":[{}]}}";
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;

	is_int(read_config(&arena, &report, text, sizeof(text) - 1, &config), -EINVAL,
	       "many mistakes");
	is_int(report.n_errors, 8, "all are found");
	is_str(report.findings[7].path, "ociVersion", "to the last");
}

static void test_warnings(void)
{
	static const char text[] = PROCESS("\"noNewPriviliges\":true,\"qqqqqq\":{\"cwd\":1}");
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;
	char line[256];

	oci_report_init(&report, &arena);
	report.warn_unknown = true;
	is_int(oci_config_read(&arena, text, sizeof(text) - 1, &report, &config), 0,
	       "unknown keys are no errors");
	is_int(report.n_findings, 2, "but warnings for those who want them");
	oci_finding_format(&report.findings[0], "config.json", line, sizeof(line));
	is_str(line,
	       "config.json:1:44: warning: process.noNewPriviliges: the spec has no such key, it "
	       "is ignored; did you mean \"noNewPrivileges\"?",
	       "with the nearest known one");
	ok(!report.findings[1].hint, "if one is near");
}

/* Repeats PART n times between HEAD and TAIL. */
static char *repeat(const char *head, const char *part, size_t n, const char *tail)
{
	size_t head_size = strlen(head), size = strlen(part), tail_size = strlen(tail);
	char *text = malloc(head_size + n * size + tail_size + 1), *at = text;

	if (!text)
		exit(1);
	memcpy(at, head, head_size);
	at += head_size;
	for (size_t i = 0; i < n; i++, at += size)
		memcpy(at, part, size);
	memcpy(at, tail, tail_size + 1);
	return text;
}

static void check_limit(const char *head, const char *part, size_t n, const char *tail,
			const char *message)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;
	char *text = repeat(head, part, n, tail), line[256];
	int r = read_config(&arena, &report, text, strlen(text), &config);

	render(&report, line, sizeof(line));
	free(text);
	if (message)
		ok(r == -EINVAL && strstr(line, message), "%zu times %s: %s", n, part, line);
	else
		is_int(r, 0, "%zu times %s: fine %s", n, part, line);
}

static void test_limits(void)
{
	static const char head[] = "{\"ociVersion\":\"1\",\"";

	check_limit("{\"ociVersion\":\"1\",\"x\":[", "[", 61, "1", "premature");
	check_limit("{\"ociVersion\":\"1\",\"x\":", "[", 63, "1", "premature");
	check_limit("{\"ociVersion\":\"1\",\"x\":", "[", 64, "1", "nested too deeply");
	check_limit("{\"ociVersion\":\"", "x", (size_t)1 << 20, "\"}", NULL);
	check_limit("{\"ociVersion\":\"", "x", ((size_t)1 << 20) + 1, "\"}", "longer than 1 MiB");
	check_limit(head, "x", ((size_t)1 << 20) + 1, "\":1}", "longer than 1 MiB");
	check_limit("{\"ociVersion\":\"1\"}", " ", ((size_t)16 << 20), "", "longer than 16 MiB");
	check_limit("{\"ociVersion\":\"1\",\"mounts\":[", "{\"destination\":\"\"},", 8191,
		    "{\"destination\":\"\"}]}", NULL);
	check_limit("{\"ociVersion\":\"1\",\"mounts\":[", "{\"destination\":\"\"},", 8192,
		    "{\"destination\":\"\"}]}", "mounts[8191]: more than 8192 entries");
	check_limit("{\"ociVersion\":\"1\",\"process\":{\"cwd\":\"\",\"args\":[", "\"\",", 262143,
		    "\"\"]}}", NULL);
	check_limit("{\"ociVersion\":\"1\",\"process\":{\"cwd\":\"\",\"args\":[", "\"\",", 262144,
		    "\"\"]}}", "more than 262144 entries");
	check_limit("{\"ociVersion\":\"1\",\"annotations\":{", "\"\":\"\",", 65536, "\"\":\"\"}}",
		    "more than 65536 entries");
	check_limit("{\"ociVersion\":\"1\",\"x\":{", "\"\":1,", 262145, "\"\":1}}",
		    "too many keys");
	check_limit("{\"ociVersion\":\"1\",\"x\":{", "\"\":1,", 262000, "\"\":1}}",
		    "x[\"\"]: this key");
}

/* A report with more mistakes than it keeps, and a small arena. */
static void test_small_room(void)
{
	struct arena arena = {.limit = 6000};
	struct oci_report report;
	struct oci_config *config = NULL;
	char *text = repeat("{\"process\":{\"args\":[", "1,", 1000, "1]}}");

	is_int(read_config(&arena, &report, text, strlen(text), &config), -ENOMEM,
	       "findings that do not fit into the arena");
	arena_free(&arena);
	arena.limit = ARENA_LIMIT;
	is_int(read_config(&arena, &report, text, strlen(text), &config), -EINVAL,
	       "very many mistakes");
	ok(report.n_findings == OCI_REPORT_MAX && report.n_errors == OCI_REPORT_MAX,
	   "reading ends at the hundredth");
	arena_free(&arena);
	free(text);

	text = repeat("{\"ociVersion\":\"1\",\"process\":{\"cwd\":\"\",\"args\":[", "\"\",", 9000,
		      "\"\"]}}");
	for (size_t limit = 0; limit < 400000; limit += 1000) {
		int r;

		arena.limit = limit;
		r = read_config(&arena, &report, text, strlen(text), &config);
		arena_free(&arena);
		if (r != -ENOMEM && r != 0) {
			ok(false, "a limit of %zu gives %d", limit, r);
			break;
		}
	}
	ok(true, "every small limit gives -ENOMEM");
	free(text);
}

static void test_other_roots(void)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"id\"]}";
	static const char resources[] =
		"{\"memory\":{\"limit\":1048576},\"unified\":{\"a\":\"b\"}}";
	static const char mounts[] = "[{\"destination\":\"/a\"},{\"destination\":\"/b\"}]";
	static const char bad_mounts[] = "[{\"destination\":\"/a\"},{\"destination\":1}]";
	static const char state[] = "{\"ociVersion\":\"1.3.0\",\"id\":\"a\",\"status\":\"paused\","
				    "\"pid\":0,\"bundle\":\"/b\"}";
	static const char features[] =
		"{\"ociVersionMin\":\"1\",\"ociVersionMax\":\"2\",\"linux\":{"
		"\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}}";
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_process *p;
	struct oci_resources *res;
	struct oci_mount *m;
	struct oci_state *s;
	struct oci_features *f;
	size_t n;

	oci_report_init(&report, &arena);
	ok(oci_process_read(&arena, process, sizeof(process) - 1, &report, &p) == 0 &&
		   strcmp(p->args[0], "id") == 0,
	   "a process");
	ok(oci_resources_read(&arena, resources, sizeof(resources) - 1, &report, &res) == 0 &&
		   res->memory->limit == 1048576 && res->n_unified == 1,
	   "resources");
	ok(oci_mounts_read(&arena, mounts, sizeof(mounts) - 1, &report, &m, &n) == 0 && n == 2 &&
		   strcmp(m[1].destination, "/b") == 0,
	   "mounts");
	ok(oci_mounts_read(&arena, "[]", 2, &report, &m, &n) == 0 && n == 0 && m, "no mounts");
	ok(oci_state_read(&arena, state, sizeof(state) - 1, &report, &s) == 0 &&
		   s->status == OCI_STATUS_PAUSED && s->has_pid && s->pid == 0,
	   "a state");
	ok(oci_features_read(&arena, features, sizeof(features) - 1, &report, &f) == 0 &&
		   f->linux_->mount_extensions->idmap->enabled,
	   "features");
	is_int(oci_mounts_read(&arena, bad_mounts, sizeof(bad_mounts) - 1, &report, &m, &n),
	       -EINVAL, "a wrong mount");
	is_str(report.findings[0].path, "[1].destination", "has a path without a name in front");
}

static void test_report(void)
{
	static const char text[] = "{\"ociVersion\":\"1\",\n\"mounts\":[{\"destination\":\"a\"}]}";
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct oci_report report;
	char line[200], small[10];

	oci_report_init(&report, &arena);
	oci_report_hint(&report, "a hint without a finding does nothing");
	oci_report_add(&report, text, sizeof(text) - 1, "mounts[0].destination", OCI_ERROR,
		       "\"%s\" is not absolute\033[2J", "a");
	oci_report_hint(&report, "write /%s", "a");
	oci_report_add(&report, text, sizeof(text) - 1, "root.path", OCI_WARNING, "missing");
	oci_report_add(&report, NULL, 0, "", OCI_WARNING, "no kernel");
	oci_finding_format(&report.findings[0], "c", line, sizeof(line));
	is_str(line, "c:2:26: mounts[0].destination: \"a\" is not absolute?[2J; write /a",
	       "a finding of a caller, safe for a terminal");
	ok(oci_finding_format(&report.findings[0], "c", small, sizeof(small)) == strlen(line) &&
		   strcmp(small, "c:2:26: m") == 0,
	   "a small buffer");
	oci_finding_format(&report.findings[1], "c", line, sizeof(line));
	is_str(line, "c:1:1: warning: root.path: missing", "at the nearest place");
	oci_finding_format(&report.findings[2], "c", line, sizeof(line));
	is_str(line, "c: warning: no kernel", "without a text there is no place");
	ok(report.n_errors == 1 && report.n_warnings == 2, "both are counted");
	for (int i = 0; i < 300; i++)
		oci_report_add(&report, NULL, 0, "", OCI_WARNING, "w");
	is_int(report.n_findings, OCI_REPORT_MAX / 2, "warnings leave room for errors");
	oci_report_hint(&report, "for a finding that was not kept");
	ok(!report.findings[OCI_REPORT_MAX / 2 - 1].hint, "a hint goes to its own finding only");
}

static void test_quote(void)
{
	char buf[16];

	oci_quote(buf, sizeof(buf), "a\"\\\n\033", 5);
	is_str(buf, "a\\\"\\\\\\n...", "escapes, cut before what does not fit");
	oci_quote(buf, sizeof(buf),
		  "0123456789\xe2\x82\xac"
		  "abc",
		  16);
	is_str(buf, "0123456789...", "not cut within a character");
	oci_quote(buf, sizeof(buf), "", 0);
	is_str(buf, "", "nothing");
}

static void test_words(void)
{
	is_str(oci_enum_word(&oci_enum_status, OCI_STATUS_STOPPED), "stopped", "a word");
	ok(!oci_enum_word(&oci_enum_status, 0) && !oci_enum_word(&oci_enum_status, 99),
	   "no word for no value");
	is_int(oci_enum_value(&oci_enum_namespace_type, "mount"), OCI_NAMESPACE_MOUNT, "a value");
	is_int(oci_enum_value(&oci_enum_namespace_type, "moun"), 0, "no value for no word");
}

int main(void)
{
	test_shapes();
	test_numbers();
	test_forms();
	test_broken();
	test_fine();
	test_values();
	test_all_findings();
	test_warnings();
	test_limits();
	test_small_room();
	test_other_roots();
	test_report();
	test_quote();
	test_words();
	return done_testing();
}
