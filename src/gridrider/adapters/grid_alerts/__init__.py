"""Alerts of the grid operator: CAISO's Flex Alert feed, and what an operator enters by hand and signs."""

from .client import FlexAlertFeed as FlexAlertFeed
from .client import FlexPoll as FlexPoll
from .operator import read_operator_entries as read_operator_entries
from .operator import signature_of as signature_of
from .translate import AlertRow as AlertRow
from .translate import flex_alert_rows as flex_alert_rows
