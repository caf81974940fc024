"""Text from outside as every database can keep it."""


def clean_text(text: str) -> str:
    """The same text, with replacement characters for what a database refuses: a NUL, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
