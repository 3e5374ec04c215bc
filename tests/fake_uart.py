"""A UART as ports document it, on both runtimes: `waiting` is what has arrived, `sent` what was written to it."""


class Uart:
    def __init__(self):
        self.waiting, self.sent, self.busy = b"", b"", False

    def any(self):
        return len(self.waiting)

    def read(self, count):
        data, self.waiting = self.waiting[:count], self.waiting[count:]
        return data

    def txdone(self):
        return not self.busy

    def write(self, data):
        self.sent += bytes(data)
        return len(data)
