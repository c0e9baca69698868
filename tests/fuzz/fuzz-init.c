/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hull-init's only input, the image: whatever init_check accepts must be safe to decode. The steps
 * here read every byte of their operands and do nothing else; the image has exactly its size, so
 * that the sanitizer sees each step out of it.
 *
 * An input that begins with an odd byte is an image as it is; otherwise it is a list of changes to
 * a good image that has all steps in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "plan/build.h"

#include "init/run.c"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t seen; /* what was read must not be optimised away */

static void see_slot(const struct init *in, int slot)
{
	seen += (size_t)init_fd(in, slot);
}

static void see_text(const char *text)
{
	for (; text && *text; text++)
		seen += (size_t)*text;
}

static void see_list(const char *const *list)
{
	while (*list)
		see_text(*list++);
	/* step exec puts HOME behind the last entry */
	seen += list[1] != NULL;
}

static void see_bytes(struct plan_bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		seen += ((const unsigned char *)bytes.data)[i];
}

static void see_ids(struct plan_ids ids)
{
	for (size_t i = 0; i < ids.n; i++)
		seen += ids.id[i];
}

#define SEE_num(value) seen += (size_t)(value);
#define SEE_hex(value) seen += (value);
#define SEE_ns(value) seen += (value);
#define SEE_octal(value) seen += (value);
#define SEE_flag(value) seen += (value);
#define SEE_msg(value) seen += (size_t)(value);
#define SEE_in(value) see_slot(in, value);
#define SEE_out(value) see_slot(in, value);
#define SEE_opt(value) see_slot(in, value);
#define SEE_gone(value) see_slot(in, value);
#define SEE_text(value) see_text(value);
#define SEE_maybe(value) see_text(value);
#define SEE_list(value) see_list(value);
#define SEE_bytes(value) see_bytes(value);
#define SEE_ids(value) see_ids(value);
#define SEE(type, name) SEE_##type(s->name)
/* clang-format off */
#define SEE_STEP(name)                                                                             \
	int step_##name(struct init *in, const struct step_##name *s)                              \
	{                                                                                          \
		(void)in;                                                                          \
		(void)s;                                                                           \
		STEP_##name(SEE)                                                                   \
		return 0;                                                                          \
	}
STEPS(SEE_STEP)
/* clang-format on */

/* Messages fill slots. */
static void see_message(const struct init *in, const struct plan_record *record)
{
	const uint64_t *word = (const void *)(record + 1);

	if (record->step != PLAN_STEP_await && record->step != PLAN_STEP_barrier)
		return;
	for (uint64_t i = 0; i < word[2]; i++)
		see_slot(in, (int)(word[1] + i));
}

static void decode(char *image, size_t size)
{
	static struct init in;
	const struct plan_header *header = (const void *)image;
	const char *at;

	if (init_check(&in, image, size) < 0)
		return;
	at = image + header->steps;
	for (uint32_t n = 0; n < header->n_steps; n++) {
		const struct plan_record *record = (const void *)at;

		if (record->origin)
			see_text(image + record->origin);
		see_message(&in, record);
		if (run_record(&in, record) < 0)
			abort();
		at += sizeof *record + record->n * sizeof(uint64_t);
	}
}

static struct arena arena = ARENA_INIT;
static const void *good;
static size_t good_size;

/* Every type of operand at least once. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const list[] = {"one", "", "three", NULL};
	static const uint32_t id[] = {1, 2, 3};
	const struct plan_bytes bytes = {"bytes of a filter", 17};
	const struct plan_ids ids = {id, 3};
	struct plan *plan = plan_new(&arena);
	struct err err = {0};
	int slot = plan_slot_fd(plan, "fd", 3), more = plan_slot(plan, "more");

	(void)argc;
	(void)argv;
	plan_slot(plan, "more");
	plan_origin(plan, "an origin");
	plan_keyring(plan, "name", slot, "label");
	plan_keyring(plan, "name", PLAN_NO_SLOT, NULL);
	plan_scheduler(plan, 1, 2, 3, 4, 5, 6, 7);
	plan_cpu_affinity(plan, bytes);
	plan_groups(plan, ids, true);
	plan_hook(plan, "/hook", list, list, slot, 5);
	plan_await(plan, MESSAGE_CGROUP, more, 2);
	plan_origin(plan, "another origin");
	plan_barrier(plan, MESSAGE_READY, PLAN_NO_SLOT, 0);
	plan_tree_create(plan, "tmpfs", NULL, list, 8, more);
	plan_target(plan, slot, "/target", PLAN_LIKE, more, 0, more + 1);
	plan_device(plan, slot, "/dev/null", 0666, 1, 3, 0, 0, PLAN_NO_SLOT);
	plan_seccomp(plan, bytes, 0);
	plan_join(plan, plan_slot_fd(plan, "gone", 1), 0x20000);
	plan_wait_start(plan, plan_slot_fd(plan, "listener", 4), more);
	plan_exec(plan, list, list);
	if (plan_finish(plan, 5, &good, &good_size, &err) < 0)
		abort();
	plan_free(plan);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool whole = size && data[0] & 1;
	size_t length = whole ? size - 1 : good_size;
	char *image =
		malloc(length ? length : 1); /* its exact size: the sanitizer sees what is behind */

	if (!image)
		abort();
	if (whole) {
		memcpy(image, data + 1, length);
	} else {
		memcpy(image, good, length);
		/* three bytes each: where, little endian, and what */
		for (size_t i = 1; i + 3 <= size; i += 3)
			image[(data[i] | data[i + 1] << 8) % length] = (char)data[i + 2];
	}
	decode(image, length);
	free(image);
	return 0;
}
