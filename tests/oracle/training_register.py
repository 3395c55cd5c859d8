"""Clauses 2.4.1, 2.4.2.4, 2.2.6 and 2.4.3: licences, registration, premises, people, lists, scope and disguise.

Part of the independent judge, see training_oracle.py. Each function yields `(rule, about, on, observed, limit)`.
"""

from datetime import date

from tests.oracle.training_calendar import (
    START,
    category_on,
    gap_begins,
    holds,
    in_force,
    is_in_force,
    is_licensed,
    is_open,
    months_later,
    profile_on,
    the_day_after,
    the_day_before,
)

FREEZE = date(2021, 7, 24)
NON_PROFIT_FROM = date(2022, 1, 1)
COMPULSORY = ("primary", "junior", "compulsory")
SUBJECT_STAGES_FROZEN = ("primary", "junior", "compulsory", "senior")
COMPETENT = {"sports": "WL", "arts": "WL", "science": "KG", "practice": "JY"}
CHECK_MONTHS = 12
ANNUAL_CHECK_BY = (7, 1)


def judge(world, institution, day):
    """All rules about the state of the register; they judge institutions that are open on that day."""
    if not is_open(institution, day):
        return
    yield from judge_new_licences(institution, day)
    yield from judge_nonprofit(institution, day)
    yield from judge_permit(institution, day)
    yield from judge_safety(institution, day)
    yield from judge_annual_check(institution, day)
    yield from judge_staff(world, institution, day)
    yield from judge_operating(institution, day)
    for course in institution["courses"]:
        if is_on_offer(course, day):
            yield from judge_scope(institution, course, day)
            yield from judge_course_words(world, institution, course, day)
            yield from judge_preschool(world, institution, course, day)
            if course.get("is_full_time") and course["stage"] in COMPULSORY:
                yield "TO-29", about(course), begins(institution, offered_on(course)), 1, 0
    yield from judge_name(world, institution, day)


def begins(institution, *days):
    """A finding about a state begins at the latest of its own days, 2021-09-01 and the institution's opening."""
    return max(each for each in (*days, START, institution.get("opened_on")) if each is not None)


# 2.4.1


def judge_new_licences(institution, day):
    """TO-01: the first licence for a frozen field came after the freeze and is in force. A subject licence that names
    no stages is for frozen ones whatever they are; only one that names pre-school children is for them."""
    for_subjects = [each for each in institution["licences"] if holds_frozen_subject(each)]
    for_preschool = [each for each in institution["licences"] if "preschool" in each["stages"]]
    firsts = []
    for licences in (for_subjects, for_preschool):
        if licences:
            first = min(licences, key=lambda licence: licence["issued_on"])
            if first not in firsts:
                firsts.append(first)
    for first in firsts:
        if first["issued_on"] >= FREEZE and is_in_force(first, day):
            yield "TO-01", "licence:" + first["number"], begins(institution, first["issued_on"]), 1, 0


def holds_frozen_subject(licence):
    if "subject" not in licence["categories"]:
        return False
    return not licence["stages"] or any(stage in SUBJECT_STAGES_FROZEN for stage in licence["stages"])


def judge_nonprofit(institution, day):
    """TO-03: a subject institution registered for profit, or not registered as non-profit, after the deadline."""
    if day < NON_PROFIT_FROM or category_on(institution, day) != "subject":
        return
    profile = profile_on(institution, day)
    for_profit = [each for each in institution["registrations"] if not each["is_nonprofit"]]
    non_profit = [each for each in institution["registrations"] if each["is_nonprofit"]]
    wrong_now = in_force(for_profit, day)
    if wrong_now:
        since = min(each["issued_on"] for each in wrong_now)
    elif not in_force(non_profit, day):
        since = gap_begins(non_profit, day)
    else:
        return
    yield "TO-03", "self", begins(institution, NON_PROFIT_FROM, profile["valid_from"], since), 1, 0


def judge_permit(institution, day):
    """TO-04: a non-subject institution without the permit of the department that is competent for its category."""
    category = category_on(institution, day)
    if institution["kind"] != "training_org" or category is None or category == "subject":
        return
    fitting = []
    for licence in institution["licences"]:
        if licence["department"] == COMPETENT[category] and category in licence["categories"]:
            fitting.append(licence)
    if not in_force(fitting, day):
        since = begins(institution, profile_on(institution, day)["valid_from"], gap_begins(fitting, day))
        yield "TO-04", "self", since, 1, 0


def judge_bodies(world, day):
    """TO-02 and TO-34, which point at the town or the bureau: `(code of the body, rule, about, on, ...)`."""
    for scope, body in [(None, world["bureau"]), *world["town_bodies"].items()]:
        for month in months_over(day):
            observed, limit = licences_at_end_of(world, scope, month), lawful_number(world, scope, month)
            if observed > limit:
                yield body, "TO-02", "self", month, observed, limit
    for institution in world["institutions"]:
        for listed in judge_unlisted(world, institution, day):
            yield world["bureau"], *listed


