"""Which event sources there are: what the settings take, and what a campaign may name."""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pytest
from yellowring.sender.campaign import InvalidCampaign, by_page, parse_campaign
from yellowring.sender.campaign.event_source import LARGEST_PAGE, EventSourceFailed, page_of
from yellowring.sender.campaign.function import PAGE
from yellowring.sender.campaign.registered import EventSources, load
from yellowring.settings import InvalidSettings, SenderSettings, is_callable

from tests.conftest import ENVIRONMENT
from tests.unit.sender.kit import campaign
from tests.unit.test_template import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPLOYED = PARAMETERS["EventSources"]["AllowedPattern"]
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:daily-digest"


def registered(text: str) -> dict[str, str]:
    environ = {**ENVIRONMENT, "EVENT_SOURCES": text}
    return dict(SenderSettings.from_environ(environ).event_sources)


def sources(**registered: str) -> EventSources:
    def no_client() -> Any:
        pytest.fail("a callable needs no client")

    return EventSources(registered, no_client)


def calls_of(sources: EventSources, name: str) -> Any:
    return sources.of(parse_campaign(campaign(content=name)))


# ---- the settings ----


def test_none_is_registered_where_nothing_is_said() -> None:
    assert registered("") == {}


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("digests:make", True),
        ("shop.digests:make", True),
        (ARN, False),
        (f"{ARN}:live", False),
        (f"{ARN}:$LATEST", False),
        ("digest", False),
        ("daily-digest:live", False),
        ("digest:1", False),
        ("123456789012:function:digest", False),
        ("123456789012:function:digest:live", False),
    ],
)
def test_a_source_is_a_callable_or_a_function(source: str, imported: bool) -> None:
    assert registered(f"digest={source}") == {"digest": source}
    assert is_callable(source) is imported
    assert re.fullmatch(DEPLOYED, f"digest={source}")


def test_sources_are_told_apart_by_commas_whatever_the_blanks() -> None:
    text = f" digest = a.b:c , weekly={ARN},"
    assert registered(text) == {"digest": "a.b:c", "weekly": ARN}
    assert re.fullmatch(DEPLOYED, text)
    assert re.fullmatch(DEPLOYED, "")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("digest", "neither"),
        ("digest=", "neither"),
        ("digest=a.b", "neither"),
        ("digest=a.b:", "neither"),
        ("digest=a b:c", "neither"),
        ("digest=9.a:c", "neither"),
        (f"digest={ARN.replace('lambda', 'sqs')}", "neither"),
        ("digest=" + "f" * 65, "neither"),
        ("=a:b", "no name"),
        ("my digest=a:b", "no name"),
        ("d" * 41 + "=a:b", "no name"),
        ("digest=12:function:f", "neither"),
        ("digest=function:f:live", "neither"),
        ("ok=c:d", "once more"),
    ],
)
def test_an_entry_that_is_none_is_named_with_what_is_wrong(entry: str, why: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        registered(f"ok=a:b,{entry}")
    assert f"EVENT_SOURCES has the entry {entry!r}" in str(refused.value)
    assert why in str(refused.value)
    assert "package.module:callable" in str(refused.value)
    # No pattern can tell that a name comes twice.
    assert bool(re.fullmatch(DEPLOYED, f"ok=a:b,{entry}")) is (why == "once more")


# ---- what a campaign names ----


def test_a_campaign_that_names_none_says_its_own_texts_whatever_is_registered() -> None:
    assert sources(digest="no.such:thing").of(parse_campaign(campaign())) is None


def test_each_campaign_gets_the_source_that_it_names_loaded_once() -> None:
    found = sources(first="json:dumps", second="json:loads")
    first, second = calls_of(found, "first"), calls_of(found, "second")
    assert (first._source, second._source) == (json.dumps, json.loads)
    assert calls_of(found, "first") is first


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"digest": "a:b", "weekly": "c:d"}, "registered are digest, weekly"),
        ({}, "none is registered"),
    ],
)
def test_a_source_that_is_not_registered_is_refused_with_those_that_are(
    known: Mapping[str, str], told: str
) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        calls_of(sources(**known), "digst")
    (problem,) = refused.value.problems
    assert problem.path == "$.content"
    assert told in problem.message
    assert problem.suggestion == ("did you mean digest?" if known else None)


@pytest.mark.parametrize("where", ["no.such:thing", "json:no_such"])
def test_a_callable_that_is_not_there_is_named(where: str) -> None:
    with pytest.raises(EventSourceFailed, match=f"cannot be imported.*12:function:{where}"):
        load(where)
    with pytest.raises(EventSourceFailed, match=f"EVENT_SOURCES has mine={where}"):
        calls_of(sources(mine=where), "mine")


def test_what_cannot_be_called_is_named() -> None:
    with pytest.raises(EventSourceFailed, match="not callable"):
        load("json:__name__")


@pytest.mark.parametrize("function", [ARN, f"{ARN}:live", "daily-digest", "daily-digest:live"])
def test_a_function_is_asked_by_page_with_a_client_made_for_it(function: str) -> None:
    made: list[str] = []

    class Client:
        def invoke(self, FunctionName: str, **_: object) -> dict[str, Any]:  # noqa: N803
            made.append(FunctionName)
            return {}

    found = EventSources({"digest": function}, cast("Any", Client))
    assert made == []
    assert calls_of(found, "digest").page == PAGE
    assert made == [function]


def test_they_are_exhausted_as_soon_as_one_of_those_that_are_used_is() -> None:
    found = sources(first="json:dumps", second="json:loads")
    assert not found.exhausted
    for name in ("first", "second"):
        calls_of(found, name)
    assert not found.exhausted
    calls_of(found, "second")._places = 0
    assert found.exhausted


# ---- pages ----


def test_a_source_takes_one_customer_unless_it_is_marked() -> None:
    @by_page(7)
    def marked(*_: object) -> list[None]:
        return []

    class Called:
        page = 9

    assert (page_of(json.dumps), page_of(marked), page_of(Called())) == (None, 7, 9)


@pytest.mark.parametrize("most", [0, -1, LARGEST_PAGE + 1, True, "10"])
def test_a_page_that_is_none_is_refused_where_it_is_written(most: Any) -> None:
    with pytest.raises(ValueError, match=f"1 to {LARGEST_PAGE} customers"):
        by_page(most)(lambda *_: [])


def test_a_page_that_is_none_is_told_with_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def source(*_: object) -> None: ...

    cast("Any", source).page = 0
    module = ModuleType("a_source")
    module.make = source  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_source", module)
    with pytest.raises(EventSourceFailed, match=r"mine=a_source:make: the page"):
        calls_of(sources(mine="a_source:make"), "mine")
