"""Words in lines: pauses begin a new line, parts and phrases are marked, what was not surely heard is said to be so."""

from voicedesk.desk.said import FORBIDDEN, POLITE, said_lines
from voicedesk.greeting.evidence import ToldJudgement
from voicedesk.greeting.model import PartFound, PhraseFound
from voicedesk.greeting.stream import Match
from voicedesk.speech.transcript import UNKNOWN_WORD, Transcript, Word


def words(*some: tuple[str, float, float]) -> tuple[Word, ...]:
    return tuple(Word(text=text, start_seconds=a, end_seconds=b, confidence=0.9) for text, a, b in some)


def part(name: str, start: float, end: float) -> PartFound:
    match = next(iter(Match))
    return PartFound(part=name, text="", start_seconds=start, end_seconds=end, confidence=1, match=match)


def phrase(text: str, start: float) -> PhraseFound:
    return PhraseFound(phrase=text, start_seconds=start, confidence=1)


def lines(some: tuple[Word, ...], **told) -> list[list[tuple[str, str]]]:
    found = said_lines(Transcript(words=some, heard_seconds=60, model="m"), ToldJudgement(**told))
    return [
        [(piece.mark, "".join(word.text.chinese for word in piece.words)) for piece in line.pieces] for line in found
    ]


GREETING = words(("您好", 0.6, 1.0), ("社保", 1.3, 1.7), ("中心", 1.7, 2.2), ("请讲", 2.3, 2.8))


def test_parts_of_the_greeting_are_marked_where_they_were_said():
    told = {"parts": (part("hello", 0.6, 1.0), part("department", 1.3, 2.2))}
    assert lines(GREETING, **told) == [[("hello", "您好"), ("department", "社保中心"), ("", "请讲")]]


def test_a_pause_begins_a_new_line_and_a_breath_does_not():
    some = words(("您好", 0, 0.5), ("社保", 1.2, 1.6), ("请讲", 2.5, 2.8))
    assert lines(some) == [[("", "您好社保")], [("", "请讲")]]


def test_a_phrase_covers_as_many_words_as_it_has_syllables_and_no_more():
    some = words(("这个", 5, 5.3), ("我", 5.3, 5.5), ("不", 5.5, 5.7), ("清楚", 5.7, 6.1), ("啊", 6.1, 6.3))
    assert lines(some, forbidden=(phrase("不清楚", 5.5),)) == [[("", "这个我"), (FORBIDDEN, "不清楚"), ("", "啊")]]


def test_a_forbidden_phrase_is_shown_as_such_also_where_a_polite_one_lies_over_it():
    some = words(
        ("请稍等", 1, 1.6),
    )
    told = {"polite": (phrase("请稍等", 1),), "forbidden": (phrase("请稍等", 1),)}
    assert lines(some, **told) == [[(FORBIDDEN, "请稍等")]]
    assert lines(some, polite=told["polite"]) == [[(POLITE, "请稍等")]]


def test_speech_that_is_no_known_word_is_said_to_be_none_and_counts_as_weak():
    (line,) = said_lines(Transcript(words=words((UNKNOWN_WORD, 1, 2)), heard_seconds=3, model="m"), ToldJudgement())
    (word,) = line.pieces[0].words
    assert (word.text.chinese, word.is_weak) == ("〔没有听清〕", True)


def test_of_what_was_not_kept_there_are_no_lines():
    assert said_lines(None, ToldJudgement()) == ()


def test_a_speech_without_a_pause_is_still_cut_into_lines():
    some = words(*((f"字{n}", n / 10, n / 10 + 0.1) for n in range(60)))
    assert [len(line[0][1]) > 0 for line in lines(some)] == [True] * 3
