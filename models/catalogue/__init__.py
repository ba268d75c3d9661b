"""What exists: hardware, software, models and data sets with cited figures.

`default_catalogue()` is the built-in catalogue with the user's own files laid over it: those of the
configuration folder, then those that the environment names (INFRALAB_CATALOGUE, separated like PATH).
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from infralab.models.catalogue.catalogue import Catalogue
from infralab.models.catalogue.component import CatalogueError, Component, UnknownComponent

__all__ = ["Catalogue", "CatalogueError", "Component", "UnknownComponent", "built_in", "default_catalogue"]

FILES_VARIABLE = "INFRALAB_CATALOGUE"


@lru_cache(maxsize=1)
def built_in() -> Catalogue:
    """The catalogue that ships with the product, without anybody's own files."""
    return Catalogue()


@lru_cache(maxsize=1)
def default_catalogue() -> Catalogue:
    """Built-in entries, those of the configuration folder (infralab/catalogue/*.toml) and of INFRALAB_CATALOGUE.

    Raises CatalogueError when one of the user's files is wrong.
    """
    return built_in().with_files(_own_files())


def _own_files() -> list[str]:
    """The user's TOML files: the configuration folder's by name, then the environment's in their order."""
    named = [file for file in os.environ.get(FILES_VARIABLE, "").split(os.pathsep) if file]
    return [*_configured_files(), *named]


def _configured_files() -> list[str]:
    if sys.platform == "linux":  # platformdirs' own rule there, without the 5 to 15 ms of its import
        root = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")
        folder = os.path.join(root, "infralab", "catalogue")
    else:
        import platformdirs

        folder = os.path.join(platformdirs.user_config_dir("infralab"), "catalogue")
    if not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".toml")]
