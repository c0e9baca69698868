/* SPDX-License-Identifier: Apache-2.0 */

/* Arithmetic of id maps, and what namespaces_check says about them. */

#include <sched.h>
#include <unistd.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "namespaces/namespaces.h"
#include "tap.h"

static void test_host_ids(void)
{
	struct oci_id_mapping map[] = {
		{.container_id = 0, .host_id = 1000, .size = 1},
		{.container_id = 1, .host_id = 100000, .size = 65535},
		{.container_id = 4000000000, .host_id = 4294967000, .size = 100},
	};
	struct oci_linux config = {.uid_mappings = map,
				   .n_uid_mappings = 3,
				   .gid_mappings = map,
				   .n_gid_mappings = 1};
	struct oci_linux empty = {0};

	is_int(idmap_host_uid(&config, 0), 1000, "the first line");
	is_int(idmap_host_uid(&config, 1), 100000, "the first id of the second line");
	is_int(idmap_host_uid(&config, 65535), 165534, "its last id");
	is_int(idmap_host_uid(&config, 65536), -1, "the one behind is not mapped");
	is_int(idmap_host_uid(&config, 4000000099), 4294967099, "ids above 2^31");
	is_int(idmap_host_uid(&config, 4000000100), -1, "the end above 2^31");
	is_int(idmap_host_uid(&config, 3999999999), -1, "one before a line");
	is_int(idmap_host_uid(&config, UINT32_MAX), -1, "4294967295 is not mapped");
	is_int(idmap_host_gid(&config, 0), 1000, "gids have a map of their own");
	is_int(idmap_host_gid(&config, 1), -1, "which is shorter here");
	is_int(idmap_host_uid(&empty, 4294967294), 4294967294, "without maps ids are the host's");
	is_int(idmap_host_gid(NULL, 7), 7, "without linux, too");
}

/* Number of errors that namespaces_check finds in linux: {uidMappings: map, gidMappings: good}. */
static size_t errors(const char *namespaces, const char *map, const char **ret_message)
{
	static struct arena arena = ARENA_INIT;
	struct oci_report report;
	struct oci_config *config;
	struct request request = {.arena = &arena};
	const char *text = arena_printf(
		&arena,
		"{\"ociVersion\":\"1.3.0\",\"linux\":{\"namespaces\":[%s],\"uidMappings\":[%s],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]}}",
		namespaces, map);

	oci_report_init(&report, &arena);
	if (!text || oci_config_read(&arena, text, strlen(text), &report, &config) < 0)
		return 999;
	request.config = config;
	request.text = text;
	request.text_size = strlen(text);
	namespaces_read(&request);
	namespaces_check(&request, &report);
	*ret_message = report.n_findings ? report.findings[0].message : "";
	return report.n_errors;
}

static void test_check(void)
{
	static const char user[] = "{\"type\":\"user\"}";
	static const struct {
		const char *name, *namespaces, *map;
		size_t errors;
		const char *message;
	} row[] = {
		{"a good map", user, "{\"containerID\":0,\"hostID\":100000,\"size\":65536}", 0, ""},
		{"no map", user, "", 1, "a new user namespace needs uid and gid mappings"},
		{"maps without namespace", "", "{\"containerID\":0,\"hostID\":1,\"size\":1}", 1,
		 "User namespace mappings specified, but user namespace isn't enabled in the "
		 "config"},
		{"size 0", user,
		 "{\"containerID\":0,\"hostID\":1,\"size\":1},"
		 "{\"containerID\":9,\"hostID\":9,\"size\":0}",
		 1, "size must not be 0"},
		{"up to the last id", user, "{\"containerID\":0,\"hostID\":0,\"size\":4294967295}",
		 0, ""},
		{"host ids beyond the last", user,
		 "{\"containerID\":0,\"hostID\":1,\"size\":4294967295}", 1,
		 "ends above 4294967294, the highest id"},
		{"container ids overlap", user,
		 "{\"containerID\":0,\"hostID\":1,\"size\":10},"
		 "{\"containerID\":9,\"hostID\":100,\"size\":10}",
		 1, "overlaps with uidMappings[0]"},
		{"host ids overlap", user,
		 "{\"containerID\":0,\"hostID\":1,\"size\":10},"
		 "{\"containerID\":10,\"hostID\":10,\"size\":10}",
		 1, "overlaps with uidMappings[0]"},
		{"neighbours do not", user,
		 "{\"containerID\":0,\"hostID\":1,\"size\":10},"
		 "{\"containerID\":10,\"hostID\":11,\"size\":10}",
		 0, ""},
		{"root is not mapped", user, "{\"containerID\":1,\"hostID\":1,\"size\":10}", 1,
		 "container id 0 must be mapped, the container is set up by it"},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const char *message = "";

		is_int((long long)errors(row[i].namespaces, row[i].map, &message),
		       (long long)row[i].errors, "%s: number of errors", row[i].name);
		is_str(message, row[i].message, "%s: message", row[i].name);
	}
}

static void test_user(void)
{
	struct oci_id_mapping map[] = {{.container_id = 0, .host_id = 100000, .size = 1000}};
	struct oci_linux config_linux = {.uid_mappings = map,
					 .n_uid_mappings = 1,
					 .gid_mappings = map,
					 .n_gid_mappings = 1};
	struct oci_config config = {.linux_ = &config_linux};
	uint32_t gids[] = {5, 1000};
	struct oci_user user = {.uid = 1000,
				.gid = 999,
				.additional_gids = gids,
				.n_additional_gids = 2};
	struct oci_process process = {.user = &user};
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct request request = {.arena = &arena, .config = &config, .ns_new = CLONE_NEWUSER};
	struct oci_report report;

	oci_report_init(&report, &arena);
	namespaces_check_user(&request, &process, "process", &report);
	if (is_int((long long)report.n_errors, 2, "an unmapped uid and an unmapped group")) {
		is_str(report.findings[0].path, "process.user.uid", "place of the uid");
		is_str(report.findings[0].message,
		       "cannot setuid to unmapped uid 1000 in user namespace", "message");
		is_str(report.findings[1].path, "process.user.additionalGids[1]",
		       "place of the group");
	}
	user.uid = 999;
	user.n_additional_gids = 1;
	oci_report_init(&report, &arena);
	namespaces_check_user(&request, &process, "", &report);
	is_int((long long)report.n_errors, 0, "mapped ids are fine");
}

int main(void)
{
	test_host_ids();
	test_check();
	test_user();
	return done_testing();
}
