"""Generated small worlds for the comparison of the live system with the oracle.

`make_world(seed)` gives the same JSON-able dict for the same seed: two to four fictional schools, one to four weeks,
a calendar with scoped overrides, and returns in every state. Values crowd the thresholds (59, 60, 61 minutes; a mean
of 60 and of 60 + 1/5; 08:19 and 08:20; 79 and 80 minutes; 18:00:00 and one microsecond later), because that is
where two readings of a rule part. Every payload is one that a school may submit: tests/oracle/validity.py says so.

The calendar's days of 2026 are the State Council's notice (gov.cn/zhengce/zhengceku/202511/content_7047091.htm);
those of 2027 were not announced when this was written and are a guess.
"""

from datetime import date, datetime, time, timedelta
from random import Random

from tests.oracle.oracle import (
    EARLIEST_FIRST_LESSON,
    LOWER_GRADES,
    SHANGHAI,
    WRITTEN_MINUTES_A_DAY,
    days_of_week,
    due_instant,
    has_school_day,
    is_school_day,
    stage_of_grade,
    week_key,
)

HOLIDAYS = [("2026-09-25", 3), ("2026-10-01", 7), ("2027-01-01", 1), ("2027-02-05", 6)]
SWAPPED_WORKDAYS = ["2026-09-20", "2026-10-10"]
TOWNS = ["440113007", "440113102", "440113017"]
PRIMARY_SUBJECTS = ["语文", "数学", "英语", "道德与法治", "科学"]
JUNIOR_SUBJECTS = ["语文", "数学", "英语", "道德与法治", "物理", "化学", "历史", "地理", "生物"]
SCHOOL_KINDS = [("1", ["primary"]), ("1", ["primary"]), ("2", ["junior"]), ("3", ["primary", "junior"])]
GRADES = {"primary": [1, 2, 3, 4, 5, 6], "junior": [7, 8, 9]}
# Weeks in which something happens: the first of term, swapped workdays, the national holiday, week 53, the last ones.
NOTABLE_MONDAYS = ["2026-08-31", "2026-09-14", "2026-09-21", "2026-09-28", "2026-10-05", "2026-12-21", "2026-12-28"]
NOTABLE_MONDAYS += ["2027-01-04", "2027-01-11", "2027-01-18", "2027-02-15"]


def make_world(seed: int) -> dict:
    rng = Random(seed)
    first = date.fromisoformat(rng.choice(NOTABLE_MONDAYS))
    if rng.random() < 0.5:
        first = date(2026, 9, 7) + timedelta(days=7 * rng.randrange(20))
    mondays = [first + timedelta(days=7 * n) for n in range(rng.randint(1, 4))]
    world = {"now": "", "filings_from": "", "terms": make_terms(rng), "breaks": [], "calendar_days": []}
    world["breaks"] = make_breaks(world["terms"])
    world["schools"] = make_schools(rng)
    world["calendar_days"] = make_calendar_days(rng, world["schools"], mondays)
    now = make_now(rng, world, mondays)
    world["now"] = now.isoformat()
    world["filings_from"] = (first + timedelta(days=rng.choice([-7, 0, 0, 0, 3, 6, 7, 14]))).isoformat()
    world["returns"] = []
    for school in world["schools"]:
        for monday in mondays:
            filed = make_return(rng, world, school, monday, now)
            if filed is not None:
                world["returns"].append(filed)
    rng.shuffle(world["returns"])
    return world


# Calendar


def make_terms(rng):
    """Two terms for each stage; the stages may begin and end on different days, and in mid-week."""
    terms = []
    for stage in ("primary", "junior"):
        first_end = rng.choice(["2027-01-20", "2027-01-22", "2027-01-29"])
        terms.append({"key": "2026-2027-1", "stage": stage, "starts_on": "2026-09-01", "ends_on": first_end})
        second_start = rng.choice(["2027-02-18", "2027-02-22"])
        terms.append({"key": "2026-2027-2", "stage": stage, "starts_on": second_start, "ends_on": "2027-07-09"})
    return terms


