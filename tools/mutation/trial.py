"""Tries mutants inside one pytest that has collected a room's tests: each in a process of its own, forked from it.

First every test runs once, as it is, and it is noted which lines each of them reaches and how long it takes. A mutant
then meets only the tests that reach its statement, the quickest first, until one fails. A trial that uses far more
processor time than those tests need, or hangs, is a mutant that was noticed too.
"""

import ast
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import coverage
import hypothesis
import pytest

from tools.mutation import patching
from tools.mutation.rooms import HOUSE

KILLED, SURVIVED, HUNG, BROKEN = "killed", "survived", "hung", "broken"
UNREACHED, UNCLEAR, SAME = "unreached", "unclear", "same"
_SPARE_CPU_SECONDS = 10
_SPARE_SECONDS = 90
_WHILE_IMPORTED = "import"
_PLAIN = ("-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--assert=plain")  # nobody reads why a test failed


@dataclass(slots=True, eq=False)
class Trial:
    """A pytest plugin: `mutants` by their keys, told to `told` one by one as they are settled."""

    mutants: dict[str, dict[str, Any]]
    files: list[str]
    jobs: int
    longest_seconds: float
    told: Any
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    killers: Counter[str] = field(default_factory=Counter)
    coverage: Any = None
    scratch: str = ""
    spent: float = 0.0

    def start(self) -> None:
        """Begins to note which lines are reached; before anything of the house is imported."""
        self.scratch = tempfile.mkdtemp(prefix="voicedesk-mutation-")
        self.coverage = coverage.Coverage(
            data_file=None, include=[str(HOUSE / one) for one in self.files], config_file=False, branch=False
        )
        self.coverage.start()
        hypothesis.settings.register_profile(  # the same examples each time, and no clock: the machine may be busy
            "mutation",
            deadline=None,
            derandomize=True,
            database=None,
            max_examples=40,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("mutation")
        self.coverage.switch_context(_WHILE_IMPORTED)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """One test, as it is: what it reaches and how long it takes."""
        if self.coverage is not None:
            self.coverage.switch_context(item.nodeid)
        began = time.process_time()
        result = yield
        self.took[item.nodeid] = time.process_time() - began
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes what failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop: all tests once, then the mutants."""
        items = {one.nodeid: one for one in session.items}
        self._run(list(items.values()))
        if self.failed:
            raise pytest.UsageError(f"these fail as they are, so they prove nothing: {', '.join(self.failed)}")
        self._note_lines()
        sys.stderr.write(f"{len(items)} tests take {sum(self.took.values()):.0f} s of the processor\n")
        waiting = list(self.mutants.items())
        running: dict[int, tuple[str, float, str]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                key, mutant = waiting.pop(0)
                self._begin(key, mutant, session, items, running)
            if running:
                self._wait(running)
        shutil.rmtree(self.scratch, ignore_errors=True)
        sys.stderr.write(f"{len(self.mutants)} mutants took {self.spent:.0f} s of the processor\n")
        return True

    def _run(self, items: list[pytest.Item]) -> None:
        for at, item in enumerate(items):
            following = items[at + 1] if at + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed and self.coverage is None:
                return

    def _note_lines(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        for name in self.files:
            by_line: dict[int, set[str]] = defaultdict(set)
            for line, contexts in data.contexts_by_lineno(str(HOUSE / name)).items():
                by_line[line] = {one for one in contexts if one}
            self.lines[name] = by_line
        self.coverage = None

    def _begin(
        self,
        key: str,
        mutant: dict[str, Any],
        session: pytest.Session,
        items: dict[str, pytest.Item],
        running: dict[int, tuple[str, float, str]],
    ) -> None:
        path = str(HOUSE / mutant["path"])
        before = Path(path).read_text(encoding="utf-8")
        after = mutated(before, mutant)
        try:
            old, new = (compile(text, path, "exec", dont_inherit=True) for text in (before, after))
        except (SyntaxError, ValueError):
            self.told(key, SAME, "is no Python")
            return
        changed = patching.functions_changed(old, new)
        if changed == []:
            self.told(key, SAME, "compiles to the same")
            return
        reached = self._reached(mutant["path"], before, mutant["line"], whole=changed is None)
        tests = sorted(
            (one for one in reached if one in items and self.took[one] <= self.longest_seconds),
            key=lambda one: (-min(self.killers[one], 3), self.took[one]),
        )
        if not tests:
            self.told(key, UNREACHED, "no test reaches it")
            return
        if changed is not None and self._ran_while_imported(mutant["path"], changed):
            changed = None
        needed = sum(self.took[one] for one in tests) + (0 if changed is not None else 20)
        seconds = _SPARE_SECONDS + 40 * needed
        folder = tempfile.mkdtemp(dir=self.scratch)
        process = os.fork()
        if process == 0:
            self._child(mutant["path"], after, changed, session, [items[one] for one in tests], folder, needed)
        running[process] = (key, time.monotonic() + seconds, folder)

    def _reached(self, name: str, text: str, line: int, *, whole: bool) -> set[str]:
        by_line = self.lines[name]
        if whole:
            return set().union(*by_line.values()) - {_WHILE_IMPORTED}
        first, last = _statement(text, line)
        return set().union(*(by_line.get(one, set()) for one in range(first, last + 1))) - {_WHILE_IMPORTED}

    def _ran_while_imported(self, name: str, changed: list[tuple[CodeType, CodeType]]) -> bool:
        for old, _new in changed:
            inside = {line for _start, _end, line in old.co_lines() if line is not None} - {old.co_firstlineno}
            if any(_WHILE_IMPORTED in self.lines[name].get(line, ()) for line in inside):
                return True
        return False

    def _child(
        self,
        name: str,
        after: str,
        changed: list[tuple[CodeType, CodeType]] | None,
        session: pytest.Session,
        items: list[pytest.Item],
        folder: str,
        needed: float,
    ) -> None:
        """Ends the process with 0 where nothing failed, 1 where a test did, 3 where the house cannot be imported.

        4 where nobody has the function, 5 where the trial itself failed: neither counts as noticed.
        """
        os.setpgid(0, 0)
        limit = int(_SPARE_CPU_SECONDS + 6 * needed)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 31, 1 << 31))
        output = os.open(f"{folder}/output", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        status = 5
        try:
            if changed is None:
                status = self._anew(name, after, [one.nodeid for one in items], folder)
            elif patching.exchange(changed, str(HOUSE / name)) == 0:
                status = 4
            else:
                patching.forget_what_was_worked_out()
                session.config._tmp_path_factory._basetemp = Path(folder)  # type: ignore[attr-defined]
                self.failed.clear()
                self._run(items)
                status = 1 if self.failed else 0
                Path(folder, "killer").write_text(self.failed[0] if self.failed else "", encoding="utf-8")
        except BaseException as error:  # noqa: BLE001 - whatever ends a trial, the mutant did it
            sys.stderr.write(repr(error))
            status = 5
        finally:
            os._exit(status)

    def _anew(self, name: str, after: str, tests: list[str], folder: str) -> int:
        """The same tests in a house imported again, with the mutated text in it."""
        patching.forget_the_house()
        sys.meta_path.insert(0, patching.Reimport(str(HOUSE / name), after))
        arguments = ["-x", *_PLAIN, f"--basetemp={folder}/tmp"]
        files = sorted({one.partition("::")[0] for one in tests})
        code = pytest.main([*arguments, *files], plugins=[_Only(tests, folder)])
        return {0: 0, 1: 1, 2: 3}.get(int(code), 5)  # 2: what is wrong cannot even be imported

    def _wait(self, running: dict[int, tuple[str, float, str]]) -> None:
        process, status, used = os.wait4(-1, os.WNOHANG)
        if process in running:
            self.spent += used.ru_utime + used.ru_stime
            key, _until, folder = running.pop(process)
            self._settled(key, status, folder)
            return
        now = time.monotonic()
        for process, (_key, until, _folder) in running.items():
            if now > until:
                os.killpg(process, signal.SIGKILL)
        time.sleep(0.05)

    def _settled(self, key: str, status: int, folder: str) -> None:
        note = Path(folder, "killer")
        killer = note.read_text(encoding="utf-8") if note.exists() else ""
        if os.WIFSIGNALED(status):
            self.told(key, HUNG, f"signal {os.WTERMSIG(status)}")
        else:
            code = os.WEXITSTATUS(status)
            self.killers[killer] += 1 if killer else 0
            outcome = {0: SURVIVED, 1: KILLED, 3: BROKEN, 4: UNREACHED}.get(code, UNCLEAR)
            self.told(key, outcome, killer)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True, eq=False)
class _Only:
    """Runs the tests named, in their order, and notes which of them failed first."""

    tests: list[str]
    folder: str

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {name: at for at, name in enumerate(self.tests)}
        items[:] = sorted((one for one in items if one.nodeid in order), key=lambda one: order[one.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            Path(self.folder, "killer").write_text(report.nodeid, encoding="utf-8")


def mutated(text: str, mutant: dict[str, Any]) -> str:
    """A file's text with the mutant in it."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: mutant["first"]]) + mutant["after"] + "".join(lines[mutant["last"] :])


def _statement(text: str, line: int) -> tuple[int, int]:
    """First and last line of the statement at a line; of one with a body only its head."""
    found = (line, line)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body and not isinstance(node, ast.ClassDef) else node.end_lineno
            last = max(last or node.lineno, node.lineno)
            if node.lineno <= line <= last and last - node.lineno <= max(found[1] - found[0], 400):
                found = min(found, (node.lineno, last), key=lambda one: (one == (line, line), one[1] - one[0]))
    return found


def main() -> int:
    """Reads what to try from standard input, and writes one line of JSON for each mutant on the descriptor named."""
    asked = json.load(sys.stdin)
    out = os.fdopen(int(sys.argv[1]), "w", buffering=1, encoding="utf-8")

    def told(key: str, outcome: str, note: str) -> None:
        out.write(json.dumps([key, outcome, note]) + "\n")

    trial = Trial(asked["mutants"], asked["files"], asked["jobs"], asked["longest_seconds"], told)
    trial.start()
    return int(pytest.main([*_PLAIN, *asked["tests"]], plugins=[trial]))


if __name__ == "__main__":
    sys.exit(main())
