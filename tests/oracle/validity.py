"""What a generated world must satisfy to be one that the portal accepts (rules.md's ticks, the design's payload).

Each check returns sentences that name what is wrong; an empty list means valid.
"""

from datetime import date, datetime, time

from tests.oracle.oracle import (
    days_of_week,
    is_school_day,
    monday_of_week_key,
    school_with_code,
    stage_of_grade,
)

KEYS = ["after_school", "class_off", "homework", "homework_none", "school_day", "service_none"]
ITEM_KEYS = ["alternative", "class", "day", "minutes", "optional", "subject", "written"]
SUBJECTS = ["语文", "数学", "英语", "道德与法治", "科学", "物理", "化学", "历史", "地理", "生物"]
STATES = ["submitted", "returned", "withdrawn", "draft"]


def check_world(world: dict) -> list[str]:
    """Problems of the whole world: its calendar, its schools, and each submitted payload."""
    problems = []
    scopes = [(row["date"], row["level"], row["unit"], row["stage"]) for row in world["calendar_days"]]
    if len(scopes) != len(set(scopes)):
        problems.append("two calendar entries of one day and scope")
    for school in world["schools"]:
        codes = [school_class["code"] for school_class in school["classes"]]
        if len(codes) != len(set(codes)) or not 2 <= len(codes) <= 6:
            problems.append(f"classes of {school['code']}: {codes}")
        for school_class in school["classes"]:
            if stage_of_grade(school_class["grade"]) not in school["stages"]:
                problems.append(f"{school_class['code']} of {school['code']} is of a stage the school does not have")
    owners = [(filed["school"], filed["week"]) for filed in world["returns"]]
    if len(owners) != len(set(owners)):
        problems.append("two returns of one school and week")
    for filed in world["returns"]:
        problems += check_return(world, filed)
    return problems


def check_return(world: dict, filed: dict) -> list[str]:
    name = f"{filed['school']} {filed['week']}"
    problems = []
    if filed["state"] not in STATES or (filed["state"] == "draft") != (not filed["submits"]):
        problems.append(f"{name}: state {filed['state']} with {len(filed['submits'])} submits")
    instants = [datetime.fromisoformat(submit["at"]) for submit in filed["submits"]]
    if instants != sorted(set(instants)) or any(at > datetime.fromisoformat(world["now"]) for at in instants):
        problems.append(f"{name}: submits are not in ascending order up to now")
    for submit in filed["submits"]:
        school = school_with_code(world, filed["school"])
        problems += [f"{name}: {said}" for said in check_payload(world, school, filed["week"], submit["payload"])]
    return problems


def check_payload(world: dict, school: dict, week: str, payload: dict) -> list[str]:
    """Problems of one submitted payload of `school` for the ISO week `week` (such as 2026-W45)."""
    if sorted(payload) != KEYS:
        return [f"keys are {sorted(payload)}"]
    problems = []
    days = days_of_week(monday_of_week_key(week))
    isos = [day.isoformat() for day in days]
    for key in KEYS:
        seen = []
        for row in payload[key]:
            if row in seen:
                problems.append(f"{key}: the same row twice {row}")
            seen.append(row)
            if "day" in row and row["day"] not in isos:
                problems.append(f"{key}: {row['day']} is not in {week}")
    problems += check_items(school, payload)
    for school_class in school["classes"]:
        stage = stage_of_grade(school_class["grade"])
        school_days = [day.isoformat() for day in days if is_school_day(world, school, stage, day)]
        problems += check_class(payload, school_class["code"], school_days)
    for stage in school["stages"]:
        school_days = [day.isoformat() for day in days if is_school_day(world, school, stage, day)]
        problems += check_stage(payload, stage, school_days)
    for key in ("school_day", "after_school", "service_none"):
        if any(row["stage"] not in school["stages"] for row in payload[key]):
            problems.append(f"{key}: a stage that the school does not have")
    return problems


def check_items(school, payload):
    problems = []
    codes = [school_class["code"] for school_class in school["classes"]]
    for item in payload["homework"]:
        if sorted(item) != ITEM_KEYS or item["subject"] not in SUBJECTS or item["class"] not in codes:
            problems.append(f"homework: {item}")
        if type(item["minutes"]) is not int or not 1 <= item["minutes"] <= 300:
            problems.append(f"homework: minutes of {item}")
        if type(item["written"]) is not bool or type(item["optional"]) is not bool or item["alternative"] == "":
            problems.append(f"homework: marks of {item}")
    if any(row["class"] not in codes for row in payload["homework_none"] + payload["class_off"]):
        problems.append("a tick for a class that the school does not have")
    return problems


def check_class(payload, code, school_days):
    """Each school day of the class has exactly one of items, 当日无作业 and 本周无课; no tick on any other day."""
    problems = []
    is_off = {"class": code} in payload["class_off"]
    ticked = [row["day"] for row in payload["homework_none"] if row["class"] == code]
    for day in school_days:
        has_items = any(item["class"] == code and item["day"] == day for item in payload["homework"])
        if [has_items, day in ticked, is_off].count(True) != 1:
            problems.append(f"{code} {day}: items {has_items}, tick {day in ticked}, off {is_off}")
    if any(day not in school_days for day in ticked):
        problems.append(f"{code}: 当日无作业 on a day that is no school day")
    if is_off and not school_days:
        problems.append(f"{code}: 本周无课 in a week without a school day")
    return problems


def check_stage(payload, stage, school_days):
    """A first lesson on each school day, and either service minutes or 当日无课后服务; none on any other day."""
    problems = []
    lessons = sorted(row["day"] for row in payload["school_day"] if row["stage"] == stage)
    service = [row["day"] for row in payload["after_school"] + payload["service_none"] if row["stage"] == stage]
    if lessons != school_days:
        problems.append(f"{stage}: first lessons on {lessons}, school days {school_days}")
    if sorted(service) != school_days:
        problems.append(f"{stage}: service on {sorted(service)}, school days {school_days}")
    for row in payload["after_school"]:
        if type(row["minutes"]) is not int or not 1 <= row["minutes"] <= 300:
            problems.append(f"after_school: minutes of {row}")
    for row in payload["school_day"]:
        try:
            date.fromisoformat(row["day"])
            time.fromisoformat(row["first_lesson"])
        except ValueError:
            problems.append(f"school_day: {row}")
    return problems
