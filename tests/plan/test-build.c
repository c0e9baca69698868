/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Building, verifying, printing a plan, and that hull-init reads what was built. Each error of the
 * verifier once, with its text: a planner's mistake must say where it is.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "init/run.h"
#include "libocispec/arena.h"
#include "plan/build.h"
#include "plan/operands.h"
#include "tests/unit/tap.h"

static struct arena arena = ARENA_INIT;
static const char *const words[] = {"one", "", "three \"3\"\n", NULL};
static const char *const none[] = {NULL};

static void add_exec(struct plan *p)
{
	plan_origin(p, "exec");
	plan_exec(p, words, none);
}

/* Ends the plan and compares what the verifier says; want "" when it must have no complaint. */
static void verdict(struct plan *p, const char *want, const char *name)
{
	struct err err = {0};
	const void *image;
	size_t size;
	int r = plan_finish(p, 5, &image, &size, &err);

	is_str(r < 0 ? err.text : "", want, "%s", name);
	plan_free(p);
}

/* -- the verifier
 * ---------------------------------------------------------------------------------- */

static void test_slots(void)
{
	struct plan *p = plan_new(&arena);
	int slot;

	plan_origin(p, "root.path");
	plan_pivot(p, plan_slot(p, "root"));
	verdict(p,
		"internal error: plan step 0 (pivot, root.path): slot 0 (root) is used before it "
		"is filled",
		"a slot that nothing fills");

	p = plan_new(&arena);
	slot = plan_slot_fd(p, "fd", 3);
	plan_close(p, slot);
	plan_close(p, slot);
	verdict(p,
		"internal error: plan step 1 (close, ): slot 0 (fd) is used after it was given "
		"away",
		"a slot that is closed twice");

	p = plan_new(&arena);
	slot = plan_slot_fd(p, "tree", 3);
	plan_close(p, slot);
	plan_tree_attr(p, slot, 0, 0, 0, false, PLAN_NO_SLOT);
	verdict(p,
		"internal error: plan step 1 (tree_attr, ): slot 0 (tree) is used after it was "
		"given away",
		"a slot that is used after it was closed");

	p = plan_new(&arena);
	plan_pivot(p, 1);
	verdict(p, "internal error: plan step 0 (pivot, ): slot 1 (?) does not exist",
		"a slot number too high");

	p = plan_new(&arena);
	plan_pivot(p, PLAN_NO_SLOT);
	verdict(p, "internal error: plan step 0 (pivot, ): slot -1 (?) does not exist",
		"no slot where one must be");

	p = plan_new(&arena);
	plan_root_open(p, PLAN_NO_SLOT);
	verdict(p, "internal error: plan step 0 (root_open, ): slot -1 (?) does not exist",
		"no slot to fill");

	p = plan_new(&arena);
	plan_keyring(p, "name", plan_slot(p, "procfs"), NULL);
	verdict(p,
		"internal error: plan step 0 (keyring, ): slot 0 (procfs) is used before it is "
		"filled",
		"an optional slot that is there must be filled");
}

static void test_flow(void)
{
	struct plan *p = plan_new(&arena);
	int slot = plan_slot(p, "root");

	plan_root_open(p, slot);
	plan_pivot(p, slot);
	plan_close(p, slot);
	plan_root_open(p, slot);
	plan_close(p, slot);
	plan_keyring(p, "name", PLAN_NO_SLOT, NULL);
	add_exec(p);
	verdict(p, "",
		"a slot may be filled again after it was closed; an optional one may be none");
}

static void test_messages(void)
{
	struct plan *p = plan_new(&arena);
	int first = plan_slot(p, "a");

	plan_slot(p, "b");
	plan_await(p, MESSAGE_CGROUP, first, 2);
	plan_close(p, first);
	plan_close(p, first + 1);
	plan_barrier(p, MESSAGE_READY, PLAN_NO_SLOT, 0);
	add_exec(p);
	verdict(p, "", "a message fills several slots");

	p = plan_new(&arena);
	plan_await(p, MESSAGE_CGROUP, plan_slot(p, "a"), 2);
	verdict(p, "internal error: plan step 0 (await, ): slot 0 (a) does not exist",
		"a message that fills more slots than there are");

	p = plan_new(&arena);
	plan_barrier(p, MESSAGE_READY, PLAN_NO_SLOT, 1);
	verdict(p, "internal error: plan step 0 (barrier, ): slot -1 (?) does not exist",
		"a message that fills no slot with something");

	p = plan_new(&arena);
	plan_await(p, MESSAGE_CGROUP, plan_slot(p, "a"), -1);
	verdict(p, "internal error: plan step 0 (await, ): slot 0 (a) does not exist",
		"a negative count");

	p = plan_new(&arena);
	first = plan_slot_fd(p, "listener", 3);
	plan_wait_start(p, first, plan_slot(p, "state"));
	plan_close(p, first + 1);
	add_exec(p);
	verdict(p, "", "wait_start fills the state");

	p = plan_new(&arena);
	first = plan_slot_fd(p, "listener", 3);
	plan_wait_start(p, first, PLAN_NO_SLOT);
	plan_close(p, first);
	verdict(p,
		"internal error: plan step 1 (close, ): slot 0 (listener) is used after it was "
		"given away",
		"wait_start takes the listener");

	p = plan_new(&arena);
	plan_wait_start(p, plan_slot_fd(p, "listener", 3), 7);
	verdict(p, "internal error: plan step 0 (wait_start, ): slot 7 (?) does not exist",
		"a state in a slot that there is not");
}

