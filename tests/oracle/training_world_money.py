"""Generated courses, sessions, orders, refunds and ledgers of a small world. See training_worlds.py.

Orders respect what the database refuses: consumed and refunded never exceed what was paid, the custody account's
balance never falls below zero.
"""

from datetime import date, timedelta
from decimal import Decimal

from tests.oracle import training_money
from tests.oracle.training_calendar import dated, last_lawful_day, months_later, the_day_after, workdays_after
from tests.oracle.training_register import COMPULSORY, is_subject

TITLES = {
    "subject": ["小学数学", "初中英语", "语文阅读", "物理实验", "文化课辅导"],
    "sports": ["篮球基础", "少儿体适能", "数学篮球"],
    "arts": ["少儿绘画", "国学礼仪", "国学诵读", "英语戏剧"],
    "science": ["编程入门", "思维编程", "机器人"],
    "practice": ["研学营", "课后托管", "手工", "作业辅导班", "幼小衔接营"],
}
TEXTS = ["", "", "零基础可报名", "含作业辅导", "研学途中不含文化课", "思维训练与识字", "非学前班", "托管期间看护"]
SUBJECTS = ["数学", "英语", "绘画"]
CONTRACTS = ["HT-9", "HT-10", "ht-2", "HT_1", "HT1", "合同3", "合同12", "A-7", "a-7", "Z8"]
MINUTES = [1140, 1140, 1170, 1200, 1229, 1230, 1230, 1231, 1260, 1261]
NOTABLE_SESSIONS = ["2026-10-01", "2026-10-04", "2026-10-07", "2026-10-08", "2026-10-10", "2026-10-11", "2026-09-20"]
NOTABLE_SESSIONS += ["2026-09-25", "2026-02-14", "2026-02-28", "2026-03-01", "2026-03-02", "2026-07-10", "2026-07-11"]
NOTABLE_SESSIONS += ["2026-08-31", "2026-09-01", "2027-01-31", "2027-02-20", "2021-08-31", "2021-09-01", "2022-12-28"]
NOTABLE_SESSIONS += ["2022-12-29", "2026-01-04", "2026-05-09"]
# Starts from which three months end at a month's end, or do not.
STARTS = [
    "2025-11-30",
    "2025-11-29",
    "2025-11-28",
    "2026-01-31",
    "2026-08-31",
    "2026-09-01",
    "2027-11-29",
    "2027-11-30",
]
STARTS += [
    "2026-12-31",
    "2026-03-31",
    "2024-11-30",
    "2023-11-30",
    "2023-11-29",
    "2021-08-31",
    "2022-12-28",
    "2022-12-29",
]


def chosen(rng, chance=0.15):
    return rng.random() < chance


# Courses


def add_courses(rng, day, institution):
    category = institution["profiles"][-1]["category"]
    institution["courses"] = []
    for number in range(rng.randint(1, 4)):
        filed = rng.choice([category, category, "subject", *TITLES])
        starts = day + timedelta(days=rng.choice([-300, -120, -60, -60, -20, -1, 0, 1]))
        ends = rng.choice([None, None, day, day - timedelta(days=1), day + timedelta(days=60)])
        published = rng.choice([None, starts, starts - timedelta(days=9), day, day + timedelta(days=1)])
        course = {"number": f"C-{number + 1:02d}", "title": rng.choice(TITLES[filed]), "text": rng.choice(TEXTS)}
        course |= {"category": filed, "subject": rng.choice(SUBJECTS), "identified": make_identified(rng)}
        course |= {"stage": rng.choice(["primary", "primary", "junior", "compulsory", "senior", "preschool"])}
        course |= {
            "mode": rng.choice(["offline", "offline", "online"]),
            "class_size": rng.choice([None, 1, 10, 11, 30]),
        }
        course |= {"lesson_minutes": rng.choice([30, 40, 45, 60, 90]), "is_full_time": chosen(rng)}
        course |= {"starts_on": starts, "ends_on": None if ends is None else max(ends, starts)}
        course |= {"published_on": published, "teachers": []}
        course["sessions"] = make_sessions(rng, day)
        institution["courses"].append(course)


def make_identified(rng):
    return rng.choice(["", "", "", "", "subject", "non_subject"])


