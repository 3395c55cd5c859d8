"""``field__among=[…]``: membership in a list that PostgreSQL gets as one array, however long it is."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignObject, Lookup


@Field.register_lookup
@ForeignObject.register_lookup
class Among(Lookup):
    """``column = ANY(array)``. ``__in`` makes a parameter of each value: for 240 institutions the statement is long to
    write, to send and to parse, longer than it takes to answer. An empty list matches nothing; keys are given, not
    instances. An expression is one that yields an array."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        if not self.rhs_is_direct_value():
            array, given = self.process_rhs(compiler, connection)
            return f"{column} = ANY({array})", (*params, *given)
        return f"{column} = ANY(%s)", (*params, list(self.rhs))
