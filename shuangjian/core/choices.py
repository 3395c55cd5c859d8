"""The signs that every page, export and API answer shares: severity, outcome, stage, state of a filing, an alert or a
rectification.

Label, CSS class and icon of a sign live here and nowhere else. A CSS class is the last part of `sign--<css_class>`
in static/site/css/signs.css; an icon is a name of bootstrap-icons without its `bi-` prefix. Signs always show icon and
label together, because colour alone says nothing to one reader in twelve and nothing at all in a black-and-white print.
"""

from django.db import models


class Severity(models.IntegerChoices):
    """预警等级. Larger is worse, so that `max()` over findings gives the severity of what groups them."""

    NOTICE = 1, "提示"
    WARNING = 2, "预警"
    VIOLATION = 3, "违规"
    CRITICAL = 4, "重大"

    @property
    def css_class(self) -> str:
        return self.name.lower()

    @property
    def icon(self) -> str:
        return _SEVERITY_ICONS[self.value]


class Outcome(models.TextChoices):
    """Outcome of (rule, institution, period), in the order in which a unit shows the first that is present.

    Source of the order: design.md, "Outcome". `not_applicable` comes last: it is shown only where nothing else is.
    """

    SUSPECTED_VIOLATION = "suspected_violation", "疑似违规"
    WARNING = "warning", "预警"
    INSUFFICIENT_DATA = "insufficient_data", "数据不足"
    EXEMPT = "exempt", "豁免"
    COMPLIANT = "compliant", "合规"
    NOT_APPLICABLE = "not_applicable", "不适用"

    @property
    def css_class(self) -> str:
        return self.value.replace("_", "-")

    @property
    def icon(self) -> str:
        return _OUTCOME_ICONS[self.value]


class Stage(models.TextChoices):
    """学段 within compulsory education: grades 1–6 and 7–9."""

    PRIMARY = "primary", "小学"
    JUNIOR = "junior", "初中"


class FilingState(models.TextChoices):
    """What a reader sees of one 应报任务; on time or late is decided by the first submit against the due instant."""

    PENDING = "pending", "未到期"
    ON_TIME = "on_time", "已报"
    LATE = "late", "迟报"
    MISSING = "missing", "未报"
    RETURNED = "returned", "被退回"
    WITHDRAWN = "withdrawn", "已撤回"

    @property
    def css_class(self) -> str:
        return _FILING_CLASSES[self.value]

    @property
    def icon(self) -> str:
        return _FILING_ICONS[self.value]


class AlertState(models.TextChoices):
    """Where the human work on one 预警 stands; closed and dismissed are its two ends."""

    OPEN = "open", "待签收"
    ACKNOWLEDGED = "acknowledged", "已签收"
    ASSIGNED = "assigned", "已交办"
    RECTIFYING = "rectifying", "整改中"
    RECHECK = "recheck", "待复查"
    ESCALATED = "escalated", "督办中"
    CLOSED = "closed", "已办结"
    DISMISSED = "dismissed", "已排除（误报）"

    @property
    def css_class(self) -> str:
        return _ALERT_CLASSES[self.value]

    @property
    def icon(self) -> str:
        return _ALERT_ICONS[self.value]


class RectificationState(models.TextChoices):
    """Where one 整改事项 stands; the values are those of alerts.Rectification.State."""

    OPEN = "open", "整改中"
    HANDED_IN = "handed_in", "待复查"
    RETURNED = "returned", "复查未通过"
    PASSED = "passed", "整改完成"
    CANCELLED = "cancelled", "已撤销"

    @property
    def css_class(self) -> str:
        return _RECTIFICATION_SIGNS[self.value][0]

    @property
    def icon(self) -> str:
        return _RECTIFICATION_SIGNS[self.value][1]


_RECTIFICATION_SIGNS: dict[str, tuple[str, str]] = {
    "open": ("warning", "tools"),
    "handed_in": ("notice", "search"),
    "returned": ("violation", "arrow-return-left"),
    "passed": ("compliant", "check-circle-fill"),
    "cancelled": ("neutral", "slash-circle"),
}
_SEVERITY_ICONS: dict[int, str] = {
    1: "info-circle-fill",
    2: "exclamation-triangle-fill",
    3: "exclamation-octagon-fill",
    4: "slash-circle-fill",
}
_OUTCOME_ICONS: dict[str, str] = {
    "suspected_violation": "exclamation-octagon-fill",
    "warning": "exclamation-triangle-fill",
    "insufficient_data": "question-circle",
    "exempt": "shield-check",
    "compliant": "check-circle-fill",
    "not_applicable": "dash-circle",
}
_FILING_CLASSES: dict[str, str] = {
    "pending": "neutral",
    "on_time": "compliant",
    "late": "warning",
    "missing": "violation",
    "returned": "violation",
    "withdrawn": "neutral",
}
_FILING_ICONS: dict[str, str] = {
    "pending": "clock",
    "on_time": "check-circle-fill",
    "late": "clock-history",
    "missing": "x-circle-fill",
    "returned": "arrow-return-left",
    "withdrawn": "arrow-counterclockwise",
}
_ALERT_CLASSES: dict[str, str] = {
    "open": "warning",
    "acknowledged": "notice",
    "assigned": "notice",
    "rectifying": "notice",
    "recheck": "notice",
    "escalated": "critical",
    "closed": "compliant",
    "dismissed": "neutral",
}
_ALERT_ICONS: dict[str, str] = {
    "open": "bell-fill",
    "acknowledged": "envelope-open",
    "assigned": "person-check",
    "rectifying": "tools",
    "recheck": "search",
    "escalated": "arrow-up-circle-fill",
    "closed": "check-circle-fill",
    "dismissed": "slash-circle",
}
