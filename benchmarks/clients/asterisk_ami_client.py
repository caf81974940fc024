"""asterisk-ami: a thread."""

import time

from asterisk.ami import AMIClient
from probe import PORT, Probe

probe = Probe()
client = AMIClient(address="127.0.0.1", port=PORT)
client.add_event_listener(
    lambda event, **_: probe.event(event.name, event.keys.get, lambda: [("Event", event.name), *event.keys.items()])
)
client.login(username="u", secret="s")
time.sleep(600)
