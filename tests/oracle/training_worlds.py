"""Generated small worlds of training institutions for the comparison of the live system with the oracle.

`make_world(seed)` gives the same JSON-able dict for the same seed: two to five fictional institutions with all that is
known of them, in 2026 and 2027, now and then earlier. Everything crowds at the limits (the last valid day and the day
after, 60 and 61 hours, the end of three months, swapped Saturdays, the clocks of refunds over National Day), because
at the limits two readings of a rule part. Registers are made here, courses and money in training_world_money.py, what
people file in training_world_evidence.py.

The calendar's days of 2026 are the State Council's notice (gov.cn/zhengce/zhengceku/202511/content_7047091.htm);
those of 2027 were not announced when this was written: half of the worlds guess them, the others have no such year.
"""

from datetime import date, timedelta
from random import Random

from tests.oracle.training_calendar import (
    dated,
    length_of_month,
    months_later,
    the_day_after,
    the_day_before,
)
from tests.oracle.training_register import licences_at_end_of
from tests.oracle.training_world_evidence import add_evidence, make_words
from tests.oracle.training_world_money import add_courses, add_money

HOLIDAYS_2026 = [("01-01", 3), ("02-15", 9), ("04-04", 3), ("05-01", 5), ("06-19", 3), ("09-25", 3), ("10-01", 7)]
SWAPPED_2026 = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
HOLIDAYS_2027 = [("01-01", 3), ("02-05", 7), ("10-01", 7)]
SWAPPED_2027 = ["01-31", "02-20", "10-09"]
BREAKS = [
    ("2026-02-07", "2026-03-01"),
    ("2026-07-11", "2026-08-31"),
    ("2027-01-23", "2027-02-21"),
    ("2027-07-10", "2027-08-31"),
]
TOWNS = ["440113007", "440113102", "440113017"]
BUREAU = "440113-JY"
CATEGORIES = ["subject", "subject", "subject", "sports", "arts", "science", "practice"]
COMPETENT = {"subject": "JY", "sports": "WL", "arts": "WL", "science": "KG", "practice": "JY"}
NAMES = ["培训中心", "思维培训中心", "国学馆", "托管中心", "国学礼仪中心", "家政服务部", "数学学堂", "体育馆"]
# Days on which a clock ends, a year is judged, or months are short.
NOTABLE_DAYS = ["2026-10-08", "2026-10-10", "2026-10-12", "2026-10-15", "2026-02-14", "2026-02-28", "2026-03-01"]
NOTABLE_DAYS += ["2026-06-30", "2026-07-01", "2026-12-31", "2027-01-01", "2027-02-28", "2027-06-30", "2027-07-01"]
EARLIER_DAYS = ["2021-09-01", "2021-12-31", "2022-01-01", "2022-12-29", "2024-02-29", "2025-02-28", "2025-03-01"]


def make_world(seed: int) -> dict:
    rng = Random(f"training {seed}")
    day = make_day(rng)
    world = {
        "now": f"{day}T{rng.choice(['00:00:00', '09:30:00', '23:59:59'])}+08:00",
        "calendar": make_calendar(rng),
        "bureau": BUREAU,
        "town_bodies": {town: town for town in TOWNS},
        "competent": {key: value for key, value in COMPETENT.items() if key != "subject"},
        "guide_prices": make_guide_prices(rng, day),
        "words": make_words(rng, day),
        "list_dates": make_list_dates(rng, day),
        "in_service": make_in_service(rng, day),
        "baselines": [],
        "institutions": [],
    }
    for number in range(rng.randint(2, 5)):
        institution = make_institution(rng, day, seed, number, world)
        world["institutions"].append(institution)
        add_courses(rng, day, institution)
        add_teachers(rng, day, institution)
        add_money(rng, day, institution, world)
        add_evidence(rng, day, institution, world)
    make_baselines(rng, world)
    return undated(world)


