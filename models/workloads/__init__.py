"""What a unit of each kind of work asks of the hardware."""
