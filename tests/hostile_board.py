"""A board of lies: a raw prompt on a pseudo-terminal that answers a program by what stands in it, with any bytes."""

import json
import os
import select
import threading
import tty

DIGEST = "5a" * 32
KIND = ["rp2", "Raspberry Pi Pico with RP2040", "1.28.0", 7942, 31, "e6", 800_000, 4096, 90_000, [0, 0]]
# What a bare board answers, by a word of the program that asks; the first that is found counts.
HONEST = {
    "sys.platform": json.dumps(KIND),
    "_fp_public()": "null",
    "_fp_text(": "null",
    "listdir('lib')": "[]",
    "modules": "false",
    "_fp_order(": "[]",
    "_fp_rows('": "[]",
    "_fp_hash('": json.dumps([3, DIGEST]),
    "statvfs(_fp_root": "[800000, 4096]",
    "_fp_f.read(": "61",
    "_fp_tree('": "",
    "rom_ioctl(3": "0",
}
BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class Endless:
    """Bytes that never end, a piece again and again."""

    def __init__(self, piece):
        self.piece = piece


class HostileBoard:
    """`lies`: word of a program -> what is printed (text, bytes or Endless); `raised` alike, as an exception's text.

    `banner`: what answers who asks for the prompt. `sent_bytes`: how much of it was taken from the port.
    """

    def __init__(self, lies=(), raised=(), banner=BANNER):
        self.lies = {**dict(lies), **{word: one for word, one in HONEST.items() if word not in dict(lies)}}
        self.raised = dict(raised)
        self.banner = banner
        self.sent_bytes = 0
        self._over = threading.Event()

    def __enter__(self):
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self.path = os.ttyname(self._near)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(10)
        os.close(self._near)
        os.close(self._far)
        assert not self._thread.is_alive()

    def _serve(self):
        program = b""
        while not self._over.is_set():
            if not select.select([self._far], [], [], 0.02)[0]:
                continue
            program += os.read(self._far, 4096)
            program = program.replace(b"\r\x03", b"").replace(b"\r\x02", b"")
            if program.endswith(b"\x05A\x01"):
                program = b""
                self._say(b"R\0")  # it knows of a faster way to take programs, and has it not
            elif program.endswith(b"\r\x01"):
                program = b""
                self._say(self.banner)
            elif program.endswith(b"\x04"):
                text, program = program.decode(), b""
                self._answer(text)

    def _answer(self, text):
        self._say(b"OK")
        self._say(_found(self.lies, text))
        self._say(b"\x04")
        self._say(_found(self.raised, text))
        self._say(b"\x04>")

    def _say(self, what):
        data = what.piece if isinstance(what, Endless) else what
        while data and not self._over.is_set():
            if select.select([], [self._far], [], 0.02)[1]:
                taken = os.write(self._far, data)
                self.sent_bytes += taken
                data = data[taken:] or (what.piece if isinstance(what, Endless) else b"")


def _found(answers, program):
    found = next((one for word, one in answers.items() if word in program), b"")
    return found.encode() if isinstance(found, str) else found
