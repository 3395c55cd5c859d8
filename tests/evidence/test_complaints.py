"""Complaints: registered set-based with their clock, decided by people, and never a finding while only a clue."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.evidence import complaint_acts as acts
from shuangjian.evidence import observation_acts as observations
from shuangjian.evidence.choices import ComplaintChannel, ComplaintState, State
from shuangjian.evidence.kinds import find_kind
from shuangjian.evidence.limits import reply_limits
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.scope import complaints_of
from shuangjian.evidence.services import likely_duplicates, register_complaints
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make
from tests.evidence.make import NAME, NOW, PHONE, complaint, org, row

pytestmark = pytest.mark.django_db
BOSS = make.Somebody()
FOUND = acts.Found(kind="contract", occurred_on=dt.date(2026, 11, 18), text="合同约定不退费。")


def problems(rows: list[dict[str, Any]], actor: Any = BOSS) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        register_complaints(rows, actor=actor, now=NOW)
    return {each.path: each.message for each in caught.value.problems}


def test_each_channel_has_a_sourced_reply_limit() -> None:
    assert {limit.channel for limit in reply_limits()} == set(ComplaintChannel.values)
    assert all(limit.reference and limit.workdays > 0 for limit in reply_limits())


def test_it_numbers_by_year_and_sets_the_last_day_to_reply_by_channel() -> None:
    make.calendar()  # 1–8 October 2026 are holidays
    rows = [row(institution=org().code, received_on="2026-09-28"), row(named="某地", channel="12315")]
    made = register_complaints(rows, actor=BOSS, now=NOW).complaints
    assert [each.number for each in made] == ["TS-2026-00001", "TS-2026-00002"]
    # Five workdays after Monday 28 September: 29, 30, then 8 (or whatever is open after the holidays) …
    assert made[0].reply_due_on > dt.date(2026, 10, 8)
    assert made[1].reply_due_on == dt.date(2026, 12, 1)  # seven workdays after Friday 20 November
    assert complaint(org("示范培训二部")).number == "TS-2026-00003"
    assert {each.state for each in Complaint.objects.all()} == {ComplaintState.CLUE}


def test_a_dry_run_checks_and_saves_nothing() -> None:
    result = register_complaints([row(institution=org().code)], actor=BOSS, dry_run=True, now=NOW)
    assert result.complaints[0].reply_due_on == dt.date(2026, 11, 27)
    assert not Complaint.objects.exists()
    assert not AuditEntry.objects.filter(act="register_complaint").exists()


def test_every_problem_of_every_row_is_placed_and_nothing_is_saved() -> None:
    good = row(institution=org().code)
    found = problems(
        [good, row(institution="无此单位"), row(channel="电报", topic="", received_on="2026-11-25", named="某地"),
         row(named=""), row(named="某地", text=" ", note="?")]
    )  # fmt: skip
    assert set(found) == {
        "[1].institution", "[2].channel", "[2].topic", "[2].received_on", "[3].named", "[4].text", "[4].note",
    }  # fmt: skip
    assert "晚于今天" in found["[2].received_on"]
    assert not Complaint.objects.exists()


def test_a_ticket_registered_already_is_refused_with_the_number_of_the_other() -> None:
    first = complaint(org(), channel_no="GD-1")
    found = problems([row(named="某地", channel_no="GD-1"), row(named="某地", channel_no="GD-2")] * 2)
    assert first.number in found["[0].channel_no"]
    assert "第 2 条重复" in found["[3].channel_no"]
    assert "[1].channel_no" not in found
    # The same ticket number of another channel is another ticket.
    assert register_complaints([row(named="某地", channel="12315", channel_no="GD-1")], actor=BOSS, now=NOW).complaints


def test_chinese_names_of_choices_and_a_town_by_name_are_understood() -> None:
    town = make.town()
    made = register_complaints(
        [row(channel="12345 政务热线", topic="退费纠纷", town=town.name, named="某地")], actor=BOSS, now=NOW
    ).complaints[0]
    assert (made.channel, made.topic, made.town) == ("12345", "refund", town)


def test_a_town_registers_only_for_its_own_institutions_and_its_own_ground() -> None:
    town, other = make.town(), make.town("440113008", "虚构镇")
    person = make.user("town", town)
    inside, outside = org(town=town), org("示范培训二部", town=other)
    assert complaint(inside, actor=person).town == town
    assert "[0].institution" in problems([row(institution=outside.code)], person)
    assert "[0].town" in problems([row(named="某地", town=other.code)], person)
    assert complaint(None, actor=person).town == town
    with pytest.raises(Refused):
        register_complaints([row(named="某地")], actor=make.user("school", make.school()), now=NOW)


def test_likely_duplicates_are_the_same_matter_within_14_days_or_the_same_phone() -> None:
    unit = org()
    main = complaint(unit, received_on="2026-11-20", complainant_phone="138-0000-0001")
    on_the_edge = complaint(unit, received_on="2026-11-06", complainant_phone="")
    complaint(unit, received_on="2026-11-05", complainant_phone="")
    complaint(unit, topic="safety", complainant_phone="")
    same_phone = complaint(org("示范培训二部"), topic="safety", received_on="2026-08-01")

    def like(by_phone: bool) -> set[str]:
        rows = Complaint.objects.filter(likely_duplicates(main, by_phone=by_phone))
        return set(rows.values_list("number", flat=True))

    assert like(by_phone=True) == {on_the_edge.number, same_phone.number}
    assert like(by_phone=False) == {on_the_edge.number}
    acts.mark_duplicate(on_the_edge.pk, of=main.number, actor=BOSS, now=NOW)
    assert like(by_phone=False) == set()


def test_two_complaints_of_one_place_that_nobody_has_tied_look_the_same_without_any_phone() -> None:
    first = complaint(named="示范花园 5 栋", complainant_phone="")
    again = complaint(named="示范花园 5 栋", complainant_phone="", received_on="2026-11-07")
    complaint(named="示范花园 5 栋", complainant_phone="", received_on="2026-11-05")  # 15 days before
    complaint(named="示范花园 6 栋", complainant_phone="")
    like = Complaint.objects.filter(likely_duplicates(first, by_phone=False))
    assert [each.number for each in like] == [again.number]


def test_a_complaint_goes_from_clue_to_closed_and_makes_one_confirmed_observation() -> None:
    unit = org()
    one = complaint(unit)
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    assert not Observation.objects.exists()
    acts.decide(one.pk, is_confirmed=True, found=FOUND, actor=BOSS, now=NOW)
    found = Observation.objects.get()
    assert (found.state, found.kind, found.complaint_id, found.source) == (
        State.CONFIRMED,
        "contract",
        one.pk,
        "complaint",
    )
    assert found.confirmed_on == NOW.date()
    assert found.due_on == dt.date(2026, 11, 27)  # three workdays of severity 3
    closed = acts.reply_and_close(one.pk, reply="已责令退费。", actor=BOSS, now=NOW)
    assert (closed.state, closed.is_confirmed, closed.replied_on) == (ComplaintState.CLOSED, True, NOW.date())


def test_refuting_needs_a_reason_and_leaves_nothing_behind() -> None:
    one = complaint(org())
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    with pytest.raises(InvalidInput):
        acts.decide(one.pk, is_confirmed=False, actor=BOSS, now=NOW)
    acts.decide(one.pk, is_confirmed=False, reason="查无此事", actor=BOSS, now=NOW)
    assert not Observation.objects.exists()
    assert Complaint.objects.get().is_confirmed is False


def test_an_existing_observation_can_be_linked_instead_of_a_new_one() -> None:
    from shuangjian.evidence.observation_acts import record_observation

    unit = org()
    seen = record_observation(
        unit, kind="contract", occurred_on=dt.date(2026, 11, 1), source="visit", text="合同缺项", actor=BOSS, now=NOW
    )
    one = complaint(unit)
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    acts.decide(one.pk, is_confirmed=True, found=acts.Found(observation=seen.number), actor=BOSS, now=NOW)
    seen.refresh_from_db()
    assert (seen.state, seen.complaint_id, Observation.objects.count()) == (State.CONFIRMED, one.pk, 1)


def test_nobody_is_found_guilty_while_nobody_knows_whom_it_is_about() -> None:
    one = complaint(None)
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    with pytest.raises(Refused, match="还没有关联单位"):
        acts.decide(one.pk, is_confirmed=True, found=FOUND, actor=BOSS, now=NOW)
    unit = org()
    acts.link_to_institution(one.pk, institution=unit, actor=BOSS, now=NOW)
    assert EvaluationRequest.objects.filter(institution=unit).exists()
    acts.decide(one.pk, is_confirmed=True, found=FOUND, actor=BOSS, now=NOW)


def test_what_the_institution_will_read_must_not_name_the_complainant() -> None:
    one = complaint(org())
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    for leak in (NAME, PHONE):
        told = acts.Found(kind="contract", text=f"据{leak}反映，合同不退费。")
        with pytest.raises(InvalidInput, match="1 处"):
            acts.decide(one.pk, is_confirmed=True, found=told, actor=BOSS, now=NOW)
    assert not Observation.objects.exists()


@pytest.mark.parametrize(
    "given", ["虚构 甲来电", "虚构·甲", "电话138 0000 0001", "138-0000-0001", "１３８０００００００１"]
)
def test_a_name_or_number_spaced_out_or_typed_wide_names_the_complainant_too(given: str) -> None:
    unit = org()
    made = complaint(unit)
    acts.start_check(made.pk, actor=BOSS, now=NOW)
    for found in (acts.Found(kind="contract", text=given), acts.Found(kind="contract", text="不退费", about=given)):
        with pytest.raises(InvalidInput) as caught:
            acts.decide(made.pk, is_confirmed=True, found=found, actor=BOSS, now=NOW)
        assert {each.path for each in caught.value.problems} <= {"text", "about"}
    assert not Observation.objects.exists()


def test_neither_a_known_observation_nor_what_repeats_the_complaint_may_give_somebody_away() -> None:
    unit = org()
    made, again = complaint(unit), complaint(unit, complainant_name="虚构乙", complainant_phone="")
    acts.mark_duplicate(again.pk, of=made.number, actor=BOSS, now=NOW)
    acts.start_check(made.pk, actor=BOSS, now=NOW)
    known = observations.record_observation(
        unit, kind="contract", occurred_on=dt.date(2026, 11, 18), source="audit", text=f"{NAME}说不退费", actor=BOSS,
        now=NOW,
    )  # fmt: skip
    for found in (acts.Found(observation=known.number), acts.Found(kind="contract", text="虚构乙说不退费")):
        with pytest.raises(InvalidInput, match="1 处"):
            acts.decide(made.pk, is_confirmed=True, found=found, actor=BOSS, now=NOW)
    known.refresh_from_db()
    assert (known.state, known.complaint) == (State.CLUE, None)


def test_a_correction_may_not_name_the_complainant_either() -> None:
    made = complaint(org())
    acts.start_check(made.pk, actor=BOSS, now=NOW)
    acts.decide(made.pk, is_confirmed=True, found=FOUND, actor=BOSS, now=NOW)
    with pytest.raises(InvalidInput):
        observations.change_observation(Observation.objects.get().pk, text=f"{NAME}来电", severity=None, actor=BOSS)


def test_a_withdrawn_decision_takes_the_observation_back_and_only_the_bureau_may() -> None:
    town = make.town()
    person, unit = make.user("town", town), org(town=town)
    one = complaint(unit)
    acts.start_check(one.pk, actor=person, now=NOW)
    acts.decide(one.pk, is_confirmed=True, found=FOUND, actor=person, now=NOW)
    with pytest.raises(Refused):
        acts.withdraw_decision(one.pk, actor=person, reason="认定有误", now=NOW)
    acts.withdraw_decision(one.pk, actor=BOSS, reason="认定有误", now=NOW)
    found = Observation.objects.get()
    assert (found.state, found.confirmed_on, found.due_on) == (State.CHECKING, None, None)
    assert Complaint.objects.get().is_confirmed is None


@pytest.mark.parametrize("state", ComplaintState.values)
def test_every_act_is_refused_outside_its_states_and_says_how_to_go_on(state: str) -> None:
    unit = org()
    one, other = complaint(unit), org("示范培训二部")
    Complaint.objects.filter(pk=one.pk).update(state=state)
    calls: dict[str, Any] = {
        "link": lambda: acts.link_to_institution(one.pk, institution=other, actor=BOSS, now=NOW),
        "mark_duplicate": lambda: acts.mark_duplicate(one.pk, of="", actor=BOSS, now=NOW),
        "start_check": lambda: acts.start_check(one.pk, actor=BOSS, now=NOW),
        "decide": lambda: acts.decide(one.pk, is_confirmed=False, reason="无", actor=BOSS, now=NOW),
        "withdraw": lambda: acts.withdraw_decision(one.pk, actor=BOSS, reason="无", now=NOW),
        "reply_and_close": lambda: acts.reply_and_close(one.pk, reply="已答复", actor=BOSS, now=NOW),
    }
    for act in acts.ACTS:
        Complaint.objects.filter(pk=one.pk).update(state=state)
        if state in act.may:
            calls[act.name]()
        else:
            with pytest.raises(Conflict, match="现在是"):
                calls[act.name]()


def test_a_duplicate_is_only_answered_or_untied() -> None:
    unit = org()
    main, again = complaint(unit), complaint(unit)
    acts.mark_duplicate(again.pk, of=main.number, actor=BOSS, now=NOW)
    with pytest.raises(Conflict, match="与另一件重复"):
        acts.start_check(again.pk, actor=BOSS, now=NOW)
    with pytest.raises(InvalidInput):  # no chains
        acts.mark_duplicate(main.pk, of=again.number, actor=BOSS, now=NOW)
    acts.reply_and_close(again.pk, reply="与另一件一并办理。", actor=BOSS, now=NOW)
    assert Complaint.objects.get(pk=again.pk).is_confirmed is None


def test_no_act_writes_personal_data_into_the_journal() -> None:
    one = complaint(org())
    acts.start_check(one.pk, actor=BOSS, now=NOW)
    acts.decide(
        one.pk, is_confirmed=False, reason=f"{NAME}（{PHONE}）撤诉，另留电话 139 0000 0002", actor=BOSS, now=NOW
    )
    acts.withdraw_decision(one.pk, reason=f"{NAME}再次来电", actor=BOSS, now=NOW)
    written = " ".join(f"{each.act} {each.target} {each.detail}" for each in AuditEntry.objects.all())
    assert "withdraw_complaint" in written
    for word in (NAME, PHONE, "139 0000 0002"):
        assert word not in written


def test_each_change_asks_for_judging_from_the_day_of_receipt() -> None:
    unit = org()
    one = complaint(unit, received_on="2026-11-02")
    asked = EvaluationRequest.objects.filter(institution=unit)
    assert [(each.since, each.until) for each in asked] == [(dt.date(2026, 11, 2), NOW.date())]
    acts.mark_duplicate(one.pk, of="", actor=BOSS, now=NOW)
    assert asked.all().count() == 2


def test_kinds_are_registered_with_their_rule() -> None:
    kind = find_kind("enrolment_link")
    assert kind is not None
    assert (kind.rule, kind.severity) == ("TO-32", 4)


def test_two_hundred_rows_take_as_many_statements_as_two(django_assert_max_num_queries: Any) -> None:
    unit = org()
    rows = [row(institution=unit.code, channel_no=f"N-{n}") for n in range(200)]
    with django_assert_max_num_queries(14):
        register_complaints(rows, actor=BOSS, now=NOW)
    assert complaints_of(make.user("bureau")).count() == 200