def make_sessions(rng, day):
    """Few days: notable ones, and days about today and ahead; some days hold two sessions, some are cancelled."""
    days = {date.fromisoformat(each) for each in rng.sample(NOTABLE_SESSIONS, rng.randint(0, 4))}
    offsets = [-90, -60, -31, -9, -7, -1, 0, 0, 1, 1, 6, 29, 30, 31, 60]
    days |= {day + timedelta(days=each) for each in rng.sample(offsets, rng.randint(0, 5))}
    sessions = []
    for each in sorted(days):
        for starts_at in rng.choice([[1080], [1080], [1080], [600, 1080]]):
            ends_at = rng.choice(MINUTES) if starts_at == 1080 else rng.choice([660, 660, 1231])
            session = {"day": each, "starts_at": starts_at, "ends_at": ends_at, "is_cancelled": chosen(rng, 0.12)}
            sessions.append(session)
    return sessions


# Orders


def add_money(rng, day, institution, world):
    institution["orders"] = []
    contracts = rng.sample(CONTRACTS, rng.randint(1, 6))
    for contract in contracts:
        institution["orders"].append(make_order(rng, day, institution, world, contract))
    if len(contracts) > 1 and chosen(rng, 0.7):
        split_charge(rng, day, institution["orders"][0], institution["orders"][1])
    if len(contracts) > 3 and chosen(rng, 0.4):
        split_charge(rng, day, institution["orders"][0], institution["orders"][3])
    for order in institution["orders"]:
        take_hours(rng, day, order)
        add_refunds(rng, day, order, world)
    for order in institution["orders"]:
        for line in order["lines"]:
            order["amount"] += Decimal(line["amount"])
        order["amount"] = str(order["amount"])
    institution["ledger"] = make_ledger(rng, day, institution)
    institution["reserves"] = make_reserves(rng, day, institution)


def make_order(rng, day, institution, world, contract):
    lines = []
    order = {"contract_no": contract, "pupil": rng.choice(["P1", "P1", "P2"]), "lines": lines, "refunds": []}
    for position in range(1, rng.choice([1, 1, 1, 2, 3]) + 1):
        course = rng.choice(institution["courses"])
        line = {"position": position, "course": course["number"], "subject": rng.choice([course["subject"], "数学"])}
        line |= {"hours": rng.choice(["60", "60", "61", "60.5", "30", "31", "20", "20", "40", "12", "0"])}
        line |= {"gift_hours": rng.choice(["0", "0", "0", "1", "0.5"]), "lesson_minutes": rng.choice([30, 45, 45, 60])}
        lines.append(line | {"consumptions": []})
    starts = make_start(rng, day)
    order |= {"starts_on": starts, "ends_on": make_end(rng, starts)}
    if chosen(rng, 0.75):
        plan_session(rng, institution, order)
    order["paid_on"] = make_payment_day(rng, day, institution, order)
    order |= {"channel": rng.choice(["custody", "custody", "direct"]), "is_loan": chosen(rng, 0.07)}
    order["cancelled_on"] = order["paid_on"] + timedelta(days=rng.choice([0, 3])) if chosen(rng, 0.08) else None
    if order["cancelled_on"] is not None:
        order["cancelled_on"] = min(order["cancelled_on"], day)
    for line in lines:
        line["amount"] = str(make_amount(rng, institution, world, order, line))
    order["amount"] = Decimal(rng.choice(["0", "0", "0", "20.00"]))
    return order


def plan_session(rng, institution, order):
    """A lawful session on about the first day of the span, so that what is paid for is also taught."""
    course = next(each for each in institution["courses"] if each["number"] == order["lines"][0]["course"])
    on = order["starts_on"] + timedelta(days=rng.choice([0, 0, 1, 6]))
    if all(each["day"] != on for each in course["sessions"]):
        course["sessions"].append({"day": on, "starts_at": 1080, "ends_at": 1170, "is_cancelled": False})


def make_start(rng, day):
    if chosen(rng, 0.3):
        notable = [date.fromisoformat(each) for each in STARTS]
        near = [each for each in notable if abs((each - day).days) < 400] or notable[:1]
        return rng.choice(near)
    return day + timedelta(days=rng.choice([-150, -90, -60, -30, -7, 0, 1, 14, 30, 31]))


def make_end(rng, starts):
    """None, or about the end of three months, or of a shorter span."""
    if chosen(rng, 0.25):
        return None
    bound = last_lawful_day(starts, 3)
    corresponding = months_later(starts, 3)
    return rng.choice([bound, bound, the_day_after(bound), corresponding, starts + timedelta(days=45), starts])


