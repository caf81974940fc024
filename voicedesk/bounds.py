"""What comes from outside within bounds, where it enters: whole numbers of so many digits, text that can be kept."""


def whole_number(text: str | None, most_digits: int = 9) -> int | None:
    """A text of the digits 0 to 9, as a number.

    None for no text, an empty one, one with anything else in it, and one of more than `most_digits` digits.
    """
    if text is None or len(text) > most_digits or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def clean_text(text: str) -> str:
    """The same text, with replacement characters for what a database refuses: a NUL, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # whole pairs are letters
    return text
