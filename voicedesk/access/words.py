"""What the codes of accounts, roles and the audit log mean, in Chinese and in English."""

from voicedesk.access.accounts import AccountState
from voicedesk.access.audit import Deed, Flaw
from voicedesk.access.roles import Role, Thing
from voicedesk.words import Words

ROLES: Words = {
    Role.STAFF: ("工作人员", "staff"),
    Role.SUPERVISOR: ("负责人", "supervisor"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
    Role.AUDITOR: ("审计", "auditor"),
}
THINGS: Words = {
    Thing.CALL: ("通话", "call"),
    Thing.GREETING: ("问候", "greeting"),
    Thing.RECORDING: ("录音", "recording"),
    Thing.NUMBER: ("完整号码", "whole number"),
    Thing.VERDICT: ("判定", "verdict"),
    Thing.APPEAL: ("申诉", "appeal"),
    Thing.TICKET: ("待办", "ticket"),
    Thing.COMPLAINT: ("投诉", "complaint"),
    Thing.SEAT: ("话机", "seat"),
    Thing.BREAK: ("离岗", "break"),
    Thing.BREAK_REASON: ("离岗原因", "reason of a break"),
    Thing.OUTAGE: ("故障公告", "outage"),
    Thing.FIGURES: ("统计", "figures"),
    Thing.LEDGER: ("咨询台账", "ledger"),
    Thing.SHEET: ("告知单", "sheet"),
    Thing.NOTICE: ("办事指南", "notice"),
    Thing.NEWS: ("通知", "news"),
    Thing.STATUS: ("运行", "status"),
    Thing.SET_ASIDE: ("搁置", "set aside"),
    Thing.REQUEST: ("请求", "request"),
    Thing.SETTINGS: ("设置", "settings"),
    Thing.ACCOUNT: ("账号", "account"),
    Thing.AUDIT: ("审计日志", "audit log"),
}
DEEDS: Words = {
    Deed.SIGNED_IN: ("登录", "signed in"),
    Deed.SIGN_IN_REFUSED: ("登录被拒", "sign-in refused"),
    Deed.SIGNED_OUT: ("退出", "signed out"),
    Deed.PASSWORD_SET: ("设置密码", "password set"),
    Deed.SECOND_FACTOR_SET: ("设置动态验证码", "second factor set"),
    Deed.RECOVERY_CODE_USED: ("使用备用码", "recovery code used"),
    Deed.ACCOUNT_ADDED: ("新增账号", "account added"),
    Deed.ACCOUNT_CHANGED: ("更改账号", "account changed"),
    Deed.ACCOUNT_RESET: ("重设账号", "account reset"),
    Deed.ACCOUNT_LOCKED: ("锁定账号", "account locked"),
    Deed.ACCOUNT_OPENED: ("解开账号", "account opened"),
    Deed.ACCOUNT_REMOVED: ("删除账号", "account removed"),
    Deed.REFUSED: ("越权被拒", "refused"),
    Deed.HEARD: ("收听录音", "recording heard"),
    Deed.NUMBER_SHOWN: ("查看完整号码", "whole number shown"),
    Deed.NUMBER_SOUGHT: ("按号码查找", "found by number"),
    Deed.EXPORTED: ("导出列表", "list exported"),
    Deed.SETTINGS_CHANGED: ("更改设置", "settings changed"),
    Deed.CONNECTION_TESTED: ("测试连接", "connection tested"),
}
FLAWS: Words = {
    Flaw.MISSING: ("缺失", "missing"),
    Flaw.CHANGED: ("内容被改动", "changed"),
    Flaw.REPLACED: ("之前的一条被替换", "the one before it was replaced"),
}
ACCOUNT_STATES: Words = {
    AccountState.IN_USE: ("在用", "in use"),
    AccountState.WAITING: ("等待首次登录", "waiting for the first visit"),
    AccountState.CLOSED_FOR_NOW: ("暂时关闭", "closed for now"),
    AccountState.LOCKED: ("已锁定", "locked"),
}