def make_breaks(terms):
    """The days between the terms of a stage, so that no day is in neither a term nor a break."""
    breaks = []
    for first, second in zip(terms[::2], terms[1::2], strict=True):
        winter_from = date.fromisoformat(first["ends_on"]) + timedelta(days=1)
        winter_to = date.fromisoformat(second["starts_on"]) - timedelta(days=1)
        for starts_on, ends_on in ((date(2026, 7, 11), date(2026, 8, 31)), (winter_from, winter_to)):
            row = {"stage": first["stage"], "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
            breaks.append(row)
    return breaks


def make_calendar_days(rng, schools, mondays):
    """District holidays and swapped workdays, and a few closed or school days of a narrower scope."""
    kinds = {}
    for starts_on, length in HOLIDAYS:
        for offset in range(length):
            day = date.fromisoformat(starts_on) + timedelta(days=offset)
            kinds[(day.isoformat(), "district", None, None)] = "holiday"
    for swapped in SWAPPED_WORKDAYS:
        kinds[(swapped, "district", None, None)] = "workday"
    if rng.random() < 0.15:
        # A Monday off that is worked on the Saturday or Sunday before: due instants move.
        monday = rng.choice(mondays) + timedelta(days=7)
        kinds.setdefault((monday.isoformat(), "district", None, None), "holiday")
        weekend = monday - timedelta(days=rng.choice([1, 2]))
        kinds.setdefault((weekend.isoformat(), "district", None, None), "workday")
    for _ in range(rng.choice([0, 1, 2, 4, 8])):
        school = rng.choice(schools)
        stage = rng.choice([None, *school["stages"]])
        level = rng.choice(["institution", "institution", "town", "town", "district"])
        unit = {"institution": school["code"], "town": rng.choice([school["town"], *TOWNS]), "district": None}[level]
        kind = rng.choice(["closed", "closed", "school"])
        days = days_of_week(rng.choice(mondays))
        days = days if kind == "closed" and rng.random() < 0.2 else rng.sample(days, rng.choice([1, 1, 2, 3]))
        for day in days:
            kinds.setdefault((day.isoformat(), level, unit, stage), kind)
    return [
        {"date": day, "kind": kind, "level": level, "unit": unit, "stage": stage}
        for (day, level, unit, stage), kind in kinds.items()
    ]


def make_now(rng, world, mondays):
    """A moment around a due instant: on it, a moment beside it, or some days off, never before the first Monday."""
    due = due_instant(world, rng.choice(mondays[-2:]))
    near = [timedelta(0), timedelta(microseconds=1), timedelta(seconds=-1), timedelta(hours=2), timedelta(hours=-8)]
    far = [timedelta(days=-9, hours=3), timedelta(days=-2), timedelta(days=1), timedelta(days=4), timedelta(days=8)]
    return max(due + rng.choice(near + far + far), datetime.combine(mondays[0], time(0, 0), SHANGHAI))


# Schools


def make_schools(rng):
    schools = []
    for number in range(rng.randint(2, 4)):
        digit, stages = rng.choice(SCHOOL_KINDS)
        grades = [rng.choice(GRADES[stage]) for stage in stages]
        grades += [rng.choice(GRADES[rng.choice(stages)]) for _ in range(rng.randint(2, 4))]
        classes = []
        for grade in sorted(grades):
            place = 1 + len([known for known in classes if known["grade"] == grade])
            classes.append({"code": f"2026-{grade:02d}-{place:02d}", "grade": grade})
        school = {"code": f"440113{digit}9{number + 1:04d}", "name": f"示范{'一二三四'[number]}校"}
        schools.append(school | {"town": rng.choice(TOWNS[:2]), "stages": list(stages), "classes": classes})
    return schools


# Returns


def make_return(rng, world, school, monday, now):
    """The return of one school and week, or None where it filed nothing; submits lie in ascending order up to now."""
    if not has_school_day(world, school, monday) and rng.random() < 0.75:
        return None
    if datetime.combine(monday, time(0, 0), SHANGHAI) > now:
        return None
    state = rng.choice(["submitted"] * 10 + ["returned"] * 3 + ["withdrawn"] * 3 + ["draft"] * 2 + ["missing"] * 3)
    instants = make_submit_instants(rng, due_instant(world, monday), monday, now)
    if state == "missing" or (not instants and rng.random() < 0.5):
        return None
    filed = {"school": school["code"], "week": week_key(monday), "state": state, "submits": []}
    if state == "draft" or not instants:
        draft = make_payload(rng, world, school, monday)
        key = rng.choice(sorted(draft))
        draft[key] = draft[key][::2]
        return filed | {"state": "draft", "draft": draft}
    payload = make_payload(rng, world, school, monday)
    for instant in instants:
        filed["submits"].append({"at": instant.isoformat(), "payload": payload})
        payload = make_payload(rng, world, school, monday)
    return filed


def make_submit_instants(rng, due, monday, now):
    """One to three ascending instants from the week's Friday noon on, none after now; empty where none is possible."""
    friday = datetime.combine(monday + timedelta(days=4), time(17, 0), SHANGHAI)
    on_time = [friday, friday - timedelta(hours=5), due - timedelta(hours=3), due - timedelta(microseconds=1), due]
    late = [due + timedelta(microseconds=1), due + timedelta(seconds=1), due + timedelta(days=2, hours=-9)]
    possible = [instant for instant in on_time * 2 + late if instant <= now]
    if not possible:
        return []
    instants = [rng.choice(possible)]
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        correction = instants[-1] + timedelta(minutes=rng.choice([1, 90, 1440, 4000]))
        if correction <= now:
            instants.append(correction)
    return instants


def make_payload(rng, world, school, monday):
    """A payload that passes validity.check_payload: data or tick for each school day of each class and stage."""
    payload = {"homework": [], "homework_none": [], "class_off": []}
    payload |= {"school_day": [], "after_school": [], "service_none": []}
    for stage in school["stages"]:
        school_days = [day for day in days_of_week(monday) if is_school_day(world, school, stage, day)]
        add_stage_rows(rng, payload, stage, [day.isoformat() for day in school_days])
    for school_class in school["classes"]:
        stage = stage_of_grade(school_class["grade"])
        school_days = [day for day in days_of_week(monday) if is_school_day(world, school, stage, day)]
        other_days = [day for day in days_of_week(monday) if day not in school_days]
        if school_days and rng.random() < 0.1:
            payload["class_off"].append({"class": school_class["code"]})
        else:
            for day, minutes in zip(school_days, minutes_of_days(rng, school_class, len(school_days)), strict=True):
                rows = make_items(rng, school_class, day.isoformat(), minutes)
                payload["homework"] += rows
                if not rows:
                    payload["homework_none"].append({"class": school_class["code"], "day": day.isoformat()})
        for day in other_days:
            if rng.random() < 0.2:
                minutes = minutes_of_days(rng, school_class, 1)[0]
                payload["homework"] += make_items(rng, school_class, day.isoformat(), minutes)
    for rows in payload.values():
        rng.shuffle(rows)
    return payload


def add_stage_rows(rng, payload, stage, days):
    """First lesson and service of each school day; half of the weeks keep well inside the lessons' limit."""
    limit = EARLIEST_FIRST_LESSON[stage][1]
    starts = rng.choice([[limit, limit + 1, limit + 10], [limit, limit + 5], [limit - 1, limit, limit + 1, limit - 20]])
    lengths = rng.choice([[90, 91, 100, 120], [79, 80, 81, 90], [1, 89, 90, 91, 300], [120]])
    without_service = rng.choice([0, 0, 0.2])
    for day in days:
        start = rng.choice(starts)
        first_lesson = f"{start // 60:02d}:{start % 60:02d}"
        payload["school_day"].append({"stage": stage, "day": day, "first_lesson": first_lesson})
        if rng.random() < without_service:
            payload["service_none"].append({"stage": stage, "day": day})
        else:
            payload["after_school"].append({"stage": stage, "day": day, "minutes": rng.choice(lengths)})


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


def make_items(rng, school_class, day, minutes):
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
        key = rng.choice([None, None, "A", "A", "B"])
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
