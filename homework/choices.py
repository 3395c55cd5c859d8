"""What a homework item may say of itself. 学科: the names of subjects, in the order in which forms offer them.

Source: 义务教育课程方案（2022年版）, subjects of grades 1–9; 数学 … are written as schools write them.
"""

SUBJECTS: tuple[str, ...] = (
    "语文",
    "数学",
    "英语",
    "日语",
    "俄语",
    "道德与法治",
    "科学",
    "物理",
    "化学",
    "生物",
    "历史",
    "地理",
    "信息科技",
    "音乐",
    "美术",
    "艺术",
    "体育与健康",
    "劳动",
    "综合实践活动",
    "其他",
)

#: Kinds of an item; those of VARIED_KINDS are what clause 二(一)2 asks for.
ITEM_KINDS: dict[str, str] = {
    "basic": "基础作业",
    "layered": "分层作业",
    "flexible": "弹性作业",
    "personalised": "个性化作业",
}
VARIED_KINDS: tuple[str, ...] = ("layered", "flexible", "personalised")

#: Who checks and marks an item (二(一)3 and 4).
MARKERS: dict[str, str] = {
    "teacher": "教师批改",
    "self": "学生自批",
    "peer": "学生互批",
    "parent": "家长批改",
}
PUPILS: tuple[str, ...] = ("self", "peer")
