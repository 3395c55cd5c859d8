"""What a generated world must satisfy to be one that the portal accepts (rules.md's ticks, the design's payload).

Each check returns sentences that name what is wrong; an empty list means valid.
"""

from datetime import date, datetime, time, timedelta

from tests.oracle.oracle import (
    days_of_week,
    is_school_day,
    monday_of_week_key,
    stage_of_grade,
    stated,
)

KEYS = ["after_school", "class_off", "homework", "homework_none", "school_day", "service_none"]
ITEM_KEYS = ["alternative", "class", "day", "minutes", "optional", "subject", "written"]
LATER_ITEM_KEYS = ["kind", "done_at_school", "marked_by", "asks_parents", "published_on", "publication"]
KINDS = ["basic", "layered", "flexible", "personalised"]
MARKERS = ["teacher", "self", "peer", "parent"]
PUPILS = ["wanting", "served", "late_wanted", "late_places"]
LATER_SERVICE_KEYS = [*PUPILS, "content", "flexible_leaving", "evening_study_minutes"]
CONTENT = ["homework", "tutoring", "science", "sports", "arts", "labour", "reading", "clubs", "new_lesson"]
CONTENT += ["collective_tuition", "morning_care", "noon_break", "evening_study", "other"]
SUBJECTS = ["语文", "数学", "英语", "道德与法治", "科学", "物理", "化学", "历史", "地理", "生物"]
STATES = ["submitted", "returned", "approved", "accepted", "locked", "withdrawn", "draft"]


def check_world(world: dict) -> list[str]:
    """Problems of the whole world: its calendar, its schools, and each submitted payload."""
    problems = []
    scopes = [(row["date"], row["level"], row["unit"], row["stage"]) for row in world["calendar_days"]]
    if len(scopes) != len(set(scopes)):
        problems.append("two calendar entries of one day and scope")
    if any(row.get("added_later") and row["kind"] != "closed" for row in world["calendar_days"]):
        problems.append("a day that is opened after the returns were filed: they are not complete any more")
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


def school_with_code(world, code):
    for school in world["schools"]:
        if school["code"] == code:
            return school
    raise LookupError(f"The world has a return of school {code}, but no such school.")


def check_return(world: dict, filed: dict) -> list[str]:
    name = f"{filed['school']} {filed['week']}"
    problems = []
    if filed["state"] not in STATES or (filed["state"] == "draft") != (not filed["submits"]):
        problems.append(f"{name}: state {filed['state']} with {len(filed['submits'])} submits")
    instants = [datetime.fromisoformat(submit["at"]) for submit in filed["submits"]]
    if instants != sorted(set(instants)) or any(at > datetime.fromisoformat(world["now"]) for at in instants):
        problems.append(f"{name}: submits are not in ascending order up to now")
    school = school_with_code(world, filed["school"])
    for submit in filed["submits"]:
        problems += [f"{name}: {said}" for said in check_payload(world, school, filed["week"], submit["payload"])]
    if any(has_undecided_term(world, school, stage, monday_of_week_key(filed["week"])) for stage in school["stages"]):
        problems.append(f"{name}: two terms share a week without a school day; nobody says whose it is")
    return problems


def has_undecided_term(world, school, stage, monday):
    days = days_of_week(monday)
    terms = [term for term in world["terms"] if term["stage"] == stage]
    met = [term for term in terms if any(term["starts_on"] <= str(day) <= term["ends_on"] for day in days)]
    return len(met) > 1 and not any(is_school_day(world, school, stage, day) for day in days)


def check_payload(world: dict, school: dict, week: str, payload: dict) -> list[str]:
    """Problems of one submitted payload of `school` for the ISO week `week` (such as 2026-W45)."""
    world = world | {"calendar_days": [row for row in world["calendar_days"] if not row.get("added_later")]}
    if sorted(payload) != KEYS:
        return [f"keys are {sorted(payload)}"]
    days = days_of_week(monday_of_week_key(week))
    problems = check_rows(payload, [day.isoformat() for day in days])
    problems += check_items(school, payload)
    for item in payload["homework"]:
        problems += check_marks(item, days[6])
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


