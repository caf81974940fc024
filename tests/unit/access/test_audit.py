"""The audit log's chain: whatever is changed, taken out, put in or moved is found at its first place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voicedesk.access.audit import (
    AuditEntry,
    Broken,
    Deed,
    Flaw,
    Happened,
    canonical,
    entry_after,
    first_broken,
    hash_of,
)
from voicedesk.access.roles import Thing

AT = 1_800_000_000_000_000


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for n in range(length):
        deed = Happened(at=AT + n, who="0101", deed=Deed.SIGNED_IN, thing=Thing.ACCOUNT, object="0101")
        entries.append(entry_after(entries[-1] if entries else None, deed))
    return entries


def test_a_chain_that_nobody_touched_is_whole():
    assert first_broken([]) is None
    assert first_broken(chain(7)) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", AT),
        ("who", "0102"),
        ("address", "10.0.0.9"),
        ("deed", Deed.SIGNED_OUT),
        ("thing", Thing.CALL),
        ("object", "0102"),
        ("note", "x"),
        ("hash", "0" * 64),
        ("before", "0" * 64),
    ],
)
def test_fault_82_an_entry_edited_by_hand_is_found(field, value):
    entries = chain(5)
    entries[2] = replace(entries[2], **{field: value})
    assert first_broken(entries) == Broken(3, Flaw.CHANGED)


def test_an_entry_changed_with_its_hash_breaks_the_chain_behind_it():
    entries = chain(5)
    forged = replace(entries[2], who="0102")
    entries[2] = replace(forged, hash=hash_of(forged))
    assert first_broken(entries) == Broken(4, Flaw.REPLACED)


def test_an_entry_taken_out_put_in_or_moved_is_found():
    entries = chain(5)
    assert first_broken([*entries[:2], *entries[3:]]) == Broken(3, Flaw.MISSING)
    assert first_broken(entries[1:]) == Broken(1, Flaw.MISSING)
    assert first_broken([*entries[:3], entries[2], *entries[3:]]) == Broken(4, Flaw.MISSING)
    assert first_broken([entries[0], entries[2], entries[1]]) == Broken(2, Flaw.MISSING)


def test_a_chain_is_read_a_part_at_a_time():
    entries = chain(6)
    assert first_broken(entries[3:], entries[2]) is None
    assert first_broken(entries[3:], replace(entries[2], hash="x")) == Broken(4, Flaw.REPLACED)


def test_the_bytes_of_an_entry_never_change():
    """What was hashed once is hashed so for ever: whoever changes these bytes breaks every hall's log."""
    (entry,) = chain(1)
    assert canonical(entry) == (
        b'{"address":"","at":1800000000000000,"before":"","deed":"signed_in","note":"","number":1,"object":"0101",'
        b'"thing":"account","who":"0101"}'
    )
    assert entry.hash == "7e3807afd403b3008d1930deed682c58db9db0d84deae738dc944904e1f668a8"


def test_no_entry_holds_a_whole_number():
    shown = Happened(
        at=AT,
        who="0101",
        deed=Deed.REFUSED,
        thing=Thing.CALL,
        object="13812341234",
        note="+86 138-1234-1234",
    )
    entry = entry_after(None, shown)
    assert "1234123" not in canonical(entry).decode().replace("-", "").replace(" ", "")
    assert "138" in entry.object
    assert entry_after(None, replace(shown, thing=Thing.ACCOUNT, object="20260101")).object == "20260101"


@given(text=st.text(max_size=300))
def test_any_text_is_written_as_it_will_be_read_again(text):
    entry = entry_after(
        None, Happened(at=AT, who=text, deed=Deed.REFUSED, thing=Thing.CALL, object=text, address=text, note=text)
    )
    for field in (entry.who, entry.object, entry.address, entry.note):
        field.encode()
        assert "\0" not in field
        assert "\n" not in field
    assert first_broken([entry]) is None
