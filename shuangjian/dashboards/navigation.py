"""The left navigation of each role, and where in the district the reader stands. No queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from shuangjian.accounts.models import DISTRICT_NAME, RoleKind, User

MOST_ENTRIES = 7
_HAVE_UNITS_BELOW = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})


@dataclass(frozen=True)
class Entry:
    """One line of the navigation. ``below`` are further paths that belong to it, besides its own."""

    label: str
    icon: str
    url: str
    below: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether the page at ``path`` belongs to this entry."""
        if self.url == "/":
            return path == "/" or any(path.startswith(start) for start in self.below)
        return any(path.startswith(start) for start in (self.url, *self.below))


def navigation(user: User, path: str) -> list[dict[str, object]]:
    """Entries of the user's role, at most seven, the one of the page at ``path`` marked active."""
    entries = _entries(user)
    # The longest match wins: /units/x/returns/ is the returns' page, not the unit's.
    here = max((entry for entry in entries if entry.holds(path)), key=lambda entry: _match(entry, path), default=None)
    return [
        {"label": entry.label, "icon": entry.icon, "url": entry.url, "active": entry is here}
        for entry in entries[:MOST_ENTRIES]
    ]


def unit_label(user: User) -> str:
    """Name of the user's unit as it stands alone; a guidance centre is listed by its area only."""
    return f"{user.unit_name}教育指导中心" if user.role_kind == RoleKind.CENTRE else user.unit_name


def scope_trail(user: User) -> list[dict[str, str]]:
    """区 › 镇街 › 单位, as far down as the user's jurisdiction; pages that go deeper replace it."""
    if user.role_kind == RoleKind.SYSADMIN:
        return [{"label": "系统管理", "url": ""}]
    trail = [{"label": DISTRICT_NAME, "url": ""}]
    if user.role_kind != RoleKind.BUREAU:
        trail.append({"label": unit_label(user), "url": reverse("home")})
    else:
        trail[0]["url"] = reverse("home")
    return trail


def _entries(user: User) -> list[Entry]:
    if user.role_kind == RoleKind.SYSADMIN:
        runs = _entry("比对记录", "arrow-repeat", "runs")
        return [entry for entry in [_entry("账号", "people", "accounts"), runs] if entry]
    if user.role_kind == RoleKind.TEACHER:
        return [entry for entry in [_entry("班级填报", "journal-check", "my_classes", "/units/")] if entry]
    alerts = _entry("预警", "bell", "alerts", "/findings/")
    rulebook = _entry("规则手册", "book", "rulebook", "/clauses/")
    book = _entry("规则与校历", "book", "rulebook", "/clauses/", "/calendar/", "/runs/")
    found = _entry("核查情况", "clipboard-check", "observations")
    mend = _entry("整改", "wrench-adjustable", "rectifications")
    if user.role_kind == RoleKind.INSPECTOR:
        today = _entry("今日检查", "geo-alt", "visits_today", "/visits/open/", "/visits/site/")
        visits = _entry("检查", "clipboard2-check", "visits", "/units/", "/training/")
        lists = _entry("检查表", "list-check", "checklists")
        return [entry for entry in (today, visits, mend, alerts, found, lists, rulebook) if entry]
    if user.role_kind == RoleKind.SCHOOL:
        code = user.institution.code if user.institution else ""
        own = Entry("本校", "house", reverse("home"), (reverse("unit", args=[code]),))
        returns = _entry("周报", "journal-check", "returns", arguments=(code,))
        teachers = reverse("teachers", args=[code])
        classes = _entry("班级", "grid-3x3-gap", "classes", teachers, arguments=(code,))
        return [entry for entry in (own, returns, alerts, mend, found, classes, book) if entry]
    registers = _entry("培训机构", "shop", "training_orgs", "/lists/")
    if user.role_kind == RoleKind.ORG:
        code = user.institution.code if user.institution else ""
        own_page = _entry("本机构", "house", "training_org", arguments=(code,))
        lists = _entry("名单", "card-list", "lists")
        return [entry for entry in (own_page, alerts, mend, found, lists, rulebook) if entry]
    if user.role_kind == RoleKind.DEPARTMENT:
        # Complaints and registers are those of training institutions: open to the same departments.
        of_orgs = (registers, _entry("投诉线索", "chat-left-text", "complaints")) if user.sees_registers else ()
        joined = _entry("检查", "clipboard2-check", "visits", "/rectifications/")
        return [entry for entry in (alerts, joined, *of_orgs, found, rulebook) if entry]
    overview = Entry("总览", "grid", reverse("home"), ("/trends/",))
    # Seven entries at most: kindred pages share one and name each other by tabs; accounts are in the person's menu.
    schools = _entry("学校", "building", "units", "/unconfirmed-towns/", "/filings/", "/returns/review/")
    visits = _entry("检查", "clipboard2-check", "visits", "/rectifications/", "/checklists/")
    complaints = _entry("投诉线索", "chat-left-text", "complaints", "/observations/")
    return [entry for entry in (overview, schools, registers, visits, complaints, alerts, book) if entry]


def accounts_url(user: User) -> str:
    """Where the user looks after the accounts of the units below; "" for whoever has none below."""
    entry = _entry("", "", "accounts") if user.role_kind in _HAVE_UNITS_BELOW else None
    return entry.url if entry else ""


def party_url(code: str) -> str:
    """The page of an institution in the training register; the alerts where this portal is run without it."""
    entry = _entry("", "", "training_org", arguments=(code,))
    return entry.url if entry else reverse("alerts")


def inspector_url() -> str:
    """Where an inspector's day begins; the alerts where this portal is run without visits."""
    entry = _entry("", "", "visits_today")
    return entry.url if entry else reverse("alerts")


def _entry(label: str, icon: str, name: str, *below: str, arguments: tuple[str, ...] = ()) -> Entry | None:
    """The entry, or None where this portal is run without the app that has the page."""
    try:
        return Entry(label, icon, reverse(name, args=arguments), below)
    except NoReverseMatch:
        return None


def _match(entry: Entry, path: str) -> int:
    return max(len(start) for start in (entry.url, *entry.below) if path.startswith(start))
