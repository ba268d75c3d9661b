"""What exists: hardware, software, models and data sets with cited figures.

`default_catalogue()` is the built-in catalogue with the user's own files laid over it.
"""

from __future__ import annotations

from functools import lru_cache

from infralab.models.catalogue.catalogue import Catalogue
from infralab.models.catalogue.component import CatalogueError, Component, UnknownComponent

__all__ = ["Catalogue", "CatalogueError", "Component", "UnknownComponent", "built_in", "default_catalogue"]


@lru_cache(maxsize=1)
def built_in() -> Catalogue:
    """The catalogue that ships with the product, without anybody's own files."""
    return Catalogue()


@lru_cache(maxsize=1)
def default_catalogue() -> Catalogue:
    """Built-in entries and those of the user's configuration folder (infralab/catalogue/*.toml).

    Raises CatalogueError when one of the user's files is wrong.
    """
    import platformdirs

    folder = platformdirs.user_config_path("infralab") / "catalogue"
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return built_in().with_files(paths)
