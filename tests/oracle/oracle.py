"""An independent judge of small worlds: what the live system must find, no more and no less.

Written from the guideline's rule table and from the design of the weekly return, not from the portal's code: plain
lists, dicts and loops, standard library only. It shares nothing with the portal, so that the same mistake would have
to be made twice, in two shapes, before a comparison of the two could miss it. Clarity goes before speed.

`findings(world)` returns a set of `(rule, school code, about, occurred_on, observed, limit)`: `occurred_on` an ISO
date, `observed` and `limit` Decimals with four places in the rule's unit (minutes, minutes after midnight, or 1 > 0
for a flag). The world is a JSON-able dict; tests/oracle/worlds.py generates such worlds and checks their form.

The numbers are those in force from 2021-09-01 on; worlds lie in 2026 and 2027.
"""

from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

SHANGHAI = timezone(timedelta(hours=8))

# Clause 2.1.1: no written homework in grades 1 and 2, 60 minutes a day in grades 3 to 6, 90 in grades 7 to 9.
LOWER_GRADES = (1, 2)
WRITTEN_MINUTES_A_DAY = {3: 60, 4: 60, 5: 60, 6: 60, 7: 90, 8: 90, 9: 90}

# Clause 2.1.5: rule and earliest lawful first lesson, in minutes after midnight (08:20 and 08:00).
EARLIEST_FIRST_LESSON = {"primary": ("SC-01", 500), "junior": ("SC-02", 480)}

# Clause 2.3.1: two class hours of 40 minutes (primary) or 45 minutes (junior) on every school day.
SERVICE_MINUTES_A_DAY = {"primary": 80, "junior": 90}

# A withdrawn return and a draft count as no return; one that was sent back stays judged until it is replaced.
JUDGED_STATES = ("submitted", "returned")


def findings(world: dict) -> set[tuple]:
    """Every finding of the nine rules in this world, as a set of tuples (see the module's docstring)."""
    found = set()
    for filed in world["returns"]:
        if filed["state"] in JUDGED_STATES:
            school = school_with_code(world, filed["school"])
            monday = monday_of_week_key(filed["week"])
            payload = filed["submits"][-1]["payload"]
            judge_homework_of_days(school, monday, payload, found)
            judge_homework_of_week(world, school, monday, payload, found)
            judge_first_lessons(world, school, monday, payload, found)
            judge_service(world, school, payload, found)
    for school in world["schools"]:
        for monday in weeks_owed(world, school):
            judge_filing(world, school, monday, found)
    return found


# Homework


def judge_homework_of_days(school, monday, payload, found):
    """HW-01 and HW-02: each class-day by itself, weekends and holidays too."""
    for school_class in school["classes"]:
        about = "class:" + school_class["code"]
        for day in days_of_week(monday):
            total = counting_minutes(payload, school_class["code"], day.isoformat())
            if school_class["grade"] in LOWER_GRADES:
                if total > 0:
                    add(found, "HW-01", school, about, day.isoformat(), total, 0)
            elif total > WRITTEN_MINUTES_A_DAY[school_class["grade"]]:
                cap = WRITTEN_MINUTES_A_DAY[school_class["grade"]]
                add(found, "HW-02", school, about, day.isoformat(), total, cap)


def judge_homework_of_week(world, school, monday, payload, found):
    """HW-03: the minutes of the week's school days over their number, a day without homework counting as zero."""
    for school_class in school["classes"]:
        if school_class["grade"] in LOWER_GRADES:
            continue
        cap = WRITTEN_MINUTES_A_DAY[school_class["grade"]]
        total = 0
        school_days = 0
        for day in days_of_week(monday):
            if is_school_day(world, school, stage_of_grade(school_class["grade"]), day):
                school_days += 1
                total += counting_minutes(payload, school_class["code"], day.isoformat())
        # Multiplied, not divided: the mean must not be rounded before it is compared.
        if total > cap * school_days:
            about = "class:" + school_class["code"]
            add(found, "HW-03", school, about, monday.isoformat(), Decimal(total) / Decimal(school_days), cap)


def counting_minutes(payload, class_code, day):
    """Written minutes of a class-day; of layered alternatives (same subject and key) only the longest."""
    total = 0
    longest = {}
    for item in payload["homework"]:
        if item["class"] != class_code or item["day"] != day or not item["written"]:
            continue
        if item["alternative"] is None:
            total += item["minutes"]
        else:
            group = (item["subject"], item["alternative"])
            if group not in longest or item["minutes"] > longest[group]:
                longest[group] = item["minutes"]
    for minutes in longest.values():
        total += minutes
    return total


def stage_of_grade(grade):
    return "primary" if grade <= 6 else "junior"


# School day and after-school service


def judge_first_lessons(world, school, monday, payload, found):
    """SC-01 and SC-02: one finding for a stage and week, observed the earliest first lesson of its school days."""
    for stage in school["stages"]:
        earliest = None
        for row in payload["school_day"]:
            if row["stage"] == stage and is_school_day(world, school, stage, date.fromisoformat(row["day"])):
                hours, minutes = row["first_lesson"].split(":")
                after_midnight = int(hours) * 60 + int(minutes)
                if earliest is None or after_midnight < earliest:
                    earliest = after_midnight
        rule, limit = EARLIEST_FIRST_LESSON[stage]
        if earliest is not None and earliest < limit:
            add(found, rule, school, "stage:" + stage, monday.isoformat(), earliest, limit)


def judge_service(world, school, payload, found):
    """AS-01 for each school day ticked as without service, AS-02 for each one whose service is too short."""
    for row in payload["service_none"]:
        if is_school_day(world, school, row["stage"], date.fromisoformat(row["day"])):
            add(found, "AS-01", school, "stage:" + row["stage"], row["day"], 1, 0)
    for row in payload["after_school"]:
        bound = SERVICE_MINUTES_A_DAY[row["stage"]]
        if row["minutes"] < bound and is_school_day(world, school, row["stage"], date.fromisoformat(row["day"])):
            add(found, "AS-02", school, "stage:" + row["stage"], row["day"], row["minutes"], bound)


# Filing


def judge_filing(world, school, monday, found):
    """RP-01: nothing filed although the due instant has passed. RP-02: first submitted after the due instant."""
    due = due_instant(world, monday)
    about = "return:" + week_key(monday)
    is_filed = False
    for filed in world["returns"]:
        if filed["school"] != school["code"] or filed["week"] != week_key(monday):
            continue
        if filed["state"] in JUDGED_STATES:
            is_filed = True
        if filed["submits"] and datetime.fromisoformat(filed["submits"][0]["at"]) > due:
            add(found, "RP-02", school, about, monday.isoformat(), 1, 0)
    if not is_filed and datetime.fromisoformat(world["now"]) > due:
        add(found, "RP-01", school, about, monday.isoformat(), 1, 0)


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
    for stage in school["stages"]:
        for day in days_of_week(monday):
            if is_school_day(world, school, stage, day):
                return True
    return False


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


# Small helpers


def school_with_code(world, code):
    for school in world["schools"]:
        if school["code"] == code:
            return school
    raise LookupError(f"The world has a return of school {code}, but no such school.")


def add(found, rule, school, about, occurred_on, observed, limit):
    found.add((rule, school["code"], about, occurred_on, four_places(observed), four_places(limit)))


def four_places(number):
    return Decimal(number).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
