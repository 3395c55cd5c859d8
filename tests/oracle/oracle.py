"""An independent judge of small worlds: what the live system must find, no more and no less.

Written from the guideline's rule table and from the design of the weekly return, not from the portal's code: plain
lists, dicts and loops, standard library only. It shares nothing with the portal, so that the same mistake would have
to be made twice, in two shapes, before a comparison of the two could miss it. Clarity goes before speed.

`findings(world)` returns a set of `(rule, school code, about, occurred_on, observed, limit)`: `occurred_on` an ISO
date, `observed` and `limit` Decimals with four places in the rule's unit (minutes, minutes after midnight, days,
weeks, pupils, a share of 1, or 1 > 0 for a flag). The world is a JSON-able dict; tests/oracle/worlds.py generates such
worlds, tests/oracle/validity.py checks their form. What a row does not state (a later key missing or null) proves
nothing and is never a zero, save that homework without a date of publication was not published.

The numbers are those in force from 2021-09-01 on; worlds lie in 2026 and 2027.
"""

from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

SHANGHAI = timezone(timedelta(hours=8))

# Clause 2.1.1: no written homework in grades 1 and 2, 60 minutes a day in grades 3 to 6, 90 in grades 7 to 9.
LOWER_GRADES = (1, 2)
WRITTEN_MINUTES_A_DAY = {3: 60, 4: 60, 5: 60, 6: 60, 7: 90, 8: 90, 9: 90}

# Clause 2.1.2: so many weeks with homework, none of it layered, flexible or personalised.
# Clause 2.1.3: nine tenths of the written homework are done at school (grades 3 to 6), more than half (grades 7 to 9).
WEEKS_WITHOUT_VARIETY = 4
SHARE_BASICALLY_ALL = Decimal("0.9")
SHARE_NOT_YET_MOST = Decimal("0.5")

# Clause 2.1.5: rule and earliest lawful first lesson, in minutes after midnight (08:20 and 08:00).
EARLIEST_FIRST_LESSON = {"primary": ("SC-01", 500), "junior": ("SC-02", 480)}

MINUTES_BEFORE_FIRST_LESSON = 30

# Clause 2.3.1: two class hours of 40 minutes (primary) or 45 minutes (junior) on every school day.
SERVICE_MINUTES_A_DAY = {"primary": 80, "junior": 90}

# Clause 2.3.2 forbids the first two as content of the service; by clause 2.3.1 the other three are no part of it.
FORBIDDEN_CONTENT = ("new_lesson", "collective_tuition")
CONTENT_OUTSIDE_THE_AFTERNOON = ("morning_care", "noon_break", "evening_study")

# A withdrawn return and a draft count as no return; one that was sent back stays judged until it is replaced.
JUDGED_STATES = ("submitted", "returned", "approved", "accepted", "locked")


def findings(world: dict) -> set[tuple]:
    """Every finding of the twenty rules in this world, as a set of tuples (see the module's docstring).

    The functions below yield verdicts `(rule, about, occurred_on, observed, limit)` of one school.
    """
    found = set()
    for school in world["schools"]:
        verdicts = list(judge_filings(world, school))
        for monday, payload in judged_weeks(world, school):
            verdicts += judge_homework(world, school, monday, payload)
            verdicts += judge_stages(world, school, monday, payload)
        for rule, about, occurred_on, observed, limit in verdicts:
            key = (rule, school["code"], about, str(occurred_on))
            found.add((*key, four_places(observed), four_places(limit)))
    return found


def judged_weeks(world, school):
    """Monday and payload of each return that stands judged; only its last version counts."""
    for filed in world["returns"]:
        if filed["school"] == school["code"] and filed["state"] in JUDGED_STATES:
            yield monday_of_week_key(filed["week"]), filed["submits"][-1]["payload"]


def four_places(number):
    return Decimal(number).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def stated(row, key):
    return row.get(key) is not None


# Homework


