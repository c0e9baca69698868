/* SPDX-License-Identifier: Apache-2.0 */
/* Forgets the row macros after an include of spec.def. Included many times: no guard. */
#undef OBJECT
#undef KEYED_OBJECT
#undef END
#undef STRING
#undef FORM
#undef BOOL
#undef NUMBER
#undef NUMBER_IN
#undef ENUM
#undef FOREIGN
#undef CHILD
#undef STRINGS
#undef U32S
#undef ENUMS
#undef CHILDREN
#undef PAIRS
#undef MAP
