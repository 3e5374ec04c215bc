"""What a board's modules are made smaller by, and what that must leave alone."""

import ast
import importlib
from types import ModuleType

import pytest

from fieldpost.firmware_build import device_files, load_profile
from fieldpost.firmware_build.small_source import small
from fieldpost.firmware_build.unused_methods import leave_out_unused

BASE = b"""
class Base:
    def __init__(self, link, limit=3):
        self._link = link
        self._limit = limit
        self.open = True

    def _step(self, amount):
        return [amount + more for more in (self._limit, len(self._link))]
"""
DERIVED = b"""
from .base import Base


class Derived(Base):
    def __init__(self, name):
        super().__init__(name)
        self._named = name

    def told(self, suffix):
        def longer(text):
            return text + suffix + self._named
        return longer(self._link), self._step(amount=1), (lambda row: row[0])(suffix)
"""
OTHER = b"""
class Other:
    def __init__(self, value):
        self._value = value
        self._hidden = "_hidden"
"""


PLAIN = {"base.py": BASE, "derived.py": DERIVED, "other.py": OTHER}


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Puts modules into a package of that name, and imports one of them."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(package: str, modules: dict[str, bytes], wanted: str) -> ModuleType:
        (tmp_path / package).mkdir()
        for name, source in modules.items():
            (tmp_path / package / name).write_bytes(source)
        return importlib.import_module(f"{package}.{wanted}")

    return put


def test_a_renamed_module_does_what_it_did(imported):
    before = imported("plain_names", PLAIN, "derived").Derived("abc")
    after = imported("short_names", small(PLAIN), "derived").Derived("abc")
    assert before.told("de") == after.told("de")
    assert before.open is after.open


def test_state_of_a_class_and_of_those_that_inherit_it_is_kept_apart(imported):
    source = b"".join(small(PLAIN).values())
    assert b"_link" not in source and b"_named" not in source and b"_value" not in source
    assert len(vars(imported("apart_names", small(PLAIN), "derived").Derived("abc"))) == 4


def test_names_that_somebody_else_may_say_stay():
    source = small(PLAIN)
    assert b"amount" in source["base.py"], "it is called by keyword"
    assert b"limit" in source["base.py"], "a caller may leave it out, or name it"
    assert b"self.open" in source["base.py"] and b"def _step(" in source["base.py"]
    assert b"def told(self" in source["derived.py"] and b"_hidden" in source["other.py"]


def test_constants_stand_where_they_are_used_and_nowhere_else(imported):
    port = b"def const(value):\n    return value\n"
    limits = b"from kept.port import const\n"
    limits += b"MOST = const(16)\nA, B = const(1), 2\nNAMES = ('a',)\nMOVED = 1\nMOVED = 3\n"
    handed_on = b"from kept.limits import A\n"
    user = b"""
from kept import handed_on, limits
from kept.limits import MOST, MOVED, NAMES
TWICE = 2 * MOST
_OWN = 7


def told():
    return limits.MOST, TWICE, NAMES, MOVED, _OWN, handed_on.A, limits.B
"""
    whole = {"kept/port.py": port, "kept/limits.py": limits, "kept/user.py": user}
    whole["kept/handed_on.py"] = handed_on
    short = {name.removeprefix("kept/"): source for name, source in small(whole).items()}
    assert imported("kept", short, "user").told() == (16, 32, ("a",), 3, 7, 1, 2)
    assert b"MOST" not in b"".join(short.values()) and b"TWICE" not in short["user.py"]
    assert b"_OWN" not in short["user.py"] and b"NAMES" in short["user.py"] and b"MOVED" in short["user.py"]
    assert b"import limits" not in short["user.py"] and b"handed_on" not in short["user.py"], (
        "nothing is left to ask"
    )


def test_what_stands_in_for_words_of_the_compiler_is_not_imported():
    source = b"from fieldwire.port import MICROPYTHON, const\n"
    source += b"__all__ = ['a']\n_NAME = const('x')\na = [_NAME, MICROPYTHON]\n"
    assert small({"one.py": source})["one.py"] == b"_NAME = const('x')\na = [_NAME, True]"


def test_functions_that_nothing_on_a_board_names_are_left_out_of_what_it_shares_with_a_host():
    shared = {"one.py": b"def used(): return 1\ndef unused(): return inner()\ndef inner(): return 2"}
    assert leave_out_unused(shared, [b"from one import used"]) == {"one.py": b"def used():\n    return 1"}
    assert b"inner" in leave_out_unused(shared, [b"NAMES = ['unused']"])["one.py"], "a text names it"


def test_the_firmware_needs_a_sixth_fewer_names():
    files = device_files(load_profile())
    modules = {name.removeprefix("lib/"): data for name, data in files.items() if name.startswith("lib/")}
    short = small(modules)
    assert short.keys() == modules.keys()
    assert 6 * len(names_of(short)) < 5 * len(names_of(modules))


def names_of(modules: dict[str, bytes]) -> set[str]:
    trees = [ast.parse(source) for source in modules.values()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return found | {node.arg for node in nodes if isinstance(node, ast.arg)}
