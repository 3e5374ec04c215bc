"""The most likely unknowns, by Newton's method with preconditioned conjugate gradients inside.

The preconditioner is the exact factor of the system without what couples two devices: one sparse block a device; of a
small system all of it, since contacts much finer than clocks leave what all clocks share to the last digits.
Decides when a step is small enough; refuses to know what the unknowns mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from fieldpost.timeline.smoother.delays import Delays
from fieldpost.timeline.smoother.tracks import Floats

ROUNDS_MAX = 40
WHOLE_MAX = 4000  # unknowns whose whole matrix is factored
STEPS_MAX = 600
STEP_LEAST = 1e-3
FIRMER = 1e-10  # of its diagonal, so that a block that is singular to a float has a factor
PRECISE = 1e-4  # of the energy's root: linear systems that stand alone
ROUGH = 1e-2  # and those of a step, which the next one makes good
STILL = 5e-3  # of a delay's spread: what moves no message by more has arrived


@dataclass(frozen=True, eq=False)
class System:
    """Minimise |prior z|^2 / 2 - log likelihood of between z + told_ms.

    `heard`, `sent`: sparse, a row a message; `between` is their difference. `prior` rows are whitened,
    the anchor's among them.
    """

    prior: sparse.csr_matrix
    heard: sparse.csr_matrix
    sent: sparse.csr_matrix
    between: sparse.csr_matrix
    told_ms: Floats

    def excess_ms(self, z: Floats) -> Floats:
        return self.between @ z + self.told_ms


@dataclass(frozen=True, eq=False)
class Bent:
    """The system's matrix where messages weigh `bend`, and its block factor."""

    system: System
    bend: Floats
    factor: SuperLU

    def times(self, z: Floats) -> Floats:
        system = self.system
        bend = self.bend if z.ndim == 1 else self.bend[:, None]
        return system.prior.T @ (system.prior @ z) + system.between.T @ (bend * (system.between @ z))


def bent(system: System, bend: Floats) -> Bent:
    weight = sparse.diags_array(bend)
    blocks = system.prior.T @ system.prior
    small = system.prior.shape[1] <= WHOLE_MAX
    for side in (system.between,) if small else (system.heard, system.sent):
        blocks = blocks + side.T @ weight @ side
    blocks = blocks + sparse.diags_array(FIRMER * blocks.diagonal())
    options = {"SymmetricMode": True}
    factor = splu(blocks.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    return Bent(system, bend, factor)


def solved(matrix: Bent, right: Floats, precise: float = PRECISE) -> Floats:
    """matrix^-1 right; right: float[n], or float[n, k] for k systems at once."""
    z = np.zeros_like(right)
    rest = right.copy()
    lifted = matrix.factor.solve(rest)
    way = lifted.copy()
    size = np.sum(rest * lifted, axis=0)
    enough = precise**2 * size
    for _ in range(STEPS_MAX):
        if np.all(size <= enough):
            break
        ahead = matrix.times(way)
        share = size / np.maximum(np.sum(way * ahead, axis=0), 1e-300)
        z = z + share * way
        rest = rest - share * ahead
        lifted = matrix.factor.solve(rest)
        new = np.sum(rest * lifted, axis=0)
        way = lifted + new / np.maximum(size, 1e-300) * way
        size = new
    return z


def least_squares(system: System, delays: Delays) -> Floats:
    """The unknowns if excesses were normal about their expectation: where Newton's method starts."""
    weight = delays.spread() ** -2.0
    right = system.between.T @ (weight * (delays.expected_ms() - system.told_ms))
    return solved(bent(system, weight), right)


def most_likely(system: System, delays: Delays, z: Floats) -> Floats:
    """Newton's method from z, halving a step that does not descend."""

    def height(at: Floats) -> float:
        return 0.5 * float(np.sum((system.prior @ at) ** 2)) + float(
            delays.unlikely(system.excess_ms(at))[0].sum()
        )

    current = height(z)
    small = STILL * float(np.min(delays.spread()))
    for _ in range(ROUNDS_MAX):
        _, slope, bend = delays.unlikely(system.excess_ms(z))
        grade = system.prior.T @ (system.prior @ z) + system.between.T @ slope
        step = solved(bent(system, bend), -grade, ROUGH)
        downhill = float(grade @ step)
        share = 1.0
        while share > STEP_LEAST and height(z + share * step) > current + 1e-4 * share * downhill:
            share /= 2
        moved = float(np.max(np.abs(system.between @ (share * step)), initial=0.0))
        if share <= STEP_LEAST or -downhill < 1e-6:
            break
        z = z + share * step
        current = height(z)
        if moved < small:
            break
    return z


def drawn(system: System, delays: Delays, z: Floats, rng: np.random.Generator, count: int) -> Floats:
    """`count` draws of what the unknowns may be off z by, as a normal about it: float[unknowns, count]."""
    matrix = bent(system, delays.information(system.excess_ms(z)))
    prior = rng.standard_normal((system.prior.shape[0], count))
    told = rng.standard_normal((len(matrix.bend), count)) * np.sqrt(matrix.bend)[:, None]
    return solved(matrix, system.prior.T @ prior + system.between.T @ told, 1e-3)