static void test_form(void)
{
	struct plan *p = plan_new(&arena);
	const uint64_t word[2] = {0};

	verdict(p, "internal error: the plan does not end with exec", "an empty plan");

	p = plan_new(&arena);
	plan_exec(p, words, none);
	plan_umask(p, 022);
	verdict(p, "internal error: the plan does not end with exec",
		"a plan that goes on behind exec");

	p = plan_new(&arena);
	plan_add(p, PLAN_STEP_umask, word, 2);
	verdict(p,
		"internal error: plan step 0 (umask, ): slot -1 (?) has the wrong number of "
		"operands",
		"an operand too many");

	p = plan_new(&arena);
	plan_hostname(p, NULL);
	verdict(p, "internal error: plan step 0 (hostname, ): slot -1 (?) has no text or list",
		"a text that is missing");
}

/* -- the text
 * ---------------------------------------------------------------------------------------- */

static void test_dump(void)
{
	static const uint32_t id[] = {0, 1000, UINT32_MAX};
	struct plan *p = plan_new(&arena);
	AUTO_BUF struct buf out = BUF_INIT;
	int root = plan_slot_fd(p, "root", -1), tree = plan_slot(p, "the tree");

	plan_umask(p, 022);
	plan_origin(p, "mounts[%d] (%s)", 3, "/data");
	plan_tree_create(p, "tmpfs", NULL, words, 0xf, tree);
	plan_tree_attr(p, tree, 1, 0, UINT64_C(1) << 40, true, PLAN_NO_SLOT);
	plan_origin(p, "user");
	plan_groups(p, (struct plan_ids){id, 3}, false);
	plan_groups(p, (struct plan_ids){NULL, 0}, true);
	plan_origin(p, "mounts[3] (/data)");
	plan_unshare(p, 0x10000000 | 0x20000);
	plan_unshare(p, 0);
	plan_barrier(p, MESSAGE_READY, PLAN_NO_SLOT, 0);
	plan_seccomp(p, (struct plan_bytes){"a", 1}, 4);
	plan_scheduler(p, -1, -20, 0, 0, INT64_MAX, 0, 0);
	plan_lsm_label(p, root, "path", NULL, "a\tlabel \x01");
	plan_dump(p, &out);
	is_str(out.data,
	       "umask mask=022\n"
	       "# mounts[3] (/data)\n"
	       "tree_create type=\"tmpfs\" source=none options=[\"one\", \"\", \"three "
	       "\\\"3\\\"\\n\"] attr=0xf "
	       "tree=%1:the tree\n"
	       "tree_attr tree=%1:the tree set=0x1 clear=0x0 propagation=0x10000000000 "
	       "recursive=yes userns=none\n"
	       "# user\n"
	       "groups gids=[0, 1000, 4294967295] denied_ok=no\n"
	       "groups gids=[] denied_ok=yes\n"
	       "# mounts[3] (/data)\n"
	       "unshare flags=user+mount\n"
	       "unshare flags=none\n"
	       "barrier message=ready first=none count=0\n"
	       "seccomp filter=<1 bytes e40c292c> flags=0x4\n"
	       "scheduler policy=-1 nice=-20 priority=0 flags=0x0 runtime=9223372036854775807 "
	       "deadline=0 period=0\n"
	       "lsm_label procfs=%0:root path=\"path\" fallback=none label=\"a\\tlabel \\u0001\"\n",
	       "every kind of operand as text");
	plan_free(p);
}

/* -- what hull-init makes of it
 * ------------------------------------------------------------------------ */

