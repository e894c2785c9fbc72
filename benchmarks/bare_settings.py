"""The product's settings, with the bare view of the webhook benchmark beside its addresses."""

from collections_platform.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
