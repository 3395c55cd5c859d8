"""The pages of docs/screenshots: who looks at each, and how it is reached from that person's first page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import openpyxl
from openpyxl.workbook import Workbook
from playwright.sync_api import Page

RULE = "HW-02"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_VISIT = r"/visits/[0-9a-f-]{36}/"
_ONE_WEEK = r"/units/\d+/returns/\d{4}-W\d{2}/"


@dataclass(frozen=True)
class Shot:
    """One page: the name of its pictures, who looks, and how it is reached. ``leaves``: what looking so leaves behind
    in the demo's database; "" where it only looks."""

    name: str
    account: str
    reach: Callable[[Page], None]
    leaves: str = ""


def go(page: Page, path: str) -> None:
    """Open a path of the portal whose page is open."""
    page.goto(urljoin(page.url, path))


def first_link(page: Page, pattern: str) -> str:
    """Path of the first link on the page whose address matches."""
    for link in page.locator("a[href]").all():
        path = (link.get_attribute("href") or "").split("?")[0]
        if re.fullmatch(pattern, path):
            return path
    raise SystemExit(f"{page.url} has no link like {pattern}")


def filed_weeks(page: Page) -> list[str]:
    """Paths of the weeks whose return was submitted, newest first; opens the list of returns."""
    _returns(page)
    rows = page.locator("tr", has=page.get_by_text("查看或"))
    found = [row.locator("a[href]").first.get_attribute("href") or "" for row in rows.all()]
    return [path for path in found if re.fullmatch(_ONE_WEEK, path)]


def _at(path: str) -> Callable[[Page], None]:
    return lambda page: go(page, path)


def _worst_unit(page: Page) -> None:
    go(page, "/units/")
    go(page, first_link(page, r"/units/\d+/"))


def _alert(page: Page, rule: str = RULE) -> None:
    go(page, f"/alerts/?rule={rule}")
    go(page, first_link(page, r"/alerts/\d+/"))


def _finding_in_drawer(page: Page) -> None:
    _alert(page)
    page.locator("a[data-drawer][href^='/findings/']").first.click()
    page.wait_for_selector("#drawer-body .sj-explain, #drawer-body blockquote, #drawer-body dl")


def _finding_of(rule: str) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        _alert(page, rule)
        go(page, first_link(page, r"/findings/\d+/"))

    return reach


def _returns(page: Page) -> None:
    go(page, first_link(page, r"/units/\d+/returns/"))


def empty_week(page: Page) -> None:
    """The week that the list's main button offers: nothing is filed in it yet."""
    _returns(page)
    go(page, first_link(page, _ONE_WEEK))


def _taken_over(page: Page) -> None:
    """The last return taken over into the empty week, one class over its limit."""
    empty_week(page)
    page.locator("button[name=act][value=copy]").click()
    page.wait_for_load_state()
    minutes = page.locator("input[name^='hw-'][name*='-05-'][name$='-m2']").first
    minutes.evaluate("(cell) => { cell.value = '95'; cell.dispatchEvent(new Event('input', { bubbles: true })); }")


def _open_class(page: Page) -> None:
    _taken_over(page)
    over = page.locator("details.rf-class", has=page.locator("input[name*='-05-'][name$='-m2']")).first
    over.evaluate("(block) => { block.open = true; block.scrollIntoView({ behavior: 'instant' }); }")


def _preview(page: Page) -> None:
    """What a submit of the week would raise."""
    _taken_over(page)
    page.locator("button[name=act][value=preview]").last.click()
    page.wait_for_load_state()


def _workbook(page: Page) -> None:
    empty_week(page)
    go(page, first_link(page, rf"{_ONE_WEEK}workbook/"))


def _uploaded(change: Callable[[Workbook], None]) -> Callable[[Page], None]:
    """The empty week's workbook with last week's content, changed by a program, uploaded."""

    def reach(page: Page) -> None:
        _workbook(page)
        template = page.context.request.get(urljoin(page.url, "../workbook.xlsx?prefill=last"))
        book, changed = openpyxl.load_workbook(io.BytesIO(template.body())), io.BytesIO()
        change(book)
        book.save(changed)
        page.set_input_files(
            "#workbook-file", {"name": "第48周周报.xlsx", "mimeType": XLSX, "buffer": changed.getvalue()}
        )
        page.get_by_role("button", name="上传并核对").click()
        page.wait_for_load_state()

    return reach


def _too_long(book: Workbook) -> None:
    """A file without a mistake: one class has one long day."""
    rows = book["作业"].iter_rows(min_row=4)
    next(row for row in rows if str(row[0].value).startswith("五年级"))[3].value = 95


