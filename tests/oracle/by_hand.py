"""Builders for worlds written by hand: one school, week 2026-W45 (2 to 6 November, due on the 9th at 18:00).

`quiet_payload` breaks no rule; a test changes the one thing it is about. Dates are written out, never computed with
the oracle's own functions, so that a test cannot repeat the oracle's mistake.
"""

from datetime import date, timedelta
from decimal import Decimal

MON, TUE, WED, THU, FRI = "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"
SAT, SUN = "2026-11-07", "2026-11-08"
WEEKDAYS = [MON, TUE, WED, THU, FRI]
FRIDAY_AFTERNOON = "2026-11-06T17:00:00+08:00"
SCHOOL = "440113390001"
TOWN = "440113007"
GRADE_2, GRADE_3, GRADE_6, GRADE_7, GRADE_9 = "2026-02-01", "2026-03-01", "2026-06-01", "2026-07-01", "2026-09-01"


def nine_year_school(code=SCHOOL, town=TOWN):
    grades = {GRADE_2: 2, GRADE_3: 3, GRADE_6: 6, GRADE_7: 7, GRADE_9: 9}
    classes = [{"code": class_code, "grade": grade} for class_code, grade in grades.items()]
    return {"code": code, "name": "示范一校", "town": town, "stages": ["primary", "junior"], "classes": classes}


def quiet_payload(days=WEEKDAYS, stages=("primary", "junior")):
    """No homework, lessons from 08:30 and 120 minutes of service on each of `days`."""
    classes = [GRADE_2, GRADE_3, GRADE_6, GRADE_7, GRADE_9]
    return {
        "homework": [],
        "homework_none": [{"class": code, "day": day} for code in classes for day in days],
        "class_off": [],
        "school_day": [{"stage": stage, "day": day, "first_lesson": "08:30"} for stage in stages for day in days],
        "after_school": [{"stage": stage, "day": day, "minutes": 120} for stage in stages for day in days],
        "service_none": [],
    }


def filed(payload, *, at=FRIDAY_AFTERNOON, week="2026-W45", state="submitted", school=SCHOOL):
    return {"school": school, "week": week, "state": state, "submits": [{"at": at, "payload": payload}]}


def world(*returns, now="2026-11-09T10:00:00+08:00", filings_from="2026-11-02", calendar_days=(), schools=None):
    """A world whose term runs from 2026-09-01 to 2027-01-22 for both stages."""
    span = {"starts_on": "2026-09-01", "ends_on": "2027-01-22"}
    return {
        "now": now,
        "filings_from": filings_from,
        "terms": [{"key": "2026-2027-1", "stage": stage} | span for stage in ("primary", "junior")],
        "breaks": [],
        "calendar_days": list(calendar_days),
        "schools": schools or [nine_year_school()],
        "returns": list(returns),
    }


def week_with(*items, state="submitted", calendar_days=(), days=WEEKDAYS):
    """A world with one quiet return, on time, save for these homework items."""
    payload = quiet_payload(days)
    for item in items:
        add_item(payload, item)
    return world(filed(payload, state=state), calendar_days=calendar_days)


def weeks_with(*items, mondays):
    """A world with a quiet return, on time, of each of these weeks (and of them alone), save for these items."""
    returns = []
    for monday in map(date.fromisoformat, mondays):
        days = [(monday + timedelta(days=offset)).isoformat() for offset in range(7)]
        payload = quiet_payload(days[:5])
        for item in items:
            if item["day"] in days:
                add_item(payload, item)
        year, week, _ = monday.isocalendar()
        returns.append(filed(payload, week=f"{year}-W{week:02d}", at=days[4] + "T17:00:00+08:00"))
    now = mondays[-1] + "T08:00:00+08:00"
    return world(*returns, filings_from=mondays[0], now=now)


def on_stage_day(payload, key, stage, day, **said):
    """Add keys to the one row of that list, stage and day; a tick of `service_none` takes the place of the service."""
    if key == "service_none":
        payload["after_school"].remove({"stage": stage, "day": day, "minutes": 120})
        payload["service_none"].append({"stage": stage, "day": day})
    for row in payload[key]:
        if row["stage"] == stage and row["day"] == day:
            row |= said


def add_item(payload, item):
    tick = {"class": item["class"], "day": item["day"]}
    if tick in payload["homework_none"]:
        payload["homework_none"].remove(tick)
    payload["homework"].append(item)


def item(class_code, day, minutes, subject="数学", *, written=True, optional=False, alternative=None, **later):
    """An item published on its day; of the later keys it states only those given, and none given as None."""
    row = {"class": class_code, "day": day, "subject": subject, "minutes": minutes}
    row |= {"written": written, "optional": optional, "alternative": alternative, "published_on": day}
    return {key: value for key, value in (row | later).items() if key == "alternative" or value is not None}


def with_lesson(stage, day, first_lesson):
    """A quiet payload in which that one first lesson is another."""
    payload = quiet_payload()
    for row in payload["school_day"]:
        if row["stage"] == stage and row["day"] == day:
            row["first_lesson"] = first_lesson
    return payload


def with_service(stage, day, minutes):
    """A quiet payload with that many service minutes on one day, or the tick 当日无课后服务 where minutes is None."""
    payload = quiet_payload()
    payload["after_school"].remove({"stage": stage, "day": day, "minutes": 120})
    if minutes is None:
        payload["service_none"].append({"stage": stage, "day": day})
    else:
        payload["after_school"].append({"stage": stage, "day": day, "minutes": minutes})
    return payload


def calendar_day(day, kind, level="district", unit=None, stage=None):
    return {"date": day, "kind": kind, "level": level, "unit": unit, "stage": stage}


def finding(rule, about, occurred_on, observed, limit, school=SCHOOL):
    """The tuple a test expects; numbers as text with four places, such as "60.2000"."""
    return (rule, school, about, occurred_on, Decimal(observed), Decimal(limit))
