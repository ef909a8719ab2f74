"""Errors and findings say where, what and what to do."""

import pytest

from supplynet.errors import Finding, UnknownNameError, ValidationError, did_you_mean


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (Finding("x.csv:2", "share is 2"), "x.csv:2: share is 2."),
        (Finding("x.csv:2", "share is 2", "Check it."), "x.csv:2: share is 2. Check it."),
        (Finding("x.csv:2", "one thing?", "Look!"), "x.csv:2: one thing? Look!"),
        (Finding("", "no rows", "Write one"), "no rows. Write one."),
    ],
)
def test_a_finding_is_one_line(finding, text):
    assert str(finding) == text


def test_a_finding_as_json_values():
    finding = Finding("x.csv:2", "share is 2", "Check it", "warning")
    assert finding.to_dict() == {
        "where": "x.csv:2",
        "what": "share is 2",
        "fix": "Check it",
        "level": "warning",
    }


def test_all_findings_are_in_the_message():
    findings = [Finding("x", "a"), Finding("y", "b")]
    error = ValidationError(findings)
    assert error.findings == tuple(findings)
    assert str(error) == "x: a.\ny: b."


def test_an_unknown_name_is_kept_and_the_nearest_told():
    error = UnknownNameError("node", "Smeltr", ["mine", "smelter", "Smelter"])
    assert (error.kind, error.name) == ("node", "Smeltr")
    assert str(error) == "no node 'Smeltr'. Did you mean 'Smelter'?"
    assert did_you_mean("x", []) == ""
