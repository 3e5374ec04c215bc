"""Power on of a board that has a prompt; run by the host as `micropython start_with_prompt.py CONFIG.json`."""

import sys

import emulated_prompt

emulated_prompt.start(sys.argv[1], globals())
