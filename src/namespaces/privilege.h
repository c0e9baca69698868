/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Whether hull has a capability (CAP_SETUID ...) in effect in its own user namespace. */
bool privilege_has(int capability);
