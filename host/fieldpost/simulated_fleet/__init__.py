"""A seeded fleet of clocks that meet, and the truth about it: evidence of time for tests, figures and examples.

Pure: the same plan and seed give the same bytes. `plan` says what a fleet is, `boots` and `contacts` when its devices
live and meet, `lies` who alters readings, `world` what was recorded, `records` how it becomes evidence or a file.
"""