static const char *const letters[PLAN_N_STEPS] = OPERAND_LETTERS;

/* A value of each kind, all different, so that one that is read at the wrong place shows. */
static uint64_t sample(struct plan *p, char letter, int slot)
{
	static const uint32_t id[] = {7, 8};

	switch (letter) {
	case 't':
	case 'T':
		return plan_word_text(p, "a text");
	case 'l':
		return plan_word_list(p, words);
	case 'b':
		return plan_word_bytes(p, (struct plan_bytes){"12345", 5});
	case 'd':
		return plan_word_ids(p, (struct plan_ids){id, 2});
	case 'i':
	case 'O':
		return (uint64_t)slot;
	case 'g':
		return (uint64_t)plan_slot_fd(p, "gone", 9);
	case 'p':
		return (uint64_t)(int64_t)PLAN_NO_SLOT;
	default:
		return 0;
	}
}

static void add_sample(struct plan *p, int step, int slot)
{
	uint64_t word[PLAN_OPERANDS_MAX];
	size_t n = strlen(letters[step]);

	for (size_t i = 0; i < n; i++)
		word[i] = sample(p, letters[step][i], slot);
	plan_add(p, (enum plan_step_number)step, word, n);
}

/* The image in memory of its own, as hull-init maps it. */
static char *finish(struct plan *p, size_t *size)
{
	struct err err = {0};
	const void *image;
	char *copy;

	if (!ok(plan_finish(p, 5, &image, size, &err) == 0, "a plan is finished %s", err.text))
		return NULL;
	copy = malloc(*size);
	if (copy)
		memcpy(copy, image, *size);
	return copy;
}

static bool same_list(const char *const *list, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++)
		if (!list[n] || strcmp(list[n], want[n]) != 0)
			return false;
	/* one entry more is free: step exec puts HOME there */
	return !list[n] && !list[n + 1];
}

/* Operand i of a record as hull-init decodes it. */
static bool good_operand(const char *image, char letter, uint64_t word, int slot)
{
	const char *data = image + (uint32_t)word;

	switch (letter) {
	case 't':
	case 'T':
		return strcmp(data, "a text") == 0 && word >> 32 == 6;
	case 'l':
		return same_list((const char *const *)(const void *)data, words);
	case 'b':
		return word >> 32 == 5 && memcmp(data, "12345", 5) == 0;
	case 'd':
		return word >> 32 == 2 && memcmp(data, (uint32_t[]){7, 8}, 8) == 0;
	case 'i':
	case 'O':
		return word == (uint64_t)slot;
	default:
		return true;
	}
}

static void test_each_step(void)
{
	static struct init in;
	struct plan *p = plan_new(&arena);
	int slot = plan_slot_fd(p, "fd", 3);
	const struct plan_header *header;
	const char *at;
	char *image;
	size_t size, good = 0, wanted = 0;

	plan_origin(p, "here");
	for (int step = 0; step < PLAN_N_STEPS; step++)
		if (step != PLAN_STEP_exec)
			add_sample(p, step, slot);
	add_sample(p, PLAN_STEP_exec, slot);
	image = finish(p, &size);
	if (!image)
		return;
	is_int(init_check(&in, image, size), 0, "hull-init accepts a plan with each of %d steps",
	       PLAN_N_STEPS);
	header = (const void *)image;
	is_int(header->n_steps, PLAN_N_STEPS, "all steps are there");
	is_int(in.control, 5, "the control socket's number");
	ok(in.slot[slot] == 3 && in.n_slots > 1, "the table of descriptors");
	at = image + header->steps;
	for (uint32_t n = 0; n < header->n_steps; n++) {
		const struct plan_record *record = (const void *)at;
		const uint64_t *word = (const void *)(record + 1);

		wanted += record->n + 1u;
		good += strcmp(image + record->origin, "here") == 0;
		for (uint16_t i = 0; i < record->n; i++)
			good += good_operand(image, letters[record->step][i], word[i], slot);
		at += sizeof *record + record->n * sizeof *word;
	}
	is_int(good, wanted, "hull-init reads each operand and origin as it was written");
	free(image);
	plan_free(p);
}

/* A damaged image that a change at one place makes; the right answer is to refuse it. */
static void refused(size_t offset, uint64_t value, size_t bytes, const char *name)
{
	static struct init in;
	struct plan *p = plan_new(&arena);
	struct plan_header *header;
	uint64_t *word;
	char *image;
	size_t size;

	plan_origin(p, "o");
	plan_hostname(p, "host");
	add_exec(p);
	image = finish(p, &size);
	if (!image)
		return;
	header = (void *)image;
	word = (void *)(image + header->steps + sizeof(struct plan_record));
	memcpy(offset == SIZE_MAX ? (char *)word : image + offset, &value, bytes);
	is_int(init_check(&in, image, size), -EBADMSG, "hull-init refuses %s", name);
	free(image);
	plan_free(p);
}

