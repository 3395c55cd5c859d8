"""Generated small worlds for the comparison of the live system with the oracle.

`make_world(seed)` gives the same JSON-able dict for the same seed: two to four fictional schools, one to four weeks,
a calendar with scoped overrides, and returns in every state. Every third world is long: five to eight weeks, most
of them with a change of term inside, and weeks of plain homework, so that rows of such weeks (HW-07) are made and
broken. In every fourth world some calendar entries, marked `added_later`, came after all returns were filed. Due
instants are crowded here (18:00:00 and one microsecond later), what a return states in tests/oracle/payloads.py,
because at the limits two readings of a rule part. Every payload is one that a school may submit:
tests/oracle/validity.py says so.

The calendar's days of 2026 are the State Council's notice (gov.cn/zhengce/zhengceku/202511/content_7047091.htm);
those of 2027 were not announced when this was written and are a guess.
"""

from datetime import date, datetime, time, timedelta
from random import Random

from tests.oracle.oracle import (
    SHANGHAI,
    days_of_week,
    due_instant,
    has_school_day,
    week_key,
)
from tests.oracle.payloads import DOUBTFUL_CONTENT, make_habits, make_payload
from tests.oracle.validity import has_undecided_term

HOLIDAYS = [("2026-09-25", 3), ("2026-10-01", 7), ("2027-01-01", 1), ("2027-02-05", 6)]
SWAPPED_WORKDAYS = ["2026-09-20", "2026-10-10"]
TOWNS = ["440113007", "440113102", "440113017"]
SCHOOL_KINDS = [("1", ["primary"]), ("1", ["primary"]), ("2", ["junior"]), ("3", ["primary", "junior"])]
GRADES = {"primary": [1, 2, 3, 4, 5, 6], "junior": [7, 8, 9]}
# Weeks in which something happens: the first of term, swapped workdays, the national holiday, week 53, the last ones.
NOTABLE_MONDAYS = ["2026-08-31", "2026-09-14", "2026-09-21", "2026-09-28", "2026-10-05", "2026-12-21", "2026-12-28"]
NOTABLE_MONDAYS += ["2027-01-04", "2027-01-11", "2027-01-18", "2027-02-15"]


def make_world(seed: int) -> dict:
    rng = Random(f"world {seed}")
    first = date.fromisoformat(rng.choice(NOTABLE_MONDAYS))
    if rng.random() < 0.5:
        first = date(2026, 9, 7) + timedelta(days=7 * rng.randrange(20))
    is_long = seed % 3 == 1
    mondays = [
        first + timedelta(days=7 * n) for n in range(rng.choice([5, 6, 7, 8, 8]) if is_long else rng.randint(1, 4))
    ]
    world = {"now": "", "filings_from": "", "terms": make_terms(rng), "breaks": [], "calendar_days": []}
    world["schools"] = make_schools(rng, rng.randint(1, 2) if is_long else rng.randint(2, 4))
    world["calendar_days"] = make_calendar_days(rng, world["schools"], mondays)
    if is_long and rng.random() < 0.7:
        change_term_within(rng, world, mondays)
    world["breaks"] = make_breaks(world["terms"])
    now = make_now(rng, world, mondays)
    world["now"] = now.isoformat()
    world["filings_from"] = (first + timedelta(days=rng.choice([-7, 0, 0, 0, 3, 6, 7, 14]))).isoformat()
    world["returns"] = []
    habits = make_habits(rng, is_long)
    for school in world["schools"]:
        for monday in mondays:
            filed = make_return(rng, world, school, monday, now, habits)
            if filed is not None:
                world["returns"].append(filed)
    rng.shuffle(world["returns"])
    if seed % 4 == 3:
        close_days_later(rng, world, mondays)
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


def change_term_within(rng, world, mondays):
    """Let the first term end, and the second begin, within the weeks: in one week, or with days or weeks between.

    Sometimes the last days of the first term are closed, so that the week's first school day lies in the second. Not
    where a week would be of both terms and have no school day.
    """
    usual, usual_days = world["terms"], list(world["calendar_days"])
    terms = world["terms"] = [dict(term) for term in usual]
    taken = [(row["date"], row["level"], row["stage"]) for row in usual_days]
    for first, second in zip(terms[::2], terms[1::2], strict=True):
        end = rng.choice([*mondays[1:3] * 2, *mondays[-3:-1]]) + timedelta(days=rng.choice([0, 0, 1, 2, 3, 4, 6]))
        start = end + timedelta(days=rng.choice([1, 1, 1, 2, 3, 8, 15]))
        if first["starts_on"] < end.isoformat() and start < date(2027, 6, 1):
            first["ends_on"], second["starts_on"] = end.isoformat(), start.isoformat()
            for offset in range(rng.choice([0, 0, end.isoweekday()])):
                scope = ((end - timedelta(days=offset)).isoformat(), "district", first["stage"])
                if scope not in taken:
                    closed = {"date": scope[0], "kind": "closed", "level": "district", "unit": None}
                    world["calendar_days"].append(closed | {"stage": first["stage"]})
    for school in world["schools"]:
        for stage in school["stages"]:
            if any(has_undecided_term(world, school, stage, monday) for monday in mondays):
                world["terms"], world["calendar_days"] = usual, usual_days


