/* SPDX-License-Identifier: Apache-2.0 */

/* The finished hull-init inside hull; HULL_INIT_FILE is its path in the build directory. */
	.section .rodata
	.balign	4096
	.globl	launch_init_image
	.globl	launch_init_image_end
launch_init_image:
	.incbin	HULL_INIT_FILE
launch_init_image_end:
	.byte	0
	.section .note.GNU-stack, "", %progbits
