"""What people must have done before some of the pictures can be taken; done once, in the fictional demo only.

The bureau approves, accepts and locks the oldest return of 示范一小, which then asks for a correction; its teacher
hands in a class of this week. What is done already is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page
from screenshot_pages import filed_weeks, first_link, go

LOCKED_FOR = "九月数据已汇总上报，不再改动"
ASKED_FOR = "五年级（1）班 9 月 29 日数学应为 25 分钟，误填为 35 分钟"
#: The written homework of a third grade, Monday to Friday: within its limit.
MINUTES = (("20", "15", "20", "25", "15"), ("15", "20", "20", "15", "20"))


def prepare(page_of: Callable[[str], Page]) -> None:
    """``page_of(login)`` is a page on which that account is signed in."""
    school = page_of("xuexiao")
    week = filed_weeks(school)[-1]
    _lock(page_of("jiaoyuju"), week)
    _ask_for_correction(school, week)
    _hand_in(page_of("laoshi"))


def _lock(bureau: Page, week: str) -> None:
    for act, reason in (("approve", ""), ("accept", ""), ("lock", LOCKED_FOR)):
        go(bureau, week)
        form = bureau.locator(f"form[action='{week}{act}/']")
        if not form.count():
            continue
        form.evaluate("(form) => { const fold = form.closest('details'); if (fold) fold.open = true; }")
        form.locator("textarea").fill(reason)
        form.locator("button[type=submit]").click()
        bureau.wait_for_load_state()


def _ask_for_correction(school: Page, week: str) -> None:
    go(school, week)
    form = school.locator(f"form[action='{week}ask-reopen/']")
    if form.count():
        school.locator("#ask-reopen summary").click()
        form.locator("textarea").fill(ASKED_FOR)
        form.locator("button[type=submit]").click()
        school.wait_for_load_state()


def _hand_in(teacher: Page) -> None:
    go(teacher, "/my-classes/")
    path = first_link(teacher, r"/units/\d+/returns/\d{4}-W\d{2}/classes/[-\d]+/")
    go(teacher, path)
    block = teacher.locator("details.rf-class").first.get_attribute("id")
    teacher.locator("details.rf-class").first.evaluate("(block) => { block.open = true; }")
    for row, minutes in enumerate(MINUTES):
        for day, value in enumerate(minutes, 1):
            teacher.fill(f"#{block}-{row}-m{day}", value)
    teacher.locator("button[name=act][value=publish]").click()
    teacher.wait_for_load_state()
    teacher.locator("button[name=act][value=hand_in]").click()
    teacher.wait_for_load_state()
