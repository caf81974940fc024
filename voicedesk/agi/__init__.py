"""FastAGI: Asterisk asks over TCP what to do with a call, command by command.

`protocol` turns bytes into values without a socket, `server` is the one door to the network, `call` has the verbs of
telephony: say, ask, menu, record.
"""
