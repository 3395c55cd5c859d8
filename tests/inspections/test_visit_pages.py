"""Pages of visits: what each reader gets to see, what saves and what is refused."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from inspections.models import Visit
from inspections.services.visits import plan_visits, review_visit
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, answer, begun, browser, filed, filled, handed_in, jpeg, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_that_hour")]

JSON = {"HTTP_ACCEPT": "application/json"}


def page(client: Client, name: str, *arguments: Any, status: int = 200, **query: str) -> str:
    answered = client.get(reverse(name, args=arguments), query)
    assert answered.status_code == status, (name, answered.status_code)
    return answered.content.decode()


def planned(cast: SimpleNamespace, **said: Any) -> Visit:
    values = {"planned_on": TODAY, "inspectors": [cast.first, cast.second], "actor": cast.town, "now": NOW, **said}
    return plan_visits([cast.org], **values)[0]


class TestTheDay:
    def test_what_is_under_way_comes_first_then_what_is_planned_for_today(self, cast: SimpleNamespace) -> None:
        planned(cast)
        answer(begun(cast), "S-01", cast.first, verdict="ok")
        seen = page(browser(cast.first), "visits_today")
        assert "1 次检查进行中，1 次待检查" in seen
        assert seen.index("继续填写") < seen.index("去检查")
        assert "已答 1/3" in seen

    def test_what_was_returned_comes_first_and_is_named(self, cast: SimpleNamespace) -> None:
        begun(cast)
        review_visit(handed_in(cast).pk, decision="return", remark="补拍", actor=cast.town, now=NOW)
        seen = page(browser(cast.first), "visits_today")
        assert "1 次检查被退回，1 次进行中" in seen
        assert seen.index("修改后再提交") < seen.index("继续填写")

    def test_a_colleague_of_another_town_sees_an_empty_day(self, cast: SimpleNamespace) -> None:
        planned(cast)
        assert "今天没有安排检查" in page(browser(cast.other_inspector), "visits_today")

    def test_an_institution_is_found_by_a_part_of_its_name_only_where_one_may_inspect(
        self, cast: SimpleNamespace
    ) -> None:
        found = page(browser(cast.first), "visit_open", q="虚构培训")
        assert "虚构培训一部" in found
        assert "虚构培训二部" not in found
        assert browser(cast.first).get(reverse("visit_open"), {"unit": cast.other.code}).status_code == 404

    def test_a_visit_opened_on_the_spot_twice_is_one(self, cast: SimpleNamespace) -> None:
        client = browser(cast.first)
        posted = {"unit": cast.org.code, "key": str(uuid.uuid4()), "place_note": "没有允许定位"}
        for _ in range(2):
            answered = client.post(reverse("visit_open"), posted)
            assert answered.status_code == 302
        visit = Visit.objects.get()
        assert (visit.state, visit.place_note, visit.latitude) == ("under_way", "没有允许定位", None)
        assert answered["Location"] == reverse("visit", args=[visit.key])

    def test_a_planned_visit_starts_with_the_position_of_the_phone(self, cast: SimpleNamespace) -> None:
        visit = planned(cast)
        client = browser(cast.first)
        assert "开始检查" in page(client, "visit", visit.key)
        place = {"latitude": "22.937244", "longitude": "113.384129", "accuracy_m": "12"}
        client.post(reverse("visit_start", args=[visit.key]), {**place, "device_started_at": NOW.isoformat()})
        visit.refresh_from_db()
        assert (visit.state, visit.distance_m, visit.device_started_at) == ("under_way", 30, NOW)

    def test_a_site_found_in_the_street_is_opened_once_and_its_visit_begins(self, cast: SimpleNamespace) -> None:
        visit_make.checklist("suspected_site")
        client = browser(cast.first)
        posted = {
            "name": "虚构花园 3 栋疑似补习点",
            "town": cast.east.code,
            "place": "虚构花园 3 栋",
            "key": str(uuid.uuid4()),
        }
        for _ in range(2):
            assert client.post(reverse("visit_site"), posted).status_code == 302
        visit = Visit.objects.get()
        assert visit.institution.kind == "suspected_site"
        assert visit.institution.town == cast.east

    def test_a_site_in_another_town_is_refused_at_the_field(self, cast: SimpleNamespace) -> None:
        posted = {"name": "虚构点", "town": cast.west.code, "place": "虚构路"}
        answered = browser(cast.first).post(reverse("visit_site"), posted)
        assert answered.status_code == 422
        assert not Visit.objects.exists()


class TestTheForm:
    def test_it_shows_every_item_with_its_answer_and_what_is_still_open(self, cast: SimpleNamespace) -> None:
        filed(cast)
        visit = begun(cast)
        answer(visit, "S-02", cast.first, verdict="failed", note="前台登记本任人翻看", decision="clue")
        seen = page(browser(cast.second), "visit", visit.key)
        assert "已答 1/3" in seen
        assert "前台登记本任人翻看" in seen
        assert "尚未办结" in seen
        assert reverse("rectification", args=[cast.org.rectifications.get().number]) in seen

    def test_an_answer_saves_and_tells_its_revision(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        address = reverse("visit_answer", args=[visit.key, "S-01"])
        posted = {
            "verdict": "failed",
            "note": "走廊堆物",
            "decision": "confirmed",
            "severity": "3",
            "due_on": "2026-12-04",
        }
        answered = browser(cast.first).post(address, {**posted, "revision": "0"}, **JSON)
        assert (answered.status_code, answered.json()) == (200, {"revision": 1})
        stored = visit.answers.get()
        assert (stored.verdict, stored.note, stored.severity, str(stored.due_on)) == (
            "failed",
            "走廊堆物",
            3,
            "2026-12-04",
        )

    def test_what_a_colleague_saved_is_told_and_not_overwritten(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        answer(visit, "S-01", cast.second, verdict="ok", note="通畅")
        address = reverse("visit_answer", args=[visit.key, "S-01"])
        answered = browser(cast.first).post(address, {"verdict": "failed", "note": "堆物", "revision": "0"}, **JSON)
        assert answered.status_code == 409
        assert answered.json()["stored"]["note"] == "通畅"
        assert answered.json()["revision"] == 1
        assert visit.answers.get().verdict == "ok"

    def test_people_and_result_are_one_form_and_a_conflict_names_the_fields_of_it(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        address = reverse("visit_details", args=[visit.key])
        posted = {
            "inspectors": [cast.first.username, cast.second.username], "met_name": ["虚构甲", ""],
            "met_post": ["校长", ""], "companion_name": ["虚构乙"], "companion_unit": ["虚构派出所"],
            "result": "no_problem", "summary": "没有发现问题", "revision": str(visit.revision),
        }  # fmt: skip
        saved = browser(cast.first).post(address, posted, **JSON)
        assert saved.status_code == 200
        visit.refresh_from_db()
        assert visit.people_met == [{"name": "虚构甲", "post": "校长"}]
        assert visit.companions == [{"name": "虚构乙", "unit": "虚构派出所"}]
        behind = browser(cast.second).post(address, {**posted, "summary": "另写"}, **JSON)
        assert behind.status_code == 409
        assert behind.json()["stored"]["met_name"] == ["虚构甲"]
        assert behind.json()["stored"]["summary"] == "没有发现问题"

    def test_a_second_inspector_is_taken_in_with_the_same_form(self, cast: SimpleNamespace) -> None:
        visit = begun(cast, inspectors=[])
        posted = {
            "inspectors": [cast.first.username, cast.second.username],
            "summary": "两人",
            "revision": visit.revision,
        }
        saved = browser(cast.first).post(reverse("visit_details", args=[visit.key]), posted, **JSON)
        visit.refresh_from_db()
        assert (saved.status_code, saved.json()["revision"]) == (200, visit.revision)
        assert visit.inspectors.count() == 2
        assert visit.summary == "两人"

    def test_handing_in_too_early_lists_what_is_missing_with_links_to_it(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        answered = browser(cast.first).post(reverse("visit_hand_in", args=[visit.key]), {"revision": visit.revision})
        seen = answered.content.decode()
        assert answered.status_code == 422
        assert "S-01</a>：还没有结论，请选符合、不符合或不适用。" in seen
        for target in ("item-S-01", "people_met", "result"):
            assert f'href="#{target}"' in seen
            assert f'id="{target}"' in seen

    def test_what_is_whole_goes_to_review_and_can_no_longer_be_written(self, cast: SimpleNamespace) -> None:
        visit = filled(cast)
        client = browser(cast.first)
        client.post(reverse("visit_hand_in", args=[visit.key]), {"revision": visit.revision})
        visit.refresh_from_db()
        assert visit.state == "handed_in"
        refused = client.post(
            reverse("visit_answer", args=[visit.key, "S-01"]), {"verdict": "na", "revision": "1"}, **JSON
        )
        assert refused.status_code == 409
        assert "待审核" in refused.json()["message"]


class TestPhotos:
    def put(self, client: Client, visit: Visit, key: uuid.UUID, piece: bytes, offset: int, total: int) -> Any:
        address = f"{reverse('visit_photo', args=[visit.key, key])}?item=S-03&name=%E7%A4%BA%E8%8C%83.jpg"
        headers = {"HTTP_UPLOAD_OFFSET": str(offset), "HTTP_UPLOAD_LENGTH": str(total)}
        return client.put(address, piece, content_type="application/octet-stream", **headers, **JSON)

    def test_a_photo_comes_in_pieces_and_shows_under_the_visit(self, cast: SimpleNamespace) -> None:
        visit, key, data = begun(cast), uuid.uuid4(), jpeg(5)
        client, half = browser(cast.first), len(data) // 2
        first = self.put(client, visit, key, data[:half], 0, len(data)).json()
        assert (first["received"], first["complete"]) == (half, False)
        again = self.put(client, visit, key, data[:half], 0, len(data))
        assert (again.status_code, again.json()["received"]) == (409, half)
        last = self.put(client, visit, key, data[half:], half, len(data)).json()
        assert last["complete"]
        assert visit.photos.get().item.code == "S-03"
        shown = client.get(last["url"])
        assert shown["Content-Type"] == "image/jpeg"
        assert client.get(last["url"], **JSON).json()["complete"]

    def test_a_photo_is_shown_to_those_above_also_after_filing_and_never_to_the_institution(
        self, cast: SimpleNamespace
    ) -> None:
        visit = filed(cast)
        address = reverse("visit_photo", args=[visit.key, visit.photos.get().key])
        assert browser(cast.town).get(address).status_code == 200
        assert browser(cast.first).get(address).status_code == 200  # its institution is out of the inspector's scope
        assert browser(cast.org_person).get(address).status_code == 403
        assert browser(cast.other_inspector).get(address).status_code == 404

    def test_only_the_bureau_is_led_to_the_sealed_original(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        address = reverse("file_original", args=[visit.photos.get().stored.key])
        assert address in page(browser(cast.bureau), "visit", visit.key)
        assert browser(cast.bureau).get(address).status_code == 200
        assert address not in page(browser(cast.town), "visit", visit.key)
        assert browser(cast.town).get(address).status_code == 403

    def test_one_that_is_taken_out_leaves_the_form(self, cast: SimpleNamespace) -> None:
        visit, key = begun(cast), uuid.uuid4()
        photo(visit, cast.first, item="S-03", key=key)
        client = browser(cast.first)
        assert str(key) in page(client, "visit", visit.key)
        assert client.delete(reverse("visit_photo", args=[visit.key, key])).status_code == 204
        assert str(key) not in page(client, "visit", visit.key)

    def test_a_length_that_is_no_number_is_refused_with_a_sentence(self, cast: SimpleNamespace) -> None:
        visit = begun(cast)
        address = reverse("visit_photo", args=[visit.key, uuid.uuid4()])
        answered = browser(cast.first).put(address, b"x", HTTP_UPLOAD_LENGTH="viele", **JSON)
        assert answered.status_code == 422
        assert [each["path"] for each in answered.json()["problems"]] == ["Upload-Length"]

    def test_a_photo_that_is_not_what_its_sender_hashed_is_refused_as_in_the_api(self, cast: SimpleNamespace) -> None:
        visit, data = begun(cast), jpeg(5)
        address, client = reverse("visit_photo", args=[visit.key, uuid.uuid4()]), browser(cast.first)
        for wrong, path in ((f"sha-256=:{'A' * 43}=:", "photo"), ("md5=1", "Content-Digest")):
            answered = client.put(address, data, HTTP_CONTENT_DIGEST=wrong, **JSON)
            assert answered.status_code == 422
            assert [each["path"] for each in answered.json()["problems"]] == [path]
        assert not visit.photos.exists()


class TestTheRecord:
    def test_the_town_reads_what_failed_and_files_it(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        client = browser(cast.town)
        seen = page(client, "visit", visit.key)
        assert "1 项不符合，查实 1 项" in seen
        assert "审核归档" in seen
        visit.refresh_from_db()
        posted = {"decision": "file", "remark": "属实", "revision": visit.revision}
        assert client.post(reverse("visit_review", args=[visit.key]), posted).status_code == 302
        seen = page(client, "visit", visit.key)
        assert "由此产生" in seen
        assert cast.org.rectifications.get().number in seen

    def test_a_deadline_that_has_passed_is_told_at_its_item_and_what_the_reviewer_wrote_stays(
        self, cast: SimpleNamespace
    ) -> None:
        visit = handed_in(cast)
        with time_machine.travel(visit_make.clock.at(visit_make.DUE, 9 * 60) + visit_make.dt.timedelta(days=1)):
            posted = {"decision": "file", "remark": "属实", "revision": visit.revision}
            answered = browser(cast.town).post(reverse("visit_review", args=[visit.key]), posted)
        seen = answered.content.decode()
        assert answered.status_code == 422
        assert '<a href="#item-S-02">S-02</a>：整改期限 2026-12-04 已过，不能下达' in seen
        assert 'id="item-S-02"' in seen
        assert ">属实</textarea>" in seen

    def test_returning_asks_for_the_reason(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        client = browser(cast.town)
        visit.refresh_from_db()
        posted = {"decision": "return", "remark": "", "revision": visit.revision}
        answered = client.post(reverse("visit_review", args=[visit.key]), posted)
        assert answered.status_code == 422
        assert "退回的原因" in answered.content.decode()
        client.post(reverse("visit_review", args=[visit.key]), {**posted, "remark": "照片看不清"})
        assert "照片看不清" in page(browser(cast.first), "visit", visit.key)

    @pytest.mark.parametrize("revision", ["", "zz", "1"])
    def test_what_the_reviewer_has_not_read_is_not_filed(self, cast: SimpleNamespace, revision: str) -> None:
        visit = handed_in(cast)
        posted = {"decision": "file", "revision": revision}
        answered = browser(cast.town).post(reverse("visit_review", args=[visit.key]), posted, follow=True)
        assert "在您打开之后有改动" in answered.content.decode()
        visit.refresh_from_db()
        assert visit.state == "handed_in"

    def test_an_inspector_of_the_visit_is_offered_no_review(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        seen = page(browser(cast.first), "visit", visit.key)
        assert "审核归档" not in seen
        posted = {"decision": "file", "revision": visit.revision}
        assert browser(cast.first).post(reverse("visit_review", args=[visit.key]), posted).status_code == 403

    def test_a_corrected_visit_keeps_its_filed_version_in_reach(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        client = browser(cast.first)
        client.post(reverse("visit_correct", args=[visit.key]), {"reason": "写错期限"})
        assert "更正第 2 版" in page(client, "visit", visit.key)
        assert "正在更正第 2 版" in page(browser(cast.town), "visit", visit.key)
        assert "前台登记本任人翻看" in page(client, "visit", visit.key, version="1")

    def test_the_institution_reads_what_was_found_true_and_nothing_else(self, cast: SimpleNamespace) -> None:
        visit = begun(cast, purpose="核查投诉")
        answer(visit, "S-01", cast.first, verdict="failed", note="线索一条", decision="clue")
        filed_visit = review_visit(_handed_in_with_clue(cast, visit).pk, decision="file", actor=cast.town, now=NOW)
        seen = page(browser(cast.org_person), "visit", filed_visit.key)
        assert "前台登记本任人翻看" in seen
        for hidden in ("核查投诉", "线索一条", f"visits/{filed_visit.key}/photos", "虚构甲"):
            assert hidden not in seen

    def test_before_filing_it_is_not_there_for_the_institution(self, cast: SimpleNamespace) -> None:
        page(browser(cast.org_person), "visit", handed_in(cast).key, status=404)

    def test_another_town_finds_no_visit(self, cast: SimpleNamespace) -> None:
        visit = handed_in(cast)
        for stranger in (cast.other_town, cast.other_inspector, cast.dept):
            page(browser(stranger), "visit", visit.key, status=404)
            assert visit.number not in page(browser(stranger), "visits")


def _handed_in_with_clue(cast: SimpleNamespace, visit: Visit) -> Visit:
    from inspections.services.visits import hand_in_visit

    filled(cast, visit, decision="confirmed")
    answer(visit, "S-01", cast.first, verdict="failed", note="线索一条", decision="clue")
    photo(visit, cast.first, item="S-01", seed=9)
    return hand_in_visit(visit.pk, actor=cast.first, now=NOW)


class TestTheList:
    def test_its_title_is_what_waits_for_the_reader(self, cast: SimpleNamespace) -> None:
        handed_in(cast)
        planned(cast)
        assert "1 次检查待审核" in page(browser(cast.town), "visits")
        assert "2 次检查未办完" in page(browser(cast.first), "visits")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"state": "filed"}, 1), ({"state": "open"}, 1), ({"kind": "planned"}, 1), ({"target": "subject_org"}, 2),
            ({"target": "school"}, 0), ({"since": "2026-11-25"}, 0), ({"until": "2026-11-24"}, 2),
            ({"q": "虚构培训一"}, 2),
            ({"q": "不存在"}, 0), ({"state": "nonsense"}, 2), ({"since": "gestern"}, 2),
        ],
    )  # fmt: skip
    def test_every_filter_is_in_the_address(self, cast: SimpleNamespace, query: dict[str, str], found: int) -> None:
        filed(cast)
        planned(cast)
        seen = browser(cast.town).get(reverse("visits"), query)
        assert seen.context["page_obj"].paginator.count == found

    def test_the_page_of_an_institution_tells_its_visits_to_whom_they_are_open(self, cast: SimpleNamespace) -> None:
        visit = filed(cast)
        seen = page(browser(cast.town), "visits_of", cast.org.code)
        for text in (visit.number, "整改未完成", "核查情况", "安排检查"):
            assert text in seen
        own = page(browser(cast.org_person), "visits_of", cast.org.code)
        assert visit.number in own
        assert "安排检查" not in own
        assert visit.number in page(browser(cast.org_person), "visits")
        page(browser(cast.other_town), "visits_of", cast.org.code, status=404)
