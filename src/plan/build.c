/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "plan/image.h"

struct plan *plan_new(struct arena *arena)
{
	struct plan *p = arena_alloc(arena, sizeof *p);

	if (p)
		*p = (struct plan){.arena = arena, .trace = -1};
	return p;
}

void plan_release(struct plan *p)
{
	for (uint32_t i = 0; i < p->n_slots; i++) {
		if (p->slot[i].adopted && p->slot[i].fd >= 0)
			close(p->slot[i].fd);
		p->slot[i].adopted = false;
	}
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	plan_release(p);
	buf_free(&p->data);
	buf_free(&p->records);
	p->n_slots = p->n_steps = 0;
}

/* Makes room for one more element of an arena array by doubling it. */
static void *grow(struct plan *p, void *array, uint32_t n, uint32_t *room, size_t size)
{
	void *larger;
	uint32_t wanted = *room ? *room * 2 : 64;

	if (n < *room)
		return array;
	larger = arena_alloc(p->arena, wanted * size);
	if (!larger) {
		p->failed = true;
		return NULL;
	}
	if (n)
		memcpy(larger, array, n * size);
	*room = wanted;
	return larger;
}

/* Appends to the data area; align is a power of two. Returns the offset in the image, 0 on
 * failure. */
static uint32_t data_add(struct plan *p, const void *data, size_t size, size_t align)
{
	static const char zero[8];
	size_t offset = PLAN_DATA_START + p->data.size;
	size_t gap = (align - offset % align) % align;

	if (size > PLAN_SIZE_MAX || offset + gap + size > PLAN_SIZE_MAX) {
		p->failed = true;
		return 0;
	}
	buf_add(&p->data, zero, gap);
	buf_add(&p->data, data, size);
	return (uint32_t)(offset + gap);
}

uint64_t plan_word_text(struct plan *p, const char *text)
{
	size_t size;
	uint32_t offset;

	if (!text)
		return 0;
	size = strlen(text);
	offset = data_add(p, text, size + 1, 1);
	return offset ? (uint64_t)size << 32 | offset : 0;
}

/* A vector of string references, one spare entry (for HOME) and a terminator. */
uint64_t plan_word_list(struct plan *p, const char *const *list)
{
	size_t n = 0;
	uint64_t *word;
	uint32_t offset;

	while (list && list[n])
		n++;
	word = arena_alloc(p->arena, (n + 2) * sizeof *word);
	if (!word) {
		p->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		word[i] = plan_word_text(p, list[i]);
	word[n] = word[n + 1] = 0;
	offset = data_add(p, word, (n + 2) * sizeof *word, 8);
	return (uint64_t)n << 32 | offset;
}

uint64_t plan_word_bytes(struct plan *p, struct plan_bytes bytes)
{
	uint32_t offset = data_add(p, bytes.data, bytes.size, 8);

	return (uint64_t)bytes.size << 32 | offset;
}

uint64_t plan_word_ids(struct plan *p, struct plan_ids ids)
{
	uint32_t offset = data_add(p, ids.id, ids.n * sizeof *ids.id, 8);

	return (uint64_t)ids.n << 32 | offset;
}

void plan_add(struct plan *p, enum plan_step_number step, const uint64_t *word, size_t n)
{
	struct plan_record record = {.step = (uint16_t)step, .n = (uint16_t)n, .origin = p->origin};

	p->record_at = grow(p, p->record_at, p->n_steps, &p->room_steps, sizeof *p->record_at);
	if (!p->record_at)
		return;
	p->record_at[p->n_steps++] = (uint32_t)p->records.size;
	buf_add(&p->records, &record, sizeof record);
	buf_add(&p->records, word, n * sizeof *word);
}

void plan_origin(struct plan *p, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p->origin = (uint32_t)plan_word_text(p, text);
}

static int slot_add(struct plan *p, struct plan_slot_info info)
{
	p->slot = grow(p, p->slot, p->n_slots, &p->room_slots, sizeof *p->slot);
	if (!p->slot)
		return 0; /* the plan has failed, its slots do not matter any more */
	p->slot[p->n_slots] = info;
	return (int)p->n_slots++;
}

int plan_slot(struct plan *p, const char *name)
{
	return slot_add(p, (struct plan_slot_info){.name = name, .fd = -1});
}

int plan_slot_fd(struct plan *p, const char *name, int fd)
{
	return slot_add(p, (struct plan_slot_info){.name = name, .fd = fd, .held = true});
}

int plan_adopt_fd(struct plan *p, const char *name, int fd)
{
	return slot_add(
		p, (struct plan_slot_info){.name = name, .fd = fd, .held = true, .adopted = true});
}

size_t plan_fds(const struct plan *p, const int **ret)
{
	*ret = p->inherit;
	return p->n_inherit;
}

static int collect_inherited(struct plan *p)
{
	p->inherit = arena_alloc(p->arena, (p->n_slots + 2) * sizeof *p->inherit);
	if (!p->inherit)
		return -ENOMEM;
	p->n_inherit = 0;
	for (uint32_t i = 0; i < p->n_slots; i++)
		if (p->slot[i].fd >= 0)
			p->inherit[p->n_inherit++] = p->slot[i].fd;
	if (p->trace >= 0)
		p->inherit[p->n_inherit++] = p->trace;
	return 0;
}

int plan_finish(struct plan *p, int control, const void **ret_image, size_t *ret_size,
		struct err *err)
{
	struct plan_header header = {.magic = PLAN_MAGIC, .version = PLAN_VERSION};
	size_t size;
	char *image;
	int r;

	if (p->failed || p->data.failed || p->records.failed || collect_inherited(p) < 0)
		return err_set(err, ENOMEM, "build the plan");
	r = plan_check(p, err);
	if (r < 0)
		return r;
	data_add(p, "", 0, 8);
	header.steps = PLAN_DATA_START + (uint32_t)p->data.size;
	header.n_steps = p->n_steps;
	header.steps_end = header.steps + (uint32_t)p->records.size;
	header.slots = header.steps_end;
	header.n_slots = p->n_slots;
	header.control = (uint32_t)control;
	header.trace = p->trace >= 0 ? (uint32_t)p->trace : PLAN_NO_TRACE;
	size = header.slots + p->n_slots * sizeof(int32_t);
	if (p->failed || p->data.failed || size > PLAN_SIZE_MAX)
		return err_text(err, E2BIG, "the plan is larger than %u bytes", PLAN_SIZE_MAX);
	header.size = (uint32_t)size;
	image = arena_alloc(p->arena, size);
	if (!image)
		return err_set(err, ENOMEM, "build the plan");
	memcpy(image, &header, sizeof header);
	if (p->data.size)
		memcpy(image + PLAN_DATA_START, p->data.data, p->data.size);
	if (p->records.size)
		memcpy(image + header.steps, p->records.data, p->records.size);
	for (uint32_t i = 0; i < p->n_slots; i++) {
		int32_t fd = p->slot[i].fd;

		memcpy(image + header.slots + i * sizeof fd, &fd, sizeof fd);
	}
	*ret_image = image;
	*ret_size = size;
	return 0;
}

uint32_t plan_n_steps(const struct plan *p)
{
	return p->n_steps;
}

void plan_trace_to(struct plan *p, int fd)
{
	p->trace = fd;
}

const char *plan_step_origin(const struct plan *p, uint32_t n)
{
	const char *origin = NULL;

	if (n < p->n_steps)
		origin = plan_data_at(p, plan_record_at(p, n)->origin);
	return origin ? origin : "";
}