def make_payment_day(rng, day, institution, order):
    """About a month before the first session paid for, or some day; never after today."""
    courses = {each["number"]: each for each in institution["courses"]}
    sessions = training_money.sessions_paid_for(courses, order)
    first = min([each for _, each in sessions], default=order["starts_on"])
    bound = months_later(first, -1)
    near = [bound, bound - timedelta(days=1), bound + timedelta(days=1), order["starts_on"], first]
    far = [day, day - timedelta(days=1), day - timedelta(days=30), day - timedelta(days=45)]
    early = [date(2021, 8, 31), date(2021, 9, 1), date(2022, 12, 28), date(2022, 12, 29)]
    return min(day, rng.choice(near * 3 + far * 2 + early * int(chosen(rng, 0.2))))


def make_amount(rng, institution, world, order, line):
    """Just at a bound: the guide price and its float, or five thousand yuan; or some amount."""
    course = next(each for each in institution["courses"] if each["number"] == line["course"])
    hours = Decimal(line["hours"]) + Decimal(line["gift_hours"])
    guide = training_money.guide_price({"guide_prices": world["guide_prices"]}, course, order["paid_on"])
    if is_subject(course) and course["stage"] in COMPULSORY and guide is not None and not chosen(rng, 0.3):
        standard = hours * line["lesson_minutes"] / training_money.STANDARD_MINUTES[course["mode"]]
        price = Decimal(guide.numerator) / Decimal(guide.denominator)
        exact = (price * Decimal("1.1") * standard).quantize(Decimal("0.01"))
        return max(Decimal(0), exact + rng.choice([0, 0, Decimal("0.01"), Decimal("-0.01"), 100]))
    parts = [Decimal(each) for each in ("5000", "5000", "5000.01", "2500", "2500.01", "1200", "4999.99")]
    return rng.choice(parts)


def split_charge(rng, day, first, second):
    """Make the second order one more of the first one's pupil: on its day, or about the thirty days after it."""
    second["pupil"] = first["pupil"]
    gap = rng.choice([0, 0, 1, 30, 30, 31])
    first["paid_on"] = min(first["paid_on"], day - timedelta(days=gap))
    second["paid_on"] = first["paid_on"] + timedelta(days=gap)
    for order in (first, second):
        if order["cancelled_on"] is not None:
            order["cancelled_on"] = max(order["cancelled_on"], order["paid_on"])
    second["lines"][0]["subject"] = first["lines"][0]["subject"]
    hours = rng.choice([("30", "30"), ("30", "30.5"), ("60", "1"), ("40", "21"), ("40", "20"), ("50", "50")])
    for order, each in zip((first, second), hours, strict=True):
        order["lines"][0] |= {"hours": each, "gift_hours": "0"}
    if chosen(rng, 0.5) and first["ends_on"] is not None:
        for order in (first, second):
            order["lines"][0]["hours"] = "10"
        second["starts_on"] = the_day_after(first["ends_on"])
        bound = last_lawful_day(first["starts_on"], 3)
        second["ends_on"] = rng.choice([second["starts_on"], bound, the_day_after(bound)])
        second["ends_on"] = max(second["ends_on"], second["starts_on"])


def take_hours(rng, day, order):
    """Some hours are taken, between the payment and today, for a part of the money."""
    for line in order["lines"]:
        left = Decimal(line["amount"])
        if chosen(rng, 0.5):
            continue
        lasts = max(0, (day - order["paid_on"]).days)
        offsets = {0, 1, 30, lasts} if chosen(rng, 0.5) else {rng.randint(0, lasts)}
        for offset in sorted(each for each in offsets if each <= lasts):
            amount = min(left, rng.choice([Decimal("100"), Decimal("250.50"), Decimal("600")]))
            row = {"day": order["paid_on"] + timedelta(days=offset), "hours": rng.choice(["1", "1", "2", "10.5", "29"])}
            line["consumptions"].append(row | {"amount": str(amount)})
            left -= amount


def money_left(order):
    left = order["amount"]
    for line in order["lines"]:
        left += Decimal(line["amount"]) - sum(Decimal(each["amount"]) for each in line["consumptions"])
    return left


# Refunds


