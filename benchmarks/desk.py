"""The desk's pages over a short and a long history: server time of each, memory with 200 open pages, bytes of a visit.

python -m benchmarks.desk [pages|streams|events|all] [--database KIND] [--calls N,N] [--runs N] [--seconds N]
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
from voicedesk.web.app import Application

from benchmarks.desk_hall import clock, databases, desk
from benchmarks.desk_history import LINES, NUMBER, agents, begins, call_id, endpoint
from benchmarks.desk_streams import measure_events, measure_streams

GOAL_P95_MS = 100.0
_BEFORE = 2
"""The first times find nothing in any cache: they are told apart."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One page that is asked for: `find` is typed into the search, `is_part` is a part that an open page asks for."""

    path: str
    find: str = ""
    is_part: bool = False

    @property
    def name(self) -> str:
        """How the table has it, without what is another one in each history."""
        bare = re.sub(r"[0-9a-f]{20}|\{own\}|20\d\d-\d\d-\d\d|(?<=from=)\d+", "…", self.path)
        return f"{bare} {re.sub('^[0-9a-f]{20}$', 'an id', self.find)}".strip()


def pages(count: int) -> dict[str, list[Ask]]:
    """What each role asks for; the single call and ticket are of the middle of the history."""
    middle, all_of_it, since = call_id(count // 2), "/calls?period=all", begins(1)
    day = time.strftime("%Y-%m-%d", time.gmtime(begins(count // 2) / 1e6 + 8 * 3600))
    common = ["/", "/calls", "/calls?period=month", all_of_it, f"{all_of_it}&verdict=late"]
    common += [f"{all_of_it}&line={LINES[0]}&verdict=missed", f"{all_of_it}&direction=outbound", "/todo", "/more"]
    parts = ["/?part", f"/calls/live?from={since}", f"/calls/live?period=all&verdict=late&from={since}"]
    parts += [f"/todo/live?from={since}"]
    boss = [f"{all_of_it}&agent={agents()[3]}", f"{all_of_it}&review=1", f"{all_of_it}&phone={endpoint(agents()[3])}"]
    boss += [f"/calls?since={day}&until={day}", f"{all_of_it}&line=unknown", f"/calls/{middle}"]
    boss += ["/calls/ffffffffffffffffffff", "/review", "/review?why=sample", f"/todo/{call_id(-1000)}"]
    boss += ["/breaks", "/outages"]
    sought = (NUMBER, "13900000007", "0007", "4711", middle, middle[:7], "窗口03", LINES[0])
    every = [*map(Ask, common), *(Ask(one, is_part=True) for one in parts), *(Ask("/find", find=one) for one in sought)]
    own = [Ask(one) for one in ("/calls/{own}", f"/todo/{call_id(-1000)}", "/mine")]
    return {"supervisor": [*every, *map(Ask, boss)], "staff": [*every, *own]}


def _client(app: Application, token: str, place: int) -> httpx.AsyncClient:
    """A browser at an address of its own: nobody asks faster than people do."""
    here = httpx.ASGITransport(app, client=(f"10.0.0.{place}", 1))
    client = httpx.AsyncClient(transport=here, base_url="http://localhost")
    client.cookies.set("desk", token)
    return client


async def _timed(client: httpx.AsyncClient, one: Ask, runs: int) -> dict[str, Any]:
    """How long one page takes, from the request to its last byte, without a network."""
    spent, worked, form = [], [], ""
    if one.find:
        found = re.search(r'name="form" value="(\w+)"', (await client.get("/more")).text)
        form = found[1] if found else ""
    for _ in range(runs + _BEFORE):
        if one.is_part:
            clock.forward(1_000_000)  # none is answered by what was made for the one before
        began, cpu = time.perf_counter(), time.process_time()
        page = (
            await client.post(one.path, data={"form": form, "q": one.find}) if one.find else await client.get(one.path)
        )
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - cpu) * 1000)
    rest = spent[_BEFORE:]
    return {
        "status": page.status_code,
        "KiB": round(len(page.content) / 1024),
        "first ms": spent[0],
        "p50 ms": statistics.median(rest),
        "p95 ms": statistics.quantiles(rest, n=20)[18],
        "CPU ms": statistics.median(worked[_BEFORE:]),
    }


async def measure_pages(urls: Mapping[int, str], runs: int) -> list[dict[str, Any]]:
    """Every page over each history; the ratio is the last history's time by the first one's."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    counts = list(urls)
    for count, url in urls.items():
        async with desk(url) as (app, tokens):
            for role, asks in pages(count).items():
                async with _client(app, tokens[role], 250) as client:
                    own = re.findall(r'/calls/(\w{20})"', (await client.get("/calls?period=all")).text)[0]
                for nth, one in enumerate(asks, 1):
                    asked = Ask(one.path.replace("{own}", own), one.find, one.is_part)
                    async with _client(app, tokens[role], nth) as client:
                        told = await _timed(client, asked, runs)
                    row = found.setdefault((role, nth), {"role": role, "page": one.name})
                    row |= {f"{key} at {count}": value for key, value in told.items()}
    for row in found.values():
        row["ratio"] = row[f"p50 ms at {counts[-1]}"] / row[f"p50 ms at {counts[0]}"]
    return list(found.values())


def _show(rows: list[dict[str, Any]], counts: list[int]) -> None:
    heads = [f"{key} at {count}" for key in ("p50 ms", "p95 ms", "CPU ms") for count in counts]
    print(f"{'role':<11}{'page':<62}{'KiB':>5}" + "".join(f"{head:>20}" for head in heads) + f"{'ratio':>7}")
    for row in rows:
        size = row[f"KiB at {counts[-1]}"]
        told = "".join(f"{row[head]:>20.1f}" for head in heads)
        print(f"{row['role']:<11}{row['page']:<62}{size:>5}{told}{row['ratio']:>7.2f} {row[f'status at {counts[-1]}']}")


def main() -> None:
    """Measures and prints; ends with 1 where a page of the long history is over the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=("all", "pages", "streams", "events"))
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--calls", default="10000,1000000", help="lengths of the histories")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60, help="how long events are told to each number of pages")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    counts = [int(one) for one in given.calls.split(",")]
    told: dict[str, Any] = {}
    with databases(given.database, counts) as urls:
        if given.what in {"all", "pages"}:
            told["pages"] = asyncio.run(measure_pages(urls, given.runs))
            _show(told["pages"], counts)
        if given.what in {"all", "streams"}:
            told["streams"] = asyncio.run(measure_streams(urls[counts[-1]]))
        if given.what in {"all", "events"}:
            told["events"] = asyncio.run(measure_events(urls[counts[-1]], given.seconds))
        for name, value in (told.get("streams", {}) | told.get("events", {})).items():
            print(f"{name:>52}  {value:.1f}")
    if given.json:
        given.json.write_text(json.dumps(told, indent=2, ensure_ascii=False))
    slow = [row for row in told.get("pages", ()) if row[f"p95 ms at {counts[-1]}"] >= GOAL_P95_MS]
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
