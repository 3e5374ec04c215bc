"""What tests of a bridge's ports share: a port that runs, and facts that come true soon."""

import asyncio
from contextlib import asynccontextmanager, suppress

WAIT_S = 5


@asynccontextmanager
async def running(port):
    """The port is held for as long as the block runs."""
    task = asyncio.create_task(port.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def so(fact):
    async with asyncio.timeout(WAIT_S):
        while not fact():
            await asyncio.sleep(0.005)
