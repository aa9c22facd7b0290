"""Green Button (ESPI, NAESB REQ.21) files to readings."""

from .options import Options as Options
from .options import read_options as read_options
from .translate import Channels as Channels
from .translate import described_channels as described_channels
from .translate import read_green_button as read_green_button