def months_over(day):
    month = START
    while months_later(month, 1) <= day:
        yield month
        month = months_later(month, 1)


def licences_at_end_of(world, town, month):
    """Institutions with a subject school-running licence in force on the month's last day; town None: the district."""
    last = the_day_before(months_later(month, 1))
    count = 0
    for institution in world["institutions"]:
        if town is None or institution["town"] == town:
            valid = in_force(institution["licences"], last)
            if any(each["kind"] == "school_running" and "subject" in each["categories"] for each in valid):
                count += 1
    return count


def lawful_number(world, town, month):
    bounds = [licences_at_end_of(world, town, months_later(month, -1))]
    bounds += [each["licences"] for each in world["baselines"] if each["town"] == town]
    return min(bounds)


# 2.4.2.4 and 2.2.6


def judge_safety(institution, day):
    """TO-20: for premises and for fire the latest check must be there, passed, and at most twelve months old."""
    profile = profile_on(institution, day)
    if not is_licensed(institution, day) or (profile is not None and profile.get("is_online_only")):
        return
    legs = []
    for kind in ("premises", "fire"):
        checks = [each for each in institution["safety_checks"] if each["kind"] == kind and each["checked_on"] <= day]
        latest = max(checks, key=lambda check: check["checked_on"], default=None)
        if latest is None:
            legs.append(min(each["issued_on"] for each in in_force(institution["licences"], day)))
        elif not latest["is_passed"]:
            legs.append(latest["checked_on"])
        elif day > months_later(latest["checked_on"], CHECK_MONTHS):
            legs.append(the_day_after(months_later(latest["checked_on"], CHECK_MONTHS)))
    if legs:
        yield "TO-20", "self", begins(institution, min(legs)), 1, 0


def judge_annual_check(institution, day):
    """TO-23: from 1 July on, no passed check of last year, for those licensed on 31 December of it."""
    year, due = day.year - 1, date(day.year, *ANNUAL_CHECK_BY)
    if day < due or not is_licensed(institution, day) or not is_licensed(institution, date(year, 12, 31)):
        return
    checks = [each for each in institution["annual_checks"] if each["year"] == year and each["checked_on"] <= day]
    latest = max(checks, key=lambda check: check["checked_on"], default=None)
    if latest is None or not latest["is_passed"]:
        yield "TO-23", "self", begins(institution, due), 1, 0


def judge_staff(world, institution, day):
    for person in institution["staff"]:
        if holds(person, day, "employed_on", "left_on"):
            yield from judge_qualification(institution, person, day)
            yield from judge_in_service(world, institution, person, day)


def judge_qualification(institution, person, day):
    """TO-21: teaches a subject to pupils of compulsory age and has no valid teacher's qualification of their own."""
    if not is_licensed(institution, day):
        return
    own = []
    for paper in person["qualifications"]:
        if paper["holder_name"] == person["name"] and not paper.get("is_lent"):
            own.append(paper)
    if any(holds(paper, day) for paper in own):
        return
    ended = [the_day_after(paper["valid_until"]) for paper in own if paper["valid_from"] <= day]
    since = []
    for course in institution["courses"]:
        if not is_subject(course) or course["stage"] not in COMPULSORY or not is_running(course, day):
            continue
        for teaching in course["teachers"]:
            if teaching["staff"] == person["number"] and holds(teaching, day):
                since.append(max([teaching["valid_from"], course["starts_on"], person["employed_on"], *ended]))
    if since:
        yield "TO-21", "staff:" + person["number"], begins(institution, min(since)), 1, 0


def judge_in_service(world, institution, person, day):
    """TO-22: employed here and in public service on the same day; a retired teacher does not match."""
    for teacher in world["in_service"]:
        is_same = person.get("identity_hash") and person["identity_hash"] == teacher["identity_hash"]
        if is_same and holds(teacher, day):
            since = begins(institution, person["employed_on"], teacher.get("valid_from"))
            yield "TO-22", "staff:" + person["number"], since, 1, 0


def judge_unlisted(world, institution, day):
    """TO-34: licensed on the latest list date, still open, and on no list on any day since."""
    dates = [each["on"] for each in world["list_dates"] if each["on"] <= day]
    if not dates or not is_open(institution, day) or not is_licensed(institution, max(dates)):
        return
    list_date = max(dates)
    for entry in institution["list_entries"]:
        first_day = max(entry["entered_on"], list_date)
        if first_day <= day and (entry.get("left_on") is None or entry["left_on"] > first_day):
            return
    yield "TO-34", "org:" + institution["code"], begins(institution, list_date), 1, 0


# 2.4.3


