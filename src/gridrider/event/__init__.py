"""Grid events: which of them concern whom, and what each participant did about them."""
