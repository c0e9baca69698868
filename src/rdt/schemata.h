/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Whether all that the lines of wanted ("L3:0=ff;1=f0", "MB:0=70") say is said by the text of a
 * schemata file, too. That has more of everything, in another order, padded with blanks and zeros.
 */
bool schemata_cover(const char *have, const char *wanted);
