"""A store whose rows were changed behind the program's back is named as damaged, by every command that reads."""

import sqlite3

import pytest
from sample_cli import copy_of, run, world

from fieldpost.cli.store_file import reading

CHANGES = {
    "a timeline that is none": ("UPDATE timeline SET solved = x'8101'", ["picture", "why"]),
    "equivalences that are no list": ("UPDATE said SET equivalences = x'01'", ["why"]),
    "an alternative that is no id": ("UPDATE picture SET alternatives = x'8101'", ["picture", "why"]),
    "an epoch without a body": ("UPDATE epoch SET body = x'80'", ["why"]),
    "thresholds that are no map": ("UPDATE \"case\" SET thresholds = x'01'", ["cases"]),
    "an exponent without measure": ("UPDATE claimed SET exponent = 99999", ["picture"]),
    "envelopes without parts": ("UPDATE envelope SET data = x'80'", ["export"]),
    "a mode that withholds no list": ("UPDATE mode SET withheld = x'01'", ["channel"]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_rows_are_named_as_damage(tmp_path, what):
    change, commands = CHANGES[what]
    path = copy_of(world().alpha, tmp_path)
    db = sqlite3.connect(path)
    shown = db.execute("SELECT id FROM picture WHERE decided LIKE 'epoch%' LIMIT 1").fetchone()[0].hex()
    db.execute("INSERT OR REPLACE INTO mode VALUES ('east', 'open', x'80')")
    db.execute(change)
    db.commit()
    db.close()
    words = {
        "why": ["why", shown],
        "export": ["export", "cose", tmp_path / "out"],
        "channel": ["channel", "list"],
    }
    for command in commands:
        result = run(*words.get(command, [command]), store=path)
        assert result.exit_code == 3, (command, result.output, result.exception)
        assert f"{path}: damaged: " in result.stderr and "; " in result.stderr


def test_a_mistake_of_the_program_is_not_taken_for_damage(tmp_path):
    with pytest.raises(KeyError), reading(copy_of(world().alpha, tmp_path)):
        raise KeyError("ours")
