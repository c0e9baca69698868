/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>
#include <string.h>

void oci_report_init(struct oci_report *report, struct arena *arena)
{
	*report = (struct oci_report){.arena = arena};
}

struct oci_finding *oci_report_new(struct oci_report *report, enum oci_severity severity,
				   const char *text, size_t size, size_t offset)
{
	size_t room = severity == OCI_ERROR ? OCI_REPORT_MAX : OCI_REPORT_MAX / 2;
	struct oci_finding *finding;

	if (severity == OCI_ERROR)
		report->n_errors++;
	else
		report->n_warnings++;
	report->hint_ready = false;
	if (report->n_findings >= room)
		return NULL;
	if (!report->findings)
		report->findings = arena_array(report->arena, OCI_REPORT_MAX, sizeof(*finding));
	if (!report->findings)
		return NULL;

	finding = &report->findings[report->n_findings++];
	*finding = (struct oci_finding){.severity = severity, .path = "", .message = ""};
	if (text)
		oci_line_column(text, size, offset, &finding->line, &finding->column);
	report->hint_ready = true;
	return finding;
}

void oci_report_add(struct oci_report *report, const char *text, size_t size, const char *path,
		    enum oci_severity severity, const char *fmt, ...)
{
	struct oci_finding *finding;
	char *message, *copy;
	size_t offset;
	va_list args;

	if (!text) {
		text = report->text;
		size = report->text_size;
	}
	offset = text ? oci_find_nearest(text, size, path) : 0;
	finding = oci_report_new(report, severity, text, size, offset);
	if (!finding)
		return;
	va_start(args, fmt);
	message = arena_vprintf(report->arena, fmt, args);
	va_end(args);
	copy = arena_strdup(report->arena, path);
	finding->message = message ? message : "no memory for the message";
	finding->path = copy ? copy : "";
}

void oci_report_hint(struct oci_report *report, const char *fmt, ...)
{
	va_list args;

	if (!report->hint_ready) /* the finding itself was not kept */
		return;
	va_start(args, fmt);
	report->findings[report->n_findings - 1].hint = arena_vprintf(report->arena, fmt, args);
	va_end(args);
}

size_t oci_finding_format(const struct oci_finding *finding, const char *name, char *buf,
			  size_t room)
{
	char place[32] = "";
	int n;

	if (finding->line > 0)
		(void)snprintf(place, sizeof(place), ":%u:%u", finding->line, finding->column);
	n = snprintf(buf, room, "%s%s: %s%s%s%s%s%s", name, place,
		     finding->severity == OCI_WARNING ? "warning: " : "", finding->path,
		     *finding->path ? ": " : "", finding->message, finding->hint ? "; " : "",
		     finding->hint ? finding->hint : "");
	if (n < 0)
		n = 0;

	/* Names and values come from a file that may be hostile to the terminal. */
	for (size_t i = 0; i < room && i < (size_t)n && buf[i]; i++)
		if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
			buf[i] = '?';
	return (size_t)n;
}

void oci_quote(char *buf, size_t room, const char *text, size_t size)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	size_t at = 0, i;

	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *escape = c ? strchr(plain, c) : NULL;
		size_t need = escape ? 2 : c < 0x20 || c == 0x7f ? 6 : 1;

		if (at + need + sizeof("...") > room)
			break;
		if (escape) {
			buf[at++] = '\\';
			buf[at++] = letters[escape - plain];
		} else if (need == 6) {
			at += (size_t)snprintf(buf + at, room - at, "\\u%04x", c);
		} else {
			buf[at++] = (char)c;
		}
	}
	if (i < size) {
		/* cut before a character, not within one */
		while (at > 0 && ((unsigned char)text[i] & 0xc0) == 0x80) {
			at--;
			i--;
		}
		memcpy(buf + at, "...", 3);
		at += 3;
	}
	buf[at] = '\0';
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static bool same(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

#define LONGEST 64

/*
 * How many mistakes make A of B: a letter too many, missing, wrong, or two exchanged; upper and
 * lower case are the same. A word that lacks its usual beginning or end counts as one mistake.
 */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	if (n > LONGEST || m > LONGEST)
		return SIZE_MAX;
	if (n >= 3 && n < m && (same(a, b, n) || same(a, b + (m - n), n)))
		return 1;
	for (size_t j = 0; j <= m; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = lower(a[i - 1]) != lower(b[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

/* Keeps the nearer of two candidates. */
static void consider(const char *candidate, const char *text, size_t size, size_t *best,
		     const char **ret)
{
	size_t away = distance(text, size, candidate, strlen(candidate));

	if (away < *best) {
		*best = away;
		*ret = candidate;
	}
}

/* One more than the mistakes that a word of this size may have. */
static size_t patience(size_t size)
{
	return least(2 + size / 6, 4);
}

const char *oci_nearest_word(const struct oci_enum *words, const char *text, size_t size)
{
	size_t best = patience(size);
	const char *found = NULL;

	for (size_t i = 1; i < words->n_words; i++)
		consider(words->words[i], text, size, &best, &found);
	return found;
}

const char *oci_nearest_key(const struct oci_type *type, const char *text, size_t size)
{
	size_t best = patience(size);
	const char *found = NULL;

	for (size_t i = 0; i < type->n_fields; i++)
		consider(type->fields[i].key, text, size, &best, &found);
	return found;
}
