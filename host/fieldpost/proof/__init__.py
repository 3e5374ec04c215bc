"""Portable proofs: what a stranger checks from one file, without a store and without trust in who gave it.

`form` is the file, `holders` the keys in it, `fork` `epoch` `log` `receipt` say what each kind proves, `check`
judges a file, and `made` takes one from a store. SPEC 15.4
"""
