"""A board on a cable: what it is, what lies on it, and what is put there.

`cable.connect` gives a prompt; `facts.board_facts`, `files.Files` and `plan.plan` are what commands are made of.
"""
