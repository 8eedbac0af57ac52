"""Q8_0: blocks of 32 weights with one float16 scale. Both exports hold the same numbers, the ones that are served."""

from __future__ import annotations

import numpy as np
import torch
from gguf import GGMLQuantizationType, quants
from torch import Tensor

Array = np.ndarray


def is_matrix(weight: Tensor) -> bool:
    """Two-dimensional weights are quantised; the norm gains stay float32."""
    return weight.dim() == 2


def q8_0(weight: Tensor) -> Array:
    """The packed Q8_0 bytes of a matrix whose rows are a multiple of 32."""
    return np.asarray(quants.quantize(weight.float().numpy(), GGMLQuantizationType.Q8_0))


def served(weight: Tensor) -> Tensor:
    """What the server computes with, as float16: the Q8_0 round trip for matrices, float16 rounding of gains.

    The round trip is exact in float16 to within its rounding: scale (float16) times an integer of 8 bits has up to 18 significant bits.
    """
    if not is_matrix(weight):
        return weight.half()
    return torch.from_numpy(np.asarray(quants.dequantize(q8_0(weight), GGMLQuantizationType.Q8_0))).half()
