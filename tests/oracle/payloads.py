"""Generated payloads of weekly returns, whose values crowd the limits of the rules.

59, 60 and 61 minutes a day, a mean of 60 and of 60 + 1/5; 08:19 and 08:20; 79 and 80 minutes of service; 29, 30 and 31
minutes before the first lesson; as many places as wanted and one less. What homework states of itself stands in
tests/oracle/homework_marks.py. A later key is missing, or null, wherever nothing is stated.
"""

from tests.oracle.homework_marks import mark_items
from tests.oracle.oracle import (
    EARLIEST_FIRST_LESSON,
    LOWER_GRADES,
    WRITTEN_MINUTES_A_DAY,
    days_of_week,
    is_school_day,
    stage_of_grade,
)

PRIMARY_SUBJECTS = ["语文", "数学", "英语", "道德与法治", "科学"]
JUNIOR_SUBJECTS = ["语文", "数学", "英语", "道德与法治", "物理", "化学", "历史", "地理", "生物"]
# What the service may hold, and what it may not or does not count.
LAWFUL_CONTENT = ["homework", "tutoring", "science", "sports", "arts", "labour", "reading", "clubs", "other"]
DOUBTFUL_CONTENT = ["new_lesson", "collective_tuition", "morning_care", "noon_break", "evening_study"]
# What a world may be careful about: it then comes to the limits and never passes them.
HABITS = ["publication", "share", "marks", "arrival", "pupils", "late_pupils", "content", "leaving"]


def make_habits(rng, is_long):
    """The matters in which everybody in this world is careful; "plain" in a long world: most weeks lack variety."""
    careful = [habit for habit in HABITS if rng.random() < 0.5]
    return [*careful, "plain"] if is_long else careful


def make_payload(rng, world, school, monday, habits):
    """A payload that passes validity.check_payload: data or tick for each school day of each class and stage."""
    payload = {"homework": [], "homework_none": [], "class_off": []}
    payload |= {"school_day": [], "after_school": [], "service_none": []}
    for stage in school["stages"]:
        school_days = [day for day in days_of_week(monday) if is_school_day(world, school, stage, day)]
        add_stage_rows(rng, payload, stage, [day.isoformat() for day in school_days], habits)
    for school_class in school["classes"]:
        stage = stage_of_grade(school_class["grade"])
        school_days = [day for day in days_of_week(monday) if is_school_day(world, school, stage, day)]
        add_class_rows(rng, payload, school_class, monday, school_days, habits)
    for rows in payload.values():
        rng.shuffle(rows)
    return payload


def add_class_rows(rng, payload, school_class, monday, school_days, habits):
    """Homework of one class and week, or its ticks.

    How varied it is: "plain" (no alternatives, all basic), "nearly" (plain save for one item), "wild" (anything),
    "none" or "weekend" (plain, and on days without school only).
    """
    code = school_class["code"]
    styles = ["wild"] * 7 + ["plain"] * 2 + ["nearly"]
    if "plain" in habits:
        styles = ["plain"] * 36 + ["nearly"] * 3 + ["wild"] * 2 + ["none"] * 4 + ["weekend"] * 2
    style = rng.choice(styles)
    items = []
    is_off = school_days != [] and rng.random() < (0.5 if style == "none" else 0.07)
    if is_off:
        payload["class_off"].append({"class": code})
    lengths = minutes_of_days(rng, school_class, len(school_days))
    for day, minutes in zip(school_days, lengths, strict=True):
        rows = []
        if not is_off and style not in ("none", "weekend"):
            rows = make_items(rng, school_class, day.isoformat(), minutes, style == "wild")
        items += rows
        if not rows and not is_off:
            payload["homework_none"].append({"class": code, "day": day.isoformat()})
    for day in days_of_week(monday):
        if day not in school_days and style != "none" and rng.random() < (0.8 if style == "weekend" else 0.1):
            minutes = minutes_of_days(rng, school_class, 1)[0]
            items += make_items(rng, school_class, day.isoformat(), minutes, style == "wild")
    mark_items(rng, school_class["grade"], items, style, habits)
    payload["homework"] += items


def state(rng, row, **later):
    """Add later keys to a row; what is not stated is left out, or null, which means the same."""
    for key, value in later.items():
        if value is not None or rng.random() < 0.2:
            row[key] = value


# School day and after-school service


