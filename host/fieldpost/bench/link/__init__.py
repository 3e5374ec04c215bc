"""What the link is measured with: drains in simulated time, the schemes it is compared to, faults, a real board.

All of it is seeded. A figure says which channel, how many seeds, and what it was divided by.
"""