def judge_homework(world, school, monday, payload):
    """HW rules. A class-day is any day of the week on which there are items, a school day or not."""
    for school_class in school["classes"]:
        about = "class:" + school_class["code"]
        items = items_of_class(payload, school_class)
        yield from judge_class_days(about, school_class["grade"], monday, items)
        yield from judge_publication(about, monday, items)
        if school_class["grade"] not in LOWER_GRADES:
            yield from judge_weekly_mean(about, school_class["grade"], monday, items, world, school)
            yield from judge_variety(about, school_class, monday, items, world, school)
            yield from judge_share_done_at_school(about, school_class["grade"], monday, items)


def items_of_class(payload, school_class):
    return [item for item in payload["homework"] if item["class"] == school_class["code"]]


def judge_class_days(about, grade, monday, items):
    """HW-01 and HW-02 by the minutes, HW-09 and HW-10 (every grade) by who marks and who is asked."""
    for day in days_of_week(monday):
        total = counting_minutes(items, day)
        if grade in LOWER_GRADES:
            if total > 0:
                yield "HW-01", about, day, total, 0
        elif total > WRITTEN_MINUTES_A_DAY[grade]:
            yield "HW-02", about, day, total, WRITTEN_MINUTES_A_DAY[grade]
        for item in items_of_day(items, day):
            if item.get("marked_by") in ("self", "peer"):
                yield "HW-09", about, day, 1, 0
            if item.get("marked_by") == "parent" or item.get("asks_parents"):
                yield "HW-10", about, day, 1, 0


def judge_weekly_mean(about, grade, monday, items, world, school):
    """HW-03: the minutes of the week's school days over their number, a day without homework counting as zero."""
    cap = WRITTEN_MINUTES_A_DAY[grade]
    school_days = school_days_of_week(world, school, stage_of_grade(grade), monday)
    total = sum(counting_minutes(items, day) for day in school_days)
    # Multiplied, not divided: the mean must not be rounded before it is compared.
    if total > cap * len(school_days):
        yield "HW-03", about, monday, Decimal(total) / Decimal(len(school_days)), cap


def items_of_day(items, day):
    return [item for item in items if item["day"] == day.isoformat()]


def counting_minutes(items, day):
    return sum(item["minutes"] for item in counting_items(items, day))


def counting_items(items, day):
    """Written items of a day; of layered alternatives (same subject and key) the longest, of equals the first."""
    counting = []
    longest = {}
    for item in items_of_day(items, day):
        if item["written"] and item["alternative"] is None:
            counting.append(item)
        elif item["written"]:
            group = (item["subject"], item["alternative"])
            if group not in longest or item["minutes"] > longest[group]["minutes"]:
                longest[group] = item
    return counting + list(longest.values())


def judge_publication(about, monday, items):
    """HW-04: the days of the week whose homework was not published by that day."""
    days = [day for day in days_of_week(monday) if not is_published(items_of_day(items, day), day.isoformat())]
    if days:
        yield "HW-04", about, monday, len(days), 0


def is_published(items, iso):
    """Every item in time, or one of them in time with a link or photo; without homework there is nothing to publish."""
    in_time = [item for item in items if stated(item, "published_on") and item["published_on"] <= iso]
    return len(in_time) == len(items) or any(stated(item, "publication") for item in in_time)


def judge_variety(about, school_class, monday, items, world, school):
    """HW-07: a week with homework that ends a row of four such weeks of its term, all of it known to be plain."""
    stage = stage_of_grade(school_class["grade"])
    term = term_of_week(world, school, stage, monday)
    if not items or term is None:
        return
    weeks_up_to_now = []
    for other, payload in judged_weeks(world, school):
        theirs = items_of_class(payload, school_class)
        if theirs and other <= monday and term_of_week(world, school, stage, other) == term:
            weeks_up_to_now.append((other, all(is_known_as_plain(item) for item in theirs)))
    last = sorted(weeks_up_to_now)[-WEEKS_WITHOUT_VARIETY:]
    if len(last) == WEEKS_WITHOUT_VARIETY and all(is_plain for _, is_plain in last):
        yield "HW-07", about, monday, WEEKS_WITHOUT_VARIETY, WEEKS_WITHOUT_VARIETY


def is_known_as_plain(item):
    """Without a layer's key, and of the basic kind: an item that states no kind may be anything."""
    return item["alternative"] is None and item.get("kind") == "basic"


