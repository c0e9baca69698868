/* SPDX-License-Identifier: Apache-2.0 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi	/* argc, argv, environment as the kernel left them */
	and	$-16, %rsp
	call	init_main
	hlt
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
