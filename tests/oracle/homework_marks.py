"""What generated homework items state of themselves: kind, share done at school, who marks, when published.

Publication lies on the day, the day before and the day after, with and without a link, and is mixed within a day. The
shares of a week meet the bound exactly, or miss it by a ten-thousandth of one item; beside them lie shares that must
not count. `style` is that of tests/oracle/payloads.py.
"""

from datetime import date, timedelta

from tests.oracle.oracle import counting_items

KINDS = ["basic", "layered", "flexible", "personalised"]


def mark_items(rng, grade, items, style, habits):
    """Add the later keys to all items of one class and week; what is not stated is missing or null."""
    mark_kinds(rng, items, style)
    mark_shares(rng, grade, items, "share" in habits)
    mark_markers(rng, items, "marks" in habits)
    for day in sorted({item["day"] for item in items}):
        of_day = [item for item in items if item["day"] == day]
        publish(rng, of_day, date.fromisoformat(day), "publication" in habits)
    for item in items:
        for key in ("kind", "done_at_school", "marked_by", "asks_parents", "published_on", "publication"):
            if item[key] is None and rng.random() < 0.8:
                del item[key]


def mark_kinds(rng, items, style):
    is_basic = style != "wild" or rng.random() < 0.25  # basic items in layers are varied all the same
    for item in items:
        item["kind"] = "basic" if is_basic else rng.choice([None, *KINDS])
    if style == "nearly" and items:
        odd = rng.choice(items)
        odd["kind"] = rng.choice([None, None, "layered", "flexible", "personalised", "basic", "basic"])
        if odd["kind"] == "basic":
            odd["alternative"] = "C"


def mark_shares(rng, grade, items, is_careful):
    """Shares around the bound of the grade; grades 1 and 2 are given shares too, which nobody judges."""
    bound = 9000 if grade <= 6 else 5000
    lawful = bound if grade <= 6 else bound + 1
    days = {date.fromisoformat(item["day"]) for item in items}
    counting = [item for day in sorted(days) for item in counting_items(items, day)]
    for item in items:
        # Only the longest of alternatives counts; of equals the first, so equals must agree.
        is_longest = any(has_place_of(item, other) and item["minutes"] == other["minutes"] for other in counting)
        item["done_at_school"] = None if is_longest else rng.choice([None, 0, 0.0001, 1])
    mood = rng.choice(["none", "exact", "exact", "exact", "any", "weighed"])
    shares = {"none": [None], "exact": [lawful, None], "any": [lawful, 10000, 10000, None], "weighed": [lawful]}[mood]
    if mood == "any" and not is_careful:
        shares += [0, bound - 1, bound, bound + 1]
    chosen = [[item, rng.choice(shares)] for item in counting]
    stating = [pair for pair in chosen if pair[1] is not None]
    if mood in ("exact", "weighed") and len(stating) > 1:
        lean_against_each_other(rng, *rng.sample(stating, 2))
    if mood in ("exact", "weighed") and stating and not is_careful:
        pair = rng.choice(stating)
        pair[1] = min(10000, max(0, pair[1] + rng.choice([-1, -1, 0, 1])))
        if grade >= 7 and rng.random() < 0.5:
            for pair in stating:
                pair[1] = max(0, pair[1] - 1)
    for item, share in chosen:
        for other in items:
            if has_place_of(other, item) and other["minutes"] == item["minutes"]:
                other["done_at_school"] = None if share is None else share / 10000


def has_place_of(item, counting):
    """Whether the two could stand for each other: the same item, or alternatives of one day, subject and key."""
    if item is counting:
        return True
    keys = ("day", "subject", "alternative", "written")
    return item["alternative"] is not None and all(item[key] == counting[key] for key in keys)


def lean_against_each_other(rng, one, other):
    """Raise one share and lower the other, so that the mean weighted with the minutes stays what it was."""
    step = rng.choice([1, 7, 100])
    raised, lowered = one[1] + step * other[0]["minutes"], other[1] - step * one[0]["minutes"]
    if raised <= 10000 and lowered >= 0:
        one[1], other[1] = raised, lowered


def mark_markers(rng, items, is_careful):
    for item in items:
        item["marked_by"] = rng.choice([None, "teacher", "teacher"])
        item["asks_parents"] = rng.choice([None, False, False])
        if not is_careful and rng.random() < 0.06:
            item["marked_by"] = rng.choice(["self", "peer", "parent"])
        if not is_careful and rng.random() < 0.02:
            item["asks_parents"] = True


def publish(rng, items, day, is_careful):
    """Publish the homework of a class-day: all of it, by one link for all, or (careless) too late or in part."""
    early, late = [day, day, day - timedelta(days=1), date(2021, 9, 1)], [day + timedelta(days=1), None]
    sunday = day + timedelta(days=7 - day.isoweekday())
    pattern = rng.choice(["each", "one link"])
    if not is_careful and rng.random() < 0.3:
        pattern = rng.choice(["never", "link too late", "one without link", "anyhow"])
    for item in items:
        put(item, rng.choice(early), rng.choice([None, "公示栏照片1"]))
    if pattern in ("never", "one link", "link too late", "one without link"):
        for item in items:
            put(item, None if pattern == "never" else rng.choice([*late, sunday + timedelta(days=28)]), None)
    if pattern == "one link":
        put(rng.choice(items), rng.choice(early), "公示栏照片2")
    if pattern == "link too late":
        put(rng.choice(items), rng.choice(early), None)
        put(rng.choice(items), day + timedelta(days=1), "公示栏照片3")
    if pattern == "one without link":
        put(rng.choice(items), rng.choice(early), None)
    if pattern == "anyhow":
        for item in items:
            put(item, rng.choice(early + late), rng.choice([None, None, "公示栏照片4"]))


def put(item, published_on, publication):
    item["published_on"] = None if published_on is None else published_on.isoformat()
    item["publication"] = None if published_on is None else publication
