"""What devices are asked to do, and how far they may be asked."""
