"""NACHA files of the Automated Clearing House: written, read and checked."""

from .build import AchRequest as AchRequest
from .build import build_file as build_file
from .read import read_ach as read_ach
from .returned import returned_entries as returned_entries
from .wire import AchFile as AchFile
from .wire import text_of as text_of
