/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

/* Members in the order of the tables and in yajl's spacing: written back it must be the same. */
static const char *const configs[] = {
	"{\"ociVersion\":\"1.3.0\"}",
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":false,\"consoleSize\":{\"height\":25,"
	"\"width\":18446744073709551615},\"user\":{\"uid\":0,\"gid\":4294967295,\"umask\":18,"
	"\"additionalGids\":[],\"username\":\"\"},\"args\":[\"sh\",\"-c\",\"a\\u0001\\n\\\"\\\\/"
	"\"],"
	"\"commandLine\":\"x\",\"env\":[],\"cwd\":\"/\",\"capabilities\":{\"bounding\":[],"
	"\"ambient\":[\"CAP_KILL\"]},\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":"
	"18446744073709551615,\"soft\":0}],\"noNewPrivileges\":true,\"oomScoreAdj\":-1000,"
	"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-20,\"flags\":["
	"\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_DL_OVERRUN\"],\"runtime\":1},\"ioPriority\":{"
	"\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7},\"execCPUAffinity\":{\"initial\":\"0\"}},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"\xe2\x82\xac\","
	"\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\"],\"uidMappings\":[{"
	"\"containerID\":0,\"hostID\":1000,\"size\":1}],\"gidMappings\":[]},{\"destination\":"
	"\"/b\"}],\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":1}]},\"annotations\":{},"
	"\"linux\":{},\"vm\":{}}",
	"{\"ociVersion\":\"1.3.0\",\"annotations\":{\"b\":\"\",\"a.c\":\"x\"},\"linux\":{"
	"\"sysctl\":{\"net.core.somaxconn\":\"256\"},\"resources\":{\"devices\":[{\"allow\":false,"
	"\"major\":-1,\"access\":\"rwm\"}],\"memory\":{\"limit\":-1,\"swap\":"
	"9223372036854775807,\"kernel\":-9223372036854775808,\"disableOOMKiller\":false},"
	"\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":65535,\"throttleReadBpsDevice\":[{"
	"\"major\":8,\"minor\":0,\"rate\":1}]},\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3},\"x\":{}},"
	"\"unified\":{}},\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"time\",\"path\":\"/p\"}],"
	"\"netDevices\":{\"eth0\":{\"name\":\"e\"}},\"seccomp\":{\"defaultAction\":"
	"\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_RISCV64\"],"
	"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":[\"a\",\"b\"],"
	"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":2,\"valueTwo\":3,\"op\":"
	"\"SCMP_CMP_MASKED_EQ\"}]}]},\"rootfsPropagation\":\"rshared\",\"maskedPaths\":[],"
	"\"intelRdt\":{\"schemata\":[\"L3:0=f\"],\"enableMonitoring\":false},\"memoryPolicy\":{"
	"\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
	"\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]},\"timeOffsets\":{\"boottime\":{"
	"\"secs\":-5,\"nanosecs\":9},\"monotonic\":{}}}}",
};

static void test_round_trip(void)
{
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		ARENA_AUTO struct arena arena = ARENA_INIT;
		struct oci_report report;
		struct oci_config *config, *again;
		const char *text;
		size_t size;

		oci_report_init(&report, &arena);
		if (!is_int(oci_config_read(&arena, configs[i], strlen(configs[i]), &report,
					    &config),
			    0, "config %zu reads", i))
			continue;
		is_int(oci_config_write(&arena, config, 0, &text, &size), 0, "writes");
		is_str(text, configs[i], "and is the same");
		ok(size == strlen(text), "with the right size");
		for (int indent = OCI_TAB; indent <= 9; indent++) {
			if (oci_config_write(&arena, config, indent, &text, &size) < 0 ||
			    oci_config_read(&arena, text, size, &report, &again) < 0 ||
			    oci_config_write(&arena, again, 0, &text, &size) < 0)
				text = "";
			is_str(text, configs[i], "and through an indent of %d", indent);
		}
	}
}

