"""A small program for emulated boards that answers questions on its UART, and how tests ask them."""

import asyncio
import json
import time

from fieldpost.emulator import load_profile

PROBE = b"""
import asyncio, gc, json, os, sys
import board

uart = board.links()["uart"]
local = board.links()["local"]
heard = []


def count_boots():
    try:
        with open("/boots") as file:
            boots = int(file.read())
    except OSError:
        boots = 0
    with open("/boots", "w") as file:
        file.write(str(boots + 1))
    return boots + 1


boots = count_boots()

try:
    thermometer = board.sensor("air")
except ValueError:
    thermometer = None


def fill():
    try:
        bytearray(1000000)
    except MemoryError:
        return "MemoryError"
    return "it fits"


def append(data):
    with open("/log", "ab") as file:
        file.write(data)
    return os.stat("/log")[6]


def unknown_sensor():
    try:
        board.sensor("nothing")
    except ValueError as error:
        return str(error)


def journal_flash():
    flash = board.journal_flash()
    if flash is None:
        return None
    part, unit, rewrites = flash
    part.writeblocks(1, b"\\x0f" * 256, 256)
    part.writeblocks(1, b"\\xf1" * 256, 256)
    found = bytearray(2)
    part.readblocks(1, found, 255)
    return [part.ioctl(4, 0), part.ioctl(5, 0), unit, rewrites, found.hex()]


ANSWERS = {
    "journal": journal_flash,
    "who": lambda: [sys.implementation.name, board.NAME, board.unique_id().hex(), board.runtime()],
    "boots": lambda: [boots, board.boot_reason()],
    "ticks": lambda: board.ticks_ms(),
    "utc": lambda: board.utc(),
    "die": lambda: board.temperature_mc(),
    "battery": lambda: board.battery_mv(),
    "free": lambda: [gc.collect(), board.free_heap()][1:],
    "heap": lambda: [board.free_heap(), fill()],
    "random": lambda: board.random_bytes(8).hex(),
    "air": lambda: thermometer(),
    "nosensor": unknown_sensor,
    "append": lambda: append(b"0123456789"),
    "log": lambda: os.stat("/log")[6],
    "say": lambda: local.write(b"\\0" + b"hello from " + board.unique_id() + b"\\0"),
    "heard": lambda: heard,
    "files": lambda: sorted(os.listdir("/")),
    "module": lambda: __import__("probed.deep").deep.WHERE + " " + sys.modules["probed.deep"].__file__,
    "baud": lambda: [uart.baud, local.turnaround_ms],
    "reset": lambda: board.reset(),
    "crash": lambda: 1 // 0,
}


async def main():
    line = b""
    print("probe", boots)
    while True:
        line += uart.read() or b""
        if line.endswith(b"\\n"):
            answer = json.dumps(ANSWERS[line.strip().decode()]()).encode() + b"\\n"
            while answer:
                answer = answer[uart.write(answer):]
            line = b""
        frame = local.read()
        if frame:
            heard.append(frame.hex())
        await board.sleep_ms(5)


asyncio.run(main())
"""

PROFILE = load_profile()
BOARD = {name: (PROFILE.directory / name).read_bytes() for name in ("board.py", "board_curve.py")}
FILES = {"main.py": PROBE, **BOARD}


async def ask(port, question):
    """The probe's answer over an open serial port."""

    def exchange():
        port.write(question.encode() + b"\n")
        return port.readline()

    line = await asyncio.to_thread(exchange)
    assert line.endswith(b"\n"), f"no answer to {question}"
    return json.loads(line)


async def settle(condition, limit_s=5.0):
    """Let the loop run until `condition()` holds; whether it came to hold within the limit."""
    end = time.monotonic() + limit_s
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.005)
    return condition()
