"""An independent judge of small worlds of training institutions: rules TO-01 to TO-34, no more and no less.

Written from the guideline's rule table, not from the portal's code: plain lists, dicts and loops, standard library
only. It shares nothing with the portal, so that the same mistake would have to be made twice, in two shapes, before a
comparison of the two could miss it. Clarity goes before speed.

`findings(world)` returns a set of `(rule, institution code, about, on, observed, limit)`: `on` an ISO date, `observed`
and `limit` Decimals with four places in the rule's unit. The world is a JSON-able dict that
tests/oracle/training_worlds.py generates: institutions with all that is known of them, and what they are held against.
The rules stand by clause in training_register.py (2.4.1, 2.4.2.4, 2.4.3), training_money.py (2.4.2.3) and
training_time.py (2.4.2.1, sessions and observations); the days in training_calendar.py.
"""

from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.oracle import training_money, training_register, training_time
from tests.oracle.training_calendar import dated

SHANGHAI = timezone(timedelta(hours=8))


def findings(world: dict, now: str | None = None) -> set[tuple]:
    """Every finding in this world at this instant (its own `now` by default), see the module's docstring."""
    day = local_day(now or world["now"])
    world = dated(world)
    found = set()
    for institution in world["institutions"]:
        verdicts = [
            *training_register.judge(world, institution, day),
            *training_money.judge(world, institution, day),
            *training_time.judge(world, institution, day),
        ]
        for verdict in verdicts:
            found.add(told(institution["code"], *verdict))
    for body, *verdict in training_register.judge_bodies(world, day):
        found.add(told(body, *verdict))
    return found


def local_day(instant):
    return datetime.fromisoformat(instant).astimezone(SHANGHAI).date()


def told(code, rule, about, on, observed, limit):
    return rule, code, about, on.isoformat(), four_places(observed), four_places(limit)


def four_places(number):
    exact = Fraction(number)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
