"""pystrix: two threads and a queue."""

import time

import pystrix
from probe import PORT, Probe

probe = Probe()
manager = pystrix.ami.Manager()
manager.register_callback("", lambda e, _: probe.event(e.name, e.get, lambda: list(e.items())))
manager.connect("127.0.0.1", PORT)
manager.send_action(pystrix.ami.core.Login("u", "s"))
manager.monitor_connection()
time.sleep(600)
