"""The command line: what is wrong is named before anything listens."""

from __future__ import annotations

import pytest
from yellowring_tools.simulator.__main__ import main

SKILL = ["--skill-id", "amzn1.ask.skill.test", "--client-id", "client"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--skill-id", "demo", "--client-id", "c"], "must start with amzn1.ask.skill."),
        (["--client-id", "c"], "--skill-id or SKILL_ID is needed"),
        (["--skill-id", "amzn1.ask.skill.x"], "--client-id or CLIENT_ID is needed"),
        ([*SKILL, "--client-secret", ""], "--client-secret or CLIENT_SECRET is needed"),
        ([*SKILL, "--stage", "beta"], "development"),
        ([*SKILL, "--port", "70000"], "0 to 65535"),
        ([*SKILL, "--max-attempts", "0"], "at least 1"),
        ([*SKILL, "--skill-package", "nowhere"], "skill package 'nowhere' must be a directory"),
    ],
)
def test_a_wrong_option_is_named(
    options: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("SKILL_ID", "CLIENT_ID", "SKILL_STAGE", "SKILL_PACKAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLIENT_SECRET", "secret")
    with pytest.raises(SystemExit) as caught:
        main(options)
    output = capsys.readouterr()
    assert (caught.value.code, output.out) == (2, "")
    assert expected in output.err