static void test_layout(void)
{
	static const char two[] = "{\n"
				  "  \"ociVersion\": \"1.3.0\",\n"
				  "  \"id\": \"c1\",\n"
				  "  \"pid\": 0,\n"
				  "  \"status\": \"running\",\n"
				  "  \"bundle\": \"/b\",\n"
				  "  \"annotations\": {\n"
				  "    \"k\": \"v\"\n"
				  "  },\n"
				  "  \"owner\": \"\"\n"
				  "}";
	struct oci_pair pair = {"k", "v"};
	struct oci_state state = {.oci_version = "1.3.0",
				  .id = "c1",
				  .pid = 0,
				  .has_pid = true,
				  .status = OCI_STATUS_RUNNING,
				  .has_status = true,
				  .bundle = "/b",
				  .annotations = &pair,
				  .n_annotations = 1,
				  .owner = ""};
	struct oci_state states[2] = {state, {.id = "c2"}};
	const char *no_hooks[] = {NULL};
	struct oci_features_linux none = {0};
	struct oci_features features = {.hooks = no_hooks, .linux_ = &none};
	ARENA_AUTO struct arena arena = ARENA_INIT;
	const char *text = NULL;
	size_t size;

	is_int(oci_state_write(&arena, &state, 2, &text, &size), 0, "a state");
	is_str(text, two, "with an indent of 2, without a newline at the end");
	states[0].annotations = NULL;
	is_int(oci_states_write(&arena, states, 2, 0, &text, &size), 0, "a list of states");
	is_str(text,
	       "[{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,\"status\":\"running\","
	       "\"bundle\":\"/b\",\"owner\":\"\"},{\"id\":\"c2\"}]",
	       "in one line");
	is_int(oci_states_write(&arena, states, 0, 4, &text, &size), 0, "an empty list of states");
	is_str(text, "[]", "is []");
	is_int(oci_features_write(&arena, &features, 4, &text, &size), 0, "features");
	is_str(text, "{\n    \"hooks\": [],\n    \"linux\": {}\n}", "with nothing in them");
}

static void test_seccomp_state(void)
{
	const char *fds[] = {"seccompFd", NULL};
	struct oci_state state = {.id = "x", .status = OCI_STATUS_CREATING, .has_status = true};
	struct oci_seccomp_state all = {.oci_version = "1.3.0",
					.fds = fds,
					.n_fds = 1,
					.pid = 7,
					.has_pid = true,
					.metadata = "m",
					.state = &state};
	ARENA_AUTO struct arena arena = ARENA_INIT;
	const char *text = NULL;
	size_t size;

	is_int(oci_seccomp_state_write(&arena, &all, 0, &text, &size), 0, "for a seccomp agent");
	is_str(text,
	       "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":7,\"metadata\":\"m\","
	       "\"state\":{\"id\":\"x\",\"status\":\"creating\"}}",
	       "the state is an object in it");
}

static void test_refused(void)
{
	struct oci_pair pairs[2] = {{"a", "b"}, {NULL, "c"}};
	struct oci_state state = {.id = "\xff"};
	struct arena arena = ARENA_INIT;
	const char *text = "untouched";
	size_t size = 99;

	is_int(oci_state_write(&arena, &state, 0, &text, &size), -EINVAL, "not UTF-8");
	state = (struct oci_state){.id = "a", .has_status = true};
	is_int(oci_state_write(&arena, &state, 0, &text, &size), -EINVAL, "no word for a value");
	state = (struct oci_state){.annotations = pairs, .n_annotations = 2};
	is_int(oci_state_write(&arena, &state, 0, &text, &size), -EINVAL, "no key");
	state = (struct oci_state){.id = "a"};
	arena_free(&arena);
	arena.limit = 4;
	is_int(oci_state_write(&arena, &state, 0, &text, &size), -ENOMEM, "no room");
	ok(strcmp(text, "untouched") == 0 && size == 99, "results are set on success only");
	arena_free(&arena);
}

int main(void)
{
	test_round_trip();
	test_layout();
	test_seccomp_state();
	test_refused();
	return done_testing();
}