def judge_share_done_at_school(about, grade, monday, items):
    """HW-08: over the week's counting items that state a share, each weighted with its minutes."""
    minutes = at_school = Decimal(0)
    for day in days_of_week(monday):
        for item in counting_items(items, day):
            if stated(item, "done_at_school"):
                minutes += item["minutes"]
                at_school += item["minutes"] * Decimal(str(item["done_at_school"]))
    if grade <= 6 and at_school < SHARE_BASICALLY_ALL * minutes:
        yield "HW-08", about, monday, at_school / minutes, SHARE_BASICALLY_ALL
    if grade >= 7 and minutes > 0 and at_school <= SHARE_NOT_YET_MOST * minutes:
        yield "HW-08", about, monday, at_school / minutes, SHARE_NOT_YET_MOST


def stage_of_grade(grade):
    return "primary" if grade <= 6 else "junior"


# School day and after-school service


def judge_stages(world, school, monday, payload):
    """SC and AS rules. Rows count on school days of the calendar as it is now; only AS-04 asks for no school day."""
    for stage in school["stages"]:
        about = "stage:" + stage
        school_days = [day.isoformat() for day in school_days_of_week(world, school, stage, monday)]
        lessons = [row for row in payload["school_day"] if row["stage"] == stage and row["day"] in school_days]
        yield from judge_lessons(about, stage, monday, lessons)
        # Where there is no service nobody is served and no place is kept, whoever wants one.
        no_service = [row | {"minutes": 0, "served": 0, "late_places": 0} for row in payload["service_none"]]
        service = [row for row in payload["after_school"] + no_service if row["stage"] == stage]
        for row in service:
            yield from judge_forbidden_content(about, row)
        service = [row for row in service if row["day"] in school_days]
        for row in service:
            yield from judge_service_day(about, stage, row)
        yield from judge_service_week(about, monday, service)


def judge_lessons(about, stage, monday, lessons):
    """One finding for a stage and week. SC-01, SC-02: the earliest first lesson. SC-03: the longest lead before it."""
    rule, limit = EARLIEST_FIRST_LESSON[stage]
    earliest = min([after_midnight(row["first_lesson"]) for row in lessons], default=limit)
    if earliest < limit:
        yield rule, about, monday, earliest, limit
    longest = 0
    for row in lessons:
        if stated(row, "arrival"):
            longest = max(longest, after_midnight(row["first_lesson"]) - after_midnight(row["arrival"]))
    if longest > MINUTES_BEFORE_FIRST_LESSON:
        yield "SC-03", about, monday, longest, MINUTES_BEFORE_FIRST_LESSON


def after_midnight(clock):
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def judge_forbidden_content(about, row):
    """AS-04, the filed leg."""
    if any(code in FORBIDDEN_CONTENT for code in row.get("content") or []):
        yield "AS-04", about, row["day"], 1, 0


def judge_service_day(about, stage, row):
    """AS-01 without service, AS-02 too short, AS-03 without a place after 18:30, AS-11 outside the afternoon."""
    if row["minutes"] == 0:
        yield "AS-01", about, row["day"], 1, 0
    elif row["minutes"] < SERVICE_MINUTES_A_DAY[stage]:
        yield "AS-02", about, row["day"], row["minutes"], SERVICE_MINUTES_A_DAY[stage]
    if stated(row, "late_wanted") and stated(row, "late_places") and row["late_wanted"] > row["late_places"]:
        yield "AS-03", about, row["day"], row["late_wanted"] - row["late_places"], 0
    if any(code in CONTENT_OUTSIDE_THE_AFTERNOON for code in row.get("content") or []):
        yield "AS-11", about, row["day"], 1, 0


def judge_service_week(about, monday, service):
    """AS-10: the worst share of those who want the service and get it. AS-12: a day without flexible leaving."""
    shares = []
    for row in service:
        if stated(row, "wanting") and stated(row, "served") and row["served"] < row["wanting"]:
            shares.append(Decimal(row["served"]) / Decimal(row["wanting"]))
    if shares:
        yield "AS-10", about, monday, min(shares), 1
    if any(row.get("flexible_leaving") is False for row in service):
        yield "AS-12", about, monday, 1, 0


# Filing


