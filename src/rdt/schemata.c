/* SPDX-License-Identifier: Apache-2.0 */
#include "rdt/schemata.h"

#include <stddef.h>
#include <string.h>

/* A part of a text; blanks around it do not belong to it. */
struct part {
	const char *text;
	size_t size;
};

static struct part trim(struct part p)
{
	while (p.size && strchr(" \t", p.text[0])) {
		p.text++;
		p.size--;
	}
	while (p.size && strchr(" \t", p.text[p.size - 1]))
		p.size--;
	return p;
}

/* Cuts what stands before separator off the front of rest; false when rest is empty. */
static bool cut(struct part *rest, char separator, struct part *ret)
{
	const char *end;

	if (!rest->size)
		return false;
	end = memchr(rest->text, separator, rest->size);
	ret->text = rest->text;
	ret->size = end ? (size_t)(end - rest->text) : rest->size;
	rest->text += ret->size + (end != NULL);
	rest->size -= ret->size + (end != NULL);
	*ret = trim(*ret);
	return true;
}

/* The same number (an id, a mask in hex, a percentage), or the same text. */
static bool same(struct part a, struct part b)
{
	while (a.size > 1 && a.text[0] == '0') {
		a.text++;
		a.size--;
	}
	while (b.size > 1 && b.text[0] == '0') {
		b.text++;
		b.size--;
	}
	return a.size == b.size && strncasecmp(a.text, b.text, a.size) == 0;
}

/* Whether a list like "0=ff;1=f0" has that entry. */
static bool has_entry(struct part list, struct part id, struct part value)
{
	struct part entry, entry_id;

	while (cut(&list, ';', &entry))
		if (cut(&entry, '=', &entry_id) && same(entry_id, id))
			return same(trim(entry), value);
	return false;
}

static bool line_covered(const char *have, struct part resource, struct part entries)
{
	struct part entry, id;

	while (cut(&entries, ';', &entry)) {
		struct part all = {have, strlen(have)}, line, name;
		bool found = false;

		if (!cut(&entry, '=', &id))
			return false;
		while (!found && cut(&all, '\n', &line))
			found = cut(&line, ':', &name) && name.size == resource.size &&
				memcmp(name.text, resource.text, name.size) == 0 &&
				has_entry(line, id, trim(entry));
		if (!found)
			return false;
	}
	return true;
}

bool schemata_cover(const char *have, const char *wanted)
{
	struct part all = {wanted, strlen(wanted)}, line, resource;

	while (cut(&all, '\n', &line))
		if (line.size && (!cut(&line, ':', &resource) || !line.size ||
				  !line_covered(have, resource, line)))
			return false;
	return true;
}
