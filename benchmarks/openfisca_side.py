"""HW-02 through OpenFisca-core end to end; runs in the environment of requirements-benchmarks.lock, without Django.

``DATABASE_URL=… python openfisca_side.py copy|fetch day|term``: reads the classes and the counting items of a term,
builds simulations with an entity per item and one per class-day, sums by group, compares with the cap of the grade in
force, and writes the violations into ``openfisca_finding``, a table with the columns, key and index of findings. Prints
its seconds by step, as JSON.

``fetch`` reads by a cursor as one does: each value as Python has it, then arrays. ``copy`` is the fastest that we
found: COPY in binary into a numpy record array, dates as numbers, grades joined by the database. ``day``: a simulation
per day, since a formula takes the standard of one period, and the rule wants that of the item's own day. ``term``: one
for all days, which is right only while no standard changes. From there on all is numpy, no JSON, a COPY of findings.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
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
_ITEMS = "SELECT school_class_id, day, minutes FROM homework_homeworkitem WHERE counts"
_CLASSES = "SELECT id, school_id, code, grade FROM schools_schoolclass ORDER BY id"
_WRITE = """
COPY openfisca_finding (rule, institution_id, about, occurred_on, period, observed, "limit", severity) FROM STDIN"""
_EPOCH = numpy.datetime64("2000-01-01")
Found = tuple[Any, ...]  # class, day, total and cap of each class-day over the limit

ITEM = build_entity(key="item", plural="items", label="作业", is_person=True)
CLASS_DAY = build_entity(key="class_day", plural="class_days", label="班级日", roles=[{"key": "item"}])


class minutes(Variable):
    value_type, entity, definition_period = float, ITEM, DateUnit.DAY


class grade(Variable):
    value_type, entity, definition_period = int, CLASS_DAY, DateUnit.DAY


class total_minutes(Variable):
    value_type, entity, definition_period = float, CLASS_DAY, DateUnit.DAY

    def formula(class_day, period):
        return class_day.sum(class_day.members("minutes", period))


class cap(Variable):
    value_type, entity, definition_period = float, CLASS_DAY, DateUnit.DAY

    def formula(class_day, period, parameters):
        caps = parameters(period).daily_minutes
        return numpy.where(class_day("grade", period) <= 6, caps.primary, caps.junior)


class over_daily_limit(Variable):
    value_type, entity, definition_period = bool, CLASS_DAY, DateUnit.DAY

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
    """The same, dates and all as the cursor gives them; the grade is looked up in the classes."""
    cursor.execute(_ITEMS)
    items = numpy.array([(pk, day.toordinal(), length) for pk, day, length in cursor.fetchall()])
    cursor.execute(_CLASSES)
    classes = numpy.array([(pk, grade) for pk, _, _, grade in cursor.fetchall()])
    grades = classes[numpy.searchsorted(classes[:, 0], items[:, 0]), 1]
    items, grades = items[grades >= 3], grades[grades >= 3]  # no cap below
    return items[:, 0], items[:, 1] - _EPOCH.astype(object).toordinal(), items[:, 2], grades


def judge(of_class: Any, day: Any, of_minutes: Any, of_grade: Any, seconds: dict[str, float]) -> Found:
    """One simulation, at the first of these days; adds its seconds by step."""
    began = time.perf_counter()
    keys = of_class * 100_000 + day
    class_days, first = numpy.unique(keys, return_index=True)
    builder, rules = SimulationBuilder(), SYSTEM
    builder.create_entities(rules)
    builder.declare_person_entity("item", numpy.arange(len(keys)))
    population = builder.declare_entity("class_day", class_days)
    builder.join_with_persons(population, keys, roles=numpy.zeros(len(keys), dtype=int))
    simulation = builder.build(rules)
    period = str(_EPOCH + day[0])
    simulation.set_input("minutes", period, of_minutes)
    simulation.set_input("grade", period, of_grade[first])
    seconds["build"] += time.perf_counter() - began
    began = time.perf_counter()
    over = simulation.calculate("over_daily_limit", period)
    total, bound = (simulation.calculate(name, period)[over] for name in ("total_minutes", "cap"))
    seconds["calculate"] += time.perf_counter() - began
    return of_class[first][over], day[first][over], total, bound


def judge_by_day(of_class: Any, day: Any, *others: Any, seconds: dict[str, float]) -> Found:
    """A simulation for each day, so that the standard in force on the item's own day decides, as the rule has it."""
    began = time.perf_counter()
    order = numpy.argsort(day, kind="stable")
    ordered = [array[order] for array in (of_class, day, *others)]
    cuts = numpy.flatnonzero(numpy.diff(ordered[1])) + 1
    days = zip(*(numpy.split(array, cuts) for array in ordered), strict=True)
    seconds["build"] += time.perf_counter() - began
    found = [judge(*arrays, seconds) for arrays in days]
    return tuple(numpy.concatenate(columns) for columns in zip(*found, strict=True))


def write(cursor: Any, of_class: Any, day: Any, total: Any, bound: Any) -> None:
    """The violations as findings."""
    cursor.execute(_CLASSES)
    classes = {pk: (school, f"class:{code}") for pk, school, code, _ in cursor.fetchall()}
    lines = []
    dates = (_EPOCH + day).astype(object)
    for pk, date, observed, limit in zip(of_class.tolist(), dates, total.tolist(), bound.tolist(), strict=True):
        school, about = classes[pk]
        lines.append(f"HW-02\t{school}\t{about}\t{date}\t{date:%G-W%V}\t{observed}\t{limit}\t2\n")
    cursor.copy_expert(_WRITE, io.StringIO("".join(lines)))


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
    connection, own = psycopg2.connect(os.environ["DATABASE_URL"]), time.process_time()
    seconds = {"read": 0.0, "build": 0.0, "calculate": 0.0, "write": 0.0}
    with connection, connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        began = time.perf_counter()
        arrays = read(cursor)
        seconds["read"] = time.perf_counter() - began
        found = judge(*arrays, seconds) if sys.argv[2] == "term" else judge_by_day(*arrays, seconds=seconds)
        began = time.perf_counter()
        write(cursor, *found)
        seconds["write"] = time.perf_counter() - began
    processor = time.process_time() - own + server_seconds(connection)
    print(json.dumps({"seconds": seconds, "processor": processor, "items": len(arrays[0])}))


SYSTEM = system()

if __name__ == "__main__":
    main()
