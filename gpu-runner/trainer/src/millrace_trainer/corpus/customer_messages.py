"""What customers write, by topic: paraphrase templates for training and, disjoint from them, for evaluation.

Slots: ``<ord>`` an order reference, ``<p>`` a product noun phrase, ``<ap>`` the same with its article, ``<is>``, ``<was>``,
``<has>``, ``<do>``, ``<it>`` (object) and ``<they>`` (subject) agree with it, ``<day>``, ``<n>``, ``<addr>`` and ``<code>``.
"""

from __future__ import annotations

from .goods_messages import GOODS
from .heldout_messages import HELDOUT
from .other_messages import OTHER
from .shipping_messages import SHIPPING

TRAIN: dict[str, tuple[str, ...]] = SHIPPING | GOODS | OTHER

__all__ = ["HELDOUT", "TRAIN"]
