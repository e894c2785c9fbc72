"""Merkle trees as RFC 6962 draws them: leaf and node hashes cannot be mistaken for each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

#: Which side the sibling stands on, and its hash in hex.
Step = tuple[str, str]
EMPTY = hashlib.sha256(b"").hexdigest()


def leaf(content: bytes) -> bytes:
    """The hash of one leaf's canonical bytes."""
    return hashlib.sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two siblings."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        row = levels[-1]
        above = [node(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            above.append(row[-1])
        levels.append(above)
    return levels


def root(leaves: Sequence[bytes]) -> str:
    """The root over leaf hashes, in hex; of none: the hash of nothing."""
    return _levels(leaves)[-1][0].hex() if leaves else EMPTY


def proofs(leaves: Sequence[bytes], places: Sequence[int]) -> dict[int, list[Step]]:
    """For each of these places the siblings that lead from its leaf to the root, from the bottom up."""
    levels = _levels(leaves)
    found: dict[int, list[Step]] = {}
    for place in places:
        steps: list[Step] = []
        index = place
        for row in levels[:-1]:
            sibling = index ^ 1
            if sibling < len(row):
                steps.append(("left" if sibling < index else "right", row[sibling].hex()))
            index //= 2
        found[place] = steps
    return found


def follow(leaf_hash: bytes, steps: Sequence[Step]) -> str:
    """The root that a leaf and its proof lead to, in hex."""
    current = leaf_hash
    for side, sibling in steps:
        other = bytes.fromhex(sibling)
        current = node(other, current) if side == "left" else node(current, other)
    return current.hex()
