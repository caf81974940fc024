"""The caller's walk through the IVR, as pure rules: keys, words and silence in, what to play next out (S5, S17).

`walk` is the machine, `keys` the table of what each key does where, `wording` what is said, `names` how an item is
chosen by its name, `tracking_code` the number a caller takes away.
"""
