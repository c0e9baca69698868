/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The smallest test helper: one line of TAP for each check, exit status 1 if one failed.
 *
 *	int main(void)
 *	{
 *		ok(1 + 1 == 2, "numbers add up");
 *		is_str(name, "hull", "the name of file %s", path);
 *		return done_testing();
 *	}
 *
 * Counts live in this header's statics: one program, one test file.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
	unsigned int run, failed, planned;
} tap;

/* Optional: says first how many checks will come; done_testing checks it. */
__attribute__((unused)) static inline void plan(unsigned int n)
{
	tap.planned = n;
	printf("1..%u\n", n);
}

__attribute__((format(printf, 3, 0))) static inline bool tap_result(bool passed, const char *where,
								    const char *fmt, va_list args)
{
	tap.run++;
	printf("%sok %u - ", passed ? "" : "not ", tap.run);
	vprintf(fmt, args);
	putchar('\n');
	if (!passed) {
		tap.failed++;
		printf("#   failed at %s\n", where);
	}
	fflush(stdout); /* what a crash leaves behind should be true */
	return passed;
}

#define TAP_TEXT(x) #x
#define TAP_LINE(x) TAP_TEXT(x)
#define TAP_HERE __FILE__ ":" TAP_LINE(__LINE__)

__attribute__((unused, format(printf, 3, 4))) static inline bool
tap_ok(bool passed, const char *where, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_result(passed, where, fmt, args);
	va_end(args);
	return passed;
}

__attribute__((unused, format(printf, 4, 5))) static inline bool
tap_is_str(const char *got, const char *want, const char *where, const char *fmt, ...)
{
	bool passed = got == want || (got && want && strcmp(got, want) == 0);
	va_list args;

	va_start(args, fmt);
	tap_result(passed, where, fmt, args);
	va_end(args);
	if (!passed)
		printf("#   got:  %s\n#   want: %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return passed;
}

__attribute__((unused, format(printf, 4, 5))) static inline bool
tap_is_int(long long got, long long want, const char *where, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_result(got == want, where, fmt, args);
	va_end(args);
	if (got != want)
		printf("#   got: %lld, want: %lld\n", got, want);
	return got == want;
}

/* Checks: each is true if it passed, so that a test can stop where going on makes no sense. */
#define ok(condition, ...) tap_ok((condition), TAP_HERE, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), TAP_HERE, __VA_ARGS__)
#define is_int(got, want, ...)                                                                     \
	tap_is_int((long long)(got), (long long)(want), TAP_HERE, __VA_ARGS__)

/* A check that cannot be made here, and why. */
__attribute__((unused)) static inline void skip_test(const char *name, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap.run, name, why);
}

/* Ends the test; return it from main. */
__attribute__((unused)) static inline int done_testing(void)
{
	if (tap.planned == 0)
		printf("1..%u\n", tap.run);
	else if (tap.planned != tap.run)
		printf("# planned %u, ran %u\n", tap.planned, tap.run);
	return tap.failed > 0 || (tap.planned != 0 && tap.planned != tap.run);
}
