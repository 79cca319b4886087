"""Forms that are sent."""

from aioclient._body.form import FormData

__all__ = ("FormData",)
