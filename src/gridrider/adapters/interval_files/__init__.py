"""A utility's own interval file (CSV), read by a mapping that says what each column means."""

from .layout import Layout as Layout
from .mapping import find_layout as find_layout
from .mapping import shipped_mappings as shipped_mappings
from .reader import read_interval_file as read_interval_file
from .yaml_tree import Section as Section
from .yaml_tree import load_section as load_section
