"""Weather alerts of the National Weather Service (api.weather.gov): GeoJSON with VTEC codes."""

from .client import Poll as Poll
from .client import WeatherService as WeatherService
from .translate import Translated as Translated
from .translate import alerts_of as alerts_of