def operating_days(institution, day):
    """Days up to this one on which the institution operated: sessions, charges, upheld observations of operating."""
    days = []
    for course in institution["courses"]:
        days += [each["day"] for each in course["sessions"] if not each.get("is_cancelled")]
    days += [order["paid_on"] for order in institution["orders"] if order.get("cancelled_on") is None]
    for seen in institution["observations"]:
        if seen["kind"] == "operating" and seen["state"] == "confirmed":
            days.append(seen["occurred_on"])
    return [each for each in days if each <= day]


def judge_operating(institution, day):
    """TO-25: without registration; a subject institution without school-running licence; registered before licensed."""
    legs = []
    days = operating_days(institution, day)
    if not in_force(institution["registrations"], day):
        legs += first_since(days, gap_begins(institution["registrations"], day))
    schooling = [each for each in institution["licences"] if each["kind"] == "school_running"]
    if category_on(institution, day) == "subject" and not in_force(schooling, day):
        legs += first_since(days, gap_begins(schooling, day))
    first_licence = min([each["issued_on"] for each in institution["licences"]], default=None)
    for registration in in_force(institution["registrations"], day):
        scope_on = registration.get("training_scope_on")
        if scope_on is not None and scope_on > START and (first_licence is None or scope_on < first_licence):
            legs.append(scope_on)
    if legs:
        yield "TO-25", "self", begins(institution, min(legs)), 1, 0


def first_since(days, gap):
    after = [each for each in days if gap is None or each >= gap]
    return [min(after)] if after else []


def about(course):
    return "course:" + course["number"]


def is_subject(course):
    """What experts have identified, else what was filed."""
    return course.get("identified") == "subject" or (course["category"] == "subject" and not is_freed(course))


def is_freed(course):
    return course.get("identified") == "non_subject"


def offered_on(course):
    return course["starts_on"] if course.get("published_on") is None else course["published_on"]


def is_on_offer(course, day):
    return offered_on(course) <= day and (course.get("ends_on") is None or course["ends_on"] >= day)


def is_running(course, day):
    return holds(course, day, "starts_on", "ends_on")


def judge_scope(institution, course, day):
    """TO-26: no licence in force holds the course's category and its stage, both in one."""
    valid = in_force(institution["licences"], day)
    if valid and not any(holds_category(each, course) and holds_stage(each, course) for each in valid):
        since = begins(institution, offered_on(course), min(each["issued_on"] for each in valid))
        yield "TO-26", about(course), since, 1, 0


def holds_category(licence, course):
    if is_subject(course):
        return "subject" in licence["categories"]
    if course["category"] == "subject":
        return True
    return course["category"] in licence["categories"]


def holds_stage(licence, course):
    if not licence["stages"]:
        return True
    if course["stage"] == "compulsory":
        return any(stage in COMPULSORY for stage in licence["stages"])
    return course["stage"] in licence["stages"]


def matches(world, name_of_list, text, day, *, is_name):
    """Whether a word of the list stands in the text when the exceptions beside it are cut out."""
    words = [each for each in world["words"] if each["list"] == name_of_list and holds(each, day)]
    exceptions = [each["word"] for each in words if each.get("is_exception")]
    for exception in sorted(exceptions, key=len, reverse=True):
        text = text.replace(exception, "\n")
    for word in words:
        if word.get("is_exception") or (is_name and word.get("in_course_text_only")):
            continue
        if word["word"] in text:
            return True
    return False


def course_text(course):
    return course["title"] + "\n" + course.get("text", "")


def judge_name(world, institution, day):
    """TO-27, the name of a non-subject operator: of the institution, as registered, on the sign."""
    if category_on(institution, day) == "subject":
        return
    for said in institution["identifications"]:
        if said.get("course") is None and said["result"] == "non_subject" and said["decided_on"] <= day:
            return
    profile = profile_on(institution, day) or {}
    names = [institution["name"], profile.get("registered_name", ""), profile.get("sign_name", "")]
    if any(matches(world, "subject", name, day, is_name=True) for name in names):
        yield "TO-27", "self", begins(institution, profile.get("valid_from")), 1, 0


def judge_course_words(world, institution, course, day):
    """TO-27, the text of a course that a non-subject operator files as non-subject."""
    if category_on(institution, day) == "subject" or course["category"] == "subject" or is_freed(course):
        return
    if matches(world, "subject", course_text(course), day, is_name=False):
        yield "TO-27", about(course), begins(institution, offered_on(course)), 1, 0


def judge_preschool(world, institution, course, day):
    """TO-28: pre-school children: online anything, offline what is subject or reads like it."""
    if course["stage"] != "preschool" or is_freed(course):
        return
    reads_like_it = matches(world, "preschool", course_text(course), day, is_name=False)
    if course["mode"] == "online" or is_subject(course) or reads_like_it:
        yield "TO-28", about(course), begins(institution, offered_on(course)), 1, 0
