"""The error catalogue says what the readers say, and the page says what the catalogue says."""

from pathlib import Path

import catalogue
import pytest

from supplynet.io import examine

CASES = [case for _, _, cases in catalogue.chapters() for case in cases]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.chapter}: {case.title}")
def test_case(case, tmp_path):
    place = case.write(tmp_path)
    found = [f"{finding.level}: {finding}" for finding in examine(place, **case.options).findings]
    assert [line.replace(str(tmp_path), "DIR") for line in found] == case.says


def test_titles_are_told_apart():
    names = [(case.chapter, case.title) for case in CASES]
    assert len(set(names)) == len(names)


def test_the_page_is_made_from_the_cases():
    page = Path(catalogue.__file__).parent.parent / "docs" / "error-catalogue.md"
    assert page.read_text("utf-8") == catalogue.page(), "python tests/catalogue.py > " + page.name
