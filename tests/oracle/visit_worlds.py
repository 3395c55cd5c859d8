"""Generated worlds of visits' consequences: schools, institutions of brands, what people confirmed there and ordered.

`make_world(seed)` gives the same JSON-able dict for the same seed. Everything crowds at the limits: the last day to
put right and the day after, the day of an earlier confirmation and the next, two years to the day and a day later,
ends of months, 2023-10-14 and 15, severities 2 and 3.
"""

from datetime import date, timedelta
from random import Random

from tests.oracle.training_calendar import months_later, the_day_after, the_day_before, workdays_after

HOLIDAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(3)]
HOLIDAYS += [date(2026, 2, 15) + timedelta(days=n) for n in range(9)]
HOLIDAYS += [date(2026, 9, 25) + timedelta(days=n) for n in range(3)]
HOLIDAYS += [date(2026, 10, 1) + timedelta(days=n) for n in range(7)]
SWAPPED = [date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)]
CALENDAR = {"calendar": {"holidays": HOLIDAYS, "workdays": SWAPPED, "breaks": []}}
OF_SCHOOLS = ["homework_difficulty", "homework_mechanical", "teaching_ahead", "exam_beyond", "admission_target"]
OF_SCHOOLS += ["paid_tuition", "paid_tuition", "collective_tuition", "provider_misconduct", "provider_misconduct"]
OF_ORGS = ["privacy", "advertising", "advertising", "operating", "content", "safety", "price", "contract", "safety"]
STATES = ["confirmed"] * 9 + ["clue", "checking", "refuted"]
DAYS = [date(2026, 11, 24), date(2026, 10, 8), date(2026, 10, 13), date(2026, 3, 1), date(2026, 8, 31)]
# Confirmations from which two years are counted: before and after the standard began, ends of months, a leap day.
ANCHORS = [date(2023, 10, 14), date(2023, 10, 15), date(2024, 2, 29), date(2024, 8, 31), date(2024, 2, 28)]
ANCHORS += [date(2025, 3, 10), date(2024, 3, 10)]
BRANDS = [None, "示范品牌", "示范品牌", "虚构品牌"]
LISTED = ["homework", "clubs", "new_lesson", "collective_tuition"]


def make_world(seed: int) -> dict:
    rng = Random(f"visits {seed}")
    day = rng.choice(DAYS)
    units = [make_unit(rng, day, number) for number in range(rng.choice([4, 5, 6]))]
    world = {"now": f"{day}T{rng.choice(['00:00:00', '10:00:00', '23:59:59'])}+08:00", "units": units, **CALENDAR}
    return told(world)


def make_unit(rng, day, number):
    kind = rng.choice(["school", "school", "school", "training_org", "training_org", "training_org", "suspected_site"])
    if number == 0 and rng.random() < 0.3:
        kind = "public_body"
    stages = rng.choice([["primary"], ["junior"], ["primary", "junior"], []]) if kind == "school" else []
    opened = rng.choice([None, None, None, date(2024, 9, 1), day - timedelta(days=rng.choice([1, 20]))])
    brand = (
        rng.choice([None, "示范品牌", "示范品牌", "虚构品牌"]) if kind in ("training_org", "suspected_site") else None
    )
    unit = {"code": f"U{number}", "kind": kind, "stages": stages, "opened_on": opened, "brand": brand}
    kinds = OF_SCHOOLS if kind == "school" else OF_ORGS
    # Few kinds at one unit, or nothing is ever done again.
    few = [*rng.sample(kinds, 4), "other"]
    unit["observations"] = [
        make_observation(rng, day, f"GC-{number}-{n}", rng.choice(few)) for n in range(rng.choice([2, 4, 7, 9]))
    ]
    unit["rectifications"] = make_rectifications(rng, day, unit)
    unit["services"] = make_services(rng, day, stages)
    return unit


def make_observation(rng, day, number, kind):
    anchor = rng.choice(ANCHORS)
    confirmed = rng.choice([anchor, anchor, day, day - timedelta(days=rng.choice([1, 3, 4, 5, 7, 8, 9, 14, 40]))])
    around = [months_later(anchor, 24), the_day_after(months_later(anchor, 24)), anchor, the_day_after(anchor)]
    occurred = rng.choice([*around, *around, confirmed, confirmed - timedelta(days=rng.choice([1, 10]))])
    if rng.random() < 0.05:
        occurred = rng.choice([date(2021, 8, 31), date(2021, 9, 1)])
    occurred = min(occurred, day)
    confirmed = max(confirmed, occurred)
    row = {"number": number, "kind": kind, "occurred_on": occurred, "state": rng.choice(STATES)}
    row |= {"severity": rng.choice([None, None, None, 2, 3, 4, 1]), "due_on": None, "rectified_on": None}
    row["confirmed_on"] = confirmed if row["state"] == "confirmed" else None
    if row["state"] != "confirmed":
        return row
    if rng.random() < 0.5:
        row["due_on"] = max(confirmed, rng.choice([day, the_day_before(day), the_day_after(day)]))
    if rng.random() < 0.25:
        row["rectified_on"] = rng.choice([confirmed, day])
    if kind == "provider_misconduct" and rng.random() < 0.5:  # the fifth workday is today, yesterday or tomorrow
        for back in range(2, 20):
            start = day - timedelta(days=back)
            ends = workdays_after(CALENDAR, start, 5)
            if ends in (day, the_day_before(day)) and start >= occurred:
                row |= {"confirmed_on": start, "due_on": None, "rectified_on": None}
                break
    return row


def make_rectifications(rng, day, unit):
    rows = []
    of = [row["number"] for row in unit["observations"] if row["state"] == "confirmed"]
    for n in range(rng.choice([0, 1, 2, 3])):
        observation = of.pop(rng.randrange(len(of))) if of and rng.random() < 0.7 else None
        due = rng.choice([day, day, the_day_before(day), the_day_before(day), day - timedelta(days=30)])
        state = rng.choice(["open", "open", "returned", "handed_in", "passed", "cancelled"])
        due = rng.choice([the_day_after(day), date(2021, 8, 31), date(2021, 9, 1)]) if rng.random() < 0.1 else due
        rows.append({"number": f"ZG-{unit['code']}-{n}", "due_on": due, "state": state, "observation": observation})
    return rows


def make_services(rng, day, stages):
    rows = []
    for stage in stages:
        for back in range(rng.choice([0, 3])):
            content = rng.choice([None, rng.sample(LISTED, 2), ["homework"]])
            rows.append({"stage": stage, "day": day - timedelta(days=back), "content": content})
    return rows


def told(value):
    """The same with ISO texts in place of dates."""
    if isinstance(value, dict):
        return {key: told(each) for key, each in value.items()}
    if isinstance(value, list):
        return [told(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
