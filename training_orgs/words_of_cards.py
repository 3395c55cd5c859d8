"""What explanation cards call the facts and codes of findings about training institutions."""

from __future__ import annotations

from shuangjian.core.choices import Severity
from shuangjian.rules.explain import register_words
from training_orgs.choices import Category, CourseStage, LicenceState, Mode

KINDS = {
    "licence": "许可证",
    "course": "课程",
    "session": "课程",
    "staff": "从业人员",
    "order": "订单",
    "refund": "退费申请",
    "pupil": "学员",
    "org": "机构",
}
FACTS = {
    "answer_due": "答复期限",
    "base": "此前一段时间的投诉和退费申请（件）",
    "baseline": "基线（家）",
    "category": "类别",
    "competent": "主管部门",
    "course": "课程编号",
    "course_sort": "课程性质和方式",
    "days_before": "此前一段时间的天数",
    "ends_on": "服务止",
    "fire_checked_on": "最近一次消防核查",
    "fire_without": "没有有效消防核查，自",
    "first_lesson": "首次上课",
    "for_profit": "登记为营利性",
    "guide_price": "政府指导价（元/标准课时）",
    "has_check": "有上一年度年检结论",
    "hours": "各科目课时",
    "is_subject": "认定为学科类",
    "lawful_until": "合规的最后一天",
    "licence_state": "证照状态",
    "line": "订单明细序号",
    "mode": "授课方式",
    "month_before": "上月末（家）",
    "open_hours": "未消课时",
    "pay_due": "退款期限",
    "premises_checked_on": "最近一次场所安全核查",
    "premises_without": "没有有效场所安全核查，自",
    "qualification_ended_on": "本人资格截止日期",
    "rectify_by": "整改期限",
    "rectify_workdays": "该等级的整改工作日数（没有写明期限的，按此计算）",
    "registered_before_licence_on": "先于许可登记培训业务的日期",
    "requested_on": "申请日期",
    "sessions": "涉及场次",
    "severity": "预警等级",
    "stage": "学段",
    "standard_hours": "折算标准课时",
    "starts_on": "服务起",
    "without_licence_since": "没有办学许可而开展培训，自",
    "without_registration_since": "没有登记而开展培训，自",
    "words": "匹配的词语",
    "year": "年度",
}
_DEPARTMENTS = {"WL": "文广旅体局", "KG": "科工商信局", "JY": "教育局"}
_SORTS = {
    "subject_offline": "学科类线下",
    "subject_online": "学科类线上",
    "other_offline": "非学科类线下",
    "other_online": "非学科类线上",
}


def register() -> None:
    """Called once, when the app is ready."""
    register_words(
        kinds=KINDS,
        facts=FACTS,
        values={
            "category": _labels(Category),
            "competent": _DEPARTMENTS,
            "course_sort": _SORTS,
            "licence_state": _labels(LicenceState),
            "mode": _labels(Mode),
            "severity": {str(int(grade)): str(grade.label) for grade in Severity},
            "stage": _labels(CourseStage),
        },
    )


def _labels(choices: type[Category | LicenceState | Mode | CourseStage]) -> dict[str, str]:
    return {str(choice.value): str(choice.label) for choice in choices}
