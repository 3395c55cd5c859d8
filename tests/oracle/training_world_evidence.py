"""Generated evidence of a small world: complaints, observations, lists, and the word lists. See training_worlds.py."""

from datetime import date, timedelta

from tests.oracle.training_calendar import dated, workdays_after

KINDS = ["privacy", "advertising", "content", "foreign_course", "enrolment_link", "operating", "operating"]
KINDS += ["safety", "epidemic", "unlawful_content", "price", "contract", "competition"]
TOPICS = ["refund", "refund", "refund", "prepayment", "closed_down", "advertising", "other"]


def make_words(rng, day):
    """The subject and pre-school lists; some words came into force, or went out of it, about today."""
    rows = [("subject", word, False, False) for word in ("数学", "英语", "思维", "国学", "作业辅导", "文化课")]
    rows += [("subject", word, False, True) for word in ("研学", "托管")]
    rows += [("subject", word, True, False) for word in ("国学礼仪", "不含文化课")]
    rows += [("preschool", word, False, False) for word in ("学前班", "幼小衔接", "思维训练", "识字")]
    rows += [("preschool", "非学前班", True, False), ("advertisement", "名师", False, False)]
    words = []
    for name_of_list, word, is_exception, in_course_text_only in rows:
        since, until = date(2021, 9, 1), None
        if rng.random() < 0.15:
            since = day + timedelta(days=rng.choice([0, 1]))
        elif rng.random() < 0.15:
            until = day - timedelta(days=rng.choice([0, 1]))
        row = {"list": name_of_list, "word": word, "is_exception": is_exception}
        row |= {"in_course_text_only": in_course_text_only, "valid_from": min(since, day + timedelta(days=1))}
        words.append(row | {"valid_until": None if until is None else max(until, since)})
    return words


def add_evidence(rng, day, institution, world):
    institution["identifications"] = make_identifications(rng, day, institution)
    institution["complaints"] = make_complaints(rng, day, institution)
    institution["observations"] = make_observations(rng, day, institution, world)
    institution["list_entries"] = make_list_entries(rng, day, institution, world)


def make_identifications(rng, day, institution):
    """What experts decided of courses (it stands on the course too), and now and then of the operator."""
    rows = []
    for course in institution["courses"]:
        if course["identified"]:
            decided = day - timedelta(days=rng.choice([0, 1, 60, 300]))
            rows.append({"course": course["number"], "result": course["identified"], "decided_on": decided})
    if rng.random() < 0.25:
        decided = day - timedelta(days=rng.choice([0, 1, 60, -1]))
        rows.append({"course": None, "result": rng.choice(["non_subject", "non_subject", "subject"])})
        rows[-1]["decided_on"] = decided
    return rows


def make_complaints(rng, day, institution):
    """A few, or a cluster that ends about today, before or after which lies a base in the weeks before."""
    days = [day - timedelta(days=rng.randrange(120)) for _ in range(rng.choice([0, 0, 1, 2]))]
    if rng.random() < 0.4:
        end = day - timedelta(days=rng.choice([0, 0, 1, 30]))
        days += [end - timedelta(days=rng.choice([0, 0, 1, 5, 28, 29, 30])) for _ in range(rng.choice([4, 5, 6, 9]))]
        base = rng.choice([0, 0, 2, 3, 4, 5])
        days += [end - timedelta(days=rng.choice([30, 31, 60, 84, 85, 86])) for _ in range(base)]
    complaints = []
    for index, received in enumerate(days):
        state = rng.choice(["clue", "checking", "confirmed", "confirmed", "closed", "refuted"])
        is_confirmed = {"confirmed": True, "refuted": False}.get(state)
        if state == "closed":
            is_confirmed = rng.choice([True, True, False, None])
        row = {"number": f"TS{institution['code']}{index:02d}", "received_on": received, "topic": rng.choice(TOPICS)}
        row |= {"state": state, "is_confirmed": is_confirmed, "duplicate_of": None}
        if complaints and rng.random() < 0.1:
            row["duplicate_of"] = complaints[0]["number"]
        complaints.append(row)
    return complaints


def make_observations(rng, day, institution, world):
    observations = []
    for index in range(rng.choice([0, 1, 2, 3, 5])):
        state = rng.choice(["confirmed", "confirmed", "confirmed", "confirmed", "clue", "checking", "refuted"])
        occurred = day - timedelta(days=rng.choice([0, 1, 5, 12, 20, 100, 1900]))
        confirmed = None
        if state == "confirmed":
            confirmed = min(day, max(occurred, made_due_about(rng, day, world)))
        row = {"number": f"HC{institution['code']}{index:02d}", "kind": rng.choice(KINDS), "state": state}
        row |= {"occurred_on": occurred, "confirmed_on": confirmed, "severity": rng.choice([None, None, 1, 2, 3, 4])}
        row["due_on"] = day + timedelta(days=rng.choice([-1, 0, 1])) if rng.random() < 0.3 else None
        row["rectified_on"] = day + timedelta(days=rng.choice([-1, 0, 0, 1])) if rng.random() < 0.3 else None
        observations.append(row)
    return observations


def made_due_about(rng, day, world):
    """A day whose clock of 1, 3, 5 or 10 workdays ends today or beside today."""
    known = dated_calendar(world)
    count, target = rng.choice([1, 3, 3, 5, 10]), day + timedelta(days=rng.choice([-1, 0, 1]))
    start = day
    while workdays_after(known, start, count) > target:
        start -= timedelta(days=1)
    return start


def dated_calendar(world):
    return {"calendar": dated(world["calendar"])}


def make_list_entries(rng, day, institution, world):
    """Entries and exits about today, list dates, sessions and charges; no two of a kind at once."""
    days = [day, *(each["on"] for each in world["list_dates"])]
    for course in institution["courses"]:
        days += [each["day"] for each in course["sessions"]]
    days += [order["paid_on"] for order in institution["orders"]]
    entries = []
    for kind in ("black", "white", "warning"):
        if rng.random() < {"black": 0.3, "white": 0.5, "warning": 0.1}[kind]:
            entered = min(day, rng.choice(days) + timedelta(days=rng.choice([-40, -1, 0, 0, 1])))
            left = None
            if rng.random() < 0.5:
                left = max(entered, rng.choice(days) + timedelta(days=rng.choice([0, 0, 1])))
            entries.append({"kind": kind, "entered_on": entered, "left_on": left})
    return entries