def make_breaks(terms):
    """The days between the terms of a stage, so that no day is in neither a term nor a break."""
    breaks = []
    for first, second in zip(terms[::2], terms[1::2], strict=True):
        winter_from = date.fromisoformat(first["ends_on"]) + timedelta(days=1)
        winter_to = date.fromisoformat(second["starts_on"]) - timedelta(days=1)
        for starts_on, ends_on in ((date(2026, 7, 11), date(2026, 8, 31)), (winter_from, winter_to)):
            row = {"stage": first["stage"], "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
            if starts_on <= ends_on:
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


def close_days_later(rng, world, mondays):
    """Close some days after the returns were filed, so that they hold rows of days that are no school days any more.

    A week that two terms share keeps its days: without a school day it would belong to either of them.
    """
    taken = [(row["date"], row["level"], row["unit"], row["stage"]) for row in world["calendar_days"]]
    bounds = [date.fromisoformat(term[end]) for term in world["terms"] for end in ("starts_on", "ends_on")]
    weeks_of_bounds = [week_key(bound) for bound in bounds]
    scopes = days_of_doubtful_service(world["returns"])[:2]
    for _ in range(rng.randint(1, 4)):
        school = rng.choice(world["schools"])
        level, unit = rng.choice([("institution", school["code"]), ("town", school["town"]), ("district", None)])
        stage = rng.choice([None, *school["stages"]])
        week = days_of_week(rng.choice(mondays))
        scopes += [(day.isoformat(), level, unit, stage) for day in rng.choice([week[:5], rng.sample(week[:5], 2)])]
    for scope in scopes:
        if scope not in taken and week_key(date.fromisoformat(scope[0])) not in weeks_of_bounds:
            taken.append(scope)
            row = dict(zip(("date", "level", "unit", "stage"), scope, strict=True))
            world["calendar_days"].append(row | {"kind": "closed", "added_later": True})


def days_of_doubtful_service(returns):
    """Scopes of days of one school and stage whose service holds what it may not, or what does not count."""
    scopes = []
    for filed in returns:
        for submit in filed["submits"][-1:]:
            for row in submit["payload"]["after_school"]:
                if set(row.get("content") or []) & set(DOUBTFUL_CONTENT):
                    scopes.append((row["day"], "institution", filed["school"], row["stage"]))
    return scopes


def make_now(rng, world, mondays):
    """A moment around a due instant: on it, a moment beside it, or some days off, never before the first Monday."""
    due = due_instant(world, rng.choice(mondays[-2:]))
    near = [timedelta(0), timedelta(microseconds=1), timedelta(seconds=-1), timedelta(hours=2), timedelta(hours=-8)]
    far = [timedelta(days=-9, hours=3), timedelta(days=-2), timedelta(days=1), timedelta(days=4), timedelta(days=8)]
    return max(due + rng.choice(near + far + far), datetime.combine(mondays[0], time(0, 0), SHANGHAI))


# Schools


def make_schools(rng, count):
    schools = []
    for number in range(count):
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


def make_return(rng, world, school, monday, now, habits):
    """The return of one school and week, or None where it filed nothing; submits lie in ascending order up to now."""
    if not has_school_day(world, school, monday) and rng.random() < 0.75:
        return None
    if datetime.combine(monday, time(0, 0), SHANGHAI) > now:
        return None
    states = ["submitted"] * 10 + ["returned"] * 3 + ["withdrawn"] * 3 + ["approved", "accepted", "locked"]
    if "plain" in habits:
        states += ["submitted"] * 15  # a row of weeks needs most of them filed
    state = rng.choice(states + ["draft"] * 2 + ["missing"] * 3)
    instants = make_submit_instants(rng, due_instant(world, monday), monday, now)
    if state == "missing" or (not instants and rng.random() < 0.5):
        return None
    filed = {"school": school["code"], "week": week_key(monday), "state": state, "submits": []}
    if state == "draft" or not instants:
        draft = make_payload(rng, world, school, monday, habits)
        key = rng.choice(sorted(draft))
        draft[key] = draft[key][::2]
        return filed | {"state": "draft", "draft": draft}
    payload = make_payload(rng, world, school, monday, habits)
    for instant in instants:
        filed["submits"].append({"at": instant.isoformat(), "payload": payload})
        payload = make_payload(rng, world, school, monday, habits)
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
