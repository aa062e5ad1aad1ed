"""Strict JSON: what other readers might read differently is refused, and never repeated."""

import pytest

from app.api.reading import DEEPEST_BODY, parse_json, pointer
from app.errors import Problem


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\\u0000"}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * (DEEPEST_BODY + 1) + b"]" * (DEEPEST_BODY + 1),
        b'{"a":' * (DEEPEST_BODY + 1) + b"1" + b"}" * (DEEPEST_BODY + 1),
        b"[" * 60_000,
    ],
)
def test_what_is_not_strict_json_is_refused_without_repeating_it(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(raw)
    assert (refused.value.status, refused.value.code) == (400, "malformed_json")
    assert "ud800" not in refused.value.detail
    assert "999" not in refused.value.detail


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"[" * DEEPEST_BODY + b"]" * DEEPEST_BODY, None),
    ],
)
def test_strict_json_is_read(raw: bytes, value: object) -> None:
    read = parse_json(raw)
    assert value is None or read == value


def test_a_pointer_is_escaped() -> None:
    assert pointer(("fields", "a/b~c", 0)) == "/fields/a~1b~0c/0"
