"""What staff say in the fixtures, and the verdict that the standard has for it (S2, S3)."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.speech_model.phrases import Part, shipped
from tools.speech_model.voices import held_out

HELLO, DEPARTMENT, MATTER = "hello", "department", "matter"
DEPARTMENTS = (
    "社保 中心",
    "医保 局",
    "人社 局",
    "劳动 仲裁 院",
    "就业 服务 中心",
    "社会 保险 中心",
    "医疗 保障 局",
    "人力资源 和 社会 保障 局",
)
NOT_A_QUESTION = ("很 高兴 为 您 服务", "请问 您 找 谁")
"""Phrases of the vocabulary that do not ask what the caller needs."""
FORBIDDEN = ("我 不 知道", "这个 我 不 清楚", "这事 不 归 我 管", "我 还 有 事", "不 知道", "不 清楚")
KEPT = ("不知道", "不清楚", "不归我管", "我还有事")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Parts in the order they are said; `pauses` are seconds of silence before each of them."""

    name: str
    parts: tuple[Part, ...]
    department: str
    verdict: str
    violations: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    exempted: tuple[str, ...] = ()
    polite: bool = False
    remark: bool = False
    others: tuple[str, ...] = ()
    pauses: tuple[float, ...] = field(default=())
    unforeseen_name: bool = False


class Telling:
    """Chooses the words of stories; `held_out_wording` takes phrases that the model never learned from."""

    def __init__(self, rng: random.Random, held_out_wording: bool) -> None:
        self.rng = rng
        learned = [text for text in shipped().lists["matter"] if text not in NOT_A_QUESTION]
        self.matters = held_out()["scoring"]["matter"] if held_out_wording else learned

    def hello(self) -> Part:
        """A hello without a remark."""
        return Part(HELLO, self.rng.choice(("您好", "您好", "喂 您好")))

    def department(self, name: str) -> Part:
        """The department, as it may be introduced."""
        return Part(DEPARTMENT, f"{self.rng.choice(('', '', '这里 是'))} {name}".strip())

    def matter(self) -> Part:
        """A question for what the caller needs."""
        return Part(MATTER, self.rng.choice(self.matters))

    def name(self) -> str:
        """A department's name."""
        return self.rng.choice(DEPARTMENTS)


def _joined(name: str) -> str:
    return name.replace(" ", "")


def compliant(telling: Telling) -> Story:
    """As it should be."""
    name = telling.name()
    parts = (telling.hello(), telling.department(name), telling.matter())
    return Story(name="compliant", parts=parts, department=_joined(name), verdict="compliant")


def unforeseen_name(telling: Telling) -> Story:
    """As it should be, in a department whose name is not in the vocabulary."""
    name = " ".join(telling.rng.choice(held_out()["scoring"]["names"]))
    parts = (telling.hello(), telling.department(name), telling.matter())
    return Story(
        name="unforeseen_name", parts=parts, department=_joined(name), verdict="compliant", unforeseen_name=True
    )


def ni_hao(telling: Telling) -> Story:
    """你好 instead of 您好: accepted with a remark."""
    name = telling.name()
    parts = (Part(HELLO, "你好"), telling.department(name), telling.matter())
    return Story(name="ni_hao", parts=parts, department=_joined(name), verdict="compliant", remark=True)


def wei_alone(telling: Telling) -> Story:
    """喂 is no hello."""
    name = telling.name()
    parts = (Part("other", "喂"), telling.department(name), telling.matter())
    return _incomplete("wei_alone", name, parts, (HELLO,))


def only_wei(telling: Telling) -> Story:
    """喂, and nothing more."""
    return _incomplete("only_wei", telling.name(), (Part("other", "喂"),), (HELLO, DEPARTMENT, MATTER))


def no_hello(telling: Telling) -> Story:
    """The department first, and no hello at all."""
    name = telling.name()
    return _incomplete("no_hello", name, (telling.department(name), telling.matter()), (HELLO,))


def no_department(telling: Telling) -> Story:
    """Nobody says where the caller has got to."""
    return _incomplete("no_department", telling.name(), (telling.hello(), telling.matter()), (DEPARTMENT,))


def no_matter(telling: Telling) -> Story:
    """Nobody asks."""
    name = telling.name()
    return _incomplete("no_matter", name, (telling.hello(), telling.department(name)), (MATTER,))


