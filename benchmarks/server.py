"""A manager interface for one client: logs it in, answers what it asks at first, then sends what it was told to.

python -m benchmarks.server file PATH        a stream from a file, as fast as it is read
python -m benchmarks.server live EVENTS      a stream made while it is sent, so that no id and no instant comes twice
python -m benchmarks.server paced RATE EVENTS    one send an event, RATE a second, each with the present as Timestamp
python -m benchmarks.server case NAME        one of edges.CASES

Prints its port.
"""

import contextlib
import select
import socket
import sys
import time
from pathlib import Path

from benchmarks import corpus, edges

QUIET_SECONDS = 0.4
CHUNK_EVENTS = 100
_STAMP = b"\r\nTimestamp: "


def main() -> None:
    """Serves one connection and ends."""
    mode, *options = sys.argv[1:]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        _answer(connection)
        connection.settimeout(300)
        with contextlib.suppress(ConnectionError):  # a client that has seen the end is gone at once
            _SENDERS[mode](connection, *options)
            connection.settimeout(30)
            while connection.recv(65536):
                pass


def _send_file(connection: socket.socket, path: str) -> None:
    with Path(path).open("rb") as file:
        connection.sendfile(file)


def _send_live(connection: socket.socket, events: str) -> None:
    held = []
    for told in corpus.stream(int(events)):
        held.append(told.block)
        if len(held) == CHUNK_EVENTS:
            connection.sendall(b"".join(held))
            held.clear()
            _answer_waiting(connection)
    connection.sendall(b"".join(held) + corpus.END)


def _send_paced(connection: socket.socket, rate: str, events: str) -> None:
    """As Asterisk does it: an event goes out by itself, when it happens."""
    told = corpus.stream(int(events), start_us=time.time_ns() // 1000)
    halves = [_around_stamp(one.block) for one in told]
    begun = time.monotonic()
    for number, (before, after) in enumerate(halves):
        time.sleep(max(begun + number / float(rate) - time.monotonic(), 0))
        connection.sendall(before + f"{time.time():.6f}".encode() + after)
        if number % CHUNK_EVENTS == 0:
            _answer_waiting(connection)
    connection.sendall(corpus.END)


def _around_stamp(block: bytes) -> tuple[bytes, bytes]:
    start = block.index(_STAMP) + len(_STAMP)
    return block[:start], block[block.index(b"\r\n", start) :]


def _send_case(connection: socket.socket, name: str) -> None:
    """Each part by itself; a number is a pause in seconds."""
    case = next(case for case in edges.CASES if case.name == name)
    for part in (*case.parts, edges.AFTER, corpus.END):
        if isinstance(part, bytes):
            connection.sendall(part)
        else:
            time.sleep(part)


_SENDERS = {"file": _send_file, "live": _send_live, "paced": _send_paced, "case": _send_case}


def _answer(connection: socket.socket) -> None:
    """Answers actions until the client, logged in, is quiet."""
    held, is_in = b"", False
    while True:
        connection.settimeout(QUIET_SECONDS if is_in else 60)
        try:
            data = connection.recv(65536)
        except TimeoutError:
            return
        held += data
        while b"\r\n\r\n" in held:
            text, _, held = held.partition(b"\r\n\r\n")
            action = _action(text)
            connection.sendall(_reply(action))
            is_in = is_in or action.get(b"Action", b"").lower() == b"login"


def _answer_waiting(connection: socket.socket) -> None:
    """Answers what was asked meanwhile, a Ping mostly: a client that gets no answer rightly gives the link up."""
    if select.select([connection], [], [], 0)[0]:
        for text in connection.recv(65536).split(b"\r\n\r\n")[:-1]:
            connection.sendall(_reply(_action(text)))


def _action(text: bytes) -> dict[bytes, bytes]:
    return dict(line.split(b": ", 1) for line in text.split(b"\r\n") if b": " in line)


def _reply(action: dict[bytes, bytes]) -> bytes:
    name = action.get(b"Action", b"").decode().lower()
    told = {
        "challenge": "Challenge: 193749823",
        "login": "Message: Authentication accepted",
        "ping": "Ping: Pong\r\nTimestamp: 1761890000.000000",
        "corestatus": "CoreStartupDate: 2025-10-31\r\nCoreStartupTime: 06:00:00",
        "coresettings": "AsteriskVersion: 22.10.1",
    }
    lists = {
        "coreshowchannels": "CoreShowChannels",
        "queuestatus": "QueueStatus",
        "devicestatelist": "DeviceStateList",
    }
    named = "".join(f"ActionID: {value.decode()}\r\n" for key, value in action.items() if key.lower() == b"actionid")
    if name in lists:
        start = f"Response: Success\r\n{named}EventList: start\r\nMessage: list follows\r\n\r\n"
        end = f"Event: {lists[name]}Complete\r\n{named}EventList: Complete\r\nListItems: 0\r\n\r\n"
        return (start + end).encode()
    reply = f"Response: Success\r\n{named}{told.get(name, 'Message: OK')}\r\n\r\n"
    if name == "login":
        reply += "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 97\r\nStatus: Fully Booted\r\n\r\n"
    return reply.encode()


if __name__ == "__main__":
    main()
