"""The fleet simulated: homes with sun and batteries that answer events and give readings."""
