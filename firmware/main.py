"""Started by the board after boot.py: runs the agent."""

import board

from fieldagent import app

app.run(board, getattr(board, "ROOT", ""))
