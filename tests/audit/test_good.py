"""A run that does what the page says has no finding."""

from pathlib import Path

from tests.audit.recorded import findings, plain_run


def test_a_plain_run_has_no_finding(tmp_path: Path) -> None:
    assert findings(plain_run(), tmp_path) == ()
