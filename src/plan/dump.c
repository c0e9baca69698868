/* SPDX-License-Identifier: Apache-2.0 */

/* A plan as text: what `hull plan` prints and what the golden tests compare. */

#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include "plan/build.h"
#include "plan/image.h"
#include "plan/operands.h"

static const char *const letters[PLAN_N_STEPS] = OPERAND_LETTERS;
static const char *const operand_names[PLAN_N_STEPS] = OPERAND_NAMES;
static const char *const step_names[PLAN_N_STEPS] = OPERAND_STEPS;

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

const char *plan_step_name(const struct plan *p, uint32_t n)
{
	return n < p->n_steps ? step_names[plan_record_at(p, n)->step] : "?";
}

static void dump_ns(struct buf *buf, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} table[] = {
		{CLONE_NEWUSER, "user"},     {CLONE_NEWPID, "pid"},   {CLONE_NEWNS, "mount"},
		{CLONE_NEWNET, "network"},   {CLONE_NEWIPC, "ipc"},   {CLONE_NEWUTS, "uts"},
		{CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"},
	};
	const char *separator = "";

	if (!flags)
		buf_str(buf, "none");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!(flags & table[i].flag))
			continue;
		buf_printf(buf, "%s%s", separator, table[i].name);
		separator = "+";
	}
}

static const char *message_name(uint64_t message)
{
	switch ((enum plan_message)message) {
	case MESSAGE_FAILED:
		return "failed";
	case MESSAGE_SIBLING:
		return "sibling";
	case MESSAGE_CGROUP:
		return "cgroup";
	case MESSAGE_CREATE_RUNTIME:
		return "create_runtime";
	case MESSAGE_CREATE_CONTAINER:
		return "create_container";
	case MESSAGE_CONSOLE:
		return "console";
	case MESSAGE_LISTENER:
		return "listener";
	case MESSAGE_READY:
		return "ready";
	case MESSAGE_START:
		return "start";
	case MESSAGE_ID_MAPS:
		return "id_maps";
	case MESSAGE_LIMITS:
		return "limits";
	case MESSAGE_SOURCES:
		return "sources";
	case MESSAGE_NETWORK:
		return "network";
	}
	return "?";
}

static void dump_slot(const struct plan *p, struct buf *buf, uint64_t word)
{
	int64_t slot = (int64_t)word;

	if (slot < 0 || slot >= p->n_slots)
		buf_str(buf, "none");
	else
		buf_printf(buf, "%%%" PRId64 ":%s", slot, p->slot[slot].name);
}

static void dump_list(const struct plan *p, struct buf *buf, uint64_t word)
{
	const char *vector = plan_data_at(p, word);
	uint64_t entry;

	buf_str(buf, "[");
	for (uint32_t i = 0; i < (uint32_t)(word >> 32); i++) {
		memcpy(&entry, vector + i * sizeof entry, sizeof entry);
		if (i)
			buf_str(buf, ", ");
		buf_json(buf, plan_data_at(p, entry));
	}
	buf_str(buf, "]");
}

static void dump_ids(const struct plan *p, struct buf *buf, uint64_t word)
{
	const char *vector = plan_data_at(p, word);
	uint32_t id;

	buf_str(buf, "[");
	for (uint32_t i = 0; i < (uint32_t)(word >> 32); i++) {
		memcpy(&id, vector + i * sizeof id, sizeof id);
		buf_printf(buf, "%s%" PRIu32, i ? ", " : "", id);
	}
	buf_str(buf, "]");
}

/* FNV-1a: enough to see in a golden text that bytes have changed. */
static uint32_t fingerprint(const char *data, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)data[i]) * 16777619u;
	return hash;
}

static void dump_operand(const struct plan *p, struct buf *buf, char letter, uint64_t word)
{
	switch (letter) {
	case 'n':
		buf_printf(buf, "%" PRId64, (int64_t)word);
		break;
	case 'h':
		buf_printf(buf, "0x%" PRIx64, word);
		break;
	case 'o':
		buf_printf(buf, "0%" PRIo64, word);
		break;
	case 'f':
		buf_str(buf, word ? "yes" : "no");
		break;
	case 'N':
		dump_ns(buf, word);
		break;
	case 'm':
		buf_str(buf, message_name(word));
		break;
	case 't':
	case 'T':
		if (word)
			buf_json(buf, plan_data_at(p, word));
		else
			buf_str(buf, "none");
		break;
	case 'l':
		dump_list(p, buf, word);
		break;
	case 'd':
		dump_ids(p, buf, word);
		break;
	case 'b':
		buf_printf(buf, "<%u bytes %08x>", (uint32_t)(word >> 32),
			   fingerprint(plan_data_at(p, word), (size_t)(word >> 32)));
		break;
	default:
		dump_slot(p, buf, word);
		break;
	}
}

void plan_dump(const struct plan *p, struct buf *buf)
{
	const char *last = "";

	for (uint32_t n = 0; n < p->n_steps; n++) {
		const struct plan_record *record = plan_record_at(p, n);
		const char *name = operand_names[record->step];
		const char *origin = plan_step_origin(p, n);

		if (strcmp(origin, last) != 0)
			buf_printf(buf, "# %s\n", origin);
		last = origin;
		buf_str(buf, step_names[record->step]);
		for (uint16_t i = 0; i < record->n; i++) {
			size_t length = strcspn(name, " ");

			buf_printf(buf, " %.*s=", (int)length, name);
			name += length + 1;
			dump_operand(p, buf, letters[record->step][i], plan_words(record)[i]);
		}
		buf_str(buf, "\n");
	}
}
