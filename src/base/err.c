/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_name(int code)
{
	static _Thread_local char text[96];
	const char *name = strerrordesc_np(code);

	if (!name) {
		snprintf(text, sizeof text, "error %d", code);
		return text;
	}
	snprintf(text, sizeof text, "%s", name);
	/* "RPC version wrong" and the like keep their capitals. */
	if (isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

static void cut_mark(char *text, size_t room, int needed)
{
	if (needed >= 0 && (size_t)needed >= room && room > 4)
		memcpy(text + room - 4, "...", 4);
}

__attribute__((format(printf, 3, 0))) static void err_vset(struct err *err, int code,
							   const char *fmt, va_list ap)
{
	err->code = code > 0 ? code : EINVAL;
	cut_mark(err->text, sizeof err->text, vsnprintf(err->text, sizeof err->text, fmt, ap));
}

int err_text(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		err_vset(err, code, fmt, ap);
		va_end(ap);
	}
	return code > 0 ? -code : -EINVAL;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	if (!err)
		return code > 0 ? -code : -EINVAL;
	va_start(ap, fmt);
	err_vset(err, code, fmt, ap);
	va_end(ap);
	if (code > 0) {
		used = strlen(err->text);
		cut_mark(err->text, sizeof err->text,
			 (int)used + snprintf(err->text + used, sizeof err->text - used, ": %s",
					      err_name(code)));
	}
	return -err->code;
}

int err_at(struct err *err, const char *fmt, ...)
{
	struct err inner;
	va_list ap;
	size_t used;

	if (!err)
		return -EINVAL;
	inner = *err;
	va_start(ap, fmt);
	err_vset(err, inner.code, fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	cut_mark(err->text, sizeof err->text,
		 (int)used +
			 snprintf(err->text + used, sizeof err->text - used, ": %s", inner.text));
	return -err->code;
}