def check_rows(payload, isos):
    """No row twice (null and missing are the same), and every day within the week."""
    problems = []
    for key in KEYS:
        seen = []
        for row in payload[key]:
            row = {name: value for name, value in row.items() if value is not None}
            if row in seen:
                problems.append(f"{key}: the same row twice {row}")
            seen.append(row)
            if "day" in row and row["day"] not in isos:
                problems.append(f"{key}: {row['day']} is not in the week")
    return problems


def check_items(school, payload):
    problems = []
    codes = [school_class["code"] for school_class in school["classes"]]
    for item in payload["homework"]:
        if (
            sorted(set(item) - set(LATER_ITEM_KEYS)) != ITEM_KEYS
            or item["subject"] not in SUBJECTS
            or item["class"] not in codes
        ):
            problems.append(f"homework: {item}")
        if type(item["minutes"]) is not int or not 1 <= item["minutes"] <= 300:
            problems.append(f"homework: minutes of {item}")
        if type(item["written"]) is not bool or type(item["optional"]) is not bool or item["alternative"] == "":
            problems.append(f"homework: marks of {item}")
    if any(row["class"] not in codes for row in payload["homework_none"] + payload["class_off"]):
        problems.append("a tick for a class that the school does not have")
    return problems


def check_marks(item, sunday):
    """Later keys of an item: closed lists, shares of at most four decimals, and a link only with its date."""
    problems = []
    share, published_on = item.get("done_at_school"), item.get("published_on")
    if item.get("kind") not in [None, *KINDS] or item.get("marked_by") not in [None, *MARKERS]:
        problems.append(f"homework: kind or marker of {item}")
    if share is not None and (type(share) not in (int, float) or not 0 <= share <= 1 or round(share, 4) != share):
        problems.append(f"homework: share of {item}")
    if stated(item, "asks_parents") and type(item["asks_parents"]) is not bool:
        problems.append(f"homework: asks_parents of {item}")
    if published_on is not None and not "2021-09-01" <= published_on <= str(sunday + timedelta(days=28)):
        problems.append(f"homework: date of publication of {item}")
    if stated(item, "publication") and (published_on is None or not 1 <= len(item["publication"]) <= 200):
        problems.append(f"homework: publication of {item}")
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
        problems += check_service(row)
    for row in payload["service_none"]:
        if set(row) - {"stage", "day", "wanting", "late_wanted"} or not are_pupils(row):
            problems.append(f"service_none: {row}")
    for row in payload["school_day"]:
        try:
            date.fromisoformat(row["day"])
            first_lesson = time.fromisoformat(row["first_lesson"])
            arrival = time.fromisoformat(row["arrival"]) if stated(row, "arrival") else first_lesson
        except ValueError:
            problems.append(f"school_day: {row}")
            continue
        if set(row) - {"stage", "day", "first_lesson", "arrival"} or not time(5) <= arrival <= first_lesson <= time(12):
            problems.append(f"school_day: arrival of {row}")
    return problems


def check_service(row):
    """Minutes, pairs of pupils (both or neither), distinct contents, and evening study of junior stages only."""
    problems = []
    if type(row["minutes"]) is not int or not 1 <= row["minutes"] <= 300:
        problems.append(f"after_school: minutes of {row}")
    if set(row) - {"stage", "day", "minutes", *LATER_SERVICE_KEYS} or not are_pupils(row):
        problems.append(f"after_school: keys or pupils of {row}")
    for one, other in (("wanting", "served"), ("late_wanted", "late_places")):
        if stated(row, one) != stated(row, other):
            problems.append(f"after_school: {one} without {other} or the other way round: {row}")
    if stated(row, "content"):
        content = row["content"]
        if not content or len(content) != len(set(content)) or not set(content) <= set(CONTENT):
            problems.append(f"after_school: content of {row}")
    if stated(row, "flexible_leaving") and type(row["flexible_leaving"]) is not bool:
        problems.append(f"after_school: flexible_leaving of {row}")
    if stated(row, "evening_study_minutes"):
        minutes = row["evening_study_minutes"]
        if row["stage"] != "junior" or type(minutes) is not int or not 0 <= minutes <= 240:
            problems.append(f"after_school: evening study of {row}")
    return problems


def are_pupils(row):
    """Whether each stated number of pupils is a whole number from 0 to 9999."""
    numbers = [row[key] for key in PUPILS if stated(row, key)]
    return all(type(number) is int and 0 <= number <= 9999 for number in numbers)
