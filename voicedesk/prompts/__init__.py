"""What callers hear, as sound: texts spoken by a synthetic voice, or by a person whose recording replaces it.

`texts` finds the words, `speaker` and `synthesis` speak them, `rendering` makes sound fit for the telephone, `check`
hears whether it can be understood, `build` does all of it for what is new, `book` finds a prompt by its text.
"""
