"""A visit from planning to correction: who may do what, what is refused and why, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace

import pytest

from inspections.models import Visit, VisitVersion
from inspections.services.versions import sha256_of
from inspections.services.visits import (
    Place,
    Stale,
    cancel_visit,
    correct_visit,
    hand_in_visit,
    open_visit,
    plan_visits,
    review_visit,
    save_details,
    set_inspectors,
    start_visit,
)
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.journal.models import AuditEntry
from tests import make
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, answer, begun, details, filed, filled, handed_in, photo

pytestmark = pytest.mark.django_db


def paths(error: InvalidInput) -> list[str]:
    return [each.path for each in error.problems]


def planned(cast: SimpleNamespace, **said: object) -> Visit:
    values = {
        "planned_on": TODAY + dt.timedelta(days=2), "inspectors": [cast.first, cast.second], "actor": cast.town,
        "now": NOW, **said,
    }  # fmt: skip
    return plan_visits([cast.org], **values)[0]  # type: ignore[arg-type]


class TestPlanning:
    def test_one_act_plans_a_visit_to_each_target_with_all_the_people(self, cast: SimpleNamespace) -> None:
        second = make.training_org("虚构培训三部", town=cast.east, category="arts")
        visits = plan_visits(
            [cast.org, second], planned_on=TODAY, inspectors=[cast.first, cast.second], actor=cast.town, now=NOW
        )
        assert [each.number for each in visits] == ["JC-2026-00001", "JC-2026-00002"]
        assert [each.inspectors.count() for each in visits] == [2, 2]
        assert {each.steps.get().act for each in visits} == {"planned"}

    def test_one_person_alone_plans_nothing(self, cast: SimpleNamespace) -> None:
        with pytest.raises(InvalidInput) as refused:
            planned(cast, inspectors=[cast.first])
        assert paths(refused.value) == ["inspectors"]

    def test_a_town_plans_nothing_in_another_town(self, cast: SimpleNamespace) -> None:
        with pytest.raises(InvalidInput) as refused:
            plan_visits([cast.other], planned_on=TODAY, inspectors=[cast.first, cast.second], actor=cast.town, now=NOW)
        assert "institutions[0]" in paths(refused.value)

    def test_an_inspector_plans_only_visits_of_the_inspector_s_own(self, cast: SimpleNamespace) -> None:
        planned(cast, actor=cast.first)
        third = make.user("inspector", cast.east)
        with pytest.raises(Refused) as refused:
            planned(cast, actor=third)
        assert refused.value.status == 403

    def test_people_of_another_town_school_people_and_shut_accounts_are_no_inspectors(
        self, cast: SimpleNamespace
    ) -> None:
        cast.second.is_active = False
        cast.second.save()
        with pytest.raises(InvalidInput) as refused:
            planned(cast, inspectors=[cast.first, cast.second, cast.other_inspector, cast.org_person])
        assert paths(refused.value) == ["inspectors"] * 3

    def test_a_day_that_is_past_is_refused(self, cast: SimpleNamespace) -> None:
        with pytest.raises(InvalidInput) as refused:
            planned(cast, planned_on=TODAY - dt.timedelta(days=1))
        assert paths(refused.value) == ["planned_on"]

    def test_a_town_gives_it_up_with_a_reason(self, cast: SimpleNamespace) -> None:
        visit = planned(cast)
        with pytest.raises(InvalidInput):
            cancel_visit(visit.pk, reason=" ", actor=cast.town, now=NOW)
        assert cancel_visit(visit.pk, reason="机构已搬走", actor=cast.town, now=NOW).state == "cancelled"
        assert visit.steps.last().note == "机构已搬走"

    def test_another_town_gives_up_nothing(self, cast: SimpleNamespace) -> None:
        with pytest.raises(Refused) as refused:
            cancel_visit(planned(cast).pk, reason="试试", actor=cast.other_town, now=NOW)
        assert refused.value.status == 403


class TestBeginning:
    def test_the_distance_is_measured_and_keeps_nobody_from_beginning(self, cast: SimpleNamespace) -> None:
        visit = planned(cast)
        far = Place(latitude=23.5, longitude=113.384, accuracy_m=8)
        begun = start_visit(visit.pk, actor=cast.first, place=far, device_started_at=NOW, now=NOW)
        assert begun.state == "under_way"
        # 0.563° of latitude at 111.195 km each.
        assert abs(begun.distance_m - 62_603) < 100
        assert begun.checklist == cast.list

    def test_without_a_position_or_a_registered_point_there_is_no_distance(self, cast: SimpleNamespace) -> None:
        assert begun(cast, place=Place()).distance_m is None
        cast.org.latitude = cast.org.longitude = None
        cast.org.save()
        assert begun(cast).distance_m is None

    @pytest.mark.parametrize("latitude", ["91", "nan", "far", float("inf")])
    def test_what_is_no_position_is_refused_with_its_place(self, cast: SimpleNamespace, latitude: object) -> None:
        with pytest.raises(InvalidInput) as refused:
            begun(cast, place=Place(latitude=latitude, longitude=113))  # type: ignore[arg-type]
        assert "place.latitude" in paths(refused.value)

    def test_the_second_inspector_begins_what_the_first_began_without_changing_it(self, cast: SimpleNamespace) -> None:
        visit = planned(cast)
        first = start_visit(visit.pk, actor=cast.first, now=NOW)
        second = start_visit(visit.pk, actor=cast.second, place=visit_make.HERE, now=NOW + dt.timedelta(minutes=5))
        assert (second.started_at, second.revision, second.latitude) == (first.started_at, first.revision, None)

    def test_who_is_not_on_the_visit_begins_nothing(self, cast: SimpleNamespace) -> None:
        with pytest.raises(Refused) as refused:
            start_visit(planned(cast).pk, actor=cast.town, now=NOW)
        assert refused.value.status == 403

    def test_the_same_key_opens_one_visit(self, cast: SimpleNamespace) -> None:
        key = uuid.uuid4()
        visits = {begun(cast, key=key).pk for _ in range(3)}
        assert len(visits) == 1
        assert Visit.objects.count() == 1

    def test_the_key_of_somebody_else_s_visit_tells_nothing_of_it(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        with pytest.raises(Conflict) as refused:
            open_visit(cast.other, key=visit.key, actor=cast.other_inspector, now=NOW)
        assert visit.number not in refused.value.message

    def test_without_a_checklist_in_use_no_visit_begins(self, cast: SimpleNamespace) -> None:
        school = make.school("示范一小", town=cast.east)
        with pytest.raises(Conflict) as refused:
            open_visit(school, key=uuid.uuid4(), actor=cast.first, now=NOW)
        assert "检查表" in refused.value.message


class TestWriting:
    def test_details_written_from_an_old_revision_are_refused_with_what_is_stored(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        seen = visit.revision
        save_details(visit.pk, values={"summary": "甲写的"}, revision=seen, actor=cast.first, now=NOW)
        with pytest.raises(Stale) as refused:
            save_details(visit.pk, values={"summary": "乙写的"}, revision=seen, actor=cast.second, now=NOW)
        assert refused.value.stored["summary"] == "甲写的"
        assert Visit.objects.get(pk=visit.pk).summary == "甲写的"

    def test_the_same_details_sent_again_are_no_conflict_and_no_change(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        said = {"people_met": [{"name": "虚构甲", "post": "校长"}, {"name": " ", "post": ""}], "departments": []}
        first = save_details(visit.pk, values=said, revision=visit.revision, actor=cast.first, now=NOW)
        again = save_details(visit.pk, values=said, revision=visit.revision, actor=cast.first, now=NOW)
        assert again.revision == first.revision
        assert again.people_met == [{"name": "虚构甲", "post": "校长"}]

    def test_everything_wrong_with_details_is_told_at_once(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        wrong = {
            "people_met": [{"name": "", "post": "校长"}], "companions": [{"name": "虚构乙", "phone": "1"}],
            "departments": ["??"], "result": "perfect", "summary": "长" * 5000,
        }  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            details(visit, cast.first, **wrong)
        assert paths(refused.value) == [
            "people_met[0].name", "companions[0]", "departments", "result", "summary",
        ]  # fmt: skip

    def test_two_inspectors_answer_different_items_without_knowing_of_each_other(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        answer(visit, "S-01", cast.first, revision=0, verdict="ok")
        answer(visit, "S-02", cast.second, revision=0, verdict="na")
        assert list(visit.answers.values_list("verdict", flat=True)) == ["ok", "na"]

    def test_on_the_same_item_nothing_is_overwritten_silently(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        answer(visit, "S-01", cast.first, revision=0, verdict="failed", note="甲看到的")
        with pytest.raises(Stale) as refused:
            answer(visit, "S-01", cast.second, revision=0, verdict="ok")
        stored = refused.value.stored
        assert (stored["verdict"], stored["note"], stored["revision"]) == ("failed", "甲看到的", 1)
        answer(visit, "S-01", cast.second, revision=stored["revision"], verdict="ok")
        assert visit.answers.get().verdict == "ok"

    def test_an_answer_sent_again_with_its_old_revision_changes_nothing(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        for _ in range(3):
            saved = answer(visit, "S-01", cast.first, revision=0, verdict="ok")
        assert saved.revision == 1

    def test_what_does_not_belong_to_the_verdict_is_left_out(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        told = {"verdict": "failed", "decision": "confirmed", "due_on": visit_make.DUE, "requirement": "撤下登记本"}
        answer(visit, "S-02", cast.first, **told)
        saved = answer(visit, "S-02", cast.first, decision="clue")
        assert (saved.decision, saved.due_on, saved.requirement) == ("clue", None, "")
        saved = answer(visit, "S-02", cast.first, verdict="ok")
        assert (saved.decision, saved.severity) == ("", None)

    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"verdict": "maybe"}, "answers[S-01].verdict"),
            ({"severity": 5}, "answers[S-01].severity"),
            ({"due_on": "2026-12-01"}, "answers[S-01].due_on"),
            ({"note": "长" * 1001}, "answers[S-01].note"),
            ({"colour": "red"}, "answers[S-01].colour"),
        ],
    )
    def test_an_answer_that_cannot_be_kept_is_refused_with_its_place(
        self, cast: SimpleNamespace, values: dict[str, object], path: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            answer(begun(cast), "S-01", cast.first, **values)
        assert paths(refused.value) == [path]

    @pytest.mark.parametrize("who", ["town", "bureau", "other_inspector", "org_person", "dept"])
    def test_only_inspectors_of_the_visit_write(self, cast: SimpleNamespace, who: str) -> None:
        visit = begun(cast)
        with pytest.raises(Refused) as refused:
            answer(visit, "S-01", getattr(cast, who), verdict="ok")
        assert refused.value.status == 403

    def test_inspectors_are_added_and_removed_and_one_always_stays(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        third = make.user("inspector", cast.east)
        changed = set_inspectors(
            visit.pk, inspectors=[cast.first, third], revision=visit.revision, actor=cast.first, now=NOW
        )
        assert set(changed.inspectors.values_list("person", flat=True)) == {cast.first.pk, third.pk}
        with pytest.raises(Refused):
            answer(visit, "S-01", cast.second, verdict="ok")
        with pytest.raises(InvalidInput):
            set_inspectors(visit.pk, inspectors=[], revision=changed.revision, actor=cast.first, now=NOW)


class TestHandingIn:
    def test_everything_that_is_missing_is_told_at_once(self, cast: SimpleNamespace) -> None:
        visit = begun(cast, inspectors=[])
        answer(visit, "S-01", cast.first, verdict="failed")
        answer(visit, "S-02", cast.first, verdict="failed", note="看到了", decision="confirmed")
        with pytest.raises(InvalidInput) as refused:
            hand_in_visit(visit.pk, actor=cast.first, now=NOW)
        assert paths(refused.value) == [
            "companions", "people_met", "answers[S-01].photos", "answers[S-01].note", "answers[S-01].decision",
            "answers[S-02].due_on", "answers[S-03].verdict", "result",
        ]  # fmt: skip
        assert Visit.objects.get(pk=visit.pk).state == "under_way"

    @pytest.mark.parametrize(
        ("result", "path"), [("no_problem", "result"), ("stopped", "summary"), ("closed_door", "summary")]
    )
    def test_the_result_must_fit_the_answers(self, cast: SimpleNamespace, result: str, path: str) -> None:
        visit = filled(cast)
        details(visit, cast.first, result=result)
        with pytest.raises(InvalidInput) as refused:
            hand_in_visit(visit.pk, actor=cast.first, now=NOW)
        assert paths(refused.value) == [path]

    def test_before_a_closed_door_no_item_is_asked_for(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        details(visit, cast.first, result="closed_door", summary="门上贴有停业告示")
        assert hand_in_visit(visit.pk, actor=cast.first, now=NOW).state == "handed_in"

    def test_handed_in_again_by_the_same_person_it_waits_unchanged(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        again = hand_in_visit(visit.pk, actor=cast.first, revision=visit.revision - 1, now=NOW)
        assert (again.revision, again.versions.count()) == (visit.revision, 1)
        with pytest.raises(Conflict, match="待审核"):
            hand_in_visit(visit.pk, actor=cast.second, now=NOW)
        with pytest.raises(Refused, match="检查人员"):
            hand_in_visit(visit.pk, actor=cast.other_inspector, now=NOW)

    def test_the_record_is_frozen_with_texts_people_place_and_hashes(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        version = VisitVersion.objects.get(visit=visit)
        record = version.record
        assert version.sha256 == sha256_of(record)
        assert record["answers"][1]["text"] == "S-02 要点"
        assert record["answers"][1]["due_on"] == "2026-12-04"
        assert [each["login"] for each in record["inspectors"]] == ["jiancha1", "jiancha2"]
        assert record["place"]["distance_m"] == visit.distance_m
        stored = visit.photos.get().stored
        assert record["photos"][0]["sha256"] == stored.sha256
        assert record["photos"][0]["size"] == stored.size
        assert record["answers"][2]["photos"] == [record["photos"][0]["key"]]

    def test_nobody_writes_what_is_handed_in(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        with pytest.raises(Conflict):
            answer(visit, "S-01", cast.first, verdict="na")
        with pytest.raises(Conflict):
            photo(visit, cast.first)
        with pytest.raises(Conflict):
            hand_in_visit(visit.pk, actor=cast.second, now=NOW)


class TestReview:
    @pytest.mark.parametrize("who", ["first", "second", "other_town", "org_person", "dept", "other_inspector"])
    def test_only_a_second_officer_of_the_jurisdiction_reviews(self, cast: SimpleNamespace, who: str) -> None:
        visit = handed_in(cast)
        with pytest.raises(Refused) as refused:
            review_visit(visit.pk, decision="file", actor=getattr(cast, who), now=NOW)
        assert refused.value.status == 403

    def test_an_officer_who_was_an_inspector_does_not_review_it(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast, begun(cast, inspectors=[cast.second, cast.town]))
        with pytest.raises(Refused):
            review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
        assert review_visit(visit.pk, decision="file", actor=cast.bureau, now=NOW).state == "filed"

    def test_what_is_returned_is_written_again_and_handed_in_again(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        with pytest.raises(InvalidInput) as refused:
            review_visit(visit.pk, decision="return", actor=cast.town, now=NOW)
        assert paths(refused.value) == ["remark"]
        review_visit(visit.pk, decision="return", remark="请写明登记本的位置", actor=cast.town, now=NOW)
        answer(visit, "S-02", cast.first, note="前台登记本放在柜面")
        again = hand_in_visit(visit.pk, actor=cast.second, now=NOW)
        assert (again.state, again.version) == ("handed_in", 1)
        assert [each.number for each in visit.versions.all()] == [1, 1]
        assert [each.act for each in visit.steps.all()] == ["started", "handed_in", "returned", "handed_in"]

    def test_a_review_of_what_was_read_before_a_change_is_refused(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        with pytest.raises(Stale):
            review_visit(visit.pk, decision="file", actor=cast.town, revision=visit.revision - 1, now=NOW)

    def test_a_correction_is_the_next_version_and_the_filed_one_stays(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        first = visit.versions.get()
        with pytest.raises(Refused):
            correct_visit(visit.pk, reason="写错了", actor=cast.other_town, now=NOW)
        corrected = correct_visit(visit.pk, reason="期限写错了", actor=cast.first, now=NOW)
        assert (corrected.state, corrected.version) == ("under_way", 2)
        answer(visit, "S-02", cast.first, due_on=dt.date(2026, 12, 8))
        hand_in_visit(visit.pk, actor=cast.first, now=NOW)
        review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
        second = visit.versions.get(number=2)
        assert second.reason == "期限写错了"
        assert first.sha256 == sha256_of(VisitVersion.objects.get(pk=first.pk).record)
        assert second.sha256 != first.sha256

    def test_what_has_answers_or_was_filed_is_not_called_off(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        answer(visit, "S-01", cast.first, verdict="ok")
        with pytest.raises(Conflict):
            cancel_visit(visit.pk, reason="不查了", actor=cast.first, now=NOW)
        done = filed(cast)
        correct_visit(done.pk, reason="改", actor=cast.first, now=NOW)
        with pytest.raises(Conflict):
            cancel_visit(done.pk, reason="不查了", actor=cast.first, now=NOW)

    def test_every_act_is_in_the_journal_without_names(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        entries = AuditEntry.objects.filter(target=f"visit:{visit.number}")
        assert set(entries.values_list("act", flat=True)) == {
            "started_visit", "answer_visit", "add_visit_photo", "save_visit", "handed_in_visit", "filed_visit",
        }  # fmt: skip
        assert "虚构甲" not in str(list(entries.values_list("detail", flat=True)))