def add_stage_rows(rng, payload, stage, days, habits):
    """First lesson and service of each school day; half of the weeks keep well inside the lessons' limit."""
    limit = EARLIEST_FIRST_LESSON[stage][1]
    starts = rng.choice([[limit, limit + 1, limit + 10], [limit, limit + 5], [limit - 1, limit, limit + 1, limit - 20]])
    leads = [None, 0, 29, 30, 30]
    if "arrival" not in habits:
        leads = rng.choice([leads, [29, 30, 31], [None, 30, 31, 45, 120]])
    lengths = rng.choice([[90, 91, 100, 120], [79, 80, 81, 90], [1, 89, 90, 91, 300], [120]])
    without_service = rng.choice([0, 0, 0.2])
    for day in days:
        start = rng.choice(starts)
        row = {"stage": stage, "day": day, "first_lesson": clock(start)}
        lead = rng.choice(leads)
        state(rng, row, arrival=None if lead is None else clock(start - lead))
        payload["school_day"].append(row)
        wanting, served = make_pupils(rng, "pupils" in habits)
        late_wanted, late_places = make_pupils(rng, "late_pupils" in habits)
        row = {"stage": stage, "day": day}
        if rng.random() < without_service:
            # A careful school says of no day without service that somebody wanted it.
            wanting = min(wanting, 0) if "pupils" in habits and wanting is not None else wanting
            late_wanted = min(late_wanted, 0) if "late_pupils" in habits and late_wanted is not None else late_wanted
            state(rng, row, wanting=wanting, late_wanted=late_wanted)
            payload["service_none"].append(row)
            continue
        row["minutes"] = rng.choice(lengths)
        state(rng, row, wanting=wanting, served=served, late_wanted=late_wanted, late_places=late_places)
        flexible = [None, True, True] if "leaving" in habits or rng.random() < 0.8 else [False, False, True, None]
        state(rng, row, content=make_content(rng, habits), flexible_leaving=rng.choice(flexible))
        if stage == "junior":
            state(rng, row, evening_study_minutes=rng.choice([None, 0, 40, 240]))
        payload["after_school"].append(row)


def clock(after_midnight):
    return f"{after_midnight // 60:02d}:{after_midnight % 60:02d}"


def make_pupils(rng, is_careful):
    """How many want something and how many get it: both or neither; mostly as many, or one less, or nobody."""
    if rng.random() < 0.3:
        return None, None
    wanting = rng.choice([0, 1, 3, 7, 40, 9999])
    if is_careful or rng.random() < 0.7:
        return wanting, rng.choice([wanting, wanting, min(wanting + 1, 9999)])
    return wanting, rng.choice([max(0, wanting - 1), max(0, wanting - 1), 0, wanting // 2, wanting])


def make_content(rng, habits):
    if rng.random() < 0.2:
        return None
    content = rng.sample(LAWFUL_CONTENT, rng.randint(1, 4))
    if "content" not in habits and rng.random() < 0.15:
        content += rng.sample(DOUBTFUL_CONTENT, rng.choice([1, 1, 2]))
        rng.shuffle(content)
        content = content[-rng.randint(1, len(content)) :]
    return content


# Homework


def minutes_of_days(rng, school_class, count):
    """Written minutes meant for each of `count` days, crowding the daily cap or, in other weeks, the weekly mean."""
    if school_class["grade"] in LOWER_GRADES:
        return [rng.choice([1, 5, 30]) if rng.random() < 0.1 else 0 for _ in range(count)]
    cap = WRITTEN_MINUTES_A_DAY[school_class["grade"]]
    if rng.random() < 0.6:
        return [rng.choice([0, 20, cap - 1, cap, cap]) for _ in range(count)]
    if rng.random() < 0.4 or count == 0:
        return [rng.choice([0, cap - 1, cap, cap + 1, cap + 40, 20]) for _ in range(count)]
    days = [cap] * count
    for _ in range(rng.randint(0, 3)):
        giver, taker = rng.randrange(count), rng.randrange(count)
        moved = rng.choice([1, 15, days[giver]])
        if 0 <= moved <= days[giver]:
            days[giver] -= moved
            days[taker] += moved
    last = rng.randrange(count)
    days[last] = max(0, days[last] + rng.choice([-1, 0, 0, 1, 2, 4]))
    return days


def make_items(rng, school_class, day, minutes, has_alternatives):
    """Items of one class-day whose counting minutes are `minutes`, save where two alternatives happen to coincide.

    Beside them lie items that must not count: unwritten ones, and shorter or equal alternatives of the same subject.
    """
    subjects = PRIMARY_SUBJECTS if school_class["grade"] <= 6 else JUNIOR_SUBJECTS
    rows = []

    def add(subject, length, key=None, written=True):
        row = {"class": school_class["code"], "day": day, "subject": subject, "minutes": length, "written": written}
        row |= {"optional": rng.random() < 0.2, "alternative": key}
        if row not in rows and 1 <= length <= 300:
            rows.append(row)

    for part in split(rng, minutes):
        subject = rng.choice(subjects)
        key = rng.choice([None, None, "A", "A", "B"]) if has_alternatives else None
        add(subject, part, key)
        if key is not None:
            for shorter in rng.sample([part, part, part - 1, part // 2], rng.randint(0, 3)):
                add(subject, shorter, key)
            if rng.random() < 0.15:
                add(subject, part + 10, key, written=False)
    if rng.random() < 0.3:
        add(rng.choice(subjects), rng.choice([5, 20, 120]), written=False)
    return rows


def split(rng, minutes):
    """`minutes` as a list of one to four positive parts of at most 300, or none for zero."""
    parts = []
    while minutes > 0:
        part = min(minutes, 300) if len(parts) == 3 or rng.random() < 0.3 else rng.randint(1, min(minutes, 300))
        parts.append(part)
        minutes -= part
    return parts
