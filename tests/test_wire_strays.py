"""Frames that a bridge refuses for what came before them, and what that does to its session."""

from session_fakes import Keeper, Outbox, Pair
from vectors_io import load_json, unhex


def test_every_stray_frame_is_counted_under_its_code_and_ends_the_session_or_not():
    for row in load_json("stray"):
        pair = Pair(Outbox(), Keeper())
        pair.device.open(pair.now_ms)
        pair.run()
        assert pair.bridge.state == "established"
        for text in row["before"]:
            pair.bridge.receive(unhex(text), pair.now_ms)
        assert pair.bridge.dropped == {}, row["name"]
        pair.bridge.receive(unhex(row["hex"]), pair.now_ms)
        assert pair.bridge.dropped == ({} if row["error"] is None else {row["error"]: 1}), row["name"]
        assert (pair.bridge.state == "closed") == row["ends"], row["name"]
