"""Verdicts in the words that people read, Chinese first."""

CALL_WORDS = {
    "on_time": "按时 on time",
    "late": "超时 late",
    "missed": "未接 missed",
    "left_early": "早挂 left early",
    "not_judged": "不判 not judged",
    "cannot_tell": "无法判定 cannot tell",
}
GREETING_WORDS = {
    "cannot_tell": "无法判定 cannot tell",
    "incomplete": "不完整 incomplete",
    "wrong_department": "报错部门 wrong department",
    "wrong_number": "报错工号 wrong number",
    "wrong_order": "次序不对 wrong order",
    "late_start": "开口过迟 late start",
    "compliant": "合规 compliant",
    "not_judged": "不评判 not judged",
}


def in_chinese(words: str) -> str:
    """The Chinese half of such words."""
    return words.partition(" ")[0]
