/* SPDX-License-Identifier: Apache-2.0 */
#include "init/run.h"

#include <errno.h>
#include <sys/mman.h>

#include "plan/operands.h"
#include "sys/file.h"
#include "sys/message.h"
#include "sys/text.h"

/* One reference: its bytes (size, and extra ones such as a NUL) lie in the image. */
static bool reference_fits(uint64_t size, uint64_t word, uint64_t bytes)
{
	uint64_t offset = (uint32_t)word;

	return offset >= sizeof(struct plan_header) && offset <= size && bytes <= size - offset;
}

static bool text_fits(const struct init *in, uint64_t size, uint64_t word)
{
	uint64_t length = word >> 32;

	return reference_fits(size, word, length + 1) && in->image[(uint32_t)word + length] == '\0';
}

/* An origin is a string whose length is not known: its NUL must come before the end. */
static bool origin_fits(const struct init *in, uint64_t size, uint64_t offset)
{
	if (!offset)
		return true;
	if (offset < sizeof(struct plan_header))
		return false;
	while (offset < size && in->image[offset])
		offset++;
	return offset < size;
}

/* A vector of text references with one spare entry and the terminator: turned into pointers. */
static int relocate_list(struct init *in, uint64_t size, uint64_t word)
{
	uint64_t n = word >> 32;
	uint64_t *entry;

	if ((uint32_t)word % 8 || !reference_fits(size, word, (n + 2) * sizeof *entry))
		return -EBADMSG;
	entry = (void *)(in->image + (uint32_t)word);
	if (entry[n] || entry[n + 1])
		return -EBADMSG;
	for (uint64_t i = 0; i < n; i++) {
		if (!text_fits(in, size, entry[i]))
			return -EBADMSG;
		entry[i] = (uint64_t)(uintptr_t)(in->image + (uint32_t)entry[i]);
	}
	return 0;
}

static int check_word(struct init *in, uint64_t size, char letter, uint64_t word)
{
	bool good = true;

	switch (letter) {
	case 'T':
		good = !word || text_fits(in, size, word);
		break;
	case 't':
		good = text_fits(in, size, word);
		break;
	case 'l':
		return relocate_list(in, size, word);
	case 'b':
		good = reference_fits(size, word, word >> 32);
		break;
	case 'd':
		good = (uint32_t)word % 4 == 0 && reference_fits(size, word, (word >> 32) * 4);
		break;
	case 'p':
		good = (int64_t)word == PLAN_NO_SLOT || word < in->n_slots;
		break;
	case 'i':
	case 'g':
	case 'O':
		good = word < in->n_slots;
		break;
	default:
		break;
	}
	return good ? 0 : -EBADMSG;
}

/* Messages may fill several slots: word 1 is the first, word 2 the count. */
static bool message_fits(const struct init *in, const struct plan_record *record,
			 const uint64_t *word)
{
	if (record->step != PLAN_STEP_await && record->step != PLAN_STEP_barrier)
		return true;
	if (!word[2])
		return true;
	return word[1] < in->n_slots && word[2] <= in->n_slots - word[1] &&
	       word[2] <= MESSAGE_FDS_MAX;
}

static int check_records(struct init *in, const struct plan_header *header)
{
	static const char letters[PLAN_N_STEPS][PLAN_OPERANDS_MAX + 1] = OPERAND_LETTERS;
	/* References lie in the data in front of the records: relocating a vector must not change a
	 * record that was checked already. */
	uint64_t at = header->steps, end = header->steps;

	for (uint32_t n = 0; n < header->n_steps; n++) {
		const struct plan_record *record = (const void *)(in->image + at);
		const uint64_t *word = (const void *)(record + 1);

		if (header->steps_end - at < sizeof *record || record->step >= PLAN_N_STEPS ||
		    record->n != text_length(letters[record->step]) ||
		    header->steps_end - at - sizeof *record < record->n * sizeof *word)
			return -EBADMSG;
		if (!message_fits(in, record, word) || !origin_fits(in, end, record->origin))
			return -EBADMSG;
		for (uint16_t i = 0; i < record->n; i++) {
			int r = check_word(in, end, letters[record->step][i], word[i]);

			if (r < 0)
				return r;
		}
		at += sizeof *record + record->n * sizeof *word;
	}
	return at == header->steps_end ? 0 : -EBADMSG;
}

int init_check(struct init *in, char *image, uint64_t size)
{
	const struct plan_header *header = (const void *)image;

	if (size < sizeof *header || header->magic != PLAN_MAGIC ||
	    header->version != PLAN_VERSION || header->size != size || header->steps % 8 ||
	    header->steps < sizeof *header || header->steps_end < header->steps ||
	    header->steps_end > size || header->slots % 4 || header->slots < sizeof *header ||
	    header->slots > size || header->n_slots > (size - header->slots) / sizeof(int32_t))
		return -EBADMSG;
	in->image = image;
	in->slot = (void *)(image + header->slots);
	in->n_slots = header->n_slots;
	in->control = (int)header->control;
	return check_records(in, header);
}

