"""Executes what `mpy-cross` makes of our kernels for Cortex-M, instruction by instruction, under unicorn.

It decides what a kernel's machine code does, how many instructions it executes and where it reads and writes.
It refuses to decide what an interpreter spends around a kernel, and what an instruction costs in time.
"""
