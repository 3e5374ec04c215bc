"""What a field device's clock does while nobody looks: skew, temperature, random walk, ticks.

Pure and seeded: randomness comes in as a `numpy.random.Generator`, times are int64 nanoseconds. `temperature` decides
how warm it is, `crystal` how much a clock gains by it, `clock` what it then reads. Refuses to know what a stated
assumption says about a clock; whoever makes a world checks that.
"""
