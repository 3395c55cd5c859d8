"""学科: the names that a homework item may carry, in the order in which forms offer them.

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
