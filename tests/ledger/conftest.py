"""A fresh world for each test."""

from pathlib import Path

import pytest

from tests.ledger.books import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder with a tariff and accounts, nothing settled yet."""
    return World(path=tmp_path)
