"""Every house, by its name."""

from tests.testbed.house import House
from tests.testbed.situations import freepbx, hotline, issabel, mikopbx, queues

HOUSES: dict[str, House] = {
    house.name: house for house in (freepbx.HOUSE, issabel.HOUSE, mikopbx.HOUSE, hotline.HOUSE, queues.HOUSE)
}