def add_refunds(rng, day, order, world):
    left = money_left(order)
    known = {"calendar": dated(world["calendar"])}
    for index in range(rng.choice([0, 0, 1, 1, 2])):
        requested = max(min(order["paid_on"], day), make_request_day(rng, day, known))
        answer_by = workdays_after(known, requested, 5)
        refund = {"number": f"TK-{order['contract_no']}-{index}", "requested_on": requested, "reason": ""}
        refund |= {"answered_on": None, "answer": "", "paid_on": None, "paid_amount": None, "withdrawn_on": None}
        answered = rng.choice([answer_by, answer_by, the_day_after(answer_by), requested, requested])
        if chosen(rng, 0.6) and answered <= day:
            refund |= {"answered_on": answered, "answer": rng.choice(["approved", "approved", "refused"])}
            refund["reason"] = rng.choice(["", "课程已完成"]) if refund["answer"] == "refused" else ""
        if chosen(rng, 0.25):
            amount = min(left, rng.choice([left, left, Decimal("50")]))
            if amount > 0:
                paid = min(day, requested + timedelta(days=rng.choice([0, 1, 20])))
                refund |= {"paid_on": paid, "paid_amount": str(amount)}
                left -= amount
        if chosen(rng, 0.1):
            refund["withdrawn_on"] = min(day, the_day_after(requested))
        order["refunds"].append(refund | {"amount": "50.00"})


def make_request_day(rng, day, known):
    """A day whose clock (5, or 15 after 5 workdays) ends today or beside today."""
    counts, target = rng.choice([(5,), (15,), (5, 15)]), day + timedelta(days=rng.choice([-1, -1, 0, 1]))
    start = day
    for count in counts:
        while workdays_after(known, start, count) > target:
            start -= timedelta(days=1)
        target = start
    return start - timedelta(days=rng.choice([0, 0, 0, 1, 2]))


# Custody


def make_ledger(rng, day, institution):
    """What the custody account would show, and in every third world one movement is missing, late or of a wrong sum."""
    entries = []
    for order in institution["orders"]:
        if order["channel"] == "custody" and order["cancelled_on"] is None:
            entries.append((order["paid_on"], "payment", Decimal(order["amount"])))
            for line in order["lines"]:
                entries += [(each["day"], "release", Decimal(each["amount"])) for each in line["consumptions"]]
            for each in order["refunds"]:
                if each["paid_on"] is not None:
                    entries.append((each["paid_on"], "refund", Decimal(each["paid_amount"])))
    if entries and chosen(rng, 0.35):
        index = rng.randrange(len(entries))
        on, kind, amount = entries.pop(index)
        change = rng.choice(["missing", "late", "sum"])
        if change == "late":
            entries.append((min(day, the_day_after(on)), kind, amount))
        elif change == "sum":
            entries.append((on, kind, max(Decimal("0.01"), amount + rng.choice([Decimal("0.01"), Decimal("-0.01")]))))
    entries = [each for each in entries if each[2] > 0]
    entries.sort(key=lambda entry: (entry[0], entry[1] != "payment"))
    return written_down(entries)


def written_down(entries):
    """With sequence and balance; what the account cannot pay is left out, as the bank refuses it."""
    ledger, balance = [], Decimal(0)
    for on, kind, amount in entries:
        after = balance + (amount if kind == "payment" else -amount)
        if after >= 0:
            balance, number = after, len(ledger) + 1
            row = {"reference": f"LS{number:03d}", "day": on, "sequence": number, "kind": kind}
            ledger.append(row | {"amount": str(amount), "balance": str(balance)})
    return ledger


def make_reserves(rng, day, institution):
    """None, or one that is just enough (or a fen too little) for what stands unconsumed on a day of a direct charge."""
    orders = [each for each in dated(institution["orders"]) if each["cancelled_on"] is None]
    direct = [each for each in orders if each["channel"] == "direct"]
    if not direct or chosen(rng, 0.3):
        return []
    on = rng.choice(direct)["paid_on"]
    unconsumed = sum(
        training_money.yuan(each["amount"]) - training_money.consumed(each, on) - training_money.refunded(each, on)
        for each in orders
        if each["paid_on"] <= on
    )
    amount = Decimal(unconsumed.numerator) / Decimal(unconsumed.denominator)
    amount = max(Decimal(0), amount + rng.choice([0, 0, Decimal("-0.01"), Decimal("0.01")])).quantize(Decimal("0.01"))
    until = rng.choice([None, on, on, on - timedelta(days=1)])
    since = min(on - timedelta(days=rng.choice([0, 0, 90])), until or on)
    return [{"amount": str(amount), "valid_from": since, "valid_until": until}]
