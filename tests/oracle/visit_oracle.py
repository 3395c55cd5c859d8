"""An independent judge of what people confirm and order: IN-01, IN-02 and the rules of schools that people judge.

Written from the guideline's rule table, not from the portal's code: plain lists, dicts and loops, standard library
only. `findings(world)` returns a set of `(rule, unit code, about, on, observed, limit)`: `on` an ISO date, the numbers
whole. A world is a JSON-able dict: `now`, `calendar` as in training_calendar.py, and `units`, each with `code`, `kind`,
`stages`, `opened_on`, `brand`, `observations`, `rectifications` and the contents of its after-school `services`.
"""

from datetime import date, datetime, timedelta, timezone

from tests.oracle.training_calendar import START, dated, months_later, the_day_after, workdays_after

SHANGHAI = timezone(timedelta(hours=8))
VISITED = ("school", "training_org", "suspected_site")
# "compulsory education": senior grades and kindergartens are outside school rules.
STAGES = ("primary", "junior")
# kind of observation: (rule that judges it, severity of that rule)
RULES = {
    "homework_difficulty": ("HW-05", 3),
    "homework_mechanical": ("HW-06", 3),
    "teaching_ahead": ("SC-06", 3),
    "exam_beyond": ("SC-09", 3),
    "admission_target": ("SC-12", 4),
    "paid_tuition": ("SC-13", 4),
    "collective_tuition": ("AS-04", 3),
    "provider_misconduct": ("AS-07", 3),
    "privacy": ("TO-09", 3),
    "advertising": ("TO-10", 3),
    "operating": ("TO-25", 4),
    "content": ("TO-30", 3),
    "foreign_course": ("TO-31", 3),
    "enrolment_link": ("TO-32", 4),
    "safety": ("TO-33", 3),
    "epidemic": ("TO-33", 3),
    "unlawful_content": ("TO-33", 3),
    "price": ("TO-33", 3),
    "contract": ("TO-33", 3),
    "competition": ("TO-33", 3),
}
ON_THE_DAY = ("HW-05", "HW-06", "SC-06", "SC-09", "SC-12", "AS-04")
FOR_FIRST_GRADES = ("SC-06",)
FORBIDDEN = ("new_lesson", "collective_tuition")
EXIT_WORKDAYS = 5
REPEAT_MONTHS = 24
REPEATS_FROM = date(2023, 10, 15)
GRAVE = 3


def findings(world: dict) -> set[tuple]:
    """Every finding in this world, see the module's docstring."""
    today = datetime.fromisoformat(world["now"]).astimezone(SHANGHAI).date()
    world = dated(world)
    found = set()
    for unit in world["units"]:
        for rule, about, on, observed in judge(world, unit, today):
            found.add((rule, unit["code"], about, on.isoformat(), observed, 0))
    return found


def judge(world, unit, today):
    yield from taught_in_service(unit)
    if unit["kind"] == "school":
        for row in unit["observations"]:
            yield from seen_at_a_school(world, unit, row, today)
    if unit["kind"] in VISITED:
        yield from not_made_good(unit, today)
        yield from done_again(world, unit)


def taught_in_service(unit):
    """AS-04, as filed: one finding a stage and day with new lessons or collective tuition."""
    for row in unit["services"]:
        if any(each in FORBIDDEN for each in row["content"] or []):
            yield "AS-04", f"stage:{row['stage']}", row["day"], 1


def seen_at_a_school(world, unit, row, today):
    """HW-05, HW-06, SC-06, SC-09, SC-12, SC-13, AS-04, AS-07: confirmed, not put right, not before the guideline."""
    rule, _ = RULES.get(row["kind"], ("", 0))
    if rule[:2] not in ("HW", "SC", "AS") or row["state"] != "confirmed" or row["rectified_on"]:
        return
    wanted = ("primary",) if rule in FOR_FIRST_GRADES else STAGES
    if row["occurred_on"] < START or not any(stage in unit["stages"] for stage in wanted):
        return
    about = f"observation:{row['number']}"
    if rule in ON_THE_DAY:
        yield rule, about, row["occurred_on"], 1
    elif rule == "SC-13":
        yield rule, about, begins(unit, row["occurred_on"]), 1
    elif rule == "AS-07":
        last = row["due_on"] or workdays_after(world, row["confirmed_on"], EXIT_WORKDAYS)
        if today > last:
            yield rule, about, begins(unit, the_day_after(last)), 1


def not_made_good(unit, today):
    """IN-01: past its deadline and not handed in; a returned item keeps its deadline."""
    kinds = {row["number"]: row["kind"] for row in unit["observations"]}
    for row in unit["rectifications"]:
        judged_elsewhere = RULES.get(kinds.get(row["observation"]), ("", 0))[0] == "TO-33"
        if row["state"] not in ("open", "returned") or judged_elsewhere:
            continue
        if START <= row["due_on"] < today:
            yield "IN-01", f"rectification:{row['number']}", begins(unit, the_day_after(row["due_on"])), 1


def done_again(world, unit):
    """IN-02: confirmed again by the same rule, the act after an earlier confirmation and within two years of it."""
    for row in unit["observations"]:
        if not is_grave(row) or row["occurred_on"] < START:
            continue
        times = 0
        for other in world["units"]:
            if other["code"] == unit["code"] or is_tied(unit, other):
                times += sum(repeats(earlier, row) for earlier in other["observations"])
        if times > 0:
            yield "IN-02", f"observation:{row['number']}", begins(unit, row["occurred_on"]), times


def is_grave(row):
    if row["state"] != "confirmed" or row["kind"] not in RULES:
        return False
    severity = row["severity"] if row["severity"] is not None else RULES[row["kind"]][1]
    return severity >= GRAVE


def is_tied(unit, other):
    return unit["brand"] is not None and unit["brand"] == other["brand"]


def repeats(earlier, later):
    if not is_grave(earlier) or RULES[earlier["kind"]][0] != RULES[later["kind"]][0]:
        return False
    confirmed = earlier["confirmed_on"]
    return REPEATS_FROM <= confirmed < later["occurred_on"] <= months_later(confirmed, REPEAT_MONTHS)


def begins(unit, day):
    return max(each for each in (day, START, unit["opened_on"]) if each is not None)
