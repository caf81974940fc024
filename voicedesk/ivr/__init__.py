"""The caller's walk through the IVR, as pure rules: keys, words and silence in, what to play next out (S5, S17).

`walk` is the machine; its phases are `choosing`, `telling`, `asking`, `matter` and `leaving`. `keys` is the table of
what each key does in each state. `screens` and `wording` hold what is said. `names` finds an item by its spoken name.
`tracking_code` is the number that a caller takes away.
"""
