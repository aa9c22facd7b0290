"""A fleet of homes with batteries, sun, thermostats, water heaters and cars, run step by step under instructions."""
