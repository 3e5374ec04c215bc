"""The second run on MicroPython tells a pass from a failure, and notices a process that died."""

import micropython_items
from micropython_items import parse_results, run_file

FILE = """
import sys

def test_good():
    assert sys.implementation.name == "micropython"

def test_wrong():
    assert 1 + 1 == 3, "arithmetic"

def test_greedy():
    bytearray(64 * 1024 * 1024)

def test_leaves():
    sys.exit(0)

def test_after():
    pass
"""


def test_each_outcome_comes_from_its_own_line():
    outcomes = parse_results(
        "begin a\npass a 3\nbegin b\nfail b 12\n| line one\n|   line two\ndone\n", ["a", "b"]
    )
    assert outcomes["a"].passed and outcomes["a"].took_ms == 3
    assert not outcomes["b"].passed and outcomes["b"].trace == "line one\n  line two\n"


def test_what_a_test_prints_is_no_result():
    outcomes = parse_results("begin a\npassed by\n| stray\npass a 1\ndone\n", ["a"])
    assert outcomes["a"].passed and outcomes["a"].trace == ""


def test_a_process_that_ends_early_fails_every_test_without_a_result():
    outcomes = parse_results("begin a\npass a 1\nbegin b\nMemory error\n", ["a", "b", "c"])
    assert [outcomes[name].passed for name in "abc"] == [True, False, False]
    assert "Memory error" in outcomes["b"].trace


def test_a_file_runs_under_micropython_with_a_capped_heap(tmp_path, monkeypatch):
    path = tmp_path / "probe_of_the_runner.py"
    path.write_text(FILE)
    monkeypatch.setattr(micropython_items, "TESTS", tmp_path)
    names = ["test_good", "test_wrong", "test_greedy", "test_leaves", "test_after"]
    outcomes = run_file(path, names)
    assert [outcomes[name].passed for name in names] == [True, False, False, False, False]
    assert "AssertionError: arithmetic" in outcomes["test_wrong"].trace
    assert "MemoryError" in outcomes["test_greedy"].trace
    assert "ended before this test" in outcomes["test_after"].trace
