"""What suppliers say their products support: one TOML file a product below this folder, VENDOR/PRODUCT.toml."""

from __future__ import annotations
