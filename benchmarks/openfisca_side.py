"""HW-02 through OpenFisca-core end to end; runs in the environment of requirements-benchmarks.lock, without Django.

``DATABASE_URL=… python openfisca_side.py copy|fetch``: reads the term's counting items of grades 3 to 9, builds one
simulation with an entity per item and one per class-day, sums by group, compares with the cap of the grade, and
writes the violations into ``openfisca_finding``. Prints its seconds by step, as JSON.

Whatever helps OpenFisca is done for it: one simulation for the whole term (the standard did not change within it),
numpy from end to end, no JSON, the database filters and hands over ready numbers. ``copy`` reads by COPY in binary into
a numpy record array, ``fetch`` by a cursor as usual.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy
import psycopg2
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

_SELECT = """
SELECT i.school_class_id, i.day - DATE '2000-01-01' AS day, i.minutes, c.grade
FROM homework_homeworkitem i JOIN schools_schoolclass c ON c.id = i.school_class_id
WHERE i.counts AND c.grade >= 3"""
# A row of COPY in binary: number of fields, then length and value of each, in network byte order.
_ROW = numpy.dtype(
    [("n", ">i2"), ("_1", ">i4"), ("class", ">i8"), ("_2", ">i4"), ("day", ">i4")]
    + [("_3", ">i4"), ("minutes", ">i2"), ("_4", ">i4"), ("grade", ">i2")]
)
_HEAD, _TAIL = 19, 2
_WRITE = "COPY openfisca_finding (school_class_id, occurred_on, observed, cap) FROM STDIN"
PERIOD = "2026-09"

ITEM = build_entity(key="item", plural="items", label="作业", is_person=True)
CLASS_DAY = build_entity(key="class_day", plural="class_days", label="班级日", roles=[{"key": "item"}])


class minutes(Variable):
    value_type, entity, definition_period = float, ITEM, DateUnit.MONTH


class grade(Variable):
    value_type, entity, definition_period = int, CLASS_DAY, DateUnit.MONTH


class total_minutes(Variable):
    value_type, entity, definition_period = float, CLASS_DAY, DateUnit.MONTH

    def formula(class_day, period):
        return class_day.sum(class_day.members("minutes", period))


class cap(Variable):
    value_type, entity, definition_period = float, CLASS_DAY, DateUnit.MONTH

    def formula(class_day, period, parameters):
        caps = parameters(period).daily_minutes
        return numpy.where(class_day("grade", period) <= 6, caps.primary, caps.junior)


class over_daily_limit(Variable):
    value_type, entity, definition_period = bool, CLASS_DAY, DateUnit.MONTH

    def formula(class_day, period):
        return class_day("total_minutes", period) > class_day("cap", period)


def system() -> TaxBenefitSystem:
    """Two entities, five variables, the cap by date."""
    made = TaxBenefitSystem([ITEM, CLASS_DAY])
    made.add_variables(minutes, grade, total_minutes, cap, over_daily_limit)
    values = {"primary": 60, "junior": 90}
    daily = {stage: {"values": {"2021-09-01": {"value": value}}} for stage, value in values.items()}
    made.parameters = ParameterNode("", data={"daily_minutes": daily})
    return made


def read_copy(cursor: Any) -> tuple[Any, ...]:
    """Class, day, minutes and grade as arrays."""
    buffer = io.BytesIO()
    cursor.copy_expert(f"COPY ({_SELECT}) TO STDOUT (FORMAT binary)", buffer)
    rows = numpy.frombuffer(buffer.getbuffer()[_HEAD:-_TAIL], dtype=_ROW)
    return tuple(rows[name].astype(int) for name in ("class", "day", "minutes", "grade"))


def read_fetch(cursor: Any) -> tuple[Any, ...]:
    cursor.execute(_SELECT)
    return tuple(numpy.array(cursor.fetchall()).T)


def build(of_class: Any, day: Any, of_minutes: Any, of_grade: Any) -> tuple[Any, Any, Any]:
    """The simulation, and class and day of each class-day in its order."""
    keys = of_class * 100_000 + day
    class_days, first = numpy.unique(keys, return_index=True)
    builder, rules = SimulationBuilder(), system()
    builder.create_entities(rules)
    builder.declare_person_entity("item", numpy.arange(len(keys)))
    population = builder.declare_entity("class_day", class_days)
    builder.join_with_persons(population, keys, roles=numpy.zeros(len(keys), dtype=int))
    simulation = builder.build(rules)
    simulation.set_input("minutes", PERIOD, of_minutes)
    simulation.set_input("grade", PERIOD, of_grade[first])
    return simulation, of_class[first], day[first]


def write(cursor: Any, simulation: Any, of_class: Any, day: Any, over: Any) -> None:
    """The violations into a table with the columns and indexes that a finding needs."""
    total, bound = (simulation.calculate(name, PERIOD)[over] for name in ("total_minutes", "cap"))
    dates = (numpy.datetime64("2000-01-01") + day[over]).astype(str)
    rows = zip(of_class[over].tolist(), dates.tolist(), total.tolist(), bound.tolist(), strict=True)
    cursor.copy_expert(_WRITE, io.StringIO("".join("\t".join(map(str, row)) + "\n" for row in rows)))


def server_seconds(connection: Any) -> float:
    """Processor seconds of the server process so far; parallel workers are not in it."""
    try:
        with open(f"/proc/{connection.info.backend_pid}/stat") as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    read = {"copy": read_copy, "fetch": read_fetch}[sys.argv[1]]
    seconds: dict[str, float] = {}

    def timed(step: str, call: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = call()
        seconds[step] = time.perf_counter() - began
        return result

    connection, own = psycopg2.connect(os.environ["DATABASE_URL"]), time.process_time()
    with connection, connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        arrays = timed("read", lambda: read(cursor))
        simulation, of_class, day = timed("build", lambda: build(*arrays))
        over = timed("calculate", lambda: simulation.calculate("over_daily_limit", PERIOD))
        timed("write", lambda: write(cursor, simulation, of_class, day, over))
        processor = time.process_time() - own + server_seconds(connection)
    print(json.dumps({"seconds": seconds, "processor": processor, "items": len(arrays[0]), "class_days": len(day)}))


if __name__ == "__main__":
    main()
