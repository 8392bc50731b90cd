"""What our web server plays: a paged REST API, two feeds, a GitLab, days of numbers."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar
from xml.sax.saxutils import escape

from tests.clients.servers.files import reading
from tests.clients.servers.web import Answer, Request, Site, as_json

TOKEN = "Sesame-41.open_9~x"
PAGE = 20


class Rest(Site):
    """Pages of readings behind a token, the number of the next page in the answer."""

    def __init__(self, _: object) -> None:
        self.streams = {
            "readings": [flat(number) for number in range(70)],
            "stations": [{"id": number, "name": f"Größe {number}"} for number in range(3)],
        }

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return as_json({"error": "who are you?"}, 401)
        rows = self.streams.get(request.path.removeprefix("/api/"))
        if rows is None:
            return as_json({"error": "no such thing"}, 404)
        page = int(request.query.get("page", 1))
        wanted = rows[(page - 1) * PAGE : page * PAGE]
        following = page + 1 if page * PAGE < len(rows) else None
        return as_json({"rows": wanted, "next_page": following})

    def count(self, name: str) -> int:
        return len(self.streams[name])

    def count_again(self, name: str, cursor: str) -> int:
        return len(self.streams[name])


def flat(number: int) -> dict:
    """A reading without the parts that have parts, since one of the taps cuts those up."""
    return {key: value for key, value in reading(number).items() if key not in ("nested", "gone")}


class Feeds(Site):
    """Two RSS feeds of which nothing is new to who was there before."""

    counts: ClassVar[dict[str, int]] = {"/news.xml": 25, "/more.xml": 5}

    def __init__(self, _: object) -> None:
        self.begin = datetime(2026, 5, 1, tzinfo=UTC)

    def answer(self, request: Request) -> Answer:
        if request.path not in self.counts:
            return Answer("no such feed", 404)
        items = "".join(
            f"<item><guid>{request.path}#{n}</guid><title>{escape(f'Größe <{n}> & more')}</title>"
            f"<link>http://example.org/{n}</link>"
            f"<pubDate>{format_datetime(self.begin + timedelta(hours=n))}</pubDate></item>"
            for n in range(self.counts[request.path])
        )
        text = f'<rss version="2.0"><channel><title>A feed</title>{items}</channel></rss>'
        return Answer(f'<?xml version="1.0" encoding="utf-8"?>{text}',
                      headers={"Content-Type": "application/rss+xml; charset=utf-8"})

    def count(self, name: str) -> int:
        return sum(self.counts.values())

    def count_again(self, name: str, cursor: str) -> int:
        return 0


class GitLab(Site):
    """A group with its milestones and two projects with their children."""

    names = ("gitlab.com",)
    #: Rows of each project, by child.
    sizes: ClassVar[dict[str, int]] = {
        "repository/branches": 3, "issues": 30, "repository/commits": 120, "milestones": 4, "users": 6
    }
    cursors: ClassVar[dict[str, str]] = {
        "repository/commits": "committed_date", "milestones": "updated_at", "issues": "updated_at"
    }
    projects, groups = ("11", "12"), ("7",)

    def __init__(self, _: object) -> None:
        pass

    def answer(self, request: Request) -> Answer:
        if request.query.get("private_token") != TOKEN:
            return as_json({"message": "401 Unauthorized"}, 401)
        path = request.path.removeprefix("/api/v4/")
        if path == "user":
            return as_json({"id": 1, "username": "keeper"})
        found = re.fullmatch(r"(projects|groups)/(\d+)(?:/(.+))?", path)
        if not found or found[2] not in (*self.projects, *self.groups):
            return as_json({"message": "404 Not found"}, 404)
        if not found[3]:
            return as_json({"id": int(found[2]), "name": f"Größe {found[2]}", "updated_at": stamp(400)})
        rows = [self.row(found[3], int(found[2]), n) for n in range(self.sizes[found[3]])]
        page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 20))
        following = str(page + 1) if page * size < len(rows) else ""
        return as_json(rows[(page - 1) * size : page * size], x_next_page=following)

    def row(self, child: str, parent: int, number: int) -> dict:
        """A child of a project or a group; the last two share the newest time."""
        row = {"id": parent * 1000 + number, "name": f"n{number}", "title": f"t{number}"}
        if child == "repository/commits":
            row["id"] = f"{row['id']:040x}"
        if str(parent) in self.groups:
            row["group_id"] = parent
        cursor = self.cursors.get(child)
        if cursor:
            row[cursor] = stamp(min(number, self.sizes[child] - 2))
        return row

    def count(self, name: str) -> int:
        return len(self.parents(name)) * self.sizes.get(self.child(name), 1)

    def count_again(self, name: str, cursor: str) -> int:
        return len(self.parents(name)) * (2 if self.child(name) in self.cursors else 1)

    def parents(self, name: str) -> tuple[str, ...]:
        """The ids that a stream's rows hang on, or are."""
        return self.groups if name.startswith("group") else self.projects

    @staticmethod
    def child(name: str) -> str:
        """The end of the path of a stream."""
        ends = {"branches": "repository/branches", "commits": "repository/commits"}
        return ends.get(name, name.split("_")[-1])


class Rates(Site):
    """An exchange rate for each day, at the one address that its tap knows."""

    names = ("api.exchangeratesapi.io",)

    def __init__(self, _: object) -> None:
        self.begin = datetime.now(UTC).date() - timedelta(days=9)

    def answer(self, request: Request) -> Answer:
        day, base = request.path.removeprefix("/"), request.query.get("base")
        if base != "EUR":
            return as_json({"error": f"base '{base}' is not supported"}, 400)
        rates = {"USD": 1.0 + int(day[-2:]) / 100, "JPY": 161.25}
        return as_json({"base": base, "date": day, "rates": rates})

    def count(self, name: str) -> int:
        return (datetime.now(UTC).date() - self.begin).days + 1

    def count_again(self, name: str, cursor: str) -> int:
        return 1


class Downloads(Site):
    """Daily downloads of two packages, by two categories."""

    packages = ("house", "shop")
    categories: ClassVar[dict[str, list[str]]] = {"python_minor": ["3.11", "3.12", "null"], "system": ["Linux", "Windows"]}

    def __init__(self, _: object) -> None:
        pass

    def answer(self, request: Request) -> Answer:
        found = re.fullmatch(r"/api/packages/([a-z]+)/([a-z_]+)", request.path)
        if not found or found[1] not in self.packages or found[2] not in self.categories:
            return Answer("404", 404)
        rows = [
            {"category": category, "date": f"2026-05-{day:02}", "downloads": day * 1000 + index}
            for index, category in enumerate(self.categories[found[2]])
            for day in range(1, 11)
        ]
        return as_json({"data": rows, "package": found[1], "type": found[2]})

    def count(self, name: str) -> int:
        return len(self.packages) * len(self.categories[name]) * 10

    def count_again(self, name: str, cursor: str) -> int:
        return self.count(name)


def stamp(minutes: int) -> str:
    """A time of day of one day, as an API writes it."""
    moment = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
