"""Compiled functions over arrays of whole numbers: each answers as its slow truth does, only sooner.

Import this package where it is needed, not at the head of a module: starting `mdi` must not load numba.
"""
