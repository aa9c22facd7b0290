"""What all tests share: where the tariffs and the reference data are, and how much hypothesis tries."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def tariffs() -> Path:
    """The folder of tariffs in this checkout."""
    return ROOT / "tariffs"


@pytest.fixture(scope="session")
def refs() -> Path:
    """The reference data beside the checkout, or where GRIDRIDER_REFS says; the one reason to skip a test."""
    folder = Path(os.environ.get("GRIDRIDER_REFS") or ROOT.parent / "shared" / "refs")
    if not folder.is_dir():
        pytest.skip("../shared/refs is absent; set GRIDRIDER_REFS to the reference data to run this test")
    return folder
