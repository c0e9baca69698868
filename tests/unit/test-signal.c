/* SPDX-License-Identifier: Apache-2.0 */
#include "container/signal.h"

#include <errno.h>
#include <signal.h>

#include "tap.h"

int main(void)
{
	static const struct {
		const char *text;
		int r, number;
	} table[] = {
		{"9", 0, SIGKILL},
		{"0", 0, 0},
		{"64", 0, 64},
		{"KILL", 0, SIGKILL},
		{"SIGKILL", 0, SIGKILL},
		{"sigkill", 0, SIGKILL},
		{"Term", 0, SIGTERM},
		{"SiGhUp", 0, SIGHUP},
		{"IO", 0, SIGIO},
		{"POLL", 0, SIGIO},
		{"CLD", 0, SIGCHLD},
		{"IOT", 0, SIGABRT},
		{"WINCH", 0, SIGWINCH},
		{"65", -EINVAL, 0},
		{"-9", -EINVAL, 0},
		{"9x", -EINVAL, 0},
		{" 9", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"SIG", -EINVAL, 0},
		{"SIG9", -EINVAL, 0},
		{"SIGSIGKILL", -EINVAL, 0},
		{"KIL", -EINVAL, 0},
		{"KILLER", -EINVAL, 0},
		{"BOGUS", -EINVAL, 0},
		{"RTMIN+", -EINVAL, 0},
		{"RTMIN-1", -EINVAL, 0},
		{"RTMAX+1", -EINVAL, 0},
		{"RTMIN+31", -EINVAL, 0},
		{"RTMIN1", -EINVAL, 0},
	};
	int number;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		number = -7;
		is_int(signal_number(table[i].text, &number), table[i].r, "signal \"%s\"",
		       table[i].text);
		is_int(number, table[i].r < 0 ? -7 : table[i].number, "  and its number");
	}
	ok(signal_number("RTMIN", &number) == 0 && number == SIGRTMIN, "RTMIN");
	ok(signal_number("SIGRTMIN+3", &number) == 0 && number == SIGRTMIN + 3, "SIGRTMIN+3");
	ok(signal_number("rtmax-2", &number) == 0 && number == SIGRTMAX - 2, "rtmax-2");
	ok(signal_number("RTMAX-30", &number) == 0 && number == SIGRTMIN, "RTMAX-30 is RTMIN");
	return done_testing();
}
