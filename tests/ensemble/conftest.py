"""A tiny ensemble of two pairs and a made scan."""

import pytest

from ich.dicom.scan import Scan
from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.file import bundle
from tests.ensemble.tiny import head, pairs, scan_of


@pytest.fixture(scope="session")
def tiny_content() -> dict:
    return bundle(pairs())


@pytest.fixture(scope="session")
def tiny_ensemble(tiny_content: dict) -> ICHEnsemble:
    return ICHEnsemble(tiny_content, device="cpu")


@pytest.fixture(scope="session")
def scan() -> Scan:
    return scan_of(head())