def _spoilt(book: Workbook) -> None:
    """What hands and other programs do to a sheet."""
    items = book["作业"]
    items["D5"] = "60分钟"
    items["D6"] = "６０"
    items["D7"] = "=15+20"
    items["C8"] = "奥数"
    items.row_dimensions[10].hidden = True
    book["作息"]["C5"] = "8点20"
    book["课后服务"].merge_cells("C6:C7")


def _locked(page: Page) -> None:
    """The oldest week, locked by the bureau; the school has asked for a correction (``screenshot_acts``)."""
    go(page, filed_weeks(page)[-1])


def _to_review(page: Page) -> None:
    go(page, "/returns/review/")
    go(page, first_link(page, _ONE_WEEK))


def _changes(page: Page) -> None:
    """The newest week of which the school filed a second version."""
    for path in filed_weeks(page):
        go(page, path)
        changes = page.locator("a[href$='/changes/']")
        if changes.count():
            go(page, changes.first.get_attribute("href") or "")
            return
    raise SystemExit("no week was corrected")


def _conflict(page: Page) -> None:
    """Two people save the same week; the second is shown both contents."""
    path = filed_weeks(page)[1]
    colleague = page.context.new_page()
    for each in (page, colleague):
        each.goto(urljoin(page.url, path))
    for each, more in ((colleague, 1), (page, 2)):
        cell = each.locator("input[name^='hw-'][name$='-m2']").first
        value = int(cell.input_value() or 20) + more
        cell.evaluate("(cell, value) => { cell.value = value; }", str(value))
        each.locator("button[name=act][value=save]").last.click()
        each.wait_for_load_state()
    colleague.close()


def _run(page: Page) -> None:
    """The newest evaluation with its receipt."""
    go(page, "/runs/")
    go(page, first_link(page, r"/runs/\d+/"))


def _classes(page: Page) -> None:
    go(page, first_link(page, r"/schools/\d+/classes/"))


def _teachers(page: Page) -> None:
    go(page, first_link(page, r"/schools/\d+/classes/").replace("/classes/", "/teachers/"))


def _class_board(page: Page) -> None:
    empty_week(page)
    go(page, first_link(page, rf"{_ONE_WEEK}classes/"))


def _class_form(page: Page) -> None:
    go(page, first_link(page, rf"{_ONE_WEEK}classes/[-\d]+/"))


_UPLOAD = "the checked upload, for seven days"


def _org(part: str = "") -> Callable[[Page], None]:
    """The institution with the gravest findings: first of the register."""

    def reach(page: Page) -> None:
        go(page, "/training/?kind=training_org")
        go(page, first_link(page, r"/training/\w*\d\w*/") + part)

    return reach


def _visit(query: str) -> Callable[[Page], None]:
    """The first visit of the list that the address asks for."""

    def reach(page: Page) -> None:
        go(page, f"/visits/{query}")
        go(page, first_link(page, _VISIT))

    return reach


def visit_record(page: Page) -> None:
    """The newest filed visit that found something."""
    go(page, "/visits/?state=filed")
    for row in page.locator("tbody tr").all():
        if row.locator("td[data-label='不符合']").inner_text().strip() not in ("0", "—"):
            go(page, row.locator("a").first.get_attribute("href") or "")
            return
    raise SystemExit("no filed visit found anything")


def _visit_form(page: Page) -> None:
    """A visit under way whose first item fails, so that what is asked then is seen."""
    go(page, "/visits/today/")
    card = page.locator(".vf-card", has=page.get_by_role("link", name="继续填写")).first
    go(page, card.locator("a").first.get_attribute("href") or "")
    item = page.locator("form[data-item]").first
    item.locator("label", has_text="不符合").click()
    item.locator("label", has_text="查实").click()
    item.locator("[data-state]", has_text="已保存").wait_for()
    item.evaluate("(item) => item.scrollIntoView({ block: 'start', behavior: 'instant' })")


def _plan(page: Page) -> None:
    """Two institutions found and put among the targets."""
    go(page, "/visits/new/")
    page.locator("#find-unit").press_sequentially("示范")
    page.wait_for_selector("[data-add-unit]")
    for button in page.locator("[data-add-unit]").all()[:2]:
        button.click()


def _rectification(page: Page) -> None:
    go(page, "/rectifications/")
    go(page, first_link(page, r"/rectifications/[-\w]+/"))


def _checklist(page: Page) -> None:
    go(page, "/checklists/")
    go(page, first_link(page, r"/checklists/[-\w/]+/"))