def only_hello(telling: Telling) -> Story:
    """您好, and nothing more."""
    return _incomplete("only_hello", telling.name(), (Part(HELLO, "您好"),), (DEPARTMENT, MATTER))


def _incomplete(story: str, name: str, parts: tuple[Part, ...], missing: tuple[str, ...]) -> Story:
    return Story(
        name=story,
        parts=parts,
        department=_joined(name),
        verdict="incomplete",
        violations=("incomplete",),
        missing=missing,
    )


def _wrong_order(order: tuple[int, ...], story: str) -> Callable[[Telling], Story]:
    def told(telling: Telling) -> Story:
        name = telling.name()
        parts = (telling.hello(), telling.department(name), telling.matter())
        return Story(
            name=story,
            parts=tuple(parts[place] for place in order),
            department=_joined(name),
            verdict="wrong_order",
            violations=("wrong_order",),
        )

    return told


def wrong_department(telling: Telling) -> Story:
    """Another department's name in the department's place."""
    said, own = telling.rng.sample(DEPARTMENTS[:5], 2)
    return Story(
        name="wrong_department",
        parts=(telling.hello(), telling.department(said), telling.matter()),
        department=_joined(own),
        others=(_joined(said),),
        verdict="wrong_department",
        violations=("wrong_department",),
    )


def late_start(telling: Telling) -> Story:
    """Nothing is said for more than three seconds."""
    name = telling.name()
    return Story(
        name="late_start",
        parts=(telling.hello(), telling.department(name), telling.matter()),
        department=_joined(name),
        verdict="late_start",
        violations=("late_start",),
        pauses=(telling.rng.uniform(3.6, 4.2), 0.0, 0.0),
    )


def late_end(telling: Telling) -> Story:
    """The question comes after more than ten seconds: for the greeting it is missing."""
    name = telling.name()
    return Story(
        name="late_end",
        parts=(telling.hello(), telling.department(name), telling.matter()),
        department=_joined(name),
        verdict="incomplete",
        violations=("incomplete",),
        missing=(MATTER,),
        pauses=(0.4, 0.2, telling.rng.uniform(9.5, 10.5)),
    )


def forbidden(telling: Telling) -> Story:
    """A good greeting, and later a phrase that nobody may say."""
    told, phrase = compliant(telling), telling.rng.choice(FORBIDDEN)
    kept = next(words for words in KEPT if words in _joined(phrase))
    return Story(
        name="forbidden",
        parts=(*told.parts, Part("forbidden", phrase)),
        department=told.department,
        verdict="compliant",
        forbidden=(kept,),
        pauses=(0.4, 0.0, 0.0, 1.5),
    )


def exempt(telling: Telling) -> Story:
    """The same words where they put nobody off."""
    told = compliant(telling)
    phrase = telling.rng.choice(
        ("我 不 知道 您 的 姓名", "您 说 您 不 知道 工伤 认定 怎么 办理", "您 还 有 不 清楚 的 地方 吗")
    )
    return Story(
        name="exempt",
        parts=(*told.parts, Part("exempt", phrase)),
        department=told.department,
        verdict="compliant",
        exempted=("不知道" if "知道" in phrase else "不清楚",),
        pauses=(0.4, 0.0, 0.0, 1.5),
    )


def polite(telling: Telling) -> Story:
    """What is to be said instead."""
    told = compliant(telling)
    phrase = telling.rng.choice(
        ("请 稍等 待 我 确认 后 尽快 回答 你 的 问题", "请 您 稍等 我 确认 一下 后 尽快 回答 您 的 问题")
    )
    return Story(
        name="polite",
        parts=(*told.parts, Part("polite", phrase)),
        department=told.department,
        verdict="compliant",
        polite=True,
        pauses=(0.4, 0.0, 0.0, 1.2),
    )


STORIES: tuple[Callable[[Telling], Story], ...] = (
    compliant,
    unforeseen_name,
    ni_hao,
    wei_alone,
    only_wei,
    no_hello,
    no_department,
    no_matter,
    only_hello,
    _wrong_order((1, 0, 2), "department_first"),
    _wrong_order((0, 2, 1), "matter_before_department"),
    _wrong_order((2, 0, 1), "matter_first"),
    wrong_department,
    late_start,
    late_end,
    forbidden,
    exempt,
    polite,
)
