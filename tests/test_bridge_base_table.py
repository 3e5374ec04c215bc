"""The base point's table is what the reference computes, entry for entry, and nothing else."""

import make_base_table

from fieldwire import base_table


def test_the_table_is_what_the_reference_computes():
    assert make_base_table.table() == base_table.TABLE
    assert len(base_table.TABLE) == 3072


def test_writing_the_module_anew_changes_nothing():
    head, _, _ = make_base_table.MODULE.read_text().partition("TABLE = (\n")
    assert make_base_table.text(head) == make_base_table.MODULE.read_text()
