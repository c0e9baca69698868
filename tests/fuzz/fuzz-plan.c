/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes are taken as a config: read, checked, compiled. What the checks find no fault with must
 * compile (the few reasons why not are listed below), and hull-init must accept the image. The last
 * byte of the input chooses what the host is like.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cgroups/object.h"
#include "container/bundle.h"
#include "init/run.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "namespaces/namespaces.h"
#include "plan/build.h"
#include "plan/compile.h"
#include "process/process.h"
#include "seccomp/filter.h"
#include "tests/fuzz/json-mutator.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char place[512], own[600];

/* The bits of the last byte. */
enum {
	HOST_ROOT = 1,
	LISTENER = 2,
	CGROUPS = 4,
	UNIFIED = 8,
	NO_PIVOT = 16,
	NO_KEYRING = 32,
	FILTER = 64
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");
	char path[600];

	(void)argc;
	(void)argv;
	/* libFuzzer ends without atexit(3): build-and-run gives a directory that it removes */
	if (snprintf(place, sizeof place, "%s/hull-XXXXXX", tmp ? tmp : "/tmp") >=
		    (int)sizeof place ||
	    !mkdtemp(place))
		abort();
	snprintf(own, sizeof own, "%s/own", place);
	write_file(own, "4:devices:/\n3:cpu,cpuacct:/\n2:memory:/a\n1:name=systemd:/b\n0::/c\n");
	snprintf(path, sizeof path, "%s/cgroup.controllers", place);
	write_file(path, "cpuset cpu io memory hugetlb pids rdma misc\n");
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static int version_v2(const char *path)
{
	return strcmp(path, place) == 0 ? 2 : 0;
}

static int version_v1(const char *path)
{
	return ends_with(path, "/cpu,cpuacct") || ends_with(path, "/memory") ||
	       ends_with(path, "/devices") || ends_with(path, "/systemd");
}

static void require(int condition, const char *what, const char *more)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, more);
	abort();
}

static const struct request_cgroups *decide_cgroups(const struct bundle *bundle, unsigned choice)
{
	const struct oci_linux *l = bundle->request.config->linux_;
	const struct layout_source source = {.root = place,
					     .own = own,
					     .mountinfo = "/dev/null",
					     .version = choice & UNIFIED ? version_v2 : version_v1};
	struct cgroups_wish wish = {.id = "fuzz", .dry = true, .rootless = !(choice & HOST_ROOT)};
	struct cgroups *cgroups;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = {0};

	if (!(choice & CGROUPS))
		return NULL;
	wish.path = l ? l->cgroups_path : NULL;
	wish.resources = l ? l->resources : NULL;
	if (decide(bundle->request.arena, &source, &wish, &cgroups, &err) < 0)
		return NULL;
	cgroups_dump(cgroups, &out);
	return cgroups_request(cgroups);
}

/* What only shows when the plan is made: sizes, and a cgroup mount where there are no cgroups. */
static bool excused(const struct err *err)
{
	return err->code == E2BIG || err->code == ENOMEM ||
	       strstr(err->text, "cgroups cannot be mounted");
}

static void check_image(const struct plan *plan, const void *image, size_t size)
{
	static struct init in;
	AUTO_BUF struct buf out = BUF_INIT;
	char *copy = malloc(size);

	require(copy != NULL, "malloc", "");
	memcpy(copy, image, size);
	require(init_check(&in, copy, size) == 0, "hull-init", "does not accept the image");
	plan_dump(plan, &out);
	require(!out.failed && out.size > 0, "plan_dump", "wrote nothing");
	free(copy);
}

static void compile(struct bundle *bundle, unsigned choice)
{
	struct plan *plan = plan_new(bundle->request.arena);
	struct request_slots slots = {.root = plan_slot(plan, "root"),
				      .pty = plan_slot(plan, "pty"),
				      .listener = PLAN_NO_SLOT};
	struct process_seccomp seccomp = {0};
	struct err err = {0};
	const void *image;
	size_t size;
	int r;

	if (choice & LISTENER)
		slots.listener = plan_slot_fd(plan, "listener", -1);
	bundle->request.cgroups = decide_cgroups(bundle, choice);
	if (choice & FILTER && bundle_seccomp(bundle, -1, &seccomp, &err) < 0)
		seccomp = (struct process_seccomp){0};
	r = compile_create(&bundle->request, &slots, &seccomp, plan, &err);
	if (r == 0)
		r = plan_finish(plan, 5, &image, &size, &err);
	require(r == 0 || excused(&err), "checked, but does not compile", err.text);
	if (r == 0)
		check_image(plan, image, size);
	plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	const struct hull hull = {.arena = &arena, .cgroup_driver = HULL_CGROUPS_DISABLED};
	unsigned choice = size ? data[size - 1] : 0;
	struct bundle bundle = {.path = "/bundle", .config_name = "config.json"};
	struct oci_report report;
	struct oci_config *config;

	if (!size)
		return 0;
	bundle.text = (const char *)data;
	bundle.size = size - 1;
	oci_report_init(&report, &arena);
	if (oci_config_read(&arena, bundle.text, bundle.size, &report, &config) < 0)
		return 0;
	bundle.request = (struct request){.arena = &arena,
					  .config = config,
					  .text = bundle.text,
					  .text_size = bundle.size,
					  .id = "fuzz",
					  .bundle = bundle.path,
					  .rootfs = "/bundle/rootfs",
					  .dry = true,
					  .host_root = choice & HOST_ROOT,
					  .listener = choice & LISTENER,
					  .no_pivot = choice & NO_PIVOT,
					  .no_new_keyring = choice & NO_KEYRING};
	namespaces_read(&bundle.request);
	bundle_check(&hull, &bundle, &report);
	if (!report.n_errors)
		compile(&bundle, choice);
	return 0;
}
