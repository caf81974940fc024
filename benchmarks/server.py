"""A manager interface for one client: logs it in, answers what it asks at first, then sends a file.

python -m benchmarks.server FILE [TIMES]      prints its port; the file is sent TIMES times, without its end mark
                                              but for the last
"""

import socket
import sys

from benchmarks.corpus import END

QUIET_SECONDS = 0.4


def main() -> None:
    """Serves one connection and ends."""
    path, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with open(path, "rb") as file:
        stream = file.read().removesuffix(END)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.settimeout(60)
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
    with connection:
        connection.settimeout(300)
        connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        _answer(connection)
        connection.settimeout(300)
        for _ in range(times):
            connection.sendall(stream)
        connection.sendall(END)
        connection.settimeout(30)
        while connection.recv(65536):
            pass


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
            action = dict(line.split(b": ", 1) for line in text.split(b"\r\n") if b": " in line)
            connection.sendall(_reply(action))
            is_in = is_in or action.get(b"Action", b"").lower() == b"login"


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
