"""The terms of a tariff, one file for each stage of the program that they rule."""
