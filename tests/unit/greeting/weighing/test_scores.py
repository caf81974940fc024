"""Sentences are scored once, within a budget, and what was not scored never wins."""

from voicedesk.greeting.weighing.scores import Scores
from voicedesk.greeting.weighing.sentences import Sentence
from voicedesk.speech.fits import Answer, Question, SentenceFit


def answered(asking, fit: float = -5.0):
    """The questions of a generator, each sentence answered alike; and what it returns."""
    questions: list[Question] = []
    try:
        question = next(asking)
        while True:
            questions.append(question)
            question = asking.send(Answer(fits=tuple(SentenceFit(total=fit) for _ in question.sentences)))
    except StopIteration as done:
        return questions, done.value


def test_a_sentence_is_asked_for_once():
    scores = Scores(10)
    assert [one.sentences for one in answered(scores.ask(["甲", "乙", "甲", ""]))[0]] == [("甲", "乙")]
    assert answered(scores.ask(["乙"]))[0] == []
    assert scores.asked == 2


def test_the_budget_is_kept_and_its_end_is_known():
    scores = Scores(2)
    assert [one.sentences for one in answered(scores.ask(["甲", "乙", "丙"]))[0]] == [("甲", "乙")]
    assert scores.is_cut
    scores.allow(1)
    assert [one.sentences for one in answered(scores.ask(["丙"]))[0]] == [("丙",)]


def test_what_was_not_scored_never_wins():
    scores = Scores(1)
    said = {"hello": "您好"}
    first, second = Sentence(order=("hello",), wording=said), Sentence(order=("hello",), wording={"hello": "你好"})
    assert answered(scores.best([first, second]))[1] is first
    assert scores.fit(second) < -900
    assert scores.fit(None) < -900


def test_a_fit_is_told_against_the_best_free_hearing():
    scores = Scores(1)
    sentence = Sentence(order=("hello",), wording={"hello": "您好"})
    answered(scores.best([sentence]), fit=-7.0)
    scores.free = -4.0
    assert scores.fit(sentence) == -3.0