int init_load(struct init *in, int fd)
{
	struct statx st;
	long image;
	int r = sys_fstatx(fd, &st);

	if (r < 0)
		return r;
	if (st.stx_size > PLAN_SIZE_MAX)
		return -EBADMSG;
	image = sys_call(SYS_mmap, 0, st.stx_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (image < 0)
		return (int)image;
	sys_close(fd);
	return init_check(in, (char *)image, st.stx_size);
}

#define DECODE_num(w) (plan_num)(w)
#define DECODE_hex(w) (w)
#define DECODE_ns(w) (w)
#define DECODE_octal(w) (plan_octal)(w)
#define DECODE_flag(w) ((w) != 0)
#define DECODE_msg(w) (int)(w)
#define DECODE_in(w) (int)(w)
#define DECODE_out(w) (int)(w)
#define DECODE_opt(w) (int)(w)
#define DECODE_gone(w) (int)(w)
#define DECODE_text(w) (in->image + (uint32_t)(w))
#define DECODE_maybe(w) ((w) ? in->image + (uint32_t)(w) : NULL)
#define DECODE_list(w) (plan_list)(void *)(in->image + (uint32_t)(w))
#define DECODE_bytes(w)                                                                            \
	(struct plan_bytes)                                                                        \
	{                                                                                          \
		in->image + (uint32_t)(w), (size_t)((w) >> 32)                                     \
	}
#define DECODE_ids(w)                                                                              \
	(struct plan_ids)                                                                          \
	{                                                                                          \
		(void *)(in->image + (uint32_t)(w)), (size_t)((w) >> 32)                           \
	}
#define DECODE(type, name) s.name = DECODE_##type(*word), word++;

/* A function for each step, so that only the running step's operands are on the stack. */
#define RUN_STEP(name)                                                                             \
	__attribute__((noinline)) static int run_##name(struct init *in, const uint64_t *word)     \
	{                                                                                          \
		struct step_##name s;                                                              \
                                                                                                   \
		STEP_##name(DECODE)(void) word;                                                    \
		return step_##name(in, &s);                                                        \
	}
/* clang-format off */
STEPS(RUN_STEP)

static int run_record(struct init *in, const struct plan_record *record)
{
	const uint64_t *word = (const void *)(record + 1);

#define RUN_CASE(name) case PLAN_STEP_##name: return run_##name(in, word);
	switch ((enum plan_step_number)record->step) {
	STEPS(RUN_CASE)
	case PLAN_N_STEPS:
		break;
	}
	return -EBADMSG; /* init_check has seen to it */
}
/* clang-format on */

static void tell_failure(struct init *in, const struct plan_record *record, int code)
{
	const char *origin = in->image + record->origin;
	size_t n = text_length(origin);
	struct plan_note note = {.message = MESSAGE_FAILED,
				 .value = (int32_t)in->step,
				 .code = -code};

	if (n >= sizeof note.origin)
		n = sizeof note.origin - 1;
	text_cut(note.origin, origin, record->origin ? n : 0);
	text_copy(note.text, sizeof note.text, in->doing ? in->doing : "");
	(void)message_send(in->control, &note, NULL, 0); /* nobody else to tell */
}

/* --trace: when each step ended, in memory that the host shares. */
static void trace_open(struct init *in, const struct plan_header *header)
{
	long size = (long)(header->n_steps * sizeof(uint64_t));
	long memory;

	if (header->trace == PLAN_NO_TRACE)
		return;
	memory = sys_call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, header->trace, 0);
	sys_close((int)header->trace);
	/* Without it there is no trace; the container does not care. */
	in->trace = memory < 0 && memory > -4096 ? NULL : (uint64_t *)memory;
}

static void trace_step(struct init *in)
{
	struct {
		long seconds, nanoseconds;
	} now;

	if (in->trace && sys_call(SYS_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now) == 0)
		in->trace[in->step] =
			(uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

int init_run(struct init *in)
{
	const struct plan_header *header = (const void *)in->image;
	const char *at = in->image + header->steps;

	trace_open(in, header);
	for (in->step = 0; in->step < header->n_steps; in->step++) {
		const struct plan_record *record = (const void *)at;
		int r;

		in->doing = NULL;
		r = run_record(in, record);
		if (r < 0) {
			tell_failure(in, record, r);
			return r;
		}
		trace_step(in);
		at += sizeof *record + record->n * sizeof(uint64_t);
	}
	return -ENOEXEC; /* a plan ends with exec */
}
