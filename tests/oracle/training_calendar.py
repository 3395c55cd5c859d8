"""The independent judge's own calendar: dates, months, workdays, rest days, and what holds on a day.

Standard library only; shares nothing with the portal. `dated` turns the ISO dates of a JSON-able world into dates, so
that everything after it compares days with days.
"""

import calendar
import re
from datetime import date, timedelta

# Every standard of the guideline is in force from this day on, unless another day is said.
START = date(2021, 9, 1)

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def dated(value):
    """The same world with dates in place of the texts that are ISO dates."""
    if isinstance(value, dict):
        return {key: dated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [dated(each) for each in value]
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        return date.fromisoformat(value)
    return value


# Days and months


def the_day_after(day):
    return day + timedelta(days=1)


def the_day_before(day):
    return day - timedelta(days=1)


def length_of_month(year, month):
    return calendar.monthrange(year, month)[1]


def months_later(day, months):
    """The corresponding day so many months later (or earlier), clamped to that month's end."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, length_of_month(year, month)))


def last_lawful_day(first, months):
    """The last day of a span of so many months: the eve of the corresponding day, or that month's end without one."""
    count = first.year * 12 + first.month - 1 + months
    year, month = count // 12, count % 12 + 1
    if first.day <= length_of_month(year, month):
        return the_day_before(date(year, month, first.day))
    return date(year, month, length_of_month(year, month))


def days_inclusive(first, last):
    return (last - first).days + 1


# Workdays and rest days


def is_statutory_holiday(world, day):
    return day in world["calendar"]["holidays"]


def is_swapped_workday(world, day):
    return day in world["calendar"]["workdays"]


def is_workday(world, day):
    """Monday to Friday less statutory holidays, plus swapped workdays; an unannounced year has only its weekdays."""
    if is_statutory_holiday(world, day):
        return False
    return is_swapped_workday(world, day) or day.isoweekday() <= 5


def workdays_after(world, day, count):
    """The day on which the count-th workday after this day (day 0) ends."""
    while count > 0:
        day = the_day_after(day)
        if is_workday(world, day):
            count -= 1
    return day


def is_year_known(world, day):
    """Whether the State Council's days of that year are announced: without them nobody knows its rest days."""
    return any(known.year == day.year for known in world["calendar"]["holidays"] + world["calendar"]["workdays"])


def is_rest_day(world, stage, day):
    """Of a course of this stage: holiday, break of its stage, or weekend that is not worked; a swap lifts no break."""
    if not is_year_known(world, day):
        return False
    if is_statutory_holiday(world, day):
        return True
    stage_of_breaks = "junior" if stage in ("junior", "senior") else "primary"
    for each in world["calendar"]["breaks"]:
        if each["stage"] == stage_of_breaks and each["starts_on"] <= day <= each["ends_on"]:
            return True
    return day.isoweekday() >= 6 and not is_swapped_workday(world, day)


# What holds on a day


def holds(row, day, first="valid_from", last="valid_until"):
    """From its first to its last day, both included; an end that is not known is open."""
    if row.get(first) is not None and row[first] > day:
        return False
    return row.get(last) is None or row[last] >= day


def first_day_without(paper):
    """The first day on which a licence or registration does not hold any more, or None."""
    ends = []
    if paper.get("expires_on") is not None:
        ends.append(the_day_after(paper["expires_on"]))
    if paper.get("ended_on") is not None:
        ends.append(paper["ended_on"])
    return min(ends, default=None)


def is_in_force(paper, day):
    """Issued, not expired (the last day still counts), not ended."""
    if paper["issued_on"] > day:
        return False
    end = first_day_without(paper)
    return end is None or end > day


def in_force(papers, day):
    return [paper for paper in papers if is_in_force(paper, day)]


def gap_begins(papers, day):
    """The first day of the gap in which `day` lies, where none of these is in force: None where there never was one."""
    ends = [first_day_without(paper) for paper in papers if paper["issued_on"] <= day]
    return max(ends, default=None)


def profile_on(institution, day):
    for profile in institution["profiles"]:
        if holds(profile, day):
            return profile
    return None


def category_on(institution, day):
    profile = profile_on(institution, day)
    return None if profile is None else profile["category"]


def is_open(institution, day):
    """A suspended institution is open; on the day of its closing it is none any more."""
    if institution.get("opened_on") is not None and institution["opened_on"] > day:
        return False
    return institution.get("closed_on") is None or institution["closed_on"] > day


def is_licensed(institution, day):
    return bool(in_force(institution["licences"], day))