SHOTS = [
    Shot("login", "", _at("/login/")),
    Shot("bureau-home", "jiaoyuju", _at("/")),
    Shot("town-home", "zhenjie", _at("/")),
    Shot("school-home", "xuexiao", _at("/")),
    Shot("units", "jiaoyuju", _at("/units/")),
    Shot("unit", "jiaoyuju", _worst_unit),
    Shot("alerts", "jiaoyuju", _at("/alerts/")),
    Shot("alert", "jiaoyuju", _alert),
    Shot("finding-drawer", "jiaoyuju", _finding_in_drawer),
    Shot("finding-layers", "jiaoyuju", _finding_of("HW-07")),
    Shot("finding-at-school", "jiaoyuju", _finding_of("HW-08")),
    Shot("filings", "jiaoyuju", _at("/filings/")),
    Shot("ranking", "jiaoyuju", _at("/trends/")),
    Shot("ranking-of-units", "zhenjie", _at("/trends/")),
    Shot("heat", "jiaoyuju", _at("/trends/heat/")),
    Shot("heat-of-units", "zhongxin", _at("/trends/heat/")),
    Shot("trend-of-rules", "jiaoyuju", _at("/trends/rules/")),
    Shot("trend-of-filings", "jiaoyuju", _at("/trends/filings/")),
    Shot("runs", "jiaoyuju", _at("/runs/")),
    Shot("run", "jiaoyuju", _run),
    Shot("rulebook", "jiaoyuju", _at("/rules/")),
    Shot("rule", "jiaoyuju", _at(f"/rules/{RULE}/")),
    Shot("calendar", "jiaoyuju", _at("/calendar/")),
    Shot("unconfirmed-towns", "jiaoyuju", _at("/unconfirmed-towns/")),
    Shot("accounts", "jiaoyuju", _at("/accounts/")),
    Shot("returns", "xuexiao", _returns),
    Shot("return-empty", "xuexiao", empty_week),
    Shot("return-class", "xuexiao", _open_class),
    Shot("return-preview", "xuexiao", _preview),
    Shot("workbook", "xuexiao", _workbook),
    Shot("workbook-problems", "xuexiao", _uploaded(_spoilt)),
    Shot("workbook-check", "xuexiao", _uploaded(_too_long), leaves=_UPLOAD),
    Shot("review", "jiaoyuju", _at("/returns/review/")),
    Shot("return-review", "zhenjie", _to_review),
    Shot("return-locked", "xuexiao", _locked),
    Shot("return-changes", "xuexiao", _changes),
    Shot("return-conflict", "xuexiao", _conflict, leaves="a draft that differs from what is submitted"),
    Shot("class-form", "laoshi", _class_form),
    Shot("my-classes", "laoshi", _at("/my-classes/")),
    Shot("class-board", "xuexiao", _class_board),
    Shot("classes", "xuexiao", _classes),
    Shot("teachers", "xuexiao", _teachers),
    Shot("training", "jiaoyuju", _at("/training/")),
    Shot("training-org", "jiaoyuju", _org()),
    Shot("training-courses", "jiaoyuju", _org("courses/")),
    Shot("training-money", "jiaoyuju", _org("money/")),
    Shot("training-own", "jigou", _at("/")),
    Shot("training-radar", "jiaoyuju", _at("/training/radar/")),
    Shot("training-import", "jiaoyuju", _at("/training/import/orders/")),
    Shot("training-standards", "jiaoyuju", _at("/training/standards/")),
    Shot("lists", "jiaoyuju", _at("/lists/")),
    Shot("complaints", "jiaoyuju", _at("/complaints/")),
    Shot("clinic", "", _at("/clinic/")),
    Shot("visits-today", "jiancha1", _at("/visits/today/")),
    Shot("visit-open", "jiancha1", _at("/visits/open/?q=示范")),
    Shot("visit-form", "jiancha1", _visit_form, leaves="an answer of a visit under way"),
    Shot("visits", "zhenjie", _at("/visits/")),
    Shot("visit-review", "zhenjie", _visit("?state=handed_in")),
    Shot("visit-record", "zhenjie", visit_record),
    Shot("visit-plan", "zhenjie", _plan),
    Shot("visit-statistics", "jiaoyuju", _at("/visits/statistics/")),
    Shot("checklists", "jiaoyuju", _at("/checklists/")),
    Shot("checklist", "jiaoyuju", _checklist),
    Shot("rectifications", "zhenjie", _at("/rectifications/")),
    Shot("rectification", "zhenjie", _rectification),
]
