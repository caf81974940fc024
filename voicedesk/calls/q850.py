"""Why a channel ended, by the numbers of ITU-T Q.850 that a switch tells in `Hangup` (Cause).

The names are those of Asterisk's own list (include/asterisk/causes.h, AST_CAUSE_…). Asterisk gives these numbers to SIP
calls as well: a SIP answer becomes the nearest number, as noted below. They are plain numbers, not an enum: they are
compared with what the switch sent, for every call, and a switch may send any number.
"""

NOT_DEFINED = 0
"""No cause was told. Q.850 has no such number; Asterisk begins with it."""
NO_ROUTE_DESTINATION = 3
NORMAL_CLEARING = 16
USER_BUSY = 17
"""SIP 486, 600."""
NO_USER_RESPONSE = 18
"""SIP 408."""
NO_ANSWER = 19
"""SIP 480: many phones answer so while they are set to do-not-disturb."""
SUBSCRIBER_ABSENT = 20
"""The phone is not registered."""
CALL_REJECTED = 21
"""SIP 603, and 401, 403 and 407."""
REDIRECTED_TO_NEW_DESTINATION = 23
"""The phone sends the call on to another one."""
ANSWERED_ELSEWHERE = 26
"""Another phone took the call: SIP CANCEL with that reason."""
DESTINATION_OUT_OF_ORDER = 27
NETWORK_OUT_OF_ORDER = 38
REQUESTED_CHANNEL_UNAVAILABLE = 44
INTERWORKING = 127
"""Ended without a cause: so a caller's channel ends that hung up in a queue."""

NOT_REFUSED = frozenset({None, NOT_DEFINED, NORMAL_CLEARING, ANSWERED_ELSEWHERE, INTERWORKING})
"""A ringing that the switch or the caller ended has one of these causes: they do not say that the phone refused."""
NOBODY_CAME = frozenset({NO_USER_RESPONSE, NO_ANSWER})
"""The causes of a phone that rang in vain. A phone that never rang refused by them (SIP 480)."""
NOBODY_TO_DIAL = frozenset(
    {
        NO_ROUTE_DESTINATION,
        SUBSCRIBER_ABSENT,
        DESTINATION_OUT_OF_ORDER,
        NETWORK_OUT_OF_ORDER,
        REQUESTED_CHANNEL_UNAVAILABLE,
    }
)
"""A caller's channel ends with one of these where a phone is not registered, or where no way leads to it."""