def undated(value):
    """The same world with ISO texts in place of dates."""
    if isinstance(value, dict):
        return {key: undated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [undated(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def make_day(rng):
    kind = rng.random()
    if kind < 0.12:
        return date.fromisoformat(rng.choice(EARLIER_DAYS))
    if kind < 0.5:
        return date.fromisoformat(rng.choice(NOTABLE_DAYS))
    return date(2026, 1, 5) + timedelta(days=rng.randrange(600))


def around(rng, day):
    """The day itself, or a day beside it, or some weeks or months off."""
    return day + timedelta(days=rng.choice([0, 0, -1, -1, 1, 1, -30, 30, -200, 200]))


def up_to(rng, day):
    """As `around`, but no day after."""
    return day - timedelta(days=rng.choice([0, 0, 1, 1, 2, 20, 45, 90, 200, 400, 900]))


def seldom(rng, chance=0.15):
    return rng.random() < chance


# What institutions are held against


def make_calendar(rng):
    holidays, workdays = statutory(2026, HOLIDAYS_2026), [f"2026-{each}" for each in SWAPPED_2026]
    if rng.random() < 0.5:
        holidays += statutory(2027, HOLIDAYS_2027)
        workdays += [f"2027-{each}" for each in SWAPPED_2027]
    breaks = []
    for starts_on, ends_on in BREAKS:
        for stage in ("primary", "junior"):
            # A stage may begin its break some days after the other, and end it some days before.
            first = date.fromisoformat(starts_on) + timedelta(days=rng.choice([0, 0, 2, 5]))
            last = date.fromisoformat(ends_on) - timedelta(days=rng.choice([0, 0, 1, 4]))
            breaks.append({"stage": stage, "starts_on": first, "ends_on": last})
    return {"holidays": holidays, "workdays": workdays, "breaks": breaks}


def statutory(year, spans):
    days = []
    for starts_on, length in spans:
        first = date.fromisoformat(f"{year}-{starts_on}")
        days += [(first + timedelta(days=offset)).isoformat() for offset in range(length)]
    return days


def make_guide_prices(rng, day):
    if seldom(rng):
        return []
    rows = [("offline", 1, 10, "70.00"), ("offline", 11, 20, "50.00"), ("offline", 21, None, "33.33")]
    rows.append(("online", 1, None, "25.50"))
    change = up_to(rng, day)
    prices = []
    for mode, size_from, size_to, price in rows:
        row = {"mode": mode, "size_from": size_from, "size_to": size_to, "price": price}
        if seldom(rng, 0.5):
            prices.append(row | {"valid_from": date(2022, 2, 14), "valid_until": the_day_before(change)})
            prices.append(row | {"price": "61.20", "valid_from": change, "valid_until": None})
        else:
            prices.append(row | {"valid_from": date(2022, 2, 14), "valid_until": None})
    return [each for each in prices if each["valid_until"] is None or each["valid_until"] >= each["valid_from"]]


def make_list_dates(rng, day):
    dates = []
    for year in (day.year - 1, day.year):
        if not seldom(rng, 0.25):
            listed = rng.choice([day, day - timedelta(days=1), day + timedelta(days=1), day - timedelta(days=40)])
            on = listed if listed.year == year else date(year, 10, 31)
            dates.append({"year": year, "on": on})
    return dates


def make_in_service(rng, day):
    teachers = []
    for number in range(4):
        until = rng.choice([None, None, day, day - timedelta(days=1), day + timedelta(days=1)])
        since = rng.choice([None, date(2015, 9, 1), date(2015, 9, 1), day, day + timedelta(days=1)])
        if until is not None and since is not None and since > until:
            since = None
        teachers.append({"identity_hash": identity(number), "valid_from": since, "valid_until": until})
    return teachers


def identity(number):
    return f"{number}" * 64


def make_baselines(rng, world):
    """Of the district and of towns, about what stands at some month's end."""
    known = dated(undated(world))
    last_month = date(2026, 1, 1)
    for town in [None, *TOWNS]:
        if rng.random() < 0.5:
            count = licences_at_end_of(known, town, last_month) + rng.choice([-1, 0, 0, 1])
            world["baselines"].append({"town": town, "licences": max(0, count)})


# Institutions


def make_institution(rng, day, seed, number, world):
    kind = "suspected_site" if seldom(rng) else "training_org"
    name = f"示范{'甲乙丙丁戊'[number]}{rng.choice(NAMES)}"
    institution = {
        "code": f"TO{seed:05d}{number}",
        "kind": kind,
        "name": name,
        "town": rng.choice(TOWNS[:2]),
        "opened_on": rng.choice([None, date(2019, 3, 1), date(2021, 9, 2), up_to(rng, day), the_day_after(day)]),
        "closed_on": None,
    }
    if institution["opened_on"] == the_day_after(day) and rng.random() < 0.8:
        institution["opened_on"] = day
    if seldom(rng):
        closed = around(rng, day)
        institution["closed_on"] = max(closed, institution["opened_on"] or closed)
    institution["profiles"] = make_profiles(rng, day, name)
    category = rng.choice([institution["profiles"][-1]["category"]] * 4 + CATEGORIES)
    institution["licences"] = [] if seldom(rng) else make_licences(rng, day, category, seed, number)
    institution["registrations"] = [] if seldom(rng) else make_registrations(rng, day, institution, seed, number)
    institution["annual_checks"] = make_annual_checks(rng, day)
    institution["safety_checks"] = make_safety_checks(rng, day)
    institution["staff"] = make_staff(rng, day)
    return institution


def make_profiles(rng, day, name):
    """One, or two of which the second begins about today."""
    first = rng.choice([date(2019, 3, 1), date(2021, 9, 1), date(2022, 1, 1), date(2022, 1, 2), up_to(rng, day)])
    starts = [first]
    change = around(rng, day)
    if seldom(rng, 0.25) and change > first:
        starts.append(change)
    profiles = []
    for index, since in enumerate(starts):
        until = None if index + 1 == len(starts) else the_day_before(starts[index + 1])
        profile = {"valid_from": since, "valid_until": until, "category": rng.choice(CATEGORIES)}
        profile |= {"registered_name": rng.choice(["", name, "示范文化传播部", "示范思维科技部"])}
        profile |= {"sign_name": rng.choice(["", name, "示范国学礼仪堂", "示范数学营"])}
        profiles.append(profile | {"is_online_only": seldom(rng)})
    return profiles


STAGES = ["preschool", "primary", "junior", "compulsory", "senior"]
ISSUED = [date(2021, 7, 23), date(2021, 7, 24), date(2021, 7, 25), date(2018, 6, 1), date(2020, 6, 1), date(2020, 9, 1)]


def make_licences(rng, day, category, seed, number):
    licences = []
    for index in range(rng.choice([1, 1, 2, 2, 3])):
        own = rng.choice([category] * 3 + CATEGORIES)
        categories = [own] if not seldom(rng, 0.25) else sorted({own, rng.choice(CATEGORIES)})
        department = COMPETENT[own] if not seldom(rng) else rng.choice(["JY", "WL", "KG"])
        kind = "school_running" if department == "JY" and not seldom(rng) else rng.choice(["permit", "school_running"])
        issued = rng.choice([*ISSUED, *ISSUED[3:], up_to(rng, day), month_edge(rng, day)])
        issued -= timedelta(days=index)  # no two licences are issued on one day
        expires = rng.choice([day, the_day_before(day), the_day_after(day), date(2030, 5, 31), date(2030, 5, 31)])
        if seldom(rng, 0.3):
            expires = month_edge(rng, day)
        ended = around(rng, day) if seldom(rng, 0.2) else None
        stages = rng.choice([["primary", "junior"], ["primary"], ["junior"], ["senior"], [], ["primary", "senior"]])
        if seldom(rng):
            stages = sorted({*stages, rng.choice(["preschool", "preschool", "compulsory"])})
        licence = {"kind": kind, "number": f"XK{seed}-{number}{index}", "department": department}
        licence |= {"categories": categories, "stages": stages, "issued_on": min(issued, day)}
        licence |= {"expires_on": max(expires, min(issued, day)), "ended_on": ended}
        licences.append(licence)
    return licences


def month_edge(rng, day):
    """The last day of a month, or a day beside it, some months ago."""
    month = months_later(day.replace(day=1), -rng.choice([1, 1, 2, 3, 12]))
    end = month.replace(day=length_of_month(month.year, month.month))
    return end + timedelta(days=rng.choice([-1, 0, 1]))


def make_registrations(rng, day, institution, seed, number):
    first_licence = min((each["issued_on"] for each in institution["licences"]), default=date(2021, 9, 2))
    registrations = []
    for index in range(rng.choice([1, 1, 1, 2])):
        issued = rng.choice([date(2018, 5, 1), date(2021, 12, 30), date(2022, 1, 1), date(2022, 1, 2), up_to(rng, day)])
        issued = min(issued, day)
        expires = rng.choice([None, None, None, day, the_day_before(day), the_day_after(day)])
        ended = around(rng, day) if seldom(rng, 0.2) else None
        scope_on = None
        if seldom(rng, 0.4):
            scope_on = rng.choice([first_licence, date(2021, 9, 1), date(2021, 9, 2)])
            scope_on += timedelta(days=rng.choice([-1, 0, 1]))
        is_nonprofit = rng.random() < 0.7
        kind = rng.choice(["nonprofit_unit", "public_unit"]) if is_nonprofit else "business"
        row = {"kind": kind, "number": f"ZC{seed}-{number}{index}", "is_nonprofit": is_nonprofit}
        row |= {"issued_on": issued, "expires_on": expires, "ended_on": ended, "training_scope_on": scope_on}
        if expires is not None and expires < issued:
            row["expires_on"] = issued
        registrations.append(row)
    return registrations


def make_annual_checks(rng, day):
    checks = []
    for year in (day.year - 1, day.year - 2):
        for checked_on in sorted({up_to(rng, day) for _ in range(rng.choice([0, 1, 1, 1, 2]))}):
            checks.append({"year": year, "is_passed": rng.random() < 0.75, "checked_on": checked_on})
    return checks


def make_safety_checks(rng, day):
    """For each kind none, one or two; a year and a day, a year, and a day less ago."""
    checks = []
    year_ago = months_later(day, -12)
    edges = [year_ago + timedelta(days=offset) for offset in (-2, -1, 0, 1, 2)]
    if (day.month, day.day) in ((2, 28), (3, 1)):
        edges += [date(2024, 2, 29), date(2024, 2, 28)]
    for kind in ("premises", "fire"):
        days = {rng.choice([*edges, day, day - timedelta(days=100)]) for _ in range(rng.choice([0, 1, 1, 1, 1, 2]))}
        for checked_on in sorted(each for each in days if each <= day):
            checks.append({"kind": kind, "checked_on": checked_on, "is_passed": not seldom(rng)})
    return checks


def make_staff(rng, day):
    staff = []
    for number in range(rng.randint(1, 3)):
        name = f"示范教员{'甲乙丙'[number]}"
        employed = rng.choice([date(2020, 2, 1), date(2023, 9, 1), up_to(rng, day)])
        left = rng.choice([None, None, None, day, the_day_before(day), the_day_after(day)])
        person = {"number": f"G{number + 1:02d}", "name": name, "employed_on": employed}
        person |= {"left_on": None if left is None else max(left, employed)}
        person |= {"identity_hash": identity(rng.choice([0, 1, 2, 3, 7, 8, 9])) if not seldom(rng) else ""}
        person["qualifications"] = make_qualifications(rng, day, name, number)
        staff.append(person)
    return staff


def make_qualifications(rng, day, name, number):
    papers = []
    for index in range(rng.choice([0, 1, 1, 1, 2])):
        since = rng.choice([date(2015, 7, 1), date(2015, 7, 1), up_to(rng, day)])
        until = rng.choice([None, None, day, the_day_before(day), the_day_after(day)])
        paper = {"number": f"ZG{number}{index}", "holder_name": name if not seldom(rng) else "示范他人"}
        paper |= {"valid_from": since, "valid_until": None if until is None else max(until, since)}
        papers.append(paper | {"is_lent": seldom(rng)})
    return papers


def add_teachers(rng, day, institution):
    """Each course is taught by some of the staff, since about when it begins, until about today or on."""
    for course in institution["courses"]:
        for person in institution["staff"]:
            if rng.random() < 0.6:
                since = min(
                    max(course["starts_on"], person["employed_on"]) + timedelta(days=rng.choice([-1, 0, 3])), day
                )
                until = rng.choice([None, None, None, day, the_day_before(day)])
                row = {"staff": person["number"], "valid_from": since}
                course["teachers"].append(row | {"valid_until": None if until is None else max(until, since)})
