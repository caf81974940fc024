"""The code a caller takes away: eight digits, the last of which shows most slips of a finger.

Seven random digits and a check digit by Damm's scheme, which finds every single wrong digit and every two neighbours
that changed places. It holds nothing of the caller.
"""

from collections.abc import Callable

LENGTH = 8
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def new_code(below: Callable[[int], int]) -> str:
    """A code; `below(n)` gives a random number from 0 up to, not including, n."""
    digits = f"{below(10 ** (LENGTH - 1)):0{LENGTH - 1}d}"
    return digits + str(_remainder(digits))


def is_code(text: str) -> bool:
    """True if a text may be a code: eight digits of which the last one is right."""
    return len(text) == LENGTH and text.isascii() and text.isdigit() and _remainder(text) == 0


def _remainder(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim
