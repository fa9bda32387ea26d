"""A cursor that we did not make is refused, however it came about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.cursors import SignedCursors
from chalicelib.domain.errors import ValidationError

CURSORS = SignedCursors(lambda: b"k" * 32)
POSITION = {"pk": "plugin", "sk": "stripe-gateway"}


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=4), st.text())
def test_what_was_sealed_opens(position: dict[str, str], scope: str) -> None:
    assert CURSORS.decode(CURSORS.encode(position, scope), scope) == position


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CURSORS.decode(text, "/plugins")


@given(st.data())
def test_changing_any_character_is_noticed(data: st.DataObject) -> None:
    cursor = CURSORS.encode(POSITION, "/plugins")
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda one: one != cursor[place]))

    with pytest.raises(ValidationError):
        CURSORS.decode(cursor[:place] + letter + cursor[place + 1 :], "/plugins")


@pytest.mark.parametrize("spoil", ["{}=", "{}==", " {}", "{}\n", "{}A", "%s{}"])
def test_one_position_has_one_spelling(spoil: str) -> None:
    with pytest.raises(ValidationError):
        CURSORS.decode(spoil.format(CURSORS.encode(POSITION, "/plugins")), "/plugins")


def test_scope_and_position_cannot_be_shifted_into_each_other() -> None:
    whole = CURSORS.encode({}, '/plugins{"a":"b"}')

    with pytest.raises(ValidationError):
        CURSORS.decode(whole, "/plugins")


def test_a_cursor_of_another_stack_is_refused() -> None:
    with pytest.raises(ValidationError):
        CURSORS.decode(SignedCursors(lambda: b"x" * 32).encode(POSITION, "/plugins"), "/plugins")


def test_a_cursor_longer_than_any_of_ours_is_not_even_decoded() -> None:
    with pytest.raises(ValidationError):
        CURSORS.decode("A" * 1_000_000, "/plugins")
