/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

#include "tap.h"

static void test_texts(void)
{
	struct err err = {0};

	is_int(err_set(&err, ENOENT, "open %s", "/x"), -ENOENT, "err_set gives the code back");
	is_int(err.code, ENOENT, "  and keeps it");
	is_str(err.text, "open /x: no such file or directory", "  with the kernel's words");
	is_int(err_at(&err, "mounts[%d]", 3), -ENOENT, "err_at gives the code back");
	is_str(err.text, "mounts[3]: open /x: no such file or directory", "  and adds the place");
	is_int(err_text(&err, EPERM, "no %d%%", 100), -EPERM, "err_text gives the code back");
	is_str(err.text, "no 100%", "  and adds nothing");
	is_int(err_set(&err, 0, "bad"), -EINVAL, "a failure without an errno");
	is_str(err.text, "bad", "  has only its text");
	is_int(err_set(NULL, EIO, "x"), -EIO, "nobody wants the text");
	is_int(err_text(NULL, 0, "x"), -EINVAL, "nobody wants the text, no errno");
	ok(err_at(NULL, "x") < 0, "nobody wants the place");
}

static void test_names(void)
{
	is_str(err_name(EACCES), "permission denied", "EACCES as engines match it");
	is_str(err_name(ENOENT), "no such file or directory", "ENOENT as engines match it");
	is_str(err_name(EISDIR), "is a directory", "EISDIR as engines match it");
	is_str(err_name(ESRCH), "no such process", "ESRCH as engines match it");
	is_str(err_name(EIO), "input/output error", "EIO");
	is_str(err_name(EDOTDOT), "RFS specific error", "an abbreviation keeps its capitals");
	is_str(err_name(9999), "error 9999", "no errno at all");
}

/* Whatever the lengths: a text that ends in the struct, and in "..." when it was cut. */
static void test_cut(void)
{
	char longer[3000];
	bool ended = true, marked = true;

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	for (int n = 900; n < 1100; n++) {
		struct err err;
		size_t length;

		err_set(&err, ENOENT, "%.*s", n, longer);
		length = strnlen(err.text, sizeof err.text);
		ended = ended && length < sizeof err.text;
		if (n + 27 > 1023)
			marked = marked && length == 1023 && strcmp(err.text + 1020, "...") == 0;
		err_at(&err, "%.*s", n, longer);
		length = strnlen(err.text, sizeof err.text);
		ended = ended && length < sizeof err.text;
		marked = marked && length == 1023 && strcmp(err.text + 1020, "...") == 0;
	}
	ok(ended, "every text ends in the struct");
	ok(marked, "every text that was cut ends in ...");
}

int main(void)
{
	test_texts();
	test_names();
	test_cut();
	return done_testing();
}
