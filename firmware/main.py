"""Started by the board after boot.py: runs the agent."""

import gc

import board

from fieldagent import app

# Collecting before the heap is all touched keeps its free blocks together.
gc.collect()
gc.threshold(16_384)
app.run(board)
