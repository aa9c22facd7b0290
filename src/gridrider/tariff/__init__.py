"""The tariff: riders, services, operating parameters, dated rates."""
