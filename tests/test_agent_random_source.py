"""A random source that fails or repeats itself is refused, whatever it is asked for."""

from fieldagent.random_source import RandomFailed, RandomSource


def draws(answers, count=8):
    """What comes of drawing once for each answer: bytes, or the refusal's text."""
    waiting = list(answers)
    source = RandomSource(lambda wanted: answer(waiting.pop(0)))
    found = []
    for _ in answers:
        try:
            found.append(source(count))
        except RandomFailed as refused:
            found.append(str(refused))
    return found


def answer(value):
    if isinstance(value, OSError):
        raise value
    return value


def test_bytes_that_differ_from_draw_to_draw_are_handed_on():
    assert draws([b"abcdefgh", b"abcdefgi"]) == [b"abcdefgh", b"abcdefgi"]


def test_a_source_that_raises_is_named_with_its_cause_and_a_remedy():
    [text] = draws([OSError(5, "no entropy")])
    assert "random source fails" in text and "replace" in text


def test_a_source_that_stands_still_or_falls_short_or_repeats_is_refused():
    same, other = b"abcdefgh", b"ijklmnop"
    for answers, refused in (
        ([b"\x00" * 8], [0]),
        ([b"\xff" * 8], [0]),
        ([b"abc"], [0]),
        ([b""], [0]),
        ([same, same, other], [1]),
    ):
        found = draws(answers)
        assert [at for at, one in enumerate(found) if isinstance(one, str)] == refused, answers


def test_a_source_that_recovers_is_used_again():
    found = draws([b"abcdefgh", OSError(5), b"ijklmnop"])
    assert isinstance(found[1], str) and found[2] == b"ijklmnop"
