"""Where events most likely stand in time: one joint, sparse estimate over all contacts. Floats, and never a decision.

`tracks` lays knots along each boot's clock, `daily` and `warmth` say what its rate follows, `delays` what a message's
delay says, `newton` solves, `smooth` puts them together. Each boot is a phase and a rate that walks at random (an
integrated Wiener process, interpolated by its cubic); a point is the most likely value, its sigma the posterior's.
"""
