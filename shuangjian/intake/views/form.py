"""填报页: the school's filer saves, looks ahead, and submits; others in scope read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.foreseen import by_rule, note_wanted, put_into_words, stands_already
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.return_form import ReturnForm, same_rows, words_of_publishing
from shuangjian.intake.views.page import ReturnPage


class ReturnView(ReturnPage):
    """填报页: reads for everyone in scope; the school's filer saves, looks ahead, and submits."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.page(ReturnForm.filled(self.institution, self.week, self.stored_payload()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.can_edit:
            raise PermissionDenied("只有本校填报员可以填写周报。")
        act, _, detail = request.POST.get("act", "save").partition(":")
        form = ReturnForm.posted(self.institution, self.week, request.POST)
        help_with = {"row": self.add_row, "tick": self.tick_gaps, "copy": self.copy_earlier, "publish": self.publish}
        if act in help_with:
            return help_with[act](form, detail)
        do = {"preview": self.preview, "submit": self.submit}.get(act, self.save)
        try:
            return do(form)
        except Conflict as conflict:
            self.weekly_return = self.find_return()
            if conflict.code != "revision_conflict":  # locked meanwhile: what was typed stays on the page
                return self.page(form, status=conflict.status, summary=conflict.message, is_editor=True)
            return self.page(form, status=conflict.status, conflict=conflict.message, **self.conflicting(form))
        except InvalidInput as invalid:
            form.show_problems(invalid.problems)
            return self.page(form, status=invalid.status, summary=invalid.message)
        except Refused as refused:
            return self.page(form, status=refused.status, summary=refused.message)

    # Acts: each returns a page or goes back to the form ----------------------------------------------------------

    def save(self, form: ReturnForm) -> HttpResponse:
        services.save_draft(
            self.institution,
            self.week,
            self.posted_payload(form),
            actor=self.user,
            now=clock.now(),
            revision=self.posted_revision(),
        )
        messages.success(self.request, "草稿已保存。提交之前，镇街和区教育局看不到草稿。")
        return self.back()

    def preview(self, form: ReturnForm) -> HttpResponse:
        checked, findings = services.preview_return(
            self.institution, self.week, self.posted_payload(form), now=clock.now()
        )
        form.show_gaps(checked.gaps)
        foreseen = put_into_words(form, findings)
        return self.page(form, preview=True, foreseen=foreseen, worst=by_rule(foreseen))

    def submit(self, form: ReturnForm) -> HttpResponse:
        payload, now = self.posted_payload(form), clock.now()
        before = self.weekly_return.current_version_id if self.weekly_return else None
        checked = services.check_return(self.institution, self.week, payload, today=now.date())
        if checked.gaps:
            form.show_gaps(checked.gaps)
            summary = f"还有 {len(checked.gaps)} 个上课日没有填写，周报没有提交；已填的内容都在下方，可先保存草稿。"
            return self.page(form, status=422, summary=summary)
        if not self.typed_note() and not stands_already(self.weekly_return, payload):
            _, findings = services.preview_return(self.institution, self.week, payload, now=now)
            foreseen = put_into_words(form, findings)
            if wanted := note_wanted(foreseen, ""):
                return self.page(
                    form, status=422, preview=True, foreseen=foreseen, worst=by_rule(foreseen), note_error=wanted
                )
        submitted = services.submit_return(
            self.institution,
            self.week,
            actor=self.user,
            now=now,
            door=ReturnVersion.Door.FORM,
            payload=payload,
            revision=self.posted_revision(),
            note=self.typed_note(),
        )
        version = submitted.current_version
        assert version is not None
        if version.pk == before:
            messages.info(self.request, f"内容与第 {version.number} 版相同，没有产生新版本。")
        else:
            said = "作业、作息、课后服务正在核对，疑似问题和预警数秒内出现在本校页面。"
            messages.success(self.request, f"已提交第 {version.number} 版。{said}")
        return self.back()

    # Help with typing: nothing is saved ------------------------------------------------------------------------

    def add_row(self, form: ReturnForm, place: str) -> HttpResponse:
        form.add_row(place)
        return self.page(form)

    def tick_gaps(self, form: ReturnForm, key: str) -> HttpResponse:
        ticked = form.tick_gaps(key)
        said = f"已勾选 {ticked} 个未填的上课日，尚未保存；请核对后保存或提交。" if ticked else "没有未填的上课日。"
        return self.page(form, said=said)

    def publish(self, form: ReturnForm, _: str) -> HttpResponse:
        link = self.request.POST.get("publish-link", "").strip()
        return self.page(form, said=words_of_publishing(form.publish(link), link))

    def copy_earlier(self, form: ReturnForm, _: str) -> HttpResponse:
        earlier = (
            self.scoped(WeeklyReturn.objects.select_related("current_version"))
            .filter(institution=self.institution, week__lt=self.week.monday, current_version__isnull=False)
            .order_by("-week")
            .first()
        )
        if earlier is None:
            return self.page(form, said="之前没有提交过周报，没有可沿用的内容。")
        week = Week(earlier.week)
        filled = form.take_over(week, earlier.current_version.payload)
        said = (
            f"已从{week.label}的周报沿用，填入 {filled} 处空白（班级或日期），已填的没有改动；尚未保存，请逐项核对。"
            if filled
            else f"没有空白可填：{week.label}的内容没有带入。"
        )
        return self.page(form, said=said)

    def posted_payload(self, form: ReturnForm) -> dict[str, Any]:
        """The form's rows; the stored payload itself where they are the same rows in another order."""
        payload = form.payload()
        stored = self.stored_payload()
        return stored if stored is not None and same_rows(stored, payload) else payload

    def shown_revision(self) -> int:
        """After a post the person still stands where they started, whatever was saved meanwhile."""
        return self.posted_revision() if self.request.method == "POST" else super().shown_revision()

    def posted_revision(self) -> int:
        """The revision the person started from; -1, which is never current, when the field is missing or spoilt.

        After a conflict the person has seen a newer one and may decide to go on from there.
        """
        name = "seen_revision" if self.request.POST.get("act", "").endswith(":over") else "revision"
        given = self.request.POST.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
