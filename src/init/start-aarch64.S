/* SPDX-License-Identifier: Apache-2.0 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	mov	x29, #0
	mov	x30, #0
	mov	x0, sp		/* argc, argv, environment as the kernel left them */
	bl	init_main
	brk	#0
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
