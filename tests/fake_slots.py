"""What stands in for the start's own module on a board in memory: it keeps the steps that were recorded."""

import sys


class FakeSlots:
    """`refusals`: what the first calls raise. The agent lets go of the module after each use: `installed` brings it."""

    def __init__(self):
        self.steps = []
        self.refusals = []

    def installed(self, *_):
        sys.modules["slots"] = self

    def settle(self, step):
        if self.refusals:
            raise self.refusals.pop(0)
        self.steps.append(step)
