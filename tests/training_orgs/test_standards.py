"""Word lists and guide prices as dated data, and advertisements held against the list."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.evidence.models import Observation
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make
from tests.training_orgs import make as registers
from training_orgs.models import Advertisement, GuidePrice, ListedWord, SubjectBaseline
from training_orgs.selectors.ads import Highlighter, with_hits
from training_orgs.services import standards
from training_orgs.services.ads import record_clue
from training_orgs.services.standards_imports import WORDS, load_words

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 24)
BOSS = make.Somebody()


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(clock.at(TODAY, 600), tick=False):
        yield


def ad(text: str, *, number: str = "A-1", place: str = "own_premises", unit: Any = None) -> Advertisement:
    return Advertisement.objects.create(
        institution=unit or make.training_org(), number=number, place=place, seen_on=TODAY, text=text
    )


def signed_in(role: str, unit: Any = None) -> Client:
    client = Client()
    client.force_login(make.user(role, unit))
    return client


def test_the_shipped_words_are_loaded_once_and_are_the_bureaus_from_then_on() -> None:
    assert load_words(actor=None).created > 80
    word = ListedWord.objects.get(list="subject", word="思维")
    standards.end_word(word.pk, until=TODAY, actor=BOSS)
    assert load_words(actor=None).created == 0
    assert ListedWord.objects.get(pk=word.pk).valid_until == TODAY


def test_the_shipped_list_holds_what_the_guideline_names() -> None:
    call_command("import_words", str(WORDS))
    named = {"作业辅导", "文化课", "思维", "国学"}
    in_text = {"研学", "托管", "家政"}
    words = ListedWord.objects.filter(list="subject", is_exception=False)
    assert named <= set(words.filter(in_course_text_only=False).values_list("word", flat=True))
    assert in_text <= set(words.filter(in_course_text_only=True).values_list("word", flat=True))
    preschool = set(ListedWord.objects.filter(list="preschool").values_list("word", flat=True))
    assert {"学前班", "幼小衔接", "思维训练"} <= preschool
    assert all(each.reference for each in ListedWord.objects.all())


def test_a_wrong_line_of_words_is_named_and_nothing_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text(
        "list,word,valid_from,valid_until\nsubject,数学,2021-09-01,2021-08-31\nads,保过,2021-09-01,\n", "utf-8"
    )
    with pytest.raises(CommandError) as refused:
        call_command("import_words", str(file))
    assert "第 2 行 valid_until" in str(refused.value)
    assert "第 3 行 list" in str(refused.value)
    assert not ListedWord.objects.exists()


def test_guide_prices_are_imported_and_the_charges_since_are_judged(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    head = "mode,size_from,size_to,price,valid_from,reference\n"
    file.write_text(f"{head}线下,1,10,60.50,2026-09-01,示范文件\n线下,11,,40,2026-09-01,示范文件\n", "utf-8")
    call_command("import_guide_prices", str(file))
    assert list(GuidePrice.objects.values_list("mode", "size_from", "size_to", "price")) == [
        ("offline", 1, 10, Decimal("60.50")), ("offline", 11, None, Decimal("40.00")),
    ]  # fmt: skip
    asked = EvaluationRequest.objects.get(cause="政府指导价变更")
    assert (asked.rules, asked.since) == (["TO-12"], dt.date(2026, 9, 1))
    call_command("import_guide_prices", str(file))
    assert EvaluationRequest.objects.filter(cause="政府指导价变更").count() == 1


@pytest.mark.parametrize("price", ["-1", "40元", "1.234", "NaN", ""])
def test_a_price_that_is_none_is_refused(tmp_path: Path, price: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(f"mode,size_from,price,valid_from,reference\n线下,1,{price},2026-09-01,示范文件\n", "utf-8")
    with pytest.raises(CommandError, match="第 2 行 price"):
        call_command("import_guide_prices", str(file))


def test_a_word_is_added_and_ended_by_the_bureau_with_audit_and_judging() -> None:
    word = standards.add_word(listed="subject", word=" 名著 ", valid_from=TODAY, actor=BOSS)
    assert word.word == "名著"
    with pytest.raises(Conflict, match="已在词表内"):
        standards.add_word(listed="subject", word="名著", valid_from=TODAY, actor=BOSS)
    with pytest.raises(InvalidInput):
        standards.end_word(word.pk, until=TODAY - dt.timedelta(days=1), actor=BOSS)
    standards.end_word(word.pk, until=TODAY, actor=BOSS)
    with pytest.raises(Conflict):
        standards.end_word(word.pk, until=TODAY, actor=BOSS)
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {"add_word", "end_word"}
    assert {tuple(each.rules or ()) for each in EvaluationRequest.objects.all()} == {("TO-27",)}
    with pytest.raises(Refused):
        standards.add_word(listed="subject", word="别的", valid_from=TODAY, actor=make.user("town", make.town()))


def test_hits_are_marked_the_longest_whole_and_exceptions_passed_over() -> None:
    for word, is_exception in (("押题", False), ("名师押题", False), ("提分", False), ("不承诺提分", True)):
        ListedWord.objects.create(list="advertisement", word=word, is_exception=is_exception, valid_from=TODAY)
    pieces = Highlighter(TODAY).pieces("名师押题，不承诺提分，快速提分班")
    assert [piece.text for piece in pieces if piece.is_hit] == ["名师押题", "提分"]
    assert "".join(piece.text for piece in pieces) == "名师押题，不承诺提分，快速提分班"
    hit, clean = ad("快速提分班"), ad("我们不承诺提分")
    assert list(with_hits(Advertisement.objects.all(), TODAY)) == [hit]
    assert [piece.is_hit for piece in Highlighter(TODAY).pieces(clean.text)] == [False]


def test_no_word_at_all_marks_nothing() -> None:
    ad("保过")
    assert not with_hits(Advertisement.objects.all(), TODAY).exists()
    assert [piece.is_hit for piece in Highlighter(TODAY).pieces("保过")] == [False]


def test_an_advertisement_becomes_a_clue_once_and_no_finding() -> None:
    one = ad("保过", place="school")
    found = record_clue(one, actor=BOSS)
    assert (found.kind, found.state, found.about, found.source) == ("advertising", "clue", "ad:A-1", "audit")
    with pytest.raises(Conflict, match=found.number):
        record_clue(one, actor=BOSS)


def test_the_page_of_advertisements_marks_hits_and_offers_the_clue() -> None:
    ListedWord.objects.create(list="advertisement", word="保过", valid_from=TODAY)
    town = make.town()
    one = ad("考试<b>保过</b>", unit=make.training_org(town=town))
    ad("暑期游泳", unit=make.training_org("虚构培训二部", town=town))
    client = signed_in("town", town)
    page = client.get("/training/ads/").content.decode()
    assert "1 条未撤除的广告命中词表" in page
    assert "考试&lt;b&gt;<mark>保过</mark>&lt;/b&gt;" in page
    assert page.count("登记为线索</button>") == 1
    answer = client.post(f"/training/ads/{one.pk}/clue/")
    assert answer.headers["Location"] == f"/observations/{Observation.objects.get().number}/"
    assert "暑期游泳" not in client.get("/training/ads/?only=hits").content.decode()
    outsider = signed_in("town", make.town("440113008", "虚构镇"))
    assert outsider.post(f"/training/ads/{one.pk}/clue/").status_code == 404


def picture(name: str = "墙面.jpg") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


def test_an_advertisement_is_noted_with_its_pictures_on_the_page_of_the_institution() -> None:
    town = make.town()
    unit = registers.org(town=town)
    client = signed_in("town", town)
    address = f"/training/{unit.code}/ads/new/"
    assert address in client.get(f"/training/{unit.code}/").content.decode()
    assert 'name="photos"' in client.get(address).content.decode()
    form = {"number": "A-7", "place": "居民区广告牌", "seen_on": "2026-11-23", "text": "名师一对一"}
    broken = SimpleUploadedFile("a.jpg", b"<svg/>", "image/jpeg")
    assert client.post(address, {**form, "photos": [broken]}).status_code == 422
    assert not Advertisement.objects.exists()
    assert client.post(address, {**form, "photos": [picture(), picture("近景.jpg")]}).status_code == 302
    photo = unit.files.first()
    assert (photo.purpose, unit.files.count()) == ("ad:A-7", 2)
    for page in ("/training/ads/", f"/training/{unit.code}/ads/{Advertisement.objects.get().pk}/"):
        assert f"/files/{photo.key}/" in client.get(page).content.decode()
    institution = signed_in("org", unit)
    assert address not in institution.get(f"/training/{unit.code}/").content.decode()


def test_the_page_of_standards_is_changed_by_the_bureau_alone() -> None:
    client = signed_in("bureau")
    assert "还没有录入政府指导价" in client.get("/training/standards/").content.decode()
    price = {"mode": "offline", "size_from": 1, "size_to": "", "price": "40", "valid_from": "2026-09-01"}
    assert client.post("/training/standards/prices/new/", price).status_code == 422  # without its document
    assert client.post("/training/standards/prices/new/", {**price, "reference": "示范文件"}).status_code == 302
    page = client.get("/training/standards/").content.decode()
    assert "1 条政府指导价在执行" in page
    assert "5000" in page.replace(",", "")  # the fee bounds stand beside
    assert (
        client.post(
            f"/training/standards/prices/{GuidePrice.objects.get().pk}/end/", {"until": "2026-12-31"}
        ).status_code
        == 302
    )
    word = {"listed": "preschool", "word": "描红", "valid_from": "2026-09-01"}
    assert client.post("/training/standards/words/new/", word).status_code == 302
    assert "描红" in client.get("/training/standards/?list=preschool").content.decode()
    for role, unit in (("town", make.town()), ("org", make.training_org())):
        reader = signed_in(role, unit)
        assert reader.get("/training/standards/").status_code == 200
        assert reader.post("/training/standards/words/new/", word).status_code == 403


def test_the_baseline_is_imported_counted_against_and_named_where_wrong(tmp_path: Path) -> None:
    place = make.town()
    fields = {"kind": "public_body", "pinyin": "-"}
    bureau = Institution.objects.create(code="440113-JY", name="区教育局", category="bureau", **fields)
    body = Institution.objects.create(code=place.code, name=place.name, category="town", town=place, **fields)
    file = tmp_path / "baseline.csv"
    file.write_text("town,licences,reference\n全区,17,2021年普查\n市桥街道,5,2021年普查\n", "utf-8")
    call_command("import_subject_baseline", str(file))
    assert dict(SubjectBaseline.objects.values_list("town", "licences")) == {None: 17, place.pk: 5}
    asked = EvaluationRequest.objects.values_list("institution", "since")
    assert set(asked) == {(bureau.pk, dt.date(2021, 9, 1)), (body.pk, dt.date(2021, 9, 1))}
    EvaluationRequest.objects.all().delete()
    call_command("import_subject_baseline", str(file))
    assert not EvaluationRequest.objects.exists()
    file.write_text("town,licences,reference\n没有镇,-1,\n市桥街道,5,x\n市桥街道,6,x\n", "utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("import_subject_baseline", str(file))
    for told in ("第 2 行 town", "第 2 行 licences", "第 2 行 reference", "第 4 行 town"):
        assert told in str(refused.value)


def _price(size_from: int, size_to: int | None, valid_from: dt.date, price: int = 50) -> GuidePrice:
    return standards.add_guide_price(
        mode="offline", size_from=size_from, size_to=size_to, price=Decimal(price), valid_from=valid_from,
        reference="示范通知", actor=BOSS,
    )  # fmt: skip


def test_no_class_has_two_guide_prices_on_one_day(tmp_path: Path) -> None:
    first = _price(1, 10, dt.date(2026, 1, 1))
    _price(11, 20, dt.date(2026, 1, 1))
    for sizes in ((5, 12), (10, None), (2, 3)):
        with pytest.raises(InvalidInput) as refused:
            _price(*sizes, dt.date(2026, 6, 1))
        assert refused.value.problems[0].path == "size_from"
        assert "重叠" in refused.value.problems[0].message
    with pytest.raises(InvalidInput, match="1 处") as refused:
        _price(30, 21, dt.date(2026, 6, 1))
    assert refused.value.problems[0].message == "班型上限小于下限，请改正。"
    standards.end_guide_price(first.pk, until=dt.date(2026, 5, 31), actor=BOSS)
    _price(2, 10, dt.date(2026, 6, 1))
    _price(21, None, dt.date(2026, 6, 1))
    file = tmp_path / "prices.csv"
    file.write_text("mode,size_from,size_to,price,valid_from,reference\noffline,9,11,40,2026-07-01,示范通知\n", "utf-8")
    before = GuidePrice.objects.count()
    with pytest.raises(CommandError, match="第 2 行 size_from"):
        call_command("import_guide_prices", str(file))
    assert GuidePrice.objects.count() == before


def test_a_later_price_of_the_same_sizes_ends_the_one_before() -> None:
    _price(1, 10, dt.date(2026, 1, 1))
    _price(1, 12, dt.date(2026, 6, 1))
    with pytest.raises(InvalidInput):
        _price(11, 20, dt.date(2026, 6, 1))
    _price(13, 20, dt.date(2026, 6, 1))
    assert GuidePrice.objects.count() == 3
