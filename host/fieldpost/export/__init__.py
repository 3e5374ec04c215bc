"""Exports: what the store holds, in forms that others read without our code."""
