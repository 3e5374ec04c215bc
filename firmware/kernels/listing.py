"""Lines of one function in MicroPython's inline assembler, as a kernel's module writes them instruction by instruction.

Instructions become data with their names beside them, since MicroPython's assembler lacks most of those used here;
branches, labels and 16-bit constants stay its own. What is computed is decided by the kernels' modules.
"""

import thumb

_WIDTH = 110


class Listing:
    """Call it with an instruction's name and operands; `lines` is what the function's body holds."""

    def __init__(self):
        self._lines = []
        self._words = []
        self._names = []
        self.instructions = 0

    def __call__(self, name, *operands):
        words = ["0x{:04X}".format(word) for word in thumb.encode(name, *operands)]
        spelled = thumb.spelled(name, *operands)
        if len(self._line(self._words + words, self._names + [spelled])) > _WIDTH:
            self._flush()
        self._words.extend(words)
        self._names.append(spelled)
        self.instructions += 1

    def note(self, text):
        """A comment that says what follows does."""
        self._flush()
        self._lines.append("    # " + text)

    def own(self, text):
        """An instruction or a label of MicroPython's assembler, as it writes them."""
        self._flush()
        self._lines.append("    " + text)
        self.instructions += not text.startswith("label")

    @property
    def lines(self):
        """The body so far, one string a line."""
        self._flush()
        return self._lines

    @staticmethod
    def _line(words, names):
        return "    data(2, {})  # {}".format(", ".join(words), "; ".join(names))

    def _flush(self):
        if self._words:
            self._lines.append(self._line(self._words, self._names))
            self._words, self._names = [], []
