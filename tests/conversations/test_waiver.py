"""Less interest or fewer fees: nothing is promised, the request goes before people, and the plan goes on."""

from __future__ import annotations

import pytest

from tests.conversations.looks import both, expected, handoffs, inside, is_human, plans
from tests.stack import Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])
WAIVE = {"zh_CN": "利息能不能不算", "en": "can you drop the interest"}
ASK = {"zh_CN": "能分期吗", "en": "can I pay in instalments"}
YES = {"zh_CN": "可以", "en": "yes"}


@LANGUAGES
async def test_where_a_plan_costs_nothing_more_that_is_said_and_nobody_is_troubled(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "options")
    heard = await talk.say(WAIVE[locale])
    assert heard.keys == ("utter_waiver_no_cost", "utter_plan_which_again")
    assert handoffs(talk) == []


@LANGUAGES
async def test_where_a_plan_bears_interest_people_are_asked_and_the_plan_goes_on(
    talks: Talks, locale: str
) -> None:
    talk = await talks.new(locale, product="card-cn")
    await talk.say(ASK[locale])
    heard = await talk.say(WAIVE[locale])
    assert heard.keys == ("utter_waiver_passed", "utter_plan_which_again")
    assert handoffs(talk) == [("beyond_policy", "waiting")]
    assert not is_human(talk)
    assert expected(talk) == "plan_option"
    assert (await talk.say({"zh_CN": "第一个", "en": "the first one"}[locale])).keys == (
        "utter_plan_confirm",
    )
    assert (await talk.say(YES[locale])).keys == ("utter_plan_agreed",)
    assert len(plans(talk)) == 1


@pytest.mark.parametrize(("locale", "said"), both("能不能减免罚息", "can you waive the late fee"))
async def test_outside_a_plan_the_request_goes_to_people_and_the_assistant_still_answers(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).keys == ("utter_waiver_passed",)
    assert handoffs(talk) == [("beyond_policy", "waiting")]
    assert (await talk.say(ASK[locale])).keys == ("utter_plan_options",)