#define HEADER(member, value, name)                                                                \
	refused(offsetof(struct plan_header, member), value,                                       \
		sizeof(((struct plan_header *)0)->member), name)
#define WORD(length, offset, name) refused(SIZE_MAX, (uint64_t)(length) << 32 | (offset), 8, name)

static void test_damaged(void)
{
	HEADER(magic, 0, "another magic number");
	HEADER(version, PLAN_VERSION + 1, "another version");
	HEADER(size, 100, "a size that is not the file's");
	HEADER(steps, 4, "records in the header");
	HEADER(steps, sizeof(struct plan_header) + 4, "records that are not aligned");
	HEADER(steps_end, UINT32_MAX, "records that end behind the image");
	HEADER(steps_end, sizeof(struct plan_header), "records that end before they begin");
	HEADER(n_steps, 1, "records that are left over");
	HEADER(n_steps, 3, "a record too many");
	HEADER(slots, UINT32_MAX & ~3u, "slots behind the image");
	HEADER(n_slots, UINT32_MAX, "more slots than fit");
	WORD(4, 0, "a text in the header");
	WORD(4, UINT32_MAX, "a text behind the image");
	WORD(UINT32_MAX, sizeof(struct plan_header), "a text longer than the image");
	WORD(3, sizeof(struct plan_header), "a text that does not end where it says");
}

/* A vector is relocated in place: it must not lie on a record, whose operands would become
 * pointers after they were checked. */
static void test_vector_on_record(void)
{
	static struct init in;
	struct plan *p = plan_new(&arena);
	struct plan_header *header;
	uint64_t *word;
	char *image;
	size_t size, at;

	/* words of this record: slot, text, 0, 0: as good as a vector with one entry */
	plan_root_open(p, plan_slot(p, "root"));
	plan_target(p, 0, "/x", PLAN_DIRECTORY, 0, 0, 0);
	plan_exec(p, words, none);
	image = finish(p, &size);
	if (!image)
		return;
	header = (void *)image;
	at = header->steps + sizeof(struct plan_record) + 8; /* root_open */
	at += sizeof(struct plan_record) + 8; /* target: behind root is path */
	word = (void *)(image + header->steps_end - 2 * sizeof *word);
	word[0] = UINT64_C(1) << 32 | at;
	is_int(init_check(&in, image, size), -EBADMSG,
	       "hull-init refuses a vector that lies on a record");
	free(image);
	plan_free(p);
}

/* -- descriptors
 * ----------------------------------------------------------------------------------------- */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_descriptors(void)
{
	struct plan *p = plan_new(&arena);
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    given = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int *fds;
	size_t size;
	char *image;

	plan_slot_fd(p, "kept", kept);
	plan_slot(p, "empty");
	plan_slot_fd(p, "dry", -1);
	plan_adopt_fd(p, "given", given);
	plan_adopt_fd(p, "given dry", -1);
	add_exec(p);
	image = finish(p, &size);
	ok(plan_fds(p, &fds) == 2 && fds[0] == kept && fds[1] == given,
	   "the child inherits the descriptors that are there");
	free(image);
	plan_free(p);
	ok(is_open(kept) && !is_open(given), "a plan closes what it was given, and nothing else");
	close(kept);
	plan_free(NULL);
}

static void test_origin(void)
{
	struct plan *p = plan_new(&arena);
	char longer[600];

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	plan_umask(p, 0);
	plan_origin(p, "%s", longer);
	plan_umask(p, 0);
	is_str(plan_step_origin(p, 0), "", "a step without an origin");
	ok(strlen(plan_step_origin(p, 1)) == 255, "a long origin is cut");
	is_str(plan_step_origin(p, 2), "", "the origin of a step that there is not");
	is_str(plan_step_name(p, 1), "umask", "the name of a step");
	is_str(plan_step_name(p, 2), "?", "the name of a step that there is not");
	plan_free(p);
}

int main(void)
{
	test_slots();
	test_flow();
	test_messages();
	test_form();
	test_dump();
	test_each_step();
	test_damaged();
	test_vector_on_record();
	test_descriptors();
	test_origin();
	arena_free(&arena);
	return done_testing();
}