def judge_filings(world, school):
    """RP-01: nothing filed although the due instant has passed. RP-02: first submitted after the due instant."""
    for monday in weeks_owed(world, school):
        due = due_instant(world, monday)
        about = "return:" + week_key(monday)
        for filed in world["returns"]:
            is_of_this_week = filed["school"] == school["code"] and filed["week"] == week_key(monday)
            for first_submit in filed["submits"][:1]:
                if is_of_this_week and datetime.fromisoformat(first_submit["at"]) > due:
                    yield "RP-02", about, monday, 1, 0
        is_filed = any(judged == monday for judged, _ in judged_weeks(world, school))
        if not is_filed and datetime.fromisoformat(world["now"]) > due:
            yield "RP-01", about, monday, 1, 0


def weeks_owed(world, school):
    """Mondays of the weeks for which the school owes a return: begun, not before filings began, or once submitted.

    A week without a school day of any of the school's stages is never owed.
    """
    first = monday_of(date.fromisoformat(world["filings_from"]))
    now = datetime.fromisoformat(world["now"])
    mondays = []
    monday = first
    while datetime.combine(monday, time(0, 0), SHANGHAI) <= now:
        mondays.append(monday)
        monday += timedelta(days=7)
    for filed in world["returns"]:
        if filed["school"] == school["code"] and filed["submits"]:
            submitted_for = monday_of_week_key(filed["week"])
            if submitted_for not in mondays:
                mondays.append(submitted_for)
    return [monday for monday in mondays if has_school_day(world, school, monday)]


def has_school_day(world, school, monday):
    return any(school_days_of_week(world, school, stage, monday) for stage in school["stages"])


def due_instant(world, monday):
    """18:00 in Shanghai of the first workday on or after the Monday that follows the week."""
    day = monday + timedelta(days=7)
    while not is_workday(world, day):
        day += timedelta(days=1)
    return datetime.combine(day, time(18, 0), SHANGHAI)


# Calendar


def is_workday(world, day):
    """Offices' workday: Monday to Friday less statutory holidays, plus swapped workdays; terms play no part."""
    for entry in world["calendar_days"]:
        if entry["date"] == day.isoformat() and entry["level"] == "district" and entry["stage"] is None:
            if entry["kind"] == "holiday":
                return False
            if entry["kind"] == "workday":
                return True
    return is_weekday(day)


def is_school_day(world, school, stage, day):
    """Inside a term of the stage, and school by the narrowest override, or by the weekday where there is none."""
    iso = day.isoformat()
    inside_a_term = False
    for term in world["terms"]:
        if term["stage"] == stage and term["starts_on"] <= iso <= term["ends_on"]:
            inside_a_term = True
    if not inside_a_term:
        return False
    narrowest_first = [
        ("institution", school["code"], stage),
        ("institution", school["code"], None),
        ("town", school["town"], stage),
        ("town", school["town"], None),
        ("district", None, stage),
        ("district", None, None),
    ]
    for scope in narrowest_first:
        for entry in world["calendar_days"]:
            if entry["date"] == iso and (entry["level"], entry["unit"], entry["stage"]) == scope:
                return entry["kind"] in ("workday", "school")
    return is_weekday(day)


def school_days_of_week(world, school, stage, monday):
    return [day for day in days_of_week(monday) if is_school_day(world, school, stage, day)]


def term_of_week(world, school, stage, monday):
    """The term that holds the week's first school day, else the one that overlaps the week, else None."""
    school_days = school_days_of_week(world, school, stage, monday)
    for day in school_days[:1] or days_of_week(monday):
        for term in world["terms"]:
            if term["stage"] == stage and term["starts_on"] <= day.isoformat() <= term["ends_on"]:
                return term
    return None


def is_weekday(day):
    return day.isoweekday() <= 5


def days_of_week(monday):
    return [monday + timedelta(days=offset) for offset in range(7)]


def monday_of(day):
    return day - timedelta(days=day.isoweekday() - 1)


def monday_of_week_key(key):
    """The Monday of an ISO week written as 2026-W45."""
    year, week = key.split("-W")
    return date.fromisocalendar(int(year), int(week), 1)


def week_key(monday):
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"
