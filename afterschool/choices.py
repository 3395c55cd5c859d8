"""What fills the after-school service. Guideline 二(三)1 and 2; two of them it forbids, three it does not count."""

CONTENTS: dict[str, str] = {
    "homework": "作业指导",
    "tutoring": "补习辅导与答疑",
    "science": "科技",
    "sports": "文体",
    "arts": "艺术",
    "labour": "劳动",
    "reading": "阅读",
    "clubs": "兴趣小组及社团",
    "new_lesson": "讲新课",
    "collective_tuition": "集体补课",
    "morning_care": "早看管",
    "noon_break": "午休",
    "evening_study": "晚自习",
    "other": "其他",
}

#: 不得利用课后服务时间讲新课或集体补课 (二(三)2).
FORBIDDEN: tuple[str, ...] = ("new_lesson", "collective_tuition")

#: Outside the afternoon, from the last lesson to 18:30: not after-school service (二(三)1, our reading).
OUTSIDE_THE_AFTERNOON: tuple[str, ...] = ("morning_care", "noon_break", "evening_study")
