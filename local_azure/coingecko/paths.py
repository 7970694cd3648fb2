"""Random paths that can be read at any moment without walking to it: Brownian bridges from hashed coefficients.

A path is the Levy-Ciesielski sum: in each block of 2**depth steps a straight line between two anchors, plus, for every
halving, one hat function times one normal number. That number is a hash of (stream, level, place), so the value at a
step costs `depth` hashes wherever the step lies, and every reader of a step sees the same value. One step is five
minutes; between two steps the path is a straight line.

Only additions, multiplications, square roots and scalings by powers of two are used (no library exponential): IEEE
arithmetic makes the numbers equal on every machine and NumPy version, to the last bit.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

STEP_SECONDS = 300
STEPS_PER_DAY = 288

_GOLDEN_RATIO = 0x9E3779B97F4A7C15
_GOLDEN, _MIX_1, _MIX_2 = (np.uint64(n) for n in (_GOLDEN_RATIO, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def stream_key(seed: int, *names: object) -> int:
    """A 64-bit key for one stream of numbers, the same in every process."""
    text = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def words(keys: Words, places: NDArray[np.int64]) -> Words:
    """64 hashed bits for each key and place (splitmix64, twice)."""
    mixed = keys ^ _mix((places.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    return _mix(mixed)


def _mix(bits: Words) -> Words:
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    return bits ^ (bits >> np.uint64(31))


def normals(keys: Words, places: NDArray[np.int64]) -> Floats:
    """A standard normal number (four uniform ones added up) for each key and place."""
    bits = words(keys, places)
    total = np.zeros(bits.shape)
    for shift in (0, 16, 32, 48):
        total += ((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.float64)
    scaled: Floats = (total / 65536.0 - 2.0) * np.sqrt(3.0)
    return scaled


def exp(values: Floats) -> Floats:
    """The exponential from exact operations only: 2**k times a polynomial."""
    scale = np.rint(values * 1.4426950408889634)
    rest = values - scale * 0.693147180369123816490 - scale * 1.90821492927058770002e-10
    total = np.full_like(values, 1.0)
    for divisor in range(13, 0, -1):
        total = 1.0 + rest * total / divisor
    result: Floats = np.ldexp(total, scale.astype(np.int32))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridges:
    """Paths side by side, one a stream. Shapes: (streams,) for each field, (streams, moments) for what is read."""

    keys: Words
    sigma: Floats  # standard deviation of one step
    anchor_sigma: Floats  # standard deviation of the block's ends around zero
    depth: int  # a block is 2**depth steps

    def at(self, steps: Floats) -> Floats:
        """The paths at these moments, in steps since 1970; a fraction lies on the line between two steps."""
        block = float(2**self.depth)
        number = np.floor(steps / block)
        left, right = (self._coefficients(number + side, level=-1) for side in (0.0, 1.0))
        share = steps / block - number
        path = (left + (right - left) * share) * self.anchor_sigma[:, None]
        for level in range(self.depth):
            path += self._hats(steps, level)
        return path

    def _hats(self, steps: Floats, level: int) -> Floats | float:
        period = float(2 ** (level + 1))
        number = np.floor(steps / period)
        height = 1.0 - np.abs(2.0 * (steps / period - number) - 1.0)
        if not height.any():
            return 0.0
        size = self.sigma[:, None] * (np.sqrt(period) / 2.0)
        hats: Floats = self._coefficients(number, level=level) * (size * height)
        return hats

    def _coefficients(self, numbers: Floats, *, level: int) -> Floats:
        """One normal number a place; neighbouring moments share places, so each place is hashed once."""
        places = numbers.astype(np.int64)
        keys = (self.keys + np.uint64((level + 2) * _GOLDEN_RATIO % 2**64))[:, None]
        first, last = int(places.min()), int(places.max())
        if last - first + 1 < places.size:
            every = np.arange(first, last + 1, dtype=np.int64)
            return normals(keys, every)[:, places - first]
        return normals(keys, places)

    def only(self, rows: NDArray[np.intp]) -> "Bridges":
        """The same paths, of some streams."""
        return Bridges(
            keys=self.keys[rows], sigma=self.sigma[rows], anchor_sigma=self.anchor_sigma[rows], depth=self.depth
        )
